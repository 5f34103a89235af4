"""Party links and handing a household over: grants follow in the same act, phones gain and lose the household, and no word is lost."""

from typing import Any

import pytest

from server import access
from server.service import now_ms
from server.store import TownshipStore
from shared.moments import day_of, days_after
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    OTHER_TOWN,
    OTHER_VILLAGE,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Browser,
    Office,
    said,
)
from tests.console.field import FieldPhone
from tests.console.test_people import CADRE, MEMBER, holds, home, id_of, undo

LINKS, OTHER = f"/t/{TOWN}/party-links", "农党员"
TODAY = day_of(now_ms())


@pytest.fixture
def homes(office: Office) -> tuple[str, str]:
    """Two households; each of two party members is of the township, holding the second."""
    one, two = home(office), home(office, "陆大山", "0102")
    access.add_user(office.database, OTHER, ["party_member"], [], now_ms())
    for name in (MEMBER, OTHER):
        access.grant(office.database, name, f"household:{two}", now_ms())
    return one, two


def begin(office: Office, browser: Browser, household: str, name: str = MEMBER, day: str = "2018-09-01") -> Any:
    form = {"household": household, "member": id_of(office, name), "from_date": day}
    return browser.post(LINKS, form)


def links(office: Office, household: str) -> dict[str, dict[str, Any]]:
    """The household's links by id, those that were removed too."""
    with office.database.read(TOWN) as store:
        ids = store.sql("SELECT id FROM kind_party_link WHERE township = ? AND household = ?", TOWN, household)
    return {id_: dict(office.record("party_link", id_).values) for (id_,) in ids}


def only(office: Office, household: str) -> str:
    (found,) = links(office, household)
    return found


# --- links ---------------------------------------------------------------------------------------------------------


def test_a_link_brings_the_household_to_the_members_phone_and_removing_it_takes_it_back(
    office: Office, homes: tuple[str, str]
) -> None:
    browser, phone, (one, _) = office.browser(DESK), FieldPhone(office, MEMBER), homes
    phone.sync()
    assert ("household", one) not in phone.held
    answer = begin(office, browser, one)
    phone.sync()
    link = only(office, one)
    assert {("household", one), ("party_link", link)} <= phone.held.keys()
    assert (office.record("party_link", link).village, links(office, one)[link]["party_member"]) == (VILLAGE, MEMBER)
    undo(browser, answer)
    phone.sync()
    assert phone.dropped == [f"household:{one}"]
    assert ("household", one) not in phone.held
    assert [(act.action, act.by) for act in office.trail()][-4:] == [
        ("link", DESK), ("grant", DESK), ("link", DESK), ("ungrant", DESK),
    ]  # fmt: skip
    browser.post(f"{LINKS}/{link}/keep")
    phone.sync()
    assert ("household", one) in phone.held


def test_a_link_that_ends_later_keeps_its_grant_until_that_day(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _), last = office.browser(DESK), homes, days_after(TODAY, 9)
    begin(office, browser, one)
    link = only(office, one)
    answer = browser.post(f"{LINKS}/{link}", {"to_date": last})
    assert f"household:{one}" in holds(office, MEMBER)
    later = access.list_users(office.database, now_ms() + 11 * 86_400_000)
    assert next(user["grants"] for user in later if user["name"] == MEMBER) == [f"household:{homes[1]}"]
    undo(browser, answer)
    assert links(office, one)[link]["to_date"] is None
    later = access.list_users(office.database, now_ms() + 11 * 86_400_000)
    assert f"household:{one}" in next(user["grants"] for user in later if user["name"] == MEMBER)
    browser.post(f"{LINKS}/{link}", {"to_date": days_after(TODAY, -1)})
    assert f"household:{one}" not in holds(office, MEMBER)


def test_a_second_link_of_the_same_two_keeps_the_grant(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    office.write("party_link", {"party_member": MEMBER, "from_date": "2018-01-01"}, household=one)
    first = only(office, one)
    refused = begin(office, browser, one)
    assert "已联这一户" in said(refused, browser)
    browser.post(f"{LINKS}/{first}", {"to_date": "2018-08-01"})
    begin(office, browser, one)
    browser.post(f"{LINKS}/{first}", {"to_date": "2018-07-01"})
    assert f"household:{one}" in holds(office, MEMBER)


def test_a_cadre_who_holds_the_village_needs_no_grant_of_the_household(office: Office, homes: tuple[str, str]) -> None:
    begin(office, office.browser(DESK), homes[0], CADRE)
    assert holds(office, CADRE) == [f"village:{VILLAGE}"]


def test_an_exemption_is_written_and_undone(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    begin(office, browser, one)
    link = only(office, one)
    form = {"exempt_from": "2018-10-01", "exempt_to": "", "exempt_reason": "ill"}
    answer = browser.post(f"{LINKS}/{link}", form)
    assert "免访中" in browser.page(f"{LINKS}?state=exempt")
    assert links(office, one)[link]["exempt_reason"] == "ill"
    said(answer, browser)
    undo(browser, browser.post(f"{LINKS}/{link}", form | {"exempt_reason": "away"}))
    assert links(office, one)[link]["exempt_reason"] == "ill"


@pytest.mark.parametrize(
    "form",
    [
        {"to_date": "yesterday"},
        {"to_date": "2018-08-31"},
        {"exempt_from": "2018-10-02", "exempt_to": "2018-10-01"},
    ],
)
def test_dates_that_make_no_sense_change_nothing(office: Office, homes: tuple[str, str], form: dict[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    begin(office, browser, one)
    link = only(office, one)
    before, rows = links(office, one), len(office.trail())
    assert "alert-danger" in said(browser.post(f"{LINKS}/{link}", form), browser)
    assert (links(office, one), len(office.trail())) == (before, rows)


def test_links_stand_by_village_and_are_found_by_member_or_head(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, two) = office.browser(DESK), homes
    begin(office, browser, one)
    begin(office, browser, two, OTHER)
    far = home(office, "远处的户", "0001", SECOND_VILLAGE)
    begin(office, browser, far, OTHER)
    page = browser.page(LINKS).partition("<table")[2]
    assert page.index("黄秀英") < page.index("陆大山") < page.index("远处的户")
    assert "陆大山" not in browser.page(f"{LINKS}?q=hxy")
    assert "黄秀英" not in browser.page(f"{LINKS}?q=ndy")
    assert "远处的户" not in browser.page(f"{LINKS}?village={VILLAGE}")
    assert "没有符合条件的联户" in browser.page(f"{LINKS}?state=ended")


def test_a_village_leader_reads_his_villages_links_and_changes_none(office: Office, homes: tuple[str, str]) -> None:
    desk, (one, _) = office.browser(DESK), homes
    begin(office, desk, one)
    begin(office, desk, home(office, "远处的户", "0001", SECOND_VILLAGE))
    browser, link = office.browser(VILLAGE_LEADER), only(office, one)
    page = browser.page(LINKS)
    assert "黄秀英" in page
    assert "远处的户" not in page
    assert "新建联户" not in page
    assert "建错了" not in browser.page(f"{LINKS}/{link}")
    assert browser.post(f"{LINKS}/{link}", {"to_date": TODAY}).status_code == 403


@pytest.mark.parametrize("name", [LEADER, COUNTY, ADMIN])
def test_only_the_township_desk_links_and_hands_over(office: Office, homes: tuple[str, str], name: str) -> None:
    browser, (one, two) = office.browser(name), homes
    assert begin(office, browser, one).status_code == 403
    assert browser.get(f"/t/{TOWN}/households/{two}/hand-over").status_code == 403
    assert browser.post(f"/t/{TOWN}/households/{two}/hand-over", {"from": MEMBER}).status_code == 403


def test_nobody_is_linked_who_is_not_of_the_field_or_not_of_this_township(
    office: Office, homes: tuple[str, str]
) -> None:
    browser, (one, _) = office.browser(DESK), homes
    access.add_user(office.database, "远党员", ["party_member"], [f"village:{OTHER_VILLAGE}"], now_ms())
    for name in (DESK, LEADER, "远党员"):
        assert "请选一位联户党员" in said(begin(office, browser, one, name), browser)
    away = office.write("household", {"head_name": "外乡人"}, village=OTHER_VILLAGE, township=OTHER_TOWN)
    assert begin(office, browser, away).status_code == 404
    assert office.browser(NEIGHBOUR).get(f"/t/{OTHER_TOWN}/party-links/new?household={one}").status_code == 404
    assert links(office, one) == {}


# --- handing over --------------------------------------------------------------------------------------------------


def hand_over(office: Office, browser: Browser, household: str, before: str = MEMBER, after: str = OTHER) -> Any:
    return browser.post(f"/t/{TOWN}/households/{household}/hand-over", {"from": before, "to": id_of(office, after)})


def test_handing_over_takes_the_household_from_one_phone_to_the_other_and_keeps_unsent_words(
    office: Office, homes: tuple[str, str]
) -> None:
    browser, (one, _) = office.browser(DESK), homes
    old, new = FieldPhone(office, MEMBER), FieldPhone(office, OTHER)
    begin(office, browser, one)
    office.write("member", {"name": "黄小妹"}, household=one)
    old.sync()
    new.sync()
    unsent = old.words("contact_visit", None, {"summary": "粮食够吃", "mode": "home"}, one)

    hand_over(office, browser, one)

    before, after = sorted(links(office, one).values(), key=lambda link: str(link["from_date"]))
    assert (before["party_member"], before["to_date"]) == (MEMBER, TODAY)
    assert (after["party_member"], after["from_date"], after.get("to_date")) == (OTHER, TODAY, None)
    new.sync()
    assert {kind for kind, _ in new.held if new.held[kind, _]["household"] == one or _ == one} >= {
        "household",
        "member",
        "party_link",
    }
    told = old.sync(unsent)
    assert told["refused"] == []
    assert told["dropped"] == [f"household:{one}"]
    assert [key for key, record in old.held.items() if one in (key[1], record["household"])] == []
    assert office.record("contact_visit", unsent["id"]).values["summary"] == "粮食够吃"
    with office.database.read(TOWN) as store:
        assert store.sql("SELECT late FROM changes WHERE township = ? AND record = ?", TOWN, unsent["id"]) == [(1,)]
    rows = [(act.action, act.by, act.details.get("name")) for act in office.trail()][-4:]
    assert rows == [("ungrant", DESK, MEMBER), ("grant", DESK, OTHER), ("link", DESK, None), ("link", DESK, None)]


def test_a_hand_over_is_undone_whole(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    old, new = FieldPhone(office, MEMBER), FieldPhone(office, OTHER)
    begin(office, browser, one)
    said(browser.get(f"/t/{TOWN}/households/{one}/hand-over"), browser)
    kept, grants = links(office, one), (holds(office, MEMBER), holds(office, OTHER))
    undo(browser, hand_over(office, browser, one))
    assert (holds(office, MEMBER), holds(office, OTHER)) == grants
    now = {id_: {"to_date": None, "removed": False, **values} for id_, values in links(office, one).items()}
    assert {id_ for id_, values in now.items() if not values["removed"] and values["to_date"] is None} == set(kept)
    for phone in (old, new):
        phone.sync()
    assert ("household", one) in old.held
    assert ("household", one) not in new.held


def test_a_grant_without_a_link_is_handed_over_alone(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    access.grant(office.database, MEMBER, f"household:{one}", now_ms())
    undo(browser, hand_over(office, browser, one))
    assert f"household:{one}" in holds(office, MEMBER)
    hand_over(office, browser, one)
    assert f"household:{one}" in holds(office, OTHER)
    assert f"household:{one}" not in holds(office, MEMBER)
    assert links(office, one) == {}


def test_a_link_whose_member_has_no_account_is_handed_over_too(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, _) = office.browser(DESK), homes
    office.write("party_link", {"party_member": "老支书", "from_date": "2018-01-01"}, household=one)
    page = browser.page(f"/t/{TOWN}/households/{one}/hand-over")
    assert "老支书" in page
    hand_over(office, browser, one, "老支书")
    assert {link["party_member"]: link.get("to_date") for link in links(office, one).values()} == {
        "老支书": TODAY,
        OTHER: None,
    }
    assert f"household:{one}" in holds(office, OTHER)


def test_a_hand_over_that_makes_no_sense_changes_nothing(office: Office, homes: tuple[str, str]) -> None:
    browser, (one, two) = office.browser(DESK), homes
    begin(office, browser, one)
    grants, kept, rows = (holds(office, MEMBER), holds(office, OTHER)), links(office, one), len(office.trail())
    for before, after in ((MEMBER, MEMBER), ("没有这人", OTHER), ("", OTHER), (MEMBER, DESK), (CADRE, OTHER)):
        assert "alert-danger" in said(hand_over(office, browser, one, before, after), browser)
    assert ((holds(office, MEMBER), holds(office, OTHER)), links(office, one), len(office.trail())) == (
        grants,
        kept,
        rows,
    )
    assert "没有按户授权的人" in browser.page(f"/t/{TOWN}/households/{home(office, '新户', '0103')}/hand-over")
    assert browser.get(f"/t/{TOWN}/households/{id_of(office, DESK)}/hand-over").status_code == 404
    assert two


def test_when_the_link_cannot_be_written_the_grants_stay_too(
    office: Office, homes: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, (one, _) = office.browser(DESK), homes
    begin(office, browser, one)
    grants = (holds(office, MEMBER), holds(office, OTHER))

    def fails(*_: Any) -> None:
        raise OSError("the disk went away")

    monkeypatch.setattr(TownshipStore, "append", fails)
    assert hand_over(office, browser, one).status_code == 500
    monkeypatch.undo()
    assert (holds(office, MEMBER), holds(office, OTHER)) == grants
