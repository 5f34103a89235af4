"""People: who is seen and by whom, what is given and taken, and how far each may go."""

import re

import pytest
from werkzeug.test import TestResponse

from server import access, accounts
from server.access import AccessError
from server.service import now_ms
from server.store import TownshipStore
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    OTHER_TOWN,
    OTHER_VILLAGE,
    SECOND_DESK,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Browser,
    Office,
    said,
)
from tests.console.field import FieldPhone

CADRE, MEMBER = "韦干部", "覃党员"
PEOPLE, NEW = f"/t/{TOWN}/people", f"/t/{TOWN}/people/new"


def id_of(office: Office, name: str) -> str:
    with office.database.engine.connect() as connection:
        found = TownshipStore(office.database, connection, "").sql("SELECT id FROM user_account WHERE name = ?", name)
    return str(found[0][0])


def at(office: Office, name: str, act: str = "") -> str:
    """The page of a person, or an act upon it."""
    return f"{PEOPLE}/{id_of(office, name)}{act and '/'}{act}"


def holds(office: Office, name: str) -> list[str]:
    return next(user["grants"] for user in access.list_users(office.database, now_ms()) if user["name"] == name)


def person(office: Office, name: str) -> dict[str, object]:
    return next((user for user in access.list_users(office.database, now_ms()) if user["name"] == name), {})


def home(office: Office, head: str = "黄秀英", number: str = "0101", village: str = VILLAGE) -> str:
    return office.write("household", {"head_name": head, "household_no": number}, village=village)


def undo(browser: Browser, answer: TestResponse) -> TestResponse:
    """Press the undo that the page after an act offers, the last one where there are several."""
    messages = said(answer, browser).partition('id="messages"')[2]
    *_, form = (form for form in re.findall(r"<form.*?</form>", messages, re.DOTALL) if "撤销" in form)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return browser.post(action[1], {name: value for name, value in fields if name != "csrf_token"})


# --- who is seen ---------------------------------------------------------------------------------------------------


def test_the_people_of_the_township_stand_there_by_name_with_what_they_hold(still: Office) -> None:
    page = still.browser(DESK).page(PEOPLE)
    names = re.findall(rf'href="{PEOPLE}/[0-9a-f-]{{36}}">([^<]+)</a>', page)
    assert names == sorted([DESK, SECOND_DESK, LEADER, VILLAGE_LEADER, COUNTY, ADMIN, CADRE])
    assert NEIGHBOUR not in page
    assert MEMBER not in page


def test_people_are_found_by_role_village_name_and_first_letters(still: Office) -> None:
    browser = still.browser(DESK)

    def found(query: str) -> set[str]:
        return set(re.findall(rf'href="{PEOPLE}/[0-9a-f-]{{36}}">([^<]+)</a>', browser.page(f"{PEOPLE}?{query}")))

    assert found("role=cadre") == {CADRE}
    assert found(f"village={VILLAGE}") == {CADRE, VILLAGE_LEADER}
    assert found(f"village={SECOND_VILLAGE}") == set()
    assert found("q=wgb") == {CADRE}
    assert found("q=韦") == {CADRE, DESK}
    assert "没有符合条件的人员" in browser.page(f"{PEOPLE}?q=没有这人")
    assert "筛选条件写法不对" in browser.page(f"{PEOPLE}?role=king")


def test_whoever_left_is_found_when_asked_for_and_his_page_shows_what_he_held(office: Office) -> None:
    access.ungrant(office.database, CADRE, f"village:{VILLAGE}", now_ms())
    browser = office.browser(DESK)
    assert CADRE not in browser.page(PEOPLE)
    assert CADRE in browser.page(f"{PEOPLE}?state=none")
    page = browser.page(at(office, CADRE))
    assert "在本乡镇没有授权" in page
    assert "以前负责过的（1）" in page


def test_a_person_who_never_held_anything_here_is_not_found_nor_is_one_who_does_not_exist(still: Office) -> None:
    browser = still.browser(DESK)
    for name in (NEIGHBOUR, MEMBER):
        assert browser.get(at(still, name)).status_code == 404
        assert browser.post(at(still, name, "grants"), {"grant": f"village:{VILLAGE}"}).status_code == 404
    assert browser.get(f"{PEOPLE}/01a2067d-ab40-7ac0-a7b9-2622364c6043").status_code == 404
    assert browser.get(f"{PEOPLE}/%00").status_code == 404


@pytest.mark.parametrize("name", [LEADER, VILLAGE_LEADER, COUNTY])
def test_whoever_only_reads_is_told_that_the_page_is_not_his(still: Office, name: str) -> None:
    browser = still.browser(name)
    for url in (PEOPLE, f"/t/{TOWN}/phones", NEW, at(still, CADRE)):
        assert browser.get(url).status_code == 403
    for act in ("grants", "disable", "code", "roles", "password"):
        assert browser.post(at(still, CADRE, act)).status_code == 403
    assert "人员手机" not in browser.page(f"/t/{TOWN}/party-links").partition("<main")[0]


def test_a_neighbour_does_not_learn_that_the_township_is_there(still: Office) -> None:
    assert still.browser(NEIGHBOUR).get(PEOPLE).status_code == 404


def test_a_clerk_of_one_village_sees_and_changes_only_who_works_there(office: Office) -> None:
    access.add_user(office.database, "村文书", ["desk"], [f"village:{SECOND_VILLAGE}"], now_ms())
    access.add_user(office.database, "邻村干部", ["cadre"], [f"village:{SECOND_VILLAGE}"], now_ms())
    access.add_user(
        office.database, "两村干部", ["cadre"], [f"village:{v}" for v in (VILLAGE, SECOND_VILLAGE)], now_ms()
    )
    browser = office.browser("村文书")
    page = browser.page(PEOPLE)
    assert "邻村干部" in page
    assert CADRE not in page
    assert browser.get(at(office, CADRE)).status_code == 404
    told = browser.post(at(office, "两村干部", "disable"))
    assert told.status_code == 422
    assert "范围以外的村" in told.text
    answer = browser.post(at(office, "邻村干部", "grants"), {"grant": f"village:{VILLAGE}"})
    assert "不在您的范围内" in said(answer, browser)
    assert holds(office, "邻村干部") == [f"village:{SECOND_VILLAGE}"]


# --- adding somebody -----------------------------------------------------------------------------------------------


def test_a_clerk_adds_a_cadre_with_a_village(office: Office) -> None:
    browser = office.browser(DESK)
    answer = browser.post(PEOPLE, {"name": " 农  强 ", "role": "cadre", "village": [VILLAGE, SECOND_VILLAGE]})
    assert "已添加 农 强" in said(answer, browser)
    assert person(office, "农 强")["roles"] == ["cadre"]
    assert holds(office, "农 强") == [f"village:{VILLAGE}", f"village:{SECOND_VILLAGE}"]
    assert [(act.action, act.by) for act in office.trail("") if act.action == "user_add"][-1] == ("user_add", DESK)
    assert [act.by for act in office.trail() if act.action == "grant"][-2:] == [DESK, DESK]


def test_a_clerk_adds_a_party_member_with_a_household_found_by_first_letters(office: Office) -> None:
    one, two = home(office), home(office, "黄小燕", "0102")
    browser = office.browser(DESK)
    several = browser.post(PEOPLE, {"name": "农党员", "role": "party_member", "home": "hx"})
    assert several.status_code == 422
    assert "请在下面选一户" in several.text
    assert one in several.text
    assert two in several.text
    assert 'value="农党员"' in several.text
    none = browser.post(PEOPLE, {"name": "农党员", "role": "party_member", "home": "没有"})
    assert "没有找到这一户" in none.text
    browser.post(PEOPLE, {"name": "农党员", "role": "party_member", "home": "hx", "household": two})
    browser.post(PEOPLE, {"name": "陆党员", "role": "party_member", "home": "0101"})
    assert holds(office, "农党员") == [f"household:{two}"]
    assert holds(office, "陆党员") == [f"household:{one}"]


@pytest.mark.parametrize("role", ["desk", "leader", "county", "admin"])
def test_a_clerk_makes_nobody_who_signs_in_here(office: Office, role: str) -> None:
    answer = office.browser(DESK).post(PEOPLE, {"name": "新来的", "role": ["cadre", role], "village": VILLAGE})
    assert answer.status_code == 422
    assert "由管理员给" in answer.text
    assert person(office, "新来的") == {}


def test_a_clerk_gives_no_other_township_and_no_whole_one(office: Office) -> None:
    browser = office.browser(DESK)
    for form in ({"village": OTHER_VILLAGE}, {"township": "1"}, {"household": "x"}, {}):
        assert browser.post(PEOPLE, {"name": "新来的", "role": "cadre", **form}).status_code == 422
    for grant in (f"village:{OTHER_VILLAGE}", f"township:{TOWN}", f"township:{OTHER_TOWN}", "village:1", ""):
        browser.post(at(office, CADRE, "grants"), {"grant": grant})
    away = office.write("household", {"head_name": "外乡人"}, village=OTHER_VILLAGE, township=OTHER_TOWN)
    browser.post(at(office, CADRE, "grants"), {"grant": f"household:{away}"})
    assert person(office, "新来的") == {}
    assert holds(office, CADRE) == [f"village:{VILLAGE}"]


@pytest.mark.parametrize("name", ["", "甲" * 101, "甲\x00", CADRE])
def test_a_name_that_cannot_be_is_refused_in_words(office: Office, name: str) -> None:
    answer = office.browser(DESK).post(PEOPLE, {"name": name, "role": "cadre", "village": VILLAGE})
    assert answer.status_code == 422
    assert "姓名" in answer.text or "同名" in answer.text


def test_an_administrator_adds_a_clerk_of_his_own_township_only(office: Office) -> None:
    browser = office.browser(ADMIN)
    assert "全乡镇" in browser.page(NEW)
    browser.post(PEOPLE, {"name": "新桌员", "role": "desk", "township": "1"})
    assert holds(office, "新桌员") == [f"township:{TOWN}"]
    assert "全乡镇" not in office.browser(DESK).page(NEW)
    access.add_user(office.database, "村管理", ["admin"], [f"village:{VILLAGE}"], now_ms())
    beyond = office.browser("村管理").post(PEOPLE, {"name": "又一桌员", "role": "desk", "township": "1"})
    assert beyond.status_code == 422
    assert person(office, "又一桌员") == {}


# --- grants --------------------------------------------------------------------------------------------------------


def test_a_village_is_given_and_taken_and_each_can_be_undone(office: Office) -> None:
    browser, grant = office.browser(DESK), f"village:{SECOND_VILLAGE}"
    undo(browser, browser.post(at(office, CADRE, "grants"), {"grant": grant}))
    assert holds(office, CADRE) == [f"village:{VILLAGE}"]
    undo(browser, browser.post(at(office, CADRE, "grants/end"), {"grant": f"village:{VILLAGE}"}))
    assert holds(office, CADRE) == [f"village:{VILLAGE}"]
    told = [(act.action, act.by, act.person, act.details) for act in office.trail()][-4:]
    by = (DESK, id_of(office, DESK))
    assert told == [
        ("grant", *by, {"name": CADRE, "grant": grant}), ("ungrant", *by, {"name": CADRE, "grant": grant}),
        ("ungrant", *by, {"name": CADRE, "grant": f"village:{VILLAGE}"}), ("grant", *by, {"name": CADRE, "grant": f"village:{VILLAGE}"}),
    ]  # fmt: skip


def test_giving_what_is_held_changes_nothing_and_taking_what_is_not_says_so(office: Office) -> None:
    browser, before = office.browser(DESK), len(office.trail())
    assert "没有变化" in said(browser.post(at(office, CADRE, "grants"), {"grant": f"village:{VILLAGE}"}), browser)
    gone = browser.post(at(office, CADRE, "grants/end"), {"grant": f"village:{SECOND_VILLAGE}"})
    assert "没有这项授权" in said(gone, browser)
    assert len(office.trail()) == before


def test_a_household_of_the_same_id_in_another_township_is_not_taken_along(office: Office) -> None:
    one = home(office)
    office.write("household", {"head_name": "同号"}, village=OTHER_VILLAGE, township=OTHER_TOWN, id=one)
    for township in (TOWN, OTHER_TOWN):
        access.grant(office.database, MEMBER, f"household:{one}", now_ms(), township)
    office.browser(DESK).post(at(office, MEMBER, "grants/end"), {"grant": f"household:{one}"})
    assert holds(office, MEMBER) == [f"household:{one}"]
    assert office.browser(NEIGHBOUR).get(f"/t/{OTHER_TOWN}/people/{id_of(office, MEMBER)}").status_code == 200


def test_a_clerk_does_not_change_another_clerk_nor_himself(office: Office) -> None:
    browser = office.browser(DESK)
    for name, why in ((SECOND_DESK, "由管理员管理"), (DESK, "自己的账户"), (ADMIN, "由管理员管理")):
        page = browser.page(at(office, name))
        assert why in page
        assert "停用此人" not in page
        for act, form in (
            ("grants", {"grant": f"village:{VILLAGE}"}),
            ("grants/end", {"grant": f"township:{TOWN}"}),
            ("disable", {}),
            ("code", {}),
        ):
            answer = browser.post(at(office, name, act), form)
            assert (answer.status_code, why in answer.text) == (422, True)
        assert f"township:{TOWN}" in holds(office, name)
        assert not person(office, name)["disabled"]


def test_an_administrator_who_may_not_read_gets_no_names_of_households(office: Office) -> None:
    one = home(office)
    access.grant(office.database, MEMBER, f"household:{one}", now_ms())
    browser = office.browser(ADMIN)
    page = browser.page(at(office, MEMBER) + "?find=hxy")
    assert "一户" in page
    assert "黄秀英" not in page
    refused = browser.post(at(office, MEMBER, "grants/end"), {"grant": f"household:{one}"})
    assert "由乡镇办公室给" in said(refused, browser)
    assert browser.get(f"/t/{TOWN}/party-links").status_code == 403
    assert "黄秀英" in office.browser(DESK).page(at(office, MEMBER) + "?find=hxy")


# --- the account ---------------------------------------------------------------------------------------------------


def test_a_disabled_cadre_neither_syncs_nor_is_given_anything_and_comes_back_as_he_was(office: Office) -> None:
    browser, phone = office.browser(DESK), FieldPhone(office, CADRE)
    answer = browser.post(at(office, CADRE, "disable"))
    assert phone.sync()["code"] == "revoked"
    undo(browser, answer)
    assert phone.sync()["grants"] == holds(office, CADRE) == [f"village:{VILLAGE}"]
    assert [(act.action, act.by) for act in office.trail("")][-2:] == [("user_disable", DESK), ("user_enable", DESK)]
    browser.post(at(office, CADRE, "disable"))
    assert "请先恢复" in said(
        browser.post(at(office, CADRE, "grants"), {"grant": f"village:{SECOND_VILLAGE}"}), browser
    )
    assert "没有这个用户" in said(browser.post(at(office, CADRE, "code"), {"address": "https://ruhu.example"}), browser)


def test_a_clerk_does_not_end_somebody_who_works_in_another_township_too(office: Office) -> None:
    access.grant(office.database, CADRE, f"village:{OTHER_VILLAGE}", now_ms())
    answer = office.browser(DESK).post(at(office, CADRE, "disable"))
    assert (answer.status_code, "管不到的乡镇" in answer.text) == (422, True)
    assert not person(office, CADRE)["disabled"]
    office.browser(ADMIN).post(at(office, CADRE, "disable"))
    assert person(office, CADRE)["disabled"]


def test_an_administrator_of_one_township_has_no_say_over_who_also_holds_another(office: Office) -> None:
    access.add_user(office.database, "镇管理", ["admin"], [f"township:{TOWN}"], now_ms())
    browser = office.browser("镇管理")
    for act in ("password", "disable", "roles"):
        assert browser.post(at(office, COUNTY, act), {"role": "leader"}).status_code == 422
    assert person(office, COUNTY)["roles"] == ["county"]
    assert browser.post(at(office, LEADER, "roles"), {"role": "desk"}).status_code == 303
    assert person(office, LEADER)["roles"] == ["desk"]


def test_roles_change_at_once_and_the_change_can_be_undone(office: Office) -> None:
    browser, leader = office.browser(ADMIN), office.browser(LEADER)
    answer = browser.post(at(office, LEADER, "roles"), {"role": ["desk", "cadre"]})
    assert leader.get(PEOPLE).status_code == 200
    undo(browser, answer)
    assert leader.get(PEOPLE).status_code == 403
    rows = [act for act in office.trail("") if act.action == "user_roles"]
    assert [(act.by, act.details["roles"], act.details["before"]) for act in rows] == [
        (ADMIN, ["cadre", "desk"], ["leader"]), (ADMIN, ["leader"], ["cadre", "desk"]),
    ]  # fmt: skip
    assert browser.post(at(office, LEADER, "roles"), {"role": "king"}).status_code == 303
    assert person(office, LEADER)["roles"] == ["leader"]


def test_nobody_changes_his_own_roles_or_password_here_and_one_administrator_always_stays(office: Office) -> None:
    browser = office.browser(ADMIN)
    for act in ("roles", "disable", "password"):
        assert browser.post(at(office, ADMIN, act), {"role": "cadre"}).status_code == 422
    with pytest.raises(AccessError, match="至少要留一位"):
        access.disable_user(office.database, ADMIN, now_ms())
    with pytest.raises(AccessError, match="至少要留一位"):
        access.set_roles(office.database, ADMIN, ["desk"], now_ms())
    assert person(office, ADMIN)["roles"] == ["admin"]
    access.add_user(office.database, "副管理", ["admin"], [f"township:{t}" for t in (TOWN, OTHER_TOWN)], now_ms())
    assert browser.post(at(office, "副管理", "disable")).status_code == 303
    with pytest.raises(AccessError, match="至少要留一位"):
        access.disable_user(office.database, ADMIN, now_ms())


def test_a_one_time_password_is_shown_once_and_opens_the_door_once(office: Office) -> None:
    leader = office.browser(LEADER)
    answer = office.browser(ADMIN).post(at(office, LEADER, "password"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="password">([^<]+)<', answer.text)
    assert found
    assert accounts.sign_in(office.database, LEADER, found[1], now_ms())
    assert leader.get(f"/t/{TOWN}/party-links").status_code == 302
    (row,) = [act for act in office.trail("") if act.action == "password"]
    assert (row.by, found[1] in str(row)) == (ADMIN, False)
    cadre = office.browser(ADMIN).post(at(office, CADRE, "password"))
    assert cadre.status_code == 303


def test_a_session_of_somebody_disabled_ends_and_does_not_come_back_with_him(office: Office) -> None:
    leader, admin = office.browser(LEADER), office.browser(ADMIN)
    admin.post(at(office, LEADER, "disable"))
    admin.post(at(office, LEADER, "enable"))
    assert leader.get(f"/t/{TOWN}/party-links").status_code == 302


# --- the whole server ----------------------------------------------------------------------------------------------


def test_an_administrator_finds_all_who_sign_in_and_whoever_holds_nothing(office: Office) -> None:
    access.add_user(office.database, "远乡员", ["desk"], ["township:451422102"], now_ms())
    browser = office.browser(ADMIN)
    page = browser.page("/people")
    names = re.findall(r'<th scope="row" class="fw-normal">([^<]+?)\s*</th>', page)
    assert names == sorted({DESK, SECOND_DESK, LEADER, VILLAGE_LEADER, COUNTY, ADMIN, NEIGHBOUR, MEMBER, "远乡员"})
    assert "不在您的乡镇" in page
    assert browser.get(at(office, "远乡员")).status_code == 404
    assert browser.get(at(office, MEMBER)).status_code == 200
    said(browser.post(at(office, MEMBER, "grants"), {"grant": f"village:{VILLAGE}"}), browser)
    assert holds(office, MEMBER) == [f"village:{VILLAGE}"]
    assert MEMBER not in browser.page("/people")
    assert "没有符合条件的账户" in browser.page("/people?q=nobody")


@pytest.mark.parametrize("name", [DESK, LEADER, COUNTY])
def test_the_accounts_of_the_whole_server_are_for_administrators(still: Office, name: str) -> None:
    assert still.browser(name).get("/people").status_code == 403


def test_every_page_is_complete_in_english(still: Office) -> None:
    browser = still.browser(ADMIN)
    browser.post("/language", {"language": "en"})
    for url, word in (
        (PEOPLE, "Add somebody"),
        (NEW, "The whole township"),
        ("/people", "All accounts"),
        (at(still, CADRE), "Holds now"),
    ):
        assert word in browser.page(url)
