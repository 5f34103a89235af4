"""Phones: a QR that truly enrols, what the township knows of a phone, and ending one without losing a word."""

import base64
import html
import re

import pytest
import segno
from werkzeug.test import TestResponse

from server import access
from server.certificate import make_certificate, wall_clock
from server.service import now_ms
from server.store import TownshipStore
from shared.sync.invitation import Invitation
from tests.console.browser import (
    ADMIN,
    DESK,
    NEIGHBOUR,
    OTHER_TOWN,
    OTHER_VILLAGE,
    SECOND_DESK,
    TOWN,
    VILLAGE,
    Office,
    said,
)
from tests.console.field import FieldPhone
from tests.console.test_people import CADRE, MEMBER, at, holds

PHONES, URL = f"/t/{TOWN}/phones", "https://192.168.1.10:8000"
DAY = 86_400_000


def make_code(office: Office, name: str = CADRE, **form: str) -> TestResponse:
    return office.browser(DESK).post(at(office, name, "code"), {"address": URL, **form})


def invitation(answer: TestResponse) -> Invitation:
    """What the page's QR says, made sure that it is the QR of the text beside it."""
    assert answer.status_code == 200, answer.text
    text = re.search(r'<code id="invitation">([^<]+)</code>', answer.text)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', answer.text)
    assert text
    assert picture
    said_, drawn = html.unescape(text[1]), base64.b64decode(picture[1]).decode()
    lines = re.compile(r' d="([^"]+)"')
    assert lines.findall(drawn) == lines.findall(segno.make(said_, micro=False).svg_inline(border=4, light="white"))
    return Invitation.read(said_)


def unsent(office: Office, device: str, count: int, days: int = 0) -> None:
    """As if the phone had said so, so many days ago."""
    with office.database.transaction() as connection:
        TownshipStore(office.database, connection, "").sql(
            "UPDATE device SET waiting = ?, seen_at = ? WHERE id = ?", count, now_ms() - days * DAY, device
        )  # fmt: skip


# --- enrolling -----------------------------------------------------------------------------------------------------


def test_the_qr_of_the_page_enrols_one_phone_and_only_one(office: Office) -> None:
    answer = make_code(office)
    made = invitation(answer)
    assert (made.url, made.fingerprint) == (URL, "")
    assert made.code in answer.text
    assert "30 分钟" in answer.text
    client = office.app.test_client()
    body = {"code": made.code, "device": {"name": "红米", "platform": "Android", "app": "0.1.0"}}
    assert client.post("/api/v1/enrol", json=body).json["user"]["name"] == CADRE
    assert client.post("/api/v1/enrol", json=body).status_code == 410
    assert "红米" in office.browser(DESK).page(at(office, CADRE))


def test_a_code_is_in_no_url_cache_or_trail(office: Office) -> None:
    answer = make_code(office)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    (row,) = [act for act in office.trail() if act.action == "enrol_code"]
    assert (row.by, row.details) == (DESK, {"name": CADRE})
    assert invitation(answer).code not in office.browser(DESK).page(at(office, CADRE))


def test_the_qr_carries_the_fingerprint_of_the_servers_own_certificate(office: Office) -> None:
    held, _ = make_certificate(office.service.config, [], 30, wall_clock())
    assert invitation(make_code(office)).fingerprint == held.fingerprint
    assert invitation(make_code(office, public="1")).fingerprint == ""
    assert invitation(make_code(office, address="http://127.0.0.1:8000")).fingerprint == ""


@pytest.mark.parametrize(
    "address", ["", "192.168.1.10", "https://", "http://192.168.1.10:8000", "ftp://x", "https://a b/?c=1"]
)
def test_an_address_that_no_phone_can_use_is_refused_in_words_and_makes_no_code(office: Office, address: str) -> None:
    browser = office.browser(DESK)
    answer = browser.post(at(office, CADRE, "code"), {"address": address})
    assert answer.status_code == 303
    assert "https://" in said(answer, browser).partition('id="messages"')[2].partition("</div>")[0]
    assert [act for act in office.trail() if act.action == "enrol_code"] == []


def test_an_address_that_means_this_computer_is_said_to_be_one(office: Office) -> None:
    browser = office.browser(DESK)
    assert 'value="http://localhost"' in browser.page(at(office, CADRE))
    assert "只在这台电脑上有用" in browser.page(at(office, CADRE))
    assert "手机连不上" in make_code(office, address="http://127.0.0.1:8000").text
    assert "手机连不上" not in make_code(office).text


@pytest.mark.parametrize(
    ("root", "prefilled"), [("https://ruhu.example:8443", "https://ruhu.example:8443"), ("http://10.0.0.5:8000", "")]
)
def test_the_address_is_prefilled_only_where_phones_could_use_it(office: Office, root: str, prefilled: str) -> None:
    browser = office.browser(DESK)
    with browser.client.session_transaction() as session:
        kept = dict(session)
    with browser.client.session_transaction(base_url=root) as session:
        session.update(kept)
    page = browser.client.get(at(office, CADRE), base_url=root).text
    assert f'name="address" value="{prefilled}"' in page


def test_who_holds_nothing_here_gets_no_code(office: Office) -> None:
    access.ungrant(office.database, CADRE, f"village:{VILLAGE}", now_ms())
    browser = office.browser(DESK)
    assert "先给一个村或一户" in browser.page(at(office, CADRE))
    assert "没有授权" in said(browser.post(at(office, CADRE, "code"), {"address": URL}), browser)


def test_a_clerk_enrols_no_phone_in_another_clerks_name(office: Office) -> None:
    assert make_code(office, SECOND_DESK).status_code == 422
    assert [act for act in office.trail() if act.action == "enrol_code"] == []


# --- what is known of a phone --------------------------------------------------------------------------------------


def test_a_phone_shows_when_it_was_here_what_was_taken_and_what_it_had_not_sent(office: Office) -> None:
    phone = FieldPhone(office, CADRE)
    browser = office.browser(DESK)
    assert "从未同步" in browser.page(f"/t/{TOWN}/people")
    phone.sync(phone.words("household", None, {"head_name": "黄秀英"}), waiting=0)
    page = browser.page(f"/t/{TOWN}/people")
    assert "今天" in page
    assert "都已上传" in page
    phone.sync(waiting=7)
    own = browser.page(at(office, CADRE))
    assert "未上传 7 条" in own
    assert "1 条" in own
    unsent(office, phone.me["device"], 2, days=3)
    assert re.search(r"3 天前 · .*未上传 2 条", browser.page(f"/t/{TOWN}/people"))


def test_phones_that_were_not_here_for_days_are_found(office: Office) -> None:
    phone = FieldPhone(office, CADRE)
    unsent(office, phone.me["device"], 0, days=8)
    browser = office.browser(DESK)
    for url in (PHONES, f"/t/{TOWN}/people"):
        assert CADRE in browser.page(f"{url}?unseen=7")
        assert CADRE not in browser.page(f"{url}?unseen=14")
    assert CADRE not in browser.page(f"{PHONES}?q=lcz")
    assert "没有符合条件的手机" in browser.page(f"{PHONES}?state=revoked")


def test_the_list_of_phones_knows_only_this_township(office: Office) -> None:
    access.grant(office.database, CADRE, f"village:{OTHER_VILLAGE}", now_ms())
    access.add_user(office.database, "远干部", ["cadre"], [f"village:{OTHER_VILLAGE}"], now_ms())
    FieldPhone(office, "远干部")
    assert "远干部" not in office.browser(DESK).page(PHONES)
    assert "远干部" in office.browser(NEIGHBOUR).page(f"/t/{OTHER_TOWN}/phones")


# --- ending one ----------------------------------------------------------------------------------------------------


def test_a_revoked_phone_is_turned_away_and_what_it_sent_stays(office: Office) -> None:
    phone, browser = FieldPhone(office, CADRE), office.browser(DESK)
    change = phone.words("household", None, {"head_name": "黄秀英"})
    phone.sync(change)
    unsent(office, phone.me["device"], 4)
    page = said(browser.post(f"{PHONES}/{phone.me['device']}/revoke"), browser)
    assert "还有 4 条没上传" in page
    assert "ruhu recover" in page
    assert phone.sync()["code"] == "revoked"
    assert office.record("household", change["id"]).values["head_name"] == "黄秀英"
    (row,) = [act for act in office.trail() if act.action == "revoke"]
    assert (row.by, row.kind, row.record) == (DESK, "device", phone.me["device"])
    assert "没有变化" in said(browser.post(f"{PHONES}/{phone.me['device']}/revoke"), browser)
    assert holds(office, CADRE) == [f"village:{VILLAGE}"]
    assert phone.me["device"] in browser.page(f"{PHONES}?state=revoked")


def test_a_clerk_cannot_end_a_neighbours_phone_nor_learn_that_it_exists(office: Office) -> None:
    access.add_user(office.database, "远干部", ["cadre"], [f"village:{OTHER_VILLAGE}"], now_ms())
    code = access.make_code(office.database, "远干部", OTHER_TOWN, now_ms())
    phone = access.enrol(office.database, code, {"name": "x", "platform": "y", "app": "z"}, now_ms())
    browser = office.browser(DESK)
    answers = [
        browser.post(f"{PHONES}/{device}/revoke") for device in (phone.device, "abcdefghjkmn", f"desk-{TOWN}", "%00")
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({re.sub(r'value="[^"]+"', "", answer.text.replace(phone.device, "")) for answer in answers[:2]}) == 1
    assert not any(device["revoked"] for device in access.list_devices(office.database, now_ms()))
    assert office.browser(NEIGHBOUR).post(f"/t/{OTHER_TOWN}/phones/{phone.device}/revoke").status_code == 303


def test_a_lost_phone_of_a_colleague_does_not_wait_for_an_administrator(office: Office) -> None:
    code = access.make_code(office.database, SECOND_DESK, TOWN, now_ms())
    phone = access.enrol(office.database, code, {"name": "x", "platform": "y", "app": "z"}, now_ms())
    assert office.browser(DESK).post(f"{PHONES}/{phone.device}/revoke").status_code == 303


def test_an_administrator_looks_after_phones_without_reading_about_households(office: Office) -> None:
    phone = FieldPhone(office, CADRE)
    browser = office.browser(ADMIN)
    assert CADRE in browser.page(PHONES)
    assert browser.post(f"{PHONES}/{phone.me['device']}/revoke").status_code == 303
    assert MEMBER not in browser.page(PHONES)
