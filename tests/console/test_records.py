"""The page of any record: what stands, who wrote it where, and the history of every field, masked on both sides of every arrow."""

import pytest

from tests.console.browser import DESK, LEADER, SECOND_VILLAGE, TOWN, VILLAGE_LEADER, Office, said
from tests.console.handset import Handset

OLD, NEW = "451422196205010076", "451422196205010084"


def url(kind: str, id_: str, more: str = "") -> str:
    return f"/t/{TOWN}/records/{kind}/{id_}{more}"


@pytest.fixture
def home(office: Office) -> str:
    return office.write(
        "household", {"head_name": "黄秀英", "hamlet": "那排屯", "categories": ["key"]}, by="花名册导入员"
    )


def test_two_peoples_words_stand_with_who_when_and_on_which_phone(office: Office, home: str) -> None:
    phone = Handset(office, "韦干部", "红米 7A")
    base = {"hamlet": office.record("household", home).stamps["hamlet"]}
    phone.writes("household", home, {"hamlet": "板布屯"}, base=base)
    page = office.browser(DESK).page(url("household", home))
    for words in ("花名册导入员", "韦干部", f"红米 7A · {phone.id}", "那排屯", "板布屯", "乡镇收到"):
        assert words in page, words
    only = office.browser(DESK).page(url("household", home, "?field=hamlet"))
    history = only[only.index('id="history"') :]
    assert "板布屯" in history
    assert "户类别" not in history


def test_an_identity_number_is_masked_before_and_after_and_shown_for_a_reason(office: Office, home: str) -> None:
    member = office.write("member", {"name": "韦小强", "identity": OLD}, household=home)
    office.write("member", {"identity": NEW}, id=member)
    browser = office.browser(DESK)
    page = browser.page(url("member", member))
    assert OLD not in page
    assert NEW not in page
    assert "●●●●0076" in page
    assert "●●●●0084" in page
    shown = browser.post(url("member", member, "/unmask"), {"reason": "本人来改身份证号"})
    assert OLD in shown.text
    assert NEW in shown.text
    (act,) = [act for act in office.trail() if act.action == "unmask"]
    assert (act.kind, act.record, act.details["fields"]) == ("member", member, ["identity"])
    assert not {OLD, NEW} & set(map(str, act.details.values()))
    assert NEW not in browser.page(url("member", member))


def test_a_value_that_is_gone_is_still_masked_and_named_in_the_trail(office: Office, home: str) -> None:
    member = office.write("member", {"name": "韦小强", "identity": OLD}, household=home)
    office.write("member", {"identity": None}, id=member)
    browser = office.browser(DESK)
    assert OLD not in browser.page(url("member", member))
    assert OLD in browser.post(url("member", member, "/unmask"), {"reason": "查旧身份证号"}).text
    assert office.trail()[-1].details["fields"] == ["identity"]


def test_without_a_reason_nothing_is_shown(office: Office, home: str) -> None:
    member = office.write("member", {"identity": OLD}, household=home)
    browser = office.browser(DESK)
    page = said(browser.post(url("member", member, "/unmask"), {"reason": ""}), browser)
    assert "请写明查看原因" in page
    assert OLD not in page
    assert office.browser(LEADER).post(url("member", member, "/unmask"), {"reason": "领导想看看"}).status_code == 403
    assert "/unmask" not in office.browser(LEADER).page(url("member", member))
    assert not [act for act in office.trail() if act.action == "unmask"]


def test_the_two_sides_of_a_conflict_are_as_secret_as_its_field(office: Office, home: str) -> None:
    member = office.write("member", {"name": "韦小强", "identity": OLD}, household=home)
    Handset(office, "韦干部", "红米").writes("member", member, {"identity": NEW}, household=home)
    with office.database.read(TOWN) as store:
        ((conflict,),) = store.sql("SELECT id FROM kind_conflict WHERE record = ?", member)
    browser = office.browser(DESK)
    for page in (browser.page(url("conflict", conflict)), browser.page(url("member", member))):
        assert OLD not in page
        assert NEW not in page
    assert "●●●●0076" in browser.page(url("conflict", conflict))
    assert OLD in browser.post(url("conflict", conflict, "/unmask"), {"reason": "裁定身份证号"}).text


def test_a_field_of_a_newer_app_is_shown_by_its_own_name_and_masked(office: Office, home: str) -> None:
    office.write("household", {"solar_panels": "六块"}, id=home)
    browser = office.browser(DESK)
    page = browser.page(url("household", home))
    assert "solar_panels" in page
    assert "六块" not in page
    assert "六块" in browser.post(url("household", home, "/unmask"), {"reason": "看新字段内容"}).text


def test_links_carry_the_name_of_what_they_point_to_and_only_ones_own(office: Office, home: str) -> None:
    far = office.write("member", {"name": "邻村的人"}, village=SECOND_VILLAGE)
    near = office.write("member", {"name": "韦小强"}, household=home)
    visit = office.write("visit", {"respondent": near}, household=home)
    page = office.browser(VILLAGE_LEADER).page(url("visit", visit))
    assert "韦小强" in page
    assert url("member", near) in page
    assert f"/t/{TOWN}/households/{home}" in page
    office.write("visit", {"respondent": far}, id=visit)
    assert "邻村的人" not in office.browser(VILLAGE_LEADER).page(url("visit", visit))
    assert "邻村的人" in office.browser(DESK).page(url("visit", visit))


def test_what_was_refused_is_told_to_the_desk_alone(office: Office) -> None:
    home = office.write("household", {"hamlet": "那排屯"}, village=SECOND_VILLAGE)
    assert Handset(office, "韦干部", "红米").writes("household", home, {"hamlet": "我的屯"})
    page = office.browser(DESK).page(url("household", home))
    assert "没有收下的改动" in page
    assert "不在您的范围内" in page
    assert "我的屯" not in page
    assert "没有收下的改动" not in office.browser(LEADER).page(url("household", home))


def test_a_wrong_clock_and_a_late_arrival_are_marked(office: Office, home: str) -> None:
    phone = Handset(office, "韦干部", "红米")
    phone.writes("household", home, {"address": "1号"}, at=4_000_000_000_000)
    page = office.browser(DESK).page(url("household", home))
    assert "时间由乡镇改定" in page
    assert "2096-10-02" in page


def test_a_long_history_comes_in_pages(office: Office, home: str) -> None:
    for number in range(25):
        office.write("household", {"remark": f"第{number}次"}, id=home)
    browser = office.browser(DESK)
    first, second = browser.page(url("household", home)), browser.page(url("household", home, "?page=2"))
    assert "第 1 / 2 页" in first
    assert "第24次" in first
    assert first.count("<article") == 20
    assert "花名册导入员" in second[second.index('id="history"') :]
    assert second.count("<article") == 6
    assert browser.page(url("household", home, "?page=99")).count("<article") == 6


def test_kinds_and_records_that_are_not_there_are_not_found(office: Office, home: str) -> None:
    browser = office.browser(DESK)
    for kind, id_ in (("nonsense", home), ("member", home), ("household", "x"), ("household", "' OR 1=1 --")):
        assert browser.get(url(kind, id_)).status_code == 404
        assert browser.post(url(kind, id_, "/unmask"), {"reason": "看看别人的"}).status_code == 404


def test_what_somebody_typed_stays_text(office: Office) -> None:
    hostile = "<script>alert(1)</script>{{7*7}}"
    home = office.write("household", {"head_name": hostile, "remark": hostile, "x<b>": hostile}, by=hostile[:40])
    for page in (
        office.browser(DESK).page(url("household", home)),
        office.browser(DESK).page(f"/t/{TOWN}/households/{home}"),
        office.browser(DESK).page(f"/t/{TOWN}/households/{home}?print=1"),
    ):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        assert "x<b>" not in page
