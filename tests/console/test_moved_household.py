"""A household that moved to another village, while its visits, problems and party links stayed: nothing of it shows in the old village, and
nobody there gives or ends a grant on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from server import access
from server.lists import LISTINGS
from server.service import now_ms
from server.store import TownshipStore
from shared.sync.conflicts import CONFLICT
from tests.console.browser import (
    DESK,
    LEADER,
    NEIGHBOUR,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Browser,
    Office,
    said,
)
from tests.console.phones import Phone
from tests.console.test_people import id_of
from tests.console.test_review import Village

VILLAGE_DESK, MEMBER, HOLDER, OUTSIDE = "村桌员", "农党员", "陆党员", "外村党员"
NEW_HEAD, NEW_NUMBER = "闻人移新", "731955"
"""What the household is called since it moved; written nowhere else."""


@dataclass
class Moved:
    """A household of SECOND_VILLAGE, and what it left in VILLAGE."""

    office: Office
    home: str
    near: str
    visits: Sequence[str]
    contact: str
    problem: str
    links: Sequence[str]
    conflicts: Sequence[str]

    def grants(self) -> list[tuple[Any, ...]]:
        """Every grant on the household, those that ended too."""
        with self.office.database.read(TOWN) as store:
            rows = store.sql("SELECT person, until FROM access_grant WHERE scope = ?", f"household:{self.home}")
            return sorted(tuple(row) for row in rows)


@pytest.fixture
def moved(office: Office) -> Moved:
    home = office.write("household", {"head_name": "黄旧名", "household_no": "0001"})
    near = office.write("household", {"head_name": "黄近邻", "household_no": "0002"})
    access.add_user(office.database, VILLAGE_DESK, ["desk"], [f"village:{VILLAGE}"], now_ms())
    for name, holds in ((MEMBER, (near,)), (HOLDER, (near, home))):
        access.add_user(office.database, name, ["party_member"], [], now_ms())
        for one in holds:
            access.grant(office.database, name, f"household:{one}", now_ms())
    village = Village(office, home)
    visits = [village.visit(10), village.visit(10)]
    links = [
        office.write("party_link", {"party_member": name, "from_date": "2024-01-01"}, household=home)
        for name in (MEMBER, HOLDER)
    ]
    contact = office.write(
        "contact_visit", {"mode": "home", "started_at": "2025-09-01T10:00:00+08:00", "link": links[0]}, household=home
    )
    problem = office.write("problem", {"description": "屋顶漏雨", "category": "housing"}, household=home)
    conflicts = differ(
        office, home, ("visit", visits[0], "summary", ("甲说", "乙说")), ("contact_visit", contact, "link", links)
    )
    answer = office.browser(DESK).post(f"/t/{TOWN}/households/{home}/move", {"village": SECOND_VILLAGE})
    assert answer.status_code == 303
    office.write("household", {"head_name": NEW_HEAD, "household_no": NEW_NUMBER}, id=home)
    found = Moved(office, home, near, visits, contact, problem, links, conflicts)
    stayed = [("visit", id_) for id_ in visits] + [("problem", problem)] + [("party_link", id_) for id_ in links]
    stayed += [(CONFLICT, id_) for id_ in conflicts]
    assert {office.record(*one).village for one in stayed} == {VILLAGE}
    assert office.record("household", home).village == SECOND_VILLAGE
    return found


def differ(office: Office, home: str, *quarrels: tuple[str, str, str, Sequence[str]]) -> list[str]:
    """Two phones write fields unseen; the conflicts' ids."""
    one, other = Phone(office, "韦干部"), Phone(office, "覃党员", f"village:{VILLAGE}")
    for kind, id_, name, (first, second) in quarrels:
        one.write(kind, id_, {name: first}, household=home)
        other.write(kind, id_, {name: second}, household=home)
    one.sync()
    found = {
        held["values"]["record"]: id_ for (kind, id_), held in one.held.items() if kind == CONFLICT and held["values"]["record"]
    }  # fmt: skip
    return [found[id_] for _, id_, _, _ in quarrels]


def read(browser: Browser, url: str) -> str:
    return browser.page(f"/t/{TOWN}{url}")


def pages(moved: Moved) -> list[str]:
    one, other = moved.visits
    return [
        "/party-links", *(f"/party-links/{id_}" for id_ in moved.links),
        "/conflicts", "/conflicts?status=", "/conflicts/same", *(f"/conflicts/{id_}" for id_ in moved.conflicts),
        "/review", "/review?show=duplicates", "/review?show=not_home", f"/review/join/visit/{one}/{other}",
        "/ledger?group=", f"/ledger/{moved.problem}", "/ledger/print?group=",
        *(f"/records/{kind}/{id_}" for kind, id_ in (
            ("visit", one), ("contact_visit", moved.contact), ("problem", moved.problem), ("party_link", moved.links[0]), (CONFLICT, moved.conflicts[0]),
        )),
        *(f"/lists/{name}" for name in LISTINGS if name not in ("people", "phones", "audit")),
    ]  # fmt: skip


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [VILLAGE_LEADER, VILLAGE_DESK])
def test_no_page_of_the_old_village_says_what_the_household_is_called_now(moved: Moved, who: str) -> None:
    browser = moved.office.browser(who)
    assert browser.get(f"/t/{TOWN}/households/{moved.home}").status_code == 404
    opened = {url: read(browser, url) for url in pages(moved)}
    assert [url for url, page in opened.items() if NEW_HEAD in page or NEW_NUMBER in page] == []
    assert moved.visits[0] in opened["/review"]
    assert moved.conflicts[0] in opened["/conflicts?status="]
    assert moved.links[0] in opened["/party-links"]
    assert moved.problem in opened["/ledger?group="]


def test_the_township_still_reads_it_everywhere(moved: Moved) -> None:
    browser = moved.office.browser(LEADER)
    named = [
        "/party-links",
        f"/party-links?village={VILLAGE}",
        f"/party-links/{moved.links[0]}",
        "/conflicts?status=",
        "/review",
    ]
    named += [
        f"/conflicts/{moved.conflicts[0]}",
        f"/review/join/visit/{moved.visits[0]}/{moved.visits[1]}",
        "/lists/visits",
    ]
    assert [url for url in named if NEW_HEAD not in read(browser, url)] == []
    assert moved.problem in read(browser, f"/ledger?group=&q={NEW_HEAD}")


@pytest.mark.parametrize("who", [VILLAGE_LEADER, VILLAGE_DESK])
def test_nothing_of_the_old_village_is_found_by_the_new_name(moved: Moved, who: str) -> None:
    browser = moved.office.browser(who)
    for word in (NEW_HEAD, NEW_NUMBER):
        for url in (
            "/ledger?group=&",
            "/ledger/print?group=&",
            "/party-links?",
            "/lists/visits?",
            "/lists/contact_visits?",
            "/lists/problems?",
        ):
            page = read(browser, f"{url}q={word}")
            assert not [id_ for id_ in (*moved.visits, moved.problem, *moved.links, "屋顶漏雨") if id_ in page], (
                url,
                word,
            )


def test_no_file_of_the_old_villages_desk_holds_the_name(moved: Moved) -> None:
    desk = moved.office.browser(VILLAGE_DESK)
    for name in [one for one in LISTINGS if one not in ("people", "phones", "audit")]:
        answer = desk.post(f"/t/{TOWN}/lists/{name}/export", {"as": "csv"})
        assert answer.status_code == 200, (name, answer.status_code)
        text = answer.get_data().decode("utf-8-sig")
        assert [word for word in (NEW_HEAD, NEW_NUMBER) if word in text] == [], name


def test_the_page_of_a_joining_counts_only_what_is_the_readers(office: Office) -> None:
    kept = office.write("household", {"head_name": "黄老五", "household_no": "5"})
    other = office.write("household", {"head_name": "黄老五", "household_no": "6"}, village=SECOND_VILLAGE)
    office.write("party_link", {"party_member": OUTSIDE, "from_date": "2024-01-01"}, SECOND_VILLAGE, other)
    office.write("visit", {"mode": "home"}, SECOND_VILLAGE, other)
    office.browser(DESK).post(f"/t/{TOWN}/households/{other}/move", {"village": VILLAGE})
    url = f"/review/join/household/{kept}/{other}"
    told, whole = read(office.browser(VILLAGE_LEADER), url), read(office.browser(LEADER), url)
    assert (OUTSIDE in told, "走访 1" in told) == (False, False)
    assert (OUTSIDE in whole, "走访 1" in whole) == (True, True)


def test_an_account_that_only_another_township_knows_is_not_named(office: Office) -> None:
    home = office.write("household", {"head_name": "黄老五"})
    own, strange = id_of(office, "韦干部"), id_of(office, NEIGHBOUR)
    when = {"mode": "home", "started_at": "2025-09-01T10:00:00+08:00"}
    office.write("visit", when | {"participants": [own, strange]}, household=home)
    link = office.write("party_link", {"party_member": strange, "from_date": "2024-01-01"}, household=home)
    office.write("contact_visit", when | {"link": link}, household=home)
    leader = office.browser(VILLAGE_LEADER)
    for url in (
        "/lists/visits",
        "/lists/contact_visits",
        "/party-links",
        f"/party-links/{link}",
        f"/households/{home}",
    ):
        assert NEIGHBOUR not in read(leader, url), url
    assert "韦干部" in read(leader, "/lists/visits")


def test_a_contact_visit_tells_nothing_of_a_link_of_another_village(office: Office) -> None:
    home = office.write("household", {"head_name": "黄老五"})
    away = office.write("household", {"head_name": "农文达"}, SECOND_VILLAGE)
    link = office.write("party_link", {"party_member": OUTSIDE, "from_date": "2024-01-01"}, SECOND_VILLAGE, away)
    office.write(
        "contact_visit", {"mode": "home", "started_at": "2025-09-01T10:00:00+08:00", "link": link}, household=home
    )
    assert OUTSIDE not in read(office.browser(VILLAGE_LEADER), "/lists/contact_visits")
    assert OUTSIDE in read(office.browser(LEADER), "/lists/contact_visits")


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("way", "form"),
    [("", {"to_date": "2099-01-01"}), ("", {"to_date": "2024-02-01"}), ("", {"exempt_from": "2025-01-01"}), ("/remove", {}), ("/keep", {})],
)  # fmt: skip
def test_an_old_link_changes_no_grant_on_the_household(
    moved: Moved, place: int, way: str, form: dict[str, str]
) -> None:
    desk, link = moved.office.browser(VILLAGE_DESK), moved.links[place]
    before, values = moved.grants(), dict(moved.office.record("party_link", link).values)
    answer = desk.post(f"/t/{TOWN}/party-links/{link}{way}", form)
    assert (moved.grants(), dict(moved.office.record("party_link", link).values)) == (before, values)
    assert "范围以外" in said(answer, desk)


def test_the_township_ends_the_old_link_and_the_grant_with_it(moved: Moved) -> None:
    before = moved.grants()
    moved.office.browser(DESK).post(f"/t/{TOWN}/party-links/{moved.links[1]}/remove")
    assert (before[0][1], moved.grants()[0][1] is None) == (None, False)


def test_a_village_grant_of_the_old_village_is_no_grant_on_the_household(moved: Moved) -> None:
    """A member who holds the whole old village does not hold what has moved away: the township's desk gives it to him by its link."""
    access.grant(moved.office.database, MEMBER, f"village:{VILLAGE}", now_ms())
    moved.office.browser(DESK).post(f"/t/{TOWN}/party-links/{moved.links[0]}", {"to_date": ""})
    assert id_of(moved.office, MEMBER) in [person for person, _ in moved.grants()]


def test_a_link_gives_nothing_to_an_account_beyond_the_desks_charge_but_can_be_removed(office: Office) -> None:
    """A link names its member in free words, so it may name somebody who signs in here."""
    access.add_user(office.database, "农领导", ["leader"], [f"village:{SECOND_VILLAGE}"], now_ms())
    home = office.write("household", {"head_name": "黄老五"})
    link = office.write("party_link", {"party_member": "农领导", "from_date": "2024-01-01"}, household=home)
    desk, url = office.browser(DESK), f"/t/{TOWN}/party-links/{link}"

    def given() -> list[Any]:
        with office.database.engine.connect() as connection:
            store = TownshipStore(office.database, connection, "")
            return list(store.sql("SELECT person FROM access_grant WHERE scope = ?", f"household:{home}"))

    answer = desk.post(url, {"to_date": "2099-01-01"})
    assert given() == []
    assert "由管理员管理" in said(answer, desk)
    assert "已移除这条联户" in said(desk.post(f"{url}/remove"), desk)
    assert "由管理员管理" in said(desk.post(f"{url}/keep"), desk)
    assert given() == []
