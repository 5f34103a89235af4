"""Households on the console: found, looked at, unmasked for a reason, moved and moved back, printed; and only one's own."""

import re

import pytest

from server import access
from server.service import now_ms
from shared.moments import iso, milliseconds
from tests.console.browser import (
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Office,
    said,
)
from tests.console.handset import Handset
from tests.console.two_homes import IDENTITY, PHONE, Town, make_town

DAY = 86_400_000
CHECKS = dict.fromkeys(
    ("guarantees_status", "policies_status", "documents_status", "morale_status", "awareness_status", "satisfaction_status"), "ok"
)  # fmt: skip


@pytest.fixture
def town(office: Office) -> Town:
    return make_town(office)


def village_name(office: Office, code: str) -> str:
    with office.database.read(TOWN) as store:
        return str(store.villages()[code])


# --- finding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["黄秀英", "hxy", "HXY", "0076", "76", "wxq", "韦小强", "np"])
def test_a_household_is_found_by_whatever_somebody_says(town: Town, typed: str) -> None:
    page = town.office.browser(DESK).page(town.url(more=f"?q={typed}"))
    assert "找到 1 户" in page
    assert town.url(town.home) in page
    assert town.url(town.other) not in page


def test_the_last_four_of_an_identity_number_find_its_household_and_show_no_more_of_it(town: Town) -> None:
    town.office.write("household", {"household_no": "0100"}, id=town.home)
    page = town.office.browser(DESK).page(town.url(more="?q=0076"))
    assert "韦小强，身份证后四位 0076" in page
    assert IDENTITY not in page
    assert IDENTITY[:10] not in page
    assert "找到 0 户" in town.office.browser(DESK).page(town.url(more=f"?q={IDENTITY[8:]}"))


def test_a_household_of_another_village_is_found_nowhere_by_a_village_leader(town: Town) -> None:
    browser = town.office.browser(VILLAGE_LEADER)
    for typed in ("", "农文达", "nwd", "0901", "5678", "农小妹"):
        page = browser.page(town.url(more=f"?q={typed}"))
        assert f"找到 {0 if typed else 1} 户" in page
        assert town.other not in page
    assert "农文达" not in browser.page(town.url())
    assert browser.get(town.url(town.other)).status_code == 404
    for kind, id_ in (("household", town.other), ("member", town.other_member)):
        assert browser.get(f"/t/{TOWN}/records/{kind}/{id_}").status_code == 404
    page = browser.page(town.url(more=f"?village={SECOND_VILLAGE}"))
    assert "找到 0 户" in page
    assert town.office.browser(NEIGHBOUR).get(town.url(town.home)).status_code == 404


def test_what_is_typed_into_the_search_comes_back_as_text(town: Town) -> None:
    page = town.office.browser(DESK).page(town.url(more='?q="><script>alert(1)</script>'))
    assert "<script>alert" not in page
    assert "没有找到这样的农户" in page


def test_as_one_types_only_what_was_found_is_sent(town: Town) -> None:
    browser = town.office.browser(DESK)
    part = browser.get(town.url(more="?q=hxy"), part=True).text
    assert "<html" not in part
    assert "找到 1 户" in part
    back = browser.client.get(
        town.url(more="?q=hxy"), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in back.text


def test_the_filters_fit_together_and_one_that_makes_no_sense_is_said_to(town: Town) -> None:
    browser, office = town.office.browser(DESK), town.office
    assert "找到 1 户" in browser.page(town.url(more="?category=registered_poor"))
    assert "找到 0 户" in browser.page(town.url(more="?category=key"))
    assert "筛选条件写法不对" in browser.page(town.url(more="?category=nonsense"))
    assert "找到 2 户" in browser.page(town.url(more="?state=here"))
    office.write("household", {"left_reason": "moved", "left_on": "2018-09-01"}, id=town.other)
    assert "农文达" in browser.page(town.url(more="?state=left"))
    office.write("household", {"removed": True, "joined_into": town.home}, id=town.other)
    assert "找到 0 户" in browser.page(town.url(more="?state=left"))
    assert "农文达" in browser.page(town.url(more="?state=joined"))
    assert "农文达" not in browser.page(town.url())


def test_the_list_tells_of_the_last_visit_and_of_open_problems(town: Town) -> None:
    office = town.office
    for mode, day in (("home", "2018-09-03"), ("phone", "2018-09-09"), ("field", "2018-09-05")):
        office.write("visit", {"mode": mode, "started_at": f"{day}T09:00:00+08:00"}, household=town.home)
    office.write("problem", {"description": "缺水", "category": "water"}, household=town.home)
    page = office.browser(DESK).page(town.url(more="?q=hxy"))
    assert "2018-09-05" in page
    assert "2018-09-09" not in page
    assert re.search(r"2018-09-05</td>\s*<td[^>]*>1</td>", page)


def test_fifty_stand_on_a_page_and_the_rest_on_the_next(town: Town) -> None:
    for number in range(60):
        town.office.write("household", {"head_name": f"户{number}", "household_no": f"2{number:03}"})
    browser = town.office.browser(DESK)
    first, second = browser.page(town.url()), browser.page(town.url(more="?page=2"))
    count = lambda page: len(set(re.findall(r"/households/([0-9a-f-]{36})", page)))  # noqa: E731
    assert (count(first), count(second)) == (50, 12)
    assert "找到 62 户" in second


# --- one household -----------------------------------------------------------------------------------------------------


def test_a_household_stands_with_its_members_and_everything_that_hangs_on_it(town: Town) -> None:
    office, start = town.office, milliseconds("2018-09-03T09:00:00+08:00")
    visit = {"mode": "home", "purposes": ["campaign"], "participants": ["韦干部"], **CHECKS}
    for minutes, summary in ((45, "够长"), (12, "太短")):
        times = {
            "started_at": iso(start),
            "ended_at": iso(start + minutes * 60_000),
            "started_mono": 0,
            "ended_mono": minutes * 60,
        }
        office.write("visit", {**visit, **times, "summary": summary}, household=town.home)
        start += DAY
    office.write("contact_visit", {"mode": "home", "started_at": iso(start), "topics": ["policy"]}, household=town.home)
    problem = office.write("problem", {"description": "水柜漏水", "category": "water"}, household=town.home)
    office.write(
        "problem_step", {"problem": problem, "step": "reported", "at": iso(now_ms() - 1000)}, household=town.home
    )
    office.write("cleanup_check", {"target": "household", "checked_at": iso(start), "e1_house": 9}, household=town.home)
    office.write("party_link", {"party_member": "覃党员", "from_date": "2018-09-01"}, household=town.home)
    page = office.browser(LEADER).page(town.url(town.home))
    for words in (
        village_name(office, VILLAGE),
        "那排屯",
        "户编号 0076",
        "韦小强",
        "水柜漏水",
        "已上报",
        "覃党员",
        "宣讲政策",
        "未评全",
        "水柜</span>",
    ):
        assert words in page, words
    assert re.search(r"45</td><td>\s*<span[^>]*>计入", page)
    assert "时间不足，请写明原因" in page
    assert page.index("太短") < page.index("够长")  # newest first
    assert "邻村的问题" not in page


def test_two_visits_at_one_time_are_seen_from_either_household(town: Town) -> None:
    times = {"started_at": "2018-09-03T09:00:00+08:00", "ended_at": "2018-09-03T09:45:00+08:00"}
    visit = {"mode": "home", "participants": ['韦"干部'], **CHECKS, **times}
    town.office.write("visit", visit, household=town.home)
    browser = town.office.browser(DESK)
    assert "同一人同一时间在两户" not in browser.page(town.url(town.home))
    town.office.write("visit", visit, village=SECOND_VILLAGE, household=town.other)
    assert "同一人同一时间在两户" in browser.page(town.url(town.home))


def test_fields_of_a_newer_app_are_shown_masked(town: Town) -> None:
    town.office.write("household", {"from_2030": "新的内容"}, id=town.home)
    page = town.office.browser(DESK).page(town.url(town.home))
    assert "新版手机才有的字段" in page
    assert "from_2030" in page
    assert "新的内容" not in page


def test_joined_households_name_each_other(town: Town) -> None:
    twin = town.office.write("household", {"head_name": "黄秀莺"})
    town.office.write("household", {"removed": True, "joined_into": town.home}, id=twin)
    browser = town.office.browser(DESK)
    assert town.url(town.home) in browser.page(town.url(twin))
    assert "这一户已并入" in browser.page(town.url(twin))
    assert town.url(twin) in browser.page(town.url(town.home))


# --- masks -------------------------------------------------------------------------------------------------------------


def masked_pages(town: Town) -> list[str]:
    home = town.url(town.home)
    record = f"/t/{TOWN}/records"
    return [
        town.url(), town.url(more="?q=0076"), home, f"{home}?print=1", f"{record}/household/{town.home}",
        f"{record}/member/{town.member}", f"{record}/member/{town.member}?field=identity",
    ]  # fmt: skip


def test_identity_phone_and_health_are_masked_on_every_page(town: Town) -> None:
    for who in (DESK, LEADER, VILLAGE_LEADER, COUNTY):
        browser = town.office.browser(who)
        for url in masked_pages(town):
            page = browser.page(url)
            for secret in (IDENTITY, PHONE, "因病", "长期慢性病"):
                assert secret not in page, (who, url, secret)
    assert "●●●●0076" in browser.page(town.url(town.home))
    assert "138●●●●2233" in browser.page(town.url(town.home))


def test_a_reason_shows_them_once_and_the_trail_tells_who_why_and_which_but_no_value(town: Town) -> None:
    browser = town.office.browser(DESK)
    answer = browser.post(town.url(town.home, "/unmask"), {"reason": "核对低保申请材料"})
    assert answer.status_code == 200
    for secret in (IDENTITY, PHONE, "因病", "长期慢性病"):
        assert secret in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (act,) = [act for act in town.office.trail() if act.action == "unmask"]
    assert (act.by, act.kind, act.record) == (DESK, "household", town.home)
    assert act.details == {
        "fields": ["member.health", "member.identity", "phone", "poverty_causes"],
        "reason": "核对低保申请材料",
    }
    assert IDENTITY not in browser.page(town.url(town.home))
    sheet = browser.post(town.url(town.home, "/unmask"), {"reason": "打印上报材料", "print": "1"}).text
    assert IDENTITY in sheet
    assert "户主（签字）" in sheet


def test_without_a_reason_nothing_is_shown_and_nothing_written(town: Town) -> None:
    browser = town.office.browser(DESK)
    for reason in ("", "   ", "看看"):
        page = said(browser.post(town.url(town.home, "/unmask"), {"reason": reason}), browser)
        assert "请写明查看原因" in page
        assert IDENTITY not in page
    assert not [act for act in town.office.trail() if act.action == "unmask"]


def test_who_may_not_unmask_has_no_button_and_is_turned_away(town: Town) -> None:
    browser = town.office.browser(LEADER)
    assert "/unmask" not in browser.page(town.url(town.home))
    assert browser.post(town.url(town.home, "/unmask"), {"reason": "核对低保申请材料"}).status_code == 403
    assert not [act for act in town.office.trail() if act.action == "unmask"]
    neighbour = town.office.browser(NEIGHBOUR)
    assert neighbour.post(town.url(town.home, "/unmask"), {"reason": "核对低保申请材料"}).status_code == 404


# --- moving ------------------------------------------------------------------------------------------------------------


def test_a_household_moves_with_its_members_and_one_press_moves_it_back(town: Town) -> None:
    office, browser = town.office, town.office.browser(DESK)
    visit = office.write("visit", {"mode": "home", "started_at": "2018-09-03T09:00:00+08:00"}, household=town.home)
    page = said(browser.post(town.url(town.home, "/move"), {"village": SECOND_VILLAGE}), browser)
    here, there = village_name(office, VILLAGE), village_name(office, SECOND_VILLAGE)
    assert f"已从 {here} 转到 {there}" in page
    assert [office.record(*key).village for key in (("household", town.home), ("member", town.member))] == [
        SECOND_VILLAGE
    ] * 2
    assert office.record("visit", visit).village == VILLAGE
    act = office.trail()[-1]
    assert (act.by, act.action, act.record) == (DESK, "move", town.home)
    assert act.details == {"village": SECOND_VILLAGE, "from": VILLAGE, "records": 2}
    leader = office.browser(VILLAGE_LEADER)
    assert leader.get(town.url(town.home)).status_code == 404
    visits = leader.page(f"/t/{TOWN}/lists/visits")
    assert "2018-09-03" in visits
    assert "黄秀英" not in visits  # the visit is the old village's, the household no more
    undo = re.search(r'action="([^"]+/move)".*?name="village" value="(\d+)"', page, re.S)
    assert undo
    assert f"已从 {there} 转到 {here}" in said(browser.post(undo[1], {"village": undo[2]}), browser)
    assert office.record("member", town.member).village == VILLAGE


def test_a_household_moves_nowhere_that_is_not_a_village_of_ones_own(town: Town) -> None:
    browser = town.office.browser(DESK)
    for village in ("", "451422101001", VILLAGE, "x"):
        page = said(browser.post(town.url(town.home, "/move"), {"village": village}), browser)
        assert "alert-danger" in page
    assert town.office.record("household", town.home).village == VILLAGE
    for who in (LEADER, VILLAGE_LEADER, COUNTY):
        other = town.office.browser(who)
        assert "/move" not in other.page(town.url(town.home))
        assert other.post(town.url(town.home, "/move"), {"village": SECOND_VILLAGE}).status_code == 403


def test_a_clerk_of_one_village_moves_nobody_into_a_village_that_is_not_his(town: Town) -> None:
    access.add_user(town.office.database, "村桌员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    browser = town.office.browser("村桌员")
    page = said(browser.post(town.url(town.home, "/move"), {"village": SECOND_VILLAGE}), browser)
    assert "请选择要转到的村" in page
    assert town.office.record("household", town.home).village == VILLAGE
    assert browser.post(town.url(town.other, "/move"), {"village": VILLAGE}).status_code == 404


# --- on paper ----------------------------------------------------------------------------------------------------------


def test_the_printed_sheet_has_every_line_of_the_form_and_room_to_sign(town: Town) -> None:
    page = town.office.browser(DESK).page(town.url(town.home, "?print=1"))
    kind = town.office.database.kinds["household"]
    for name, field in kind.fields.items():
        if field.widget != "hidden":
            assert f">{field.label.zh}</th>" in page, name
    for line in ("户主（签字）", "走访人（签字）", "村委会（盖章）", f"{DESK} 打印于"):
        assert line in page
    assert 'class="side' not in page


def test_a_phones_change_is_on_the_page_at_the_next_request(town: Town) -> None:
    phone, browser = Handset(town.office, "韦干部", "红米"), town.office.browser(DESK)
    assert "找到 0 户" in browser.page(town.url(more="?q=lss"))
    phone.writes("household", town.home, {"head_name": "李双双"})
    assert "找到 1 户" in browser.page(town.url(more="?q=lss"))
