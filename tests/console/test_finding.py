"""Finding a household: by name, initials, number, hamlet and the last four of an identity number; in one's own villages alone."""

from collections.abc import Callable

import pytest

from server.reading.finding import IDENTITY, NAME, Home, Homes, homes_of, removed_homes
from shared.rules.entry import Entry
from tests.console.browser import SECOND_VILLAGE, TOWN, VILLAGE, Office

HERE, THERE = "451422103001", "451422103201"


def household(id_: str, head: str, number: str = "", hamlet: str = "", village: str = HERE) -> Entry:
    return Entry("household", id_, village, None, {"head_name": head, "household_no": number, "hamlet": hamlet})


def member(id_: str, household: str, name: str, identity: str = "", village: str = HERE) -> Entry:
    return Entry("member", id_, village, household, {"name": name, "identity": identity})


HOMES = Homes(
    [
        household("1", "黄秀英", "0076", "那排屯"),
        household("2", "覃志强", "0120", "那排屯"),
        household("3", "陈黄", "0761", "板布屯"),
        household("4", "黄秀英", "0076", "那排屯", THERE),
    ],
    [
        member("m1", "1", "黄秀英", "451422196205010076"),
        member("m2", "2", "黄小燕", "45142219800101123X"),
        member("m3", "3", "韦花"),
        member("m4", "4", "黄秀英", "451422196205011234", THERE),
        member("m5", "2", "别处人", village=THERE),
        member("m6", "9", "无户人", "451422196205019999"),
    ],
)


def found(typed: str, seen: Callable[[str], bool] = lambda village: village == HERE) -> list[str]:
    return [hit.home.id for hit in HOMES.search(typed, seen)]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("黄秀英", ["1"]),
        ("hxy", ["1", "2"]),
        ("h'x'y", ["1", "2"]),
        ("HXY", ["1", "2"]),
        ("黄xy", ["1", "2"]),
        ("tzq", ["2"]),
        ("qzq", ["2"]),
        ("huaxy", []),
        ("0076", ["1"]),
        ("００７６", ["1"]),
        ("076", ["3", "1"]),
        ("np", ["1", "2"]),
        ("123X", ["2"]),
        ("123x", ["2"]),
        ("1234", []),
        ("9999", []),
        ("无户人", []),
        ("", ["3", "1", "2"]),
        ("   ", ["3", "1", "2"]),
        ("[(*", []),
    ],
)
def test_what_is_typed_finds(typed: str, ids: list[str]) -> None:
    assert found(typed) == ids


def test_what_begins_so_comes_before_what_only_holds_it() -> None:
    assert found("h") == ["1", "2", "3"]  # 黄秀英; 黄小燕 is of 2; 陈黄 holds it


def test_the_number_itself_comes_first_then_an_identity_that_ends_so() -> None:
    homes = Homes(
        [household("a", "甲", "9120"), household("b", "乙", "0120"), household("c", "丙", "01201")],
        [member("m", "a", "丁", "451422196205010120")],
    )
    hits = homes.search("0120", lambda village: True)
    assert [(hit.home.id, hit.by) for hit in hits] == [("b", "number"), ("a", IDENTITY), ("c", "number")]


def test_only_the_last_four_of_an_identity_number_are_looked_at() -> None:
    assert found("0501") == []
    assert found("451422196205010076") == []
    assert found("10076") == []


def test_another_village_is_found_by_nothing_of_its_own_nor_by_a_member_who_lies_there() -> None:
    assert found("黄秀英", lambda village: village == THERE) == ["4"]
    assert found("别处人") == []
    assert found("黄秀英", lambda village: False) == []


def test_members_are_found_by_their_own_names_or_all_of_a_household_by_its_number() -> None:
    seen = lambda village: village == HERE  # noqa: E731
    names = lambda typed: [person.name for person, _ in HOMES.people(typed, seen)]  # noqa: E731
    assert names("hxy") == ["黄秀英", "黄小燕"]
    assert names("0120") == ["黄小燕"]
    assert names("") == ["韦花", "黄秀英", "黄小燕", "无户人"]
    assert names("别处人") == []


def test_it_says_whose_name_did_it() -> None:
    (hit,) = HOMES.search("黄小燕", lambda village: True)
    assert hit.by == NAME
    assert hit.person is not None
    assert hit.person.id == "m2"


# --- following the log -------------------------------------------------------------------------------------------------


def now_in(office: Office) -> list[Home]:
    with office.database.read(TOWN) as store:
        return list(homes_of(office.database, store))


def test_a_change_is_found_by_the_next_request(office: Office) -> None:
    home = office.write("household", {"head_name": "黄秀英", "categories": ["key"]})
    assert [one.head for one in now_in(office)] == ["黄秀英"]
    office.write("household", {"head_name": "黄秀莲"}, id=home)
    person = office.write("member", {"name": "韦强", "relation": "spouse"}, household=home)
    (one,) = now_in(office)
    assert (one.head, [p.name for p in one.people]) == ("黄秀莲", ["韦强"])
    office.write("member", {"removed": True}, id=person)
    assert now_in(office)[0].people == ()
    other = office.write("household", {"head_name": "农达"}, village=SECOND_VILLAGE)
    assert [one.village for one in now_in(office)] == [VILLAGE, SECOND_VILLAGE]
    office.write("household", {"removed": True, "joined_into": home}, id=other)
    assert [one.id for one in now_in(office)] == [home]
    with office.database.read(TOWN) as store:
        assert [(one.id, one.joined_into) for one in removed_homes(store)] == [(other, home)]
