"""A day with the app, from the QR to the reopened conflict: a real server process, real HTTP, the real lock, power lost twice.

Told on paper (the pages without a screen) and on glass (Kivy's window, real touches).
"""

import time
from pathlib import Path

import pytest

from tests.demo import Office
from tests.journeys.app_phone import AppPhone, Surface
from tests.journeys.test_visit import Phone, Watch


@pytest.mark.slow
def test_a_day_with_the_app(office: Office, tmp_path: Path, surface: Surface) -> None:
    morning = time.time_ns() // 1_000_000 - 3 * 3_600_000

    # Nong, of the same village, has entered a household; Wei enrols with what the desk printed.
    watch = Watch()
    nong = Phone(tmp_path / "nong", watch, office, office("enrol", "农队员")["code"])
    home = nong.doors.new_id()
    family = {"head_name": "覃秀英", "household_no": "0001", "hamlet": "那桃屯", "categories": ["registered_poor"]}
    nong.write("household", home, family)
    nong.line.once()
    url = f"http://127.0.0.1:{office.port}"
    wei = AppPhone(tmp_path / "wei", surface, morning)
    wei.enrol(office("enrol", "韦干部", "--url", url)["invitation"])
    assert wei.hand.sees("覃秀英")
    assert wei.hand.sees("还没有走访")

    # In the valley there is no signal. He sits down, and the battery dies, twice.
    office.kill()
    wei.hand.tap(f"place/{home}")
    wei.hand.tap("start")
    wei.minutes(10)
    wei.hand.tap("guarantees_status", "有问题")
    wei.hand.type("guarantees_note", "西角漏雨")
    wei.lose_power(seconds=120)
    assert wei.app.page.name == "visit"
    assert wei.hand.sees("西角漏雨")
    wei.hand.tap("all_ok")
    wei.lose_power(seconds=60)
    wei.minutes(18)
    wei.hand.tap("finish")
    assert wei.hand.sees("走访 31 分钟")
    assert wei.app.page.name == "household"

    # He corrects the telephone number. So did Nong, who did not see it.
    wei.hand.tap("facts")
    wei.hand.type("phone", "13800000001")
    wei.hand.tap("save")
    wei.sync_in_vain()
    wei.hand.back()
    assert wei.hand.sees("没有信号也能写")
    office.open()
    nong.write("household", home, {"phone": "13900000002"})
    nong.line.once()
    wei.sync()
    assert wei.app.session.store.count_unsent() == 0

    # The township holds the visit with its thirty-one minutes; both numbers stand somewhere, and Wei is told.
    nong.line.once()
    (visit,) = nong.records("visit", household=home)
    assert visit.record.values["guarantees_note"] == "西角漏雨"
    assert visit.record.values["clock_flag"] == "reboot"
    wei.app.go("today")
    wei.hand.tap("conflicts")
    wei.hand.tap("联系电话")
    assert wei.hand.sees("13800000001")
    assert wei.hand.sees("13900000002")

    # One tap asks the desk to look again; the desk's word reaches him with the next sync.
    wei.hand.tap("reopen")
    wei.sync()
    (conflict,) = office("conflicts", "list", "--open")["conflicts"]
    assert conflict["field"] == "phone"
    office("conflicts", "resolve", conflict["id"], "--keep", "losing")
    wei.sync()
    assert wei.app.session.notebook.get("household", home).record.values["phone"] == conflict["losing"]
    assert office("verify")["ok"]
    wei.hand.put_away()
