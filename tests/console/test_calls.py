"""Members, visits, contact visits and clean-up checks as lists: in order, counted right, and of one's own villages alone."""

import pytest

from server import accounts
from server.lists import LISTINGS
from server.lists.calls import FEW
from server.lists.listing import Query
from server.service import now_ms
from server.sight import Sight
from tests.console.browser import DESK, SECOND_VILLAGE, TOWN, VILLAGE, VILLAGE_LEADER, Browser, Office
from tests.console.two_homes import Town, make_town


@pytest.fixture
def town(office: Office) -> Town:
    return make_town(office)


def rows(
    office: Office, name: str, who: str = DESK, offset: int = 0, limit: int | None = None, **given: str
) -> tuple[list[dict[str, object]], int]:
    browser: Browser = office.browser(who)
    with browser.client.session_transaction() as session:
        secret = session["secret"]
    account = accounts.session_of(office.database, secret, now_ms())
    assert account is not None
    with office.database.read(TOWN) as store:
        found = LISTINGS[name].find(Query(office.database, store, Sight.of(account), now_ms(), given, offset, limit))
    return [dict(row) for row in found.rows], found.total


def test_every_field_of_the_form_is_a_column_of_the_file(town: Town) -> None:
    for name, kind in (("households", "household"), ("members", "member"), ("visits", "visit")):
        there = {column.key for column in LISTINGS[name].columns}
        for field_name, field in town.office.database.kinds[kind].fields.items():
            if field.widget not in ("hidden", "photos", "links", "link"):
                assert field_name in there, (name, field_name)
    identity = next(column for column in LISTINGS["members"].columns if column.key == "identity")
    assert (identity.sort, identity.masked) == ("code", True)


def test_members_and_calls_are_listed_for_ones_own_villages_alone(town: Town) -> None:
    office = town.office
    assert [row["name"] for row in rows(office, "members")[0]] == ["韦小强", "农小妹"]
    assert [row["name"] for row in rows(office, "members", VILLAGE_LEADER)[0]] == ["韦小强"]
    assert rows(office, "members", VILLAGE_LEADER, q="农小妹")[1] == 0
    for kind, when in (("visit", "started_at"), ("contact_visit", "started_at"), ("cleanup_check", "checked_at")):
        for village, home in ((VILLAGE, town.home), (SECOND_VILLAGE, town.other)):
            office.write(kind, {when: "2018-09-03T09:00:00+08:00"}, village=village, household=home)
        assert rows(office, f"{kind}s")[1] == 2
        found, total = rows(office, f"{kind}s", VILLAGE_LEADER)
        assert total == 1
        assert [row["head_name"] for row in found] == ["黄秀英"]
        assert rows(office, f"{kind}s", VILLAGE_LEADER, q="nwd")[1] == 0
        assert [row["head_name"] for row in rows(office, f"{kind}s", q="nwd")[0]] == ["农文达"]


def test_a_month_is_shanghais_whatever_offset_a_moment_was_written_with(town: Town) -> None:
    moments = {
        "2018-08-31T23:59:00+08:00": "08", "2018-08-31T18:00:00Z": "09", "2018-09-01T00:00:00+08:00": "09",
        "2018-09-30T15:00:00Z": "09", "2018-09-30T17:00:00Z": "10", "2018-10-01T01:00:00+09:30": "09",
    }  # fmt: skip
    for moment in moments:
        town.office.write("visit", {"mode": "home", "started_at": moment}, household=town.home)
    for month in ("08", "09", "10"):
        found, total = rows(town.office, "visits", month=f"2018-{month}")
        assert sorted(str(row["started_at"]) for row in found) == sorted(m for m, of in moments.items() if of == month)
        assert total == len(found)


def test_a_removed_visit_is_neither_listed_nor_counted_and_comes_back_when_it_does(town: Town) -> None:
    office = town.office
    visits = [
        office.write("visit", {"mode": "home", "started_at": f"2018-09-0{day}T09:00:00+08:00"}, household=town.home)
        for day in (1, 2, 3)
    ]
    assert [row["_id"] for row in rows(office, "visits")[0]] == visits[::-1]
    office.write("visit", {"removed": True}, id=visits[1])
    found, total = rows(office, "visits")
    assert ([row["_id"] for row in found], total) == ([visits[2], visits[0]], 2)
    office.write("visit", {"removed": False}, id=visits[1])
    assert rows(office, "visits")[1] == 3
    assert rows(office, "visits", VILLAGE_LEADER, village=SECOND_VILLAGE)[1] == 0


@pytest.mark.parametrize(
    ("kind", "name", "usual", "other"),
    [("visit", "mode", "home", "phone"), ("cleanup_check", "target", "household", "village")],
)
def test_what_is_counted_is_what_is_listed(town: Town, kind: str, name: str, usual: str, other: str) -> None:
    office, listing = town.office, f"{kind}s"
    when = {"visit": "started_at", "cleanup_check": "checked_at"}[kind]
    for village in (VILLAGE, SECOND_VILLAGE):
        written = [
            office.write(kind, {name: code, when: "2018-09-03T09:00:00+08:00"}, village=village)
            for code in (usual, usual, other, "unheard_of", None)
        ]
        for who in (DESK, VILLAGE_LEADER):
            for given in (
                {},
                {name: usual},
                {name: other},
                {"village": VILLAGE, name: other},
                {"month": "2018-09", name: usual},
            ):
                found, total = rows(office, listing, who, **given)
                assert total == len(found), (who, given)
        office.write(kind, {name: other}, id=written[0])
        office.write(kind, {"removed": True}, id=written[2])
        office.write(kind, {name: usual}, id=written[4])
    assert rows(office, listing, DESK, **{name: other})[1] == 2
    assert rows(office, listing, DESK, **{name: usual})[1] == 4
    assert rows(office, listing, VILLAGE_LEADER)[1] == 4


def test_many_rows_come_in_the_same_order_by_the_index_of_days(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 10):
        town.office.write(
            "visit", {"mode": "home", "started_at": f"2018-09-0{day}T09:00:00+08:00"}, household=town.home
        )
    few = [row["_id"] for row in rows(town.office, "visits")[0]]
    assert len(few) < FEW
    monkeypatch.setattr("server.lists.calls.FEW", 0)
    assert [row["_id"] for row in rows(town.office, "visits")[0]] == few


def test_the_pages_put_together_are_the_whole_list(town: Town) -> None:
    for day in (1, 1, 2, 3, 3, 3, 4):
        town.office.write(
            "visit", {"mode": "home", "started_at": f"2018-09-0{day}T09:00:00+08:00"}, household=town.home
        )
    town.office.write("visit", {"mode": "home"}, household=town.home)  # nobody knows when
    whole, total = rows(town.office, "visits")
    pages = [rows(town.office, "visits", offset=first, limit=2)[0] for first in range(0, total + 4, 2)]
    assert [row["_id"] for page in pages for row in page] == [row["_id"] for row in whole]
