"""What one phone goes through besides visits: two people, wrong PINs, five minutes away, a network that lies. A real server process.

Told on paper; the same pages are touched on glass elsewhere.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.demo import Office
from tests.journeys.app_phone import PIN, AppPhone, on_paper
from tests.journeys.conftest import VILLAGE

OTHER_PIN = "951357"


def invited(office: Office, name: str) -> str:
    return str(office("enrol", name, "--url", f"http://127.0.0.1:{office.port}")["invitation"])


@pytest.fixture
def wei(office: Office, tmp_path: Path) -> Iterator[AppPhone]:
    """Wei's phone, enrolled and filled; one household in it."""
    phone = AppPhone(tmp_path / "phone", on_paper, time.time_ns() // 1_000_000)
    phone.enrol(invited(office, "韦干部"))
    family = {"head_name": "覃秀英", "household_no": "0001", "categories": ["registered_poor"]}
    phone.app.session.notebook.write("household", None, family, village=VILLAGE)
    phone.sync()
    yield phone
    phone.hand.put_away()


def rows(office: Office, sql: str, *values: str) -> list[tuple]:
    """What the township's database holds."""
    with closing(sqlite3.connect(Path(office.env["RUHU_INSTANCE"]) / "ruhu.db")) as database:
        return database.execute(sql, values).fetchall()


def remark(office: Office, home: str) -> str:
    ((said,),) = rows(office, "SELECT remark FROM kind_household WHERE id = ?", home)
    return str(said)


def home_of(phone: AppPhone) -> str:
    return next(iter(phone.app.session.households()))


@pytest.mark.slow
def test_a_second_person_has_a_profile_of_their_own_and_the_firsts_words_still_go_out_under_the_firsts_name(
    office: Office, wei: AppPhone
) -> None:
    office.kill()
    home = home_of(wei)
    wei.app.session.notebook.write("household", home, {"remark": "韦干部写的"})
    wei.app.lock()
    office.open()

    # Nong borrows the phone and enrols; he sees nothing of Wei's but the name.
    wei.hand.tap("new")
    wei.device.scanner.answers.append(invited(office, "农队员"))
    wei.hand.tap("scan")
    for _ in range(2):
        wei.hand.pin(OTHER_PIN)
    wei.wait(lambda: wei.app.unlocked and wei.app.session.state.last is not None, "Nong's first download")
    wei.sync()

    wei.wait(lambda: remark(office, home) == "韦干部写的", "Wei's words to arrive")
    assert rows(office, "SELECT DISTINCT written_by FROM changes WHERE record = ?", home) == [("韦干部",)]

    wei.app.lock()
    assert wei.hand.sees("韦干部")
    assert wei.hand.sees("农队员")
    wei.hand.tap("韦干部")
    wei.hand.pin(PIN)
    wei.sync()
    assert wei.app.session.user()["name"] == "韦干部"


@pytest.mark.slow
def test_ten_wrong_pins_destroy_the_key_and_the_township_still_gets_what_was_not_sent(
    office: Office, wei: AppPhone
) -> None:
    office.kill()
    home = home_of(wei)
    wei.app.session.notebook.write("household", home, {"remark": "没有上传的话"})
    profile = wei.app.session.store.folder
    wei.app.lock()
    for left in range(9, 0, -1):
        wei.hand.pin("111112")
        assert wei.hand.sees(f"还可以试 {left} 次")
    wei.hand.pin("111112")
    assert wei.hand.sees("钥匙已销毁")
    wei.hand.tap("韦干部")
    assert not wei.app.unlocked
    office.open()
    told = office("recover", str(profile / "outbox.journal"))
    assert told["taken"] >= 1
    assert remark(office, home) == "没有上传的话"


@pytest.mark.slow
def test_five_minutes_away_ask_for_the_pin_and_a_moment_does_not(wei: AppPhone) -> None:
    wei.app.go("household", id=home_of(wei))
    wei.app.paused()
    wei.device.clocks.advance(4 * 60)
    wei.app.resumed()
    assert wei.app.page.name == "household"
    wei.app.paused()
    wei.device.clocks.advance(6 * 60)
    wei.app.resumed()
    assert wei.app.page.name == "unlock"
    wei.unlock()
    assert wei.app.page.name == "household"


class Portal(BaseHTTPRequestHandler):
    """A hotel's network: every answer is its own page, with 200."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        page = "<html>请登录</html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.slow
def test_a_captive_portal_is_said_in_words_with_what_to_do_and_nothing_is_lost(office: Office, wei: AppPhone) -> None:
    office.kill()
    wei.app.session.notebook.write("household", home_of(wei), {"remark": "在旅馆里写的"})
    portal = ThreadingHTTPServer(("127.0.0.1", office.port), Portal)
    threading.Thread(target=portal.serve_forever, daemon=True).start()
    try:
        wei.sync_in_vain()
        wei.app.go("today")
        assert wei.hand.sees("请先在浏览器登录这个网络")
        assert wei.hand.sees("1 条未上传")
    finally:
        portal.shutdown()
        portal.server_close()
    office.open()
    wei.hand.tap("sync_state")
    wei.sync()
    assert wei.hand.sees("全部已上传")


@pytest.mark.slow
def test_airplane_mode_keeps_every_word_and_says_when_it_last_worked(office: Office, wei: AppPhone) -> None:
    office.kill()
    wei.device.clocks.advance(2 * 3600)
    for number in range(3):
        wei.app.session.notebook.write("household", home_of(wei), {"remark": f"第{number}句"})
    wei.sync_in_vain()
    wei.app.go("today")
    assert wei.hand.sees("3 条未上传 · 上次同步 2 小时前")


@pytest.mark.slow
def test_a_revoked_phone_says_so_keeps_all_and_enrols_again_from_the_banner(office: Office, wei: AppPhone) -> None:
    home = home_of(wei)
    (device,) = [one["device"] for one in office("device", "list")["devices"] if one["person"] == "韦干部"]
    office("device", "revoke", device)
    wei.app.session.notebook.write("household", home, {"remark": "停用以后写的"})
    wei.sync_in_vain()
    wei.app.go("today")
    assert wei.hand.sees("内容全部保留")
    wei.hand.tap("sync_state")
    wei.device.scanner.answers.append(invited(office, "韦干部"))
    wei.hand.tap("scan")
    wei.sync()
    assert remark(office, home) == "停用以后写的"
