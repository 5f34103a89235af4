"""The contract of `shared.ports.Township` and `Feeds`, in memory and on both databases: the log is feed, history and dedupe in one."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from shared.grants import Grant
from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.ports import Logged
from shared.record import Key, Record
from shared.sync.wire import Refusal
from tests.contract.conftest import Town

NOW = 1_535_940_900_000
DAY = 24 * 3600 * 1000
PHONE, OTHER = "phone1", "phone2"
REFUSAL = Refusal("invalid", "内容有误 / wrong", {"mode": ["应为选项代码"]})


def stamp(counter: int, device: str = PHONE) -> str:
    return format_stamp(NOW, counter, device)


def new_id() -> str:
    return str(uuid.uuid4())


def visit(id_: str | None = None) -> Key:
    return Key("visit", id_ or new_id())


def row(town: Town, key: Key, number: int, device: str = PHONE, **more: Any) -> Logged:
    """A taken change to `key`, in the first village unless `more` says otherwise."""
    at = more.pop("stamp", stamp(number, device))
    said: dict[str, Any] = {
        "village": first(town), "household": None, "sent_stamp": at, "person": f"person of {device}", "by": "韦一",
        "via": "sync", "at": NOW, "set": {"remark": f"{number}"},
    }  # fmt: skip
    return Logged(device, number, key.kind, key.id, stamp=at, **(said | more))


def first(town: Town) -> str:
    return next(iter(town.villages))


def second(town: Town) -> str:
    return list(town.villages)[1]


def append(town: Town, *rows: Logged, last: str = stamp(0)) -> None:
    def work(store: Any) -> None:
        for one in rows:
            store.adopt_device(one.device, f"person of {one.device}")
        store.append(rows, last)

    town.write(work)


def placed(kind: str, village: str | None, household: str | None = None, **values: Any) -> Record:
    return Record(kind, new_id(), village, household, values, dict.fromkeys(values, stamp(1)))


def keep(town: Town, *records: Record) -> None:
    town.write(lambda store: store.keep(records))


def keys(items: list[tuple[int, Key]]) -> list[Key]:
    return [key for _, key in items]


# --- numbers, and what was logged


def test_a_device_that_never_wrote_begins_with_one(town: Town) -> None:
    assert town.write(lambda store: store.numbers([PHONE, OTHER])) == {PHONE: 1, OTHER: 1}
    town.write(lambda store: store.adopt_device(PHONE, "wei"))
    assert town.write(lambda store: store.numbers([PHONE])) == {PHONE: 1}


def test_every_row_uses_up_its_number_refused_and_repeating_ones_too(town: Town) -> None:
    key = visit()
    append(town, row(town, key, 1), row(town, key, 1, OTHER), row(town, key, 2, refusal=REFUSAL))
    assert town.write(lambda store: store.numbers([PHONE, OTHER])) == {PHONE: 3, OTHER: 2}
    append(town, row(town, key, 3, repeats=True))
    assert town.write(lambda store: store.numbers([PHONE, OTHER, "none"])) == {PHONE: 4, OTHER: 2, "none": 1}


def test_the_desk_counts_like_any_device(town: Town) -> None:
    desk = f"desk-{town.code}"
    append(town, row(town, visit(), 1, desk), row(town, visit(), 2, desk))
    assert town.write(lambda store: store.numbers([desk])) == {desk: 3}


def test_a_logged_row_comes_back_as_it_was_appended(town: Town) -> None:
    full = row(
        town, visit(), 1, household=new_id(), via="decision", late=True, at=NOW + 5, stamp=stamp(4), sent_stamp=stamp(1),
        set={"remark": None, "participants": [], "well": {"深": [1, True]}, "mode": "home"},
        base={"remark": stamp(1), "participants": {"韦一": [stamp(1), stamp(2, OTHER)]}},
        decides={"remark": [stamp(1), stamp(2, OTHER)]},
    )  # fmt: skip
    plain = row(town, visit(), 2)
    append(town, full, plain)
    assert town.write(lambda store: store.logged(PHONE, 1, 2)) == {1: full, 2: plain}
    assert town.write(lambda store: store.history([full.key])) == {full.key: [full]}


def test_a_refused_row_comes_back_with_its_refusal_and_a_repeating_one_says_so(town: Town) -> None:
    refused = row(town, visit(), 1, refusal=REFUSAL, stamp="", set={}, sent_stamp="")
    repeating = row(town, visit(), 2, repeats=True)
    append(town, refused, repeating)
    found = town.write(lambda store: store.logged(PHONE, 1, 2))
    for one in (refused, repeating):
        assert replace(found[one.number], village=one.village) == one


def test_logged_gives_one_devices_rows_between_two_numbers(town: Town) -> None:
    key = visit()
    append(town, *(row(town, key, number) for number in range(1, 8)), *(row(town, key, n, OTHER) for n in range(1, 4)))
    for low, high in ((1, 7), (3, 5), (7, 7), (6, 99), (8, 9), (5, 4)):
        found = town.write(lambda store, low=low, high=high: store.logged(PHONE, low, high))
        assert sorted(found) == [number for number in range(1, 8) if low <= number <= high]
        assert all(one.device == PHONE and one.number == number for number, one in found.items())


# --- history


def test_history_is_every_taken_change_of_a_record_in_log_order(town: Town) -> None:
    one, other = visit(), visit()
    append(town, row(town, one, 1, stamp=stamp(9)), row(town, other, 2, stamp=stamp(8)), row(town, one, 1, OTHER))
    append(town, row(town, one, 3, stamp=stamp(2)), row(town, other, 2, OTHER, stamp=stamp(1, OTHER)))
    found = town.write(lambda store: store.history([one, other, visit()]))
    assert [(r.device, r.number) for r in found[one]] == [(PHONE, 1), (OTHER, 1), (PHONE, 3)]
    assert [(r.device, r.number) for r in found[other]] == [(PHONE, 2), (OTHER, 2)]
    assert found.keys() == {one, other}


def test_history_knows_nothing_of_refused_and_repeating_rows(town: Town) -> None:
    key = visit()
    append(
        town, row(town, key, 1, refusal=REFUSAL), row(town, key, 2), row(town, key, 3, repeats=True),
        row(town, visit(), 4, refusal=REFUSAL),
    )  # fmt: skip
    assert [r.number for r in town.write(lambda store: store.history([key]))[key]] == [2]


def test_history_tells_two_kinds_with_one_id_apart(town: Town) -> None:
    one = visit()
    other = Key("member", one.id)
    append(town, row(town, one, 1), row(town, other, 2))
    found = town.write(lambda store: store.history([other]))
    assert [r.number for r in found.pop(other)] == [2]
    assert found == {}


def test_history_of_a_thousand_records_is_read_at_once(town: Town) -> None:
    many = [visit() for _ in range(1_000)]
    append(town, *(row(town, key, number) for number, key in enumerate(many, 1)))
    found = town.write(lambda store: store.history(many))
    assert [found[key][0].number for key in many] == list(range(1, 1_001))


# --- stamps


def test_restamped_names_the_stamps_that_were_replaced_and_no_others(town: Town) -> None:
    rows = [
        row(town, visit(), 1), row(town, visit(), 2, sent_stamp=stamp(900), stamp=stamp(2)),
        row(town, visit(), 1, OTHER, sent_stamp=stamp(901, OTHER), stamp=stamp(1, OTHER)),
    ]  # fmt: skip
    append(town, *rows)
    second, third = rows[1].id, rows[2].id
    asked = [stamp(1), stamp(900), stamp(901, OTHER), stamp(902)]
    assert town.write(lambda store: store.restamped(asked)) == {
        (second, stamp(900)): stamp(2),
        (third, stamp(901, OTHER)): stamp(1, OTHER),
    }
    assert town.write(lambda store: store.restamped([])) == {}


def test_the_newest_stamp_of_a_device_is_the_highest_taken_as_it_counts(town: Town) -> None:
    append(
        town, row(town, visit(), 1, stamp=stamp(7)), row(town, visit(), 2, stamp=stamp(3)),
        row(town, visit(), 3, stamp=stamp(99), refusal=REFUSAL),
        row(town, visit(), 4, stamp=stamp(8), sent_stamp=stamp(900)),
    )  # fmt: skip
    append(town, row(town, visit(), 5, stamp=stamp(5)))
    town.write(lambda store: store.adopt_device(OTHER, "huang"))
    assert town.write(lambda store: store.newest_stamps([PHONE, OTHER, "none"])) == {PHONE: stamp(8)}


def test_a_stamp_counts_for_the_device_it_names_whoever_brings_it(town: Town) -> None:
    town.write(lambda store: store.adopt_device("old", "wei"))
    append(town, row(town, visit(), 1, stamp=stamp(6, "old")), row(town, visit(), 2, stamp=stamp(2)))
    assert town.write(lambda store: store.newest_stamps([PHONE, "old"])) == {PHONE: stamp(2), "old": stamp(6, "old")}


def test_the_townships_clock_is_kept_with_the_log(town: Town) -> None:
    assert town.write(lambda store: store.last_stamp()) is None
    append(town, row(town, visit(), 1), last=stamp(5, "desk"))
    assert town.write(lambda store: store.last_stamp()) == stamp(5, "desk")

    def work(store: Any) -> str | None:
        store.append([row(town, visit(), 2)], stamp(6, "desk"))
        last: str | None = store.last_stamp()
        return last

    assert town.write(work) == stamp(6, "desk")


# --- devices and villages


def test_the_last_number_is_the_highest_given_in_a_village_after_a_prefix(town: Town) -> None:
    told = ["101-2018-0002", "101-2018-0010", "101-2018-10000", "101-2019-0003", "一号", None]
    keep(town, *(placed("problem", first(town), number_text=number) for number in told))
    keep(town, placed("problem", second(town), number_text="101-2018-20000"), placed("problem", first(town)))
    asked = lambda prefix: town.write(lambda store: store.last_number("problem", first(town), prefix))  # noqa: E731
    assert [asked(f"101-{year}-") for year in (2018, 2019, 2020)] == [10000, 3, 0]


def test_a_device_belongs_to_whom_it_was_first_adopted_for(town: Town) -> None:
    assert town.write(lambda store: store.owners([PHONE])) == {}
    town.write(lambda store: store.adopt_device(PHONE, "wei"))
    town.write(lambda store: store.adopt_device(PHONE, "huang"))
    assert town.write(lambda store: store.owners([PHONE, OTHER])) == {PHONE: "wei"}


def test_a_township_knows_its_own_villages_and_no_others(town: Town) -> None:
    assert dict(town.write(lambda store: store.villages())) == town.villages


# --- where records lie


def test_places_are_where_a_record_lay_since_a_moment(town: Town) -> None:
    key, home = visit(), new_id()
    append(
        town, row(town, key, 1, at=NOW - 40 * DAY), row(town, key, 2, village=second(town), household=home, at=NOW - DAY),
        row(town, key, 3, village=second(town), household=home), row(town, key, 4, village="451422999201", refusal=REFUSAL),
        row(town, visit(), 5, village="451422999202"),
    )  # fmt: skip
    both = {(first(town), None), (second(town), home)}
    assert town.write(lambda store: store.places(key, NOW - 40 * DAY)) == both
    assert town.write(lambda store: store.places(key, NOW - 30 * DAY)) == {(second(town), home)}
    assert town.write(lambda store: store.places(key, NOW + 1)) == set()
    assert town.write(lambda store: store.places(visit(), 0)) == set()


def test_a_households_own_place_names_the_household_itself(town: Town) -> None:
    home = Key("household", new_id())
    append(town, row(town, home, 1))
    assert town.write(lambda store: store.places(home, 0)) == {(first(town), home.id)}


def test_a_shared_records_place_has_no_village(town: Town) -> None:
    policy = Key("policy", new_id())
    append(town, row(town, policy, 1, village=None))
    assert town.write(lambda store: store.places(policy, 0)) == {(None, None)}


def test_of_household_is_every_record_of_it_but_conflicts(town: Town) -> None:
    home, other = new_id(), new_id()
    of_it = [placed(kind, first(town), home, removed=False) for kind in KINDS if kind not in ("household", "conflict")]
    conflict = placed("conflict", first(town), home, about="household", record=home)
    keep(town, *of_it, conflict, placed("visit", first(town), other), placed("visit", first(town)))
    found = town.write(lambda store: store.of_household(home))
    assert {record.key for record in found} == {record.key for record in of_it}
    assert town.write(lambda store: store.of_household(new_id())) == []


def test_conflicts_are_found_by_the_record_they_are_about(town: Town) -> None:
    one, other = Key("household", new_id()), Key("visit", new_id())
    about_one = [
        placed("conflict", first(town), about=one.kind, record=one.id, field=name) for name in ("remark", "hamlet")
    ]
    about_other = placed("conflict", first(town), about=other.kind, record=other.id, field="remark")
    keep(town, *about_one, about_other)
    found = town.write(lambda store: store.conflicts([one, visit(), Key("member", other.id)]))
    assert found.keys() == {one}
    assert sorted(record.id for record in found[one]) == sorted(record.id for record in about_one)
    assert found[one][0] in about_one
    assert town.write(lambda store: store.conflicts([])) == {}


# --- the log as a feed


def test_positions_count_from_one_without_gaps_whatever_the_rows_are(town: Town) -> None:
    assert town.read(lambda feeds: feeds.head()) == 0
    rows = [row(town, visit(), 1), row(town, visit(), 2, refusal=REFUSAL), row(town, visit(), 3, repeats=True)]
    append(town, *rows)
    append(town, row(town, visit(), 4), row(town, visit(), 1, OTHER))
    assert town.read(lambda feeds: feeds.head()) == 5
    items = town.read(lambda feeds: feeds.feed(f"township:{town.code}", 0, 99))
    assert [position for position, _ in items] == [1, 4, 5]


def test_a_writer_sees_what_it_just_appended(town: Town) -> None:
    key = visit()

    def work(store: Any) -> Any:
        store.adopt_device(PHONE, "wei")
        store.append([row(town, key, 1)], stamp(1))
        store.append([row(town, key, 2)], stamp(2))
        return store.numbers([PHONE]), [r.number for r in store.history([key])[key]]

    assert town.write(work) == ({PHONE: 3}, [1, 2])
    assert town.read(lambda feeds: feeds.head()) == 2


def a_mixed_log(town: Town) -> tuple[list[Logged], str]:
    """Rows of every sort in both villages, of two households and of the township; the one household's id."""
    home, other = new_id(), new_id()
    here, there = first(town), second(town)
    places = [
        (Key("household", home), here, None), (visit(), here, home), (visit(), here, None), (visit(), there, other),
        (Key("policy", new_id()), None, None), (Key("household", other), there, None), (visit(), there, home),
        (Key("conflict", new_id()), here, home), (Key("conflict", new_id()), None, None), (visit(), there, None),
    ]  # fmt: skip
    rows: list[Logged] = []
    for key, village, household in places * 2:
        number = len(rows) + 1
        rows.append(row(town, key, number, village=village, household=household))
        rows.append(row(town, visit(), number + 1, village=village, household=household, refusal=REFUSAL))
        rows.append(row(town, visit(), number + 2, village=village, household=household, repeats=True))
    append(town, *rows)
    return rows, home


def scopes(town: Town, home: str) -> list[str]:
    return [f"village:{first(town)}", f"village:{second(town)}", f"household:{home}", f"township:{town.code}"]


def gives(grant: str, village: str | None, household: str | None, key: Key) -> bool:
    return Grant.read(grant).gives(village, key.id if key.kind == "household" else household)


def test_a_feed_gives_what_its_grant_gives_in_log_order_and_never_a_refused_row(town: Town) -> None:
    rows, home = a_mixed_log(town)
    for grant in scopes(town, home):
        expected = [
            (position, r.key)
            for position, r in enumerate(rows, 1)
            if r.refusal is None and not r.repeats and gives(grant, r.village, r.household, r.key)
        ]
        assert expected
        assert town.read(lambda feeds, grant=grant: feeds.feed(grant, 0, 999)) == expected
        for limit in (1, 2, 3, 7):
            for after in (0, 1, 2, 5, 13, len(rows)):
                page = town.read(lambda feeds, g=grant, a=after, n=limit: feeds.feed(g, a, n))
                assert page == [item for item in expected if item[0] > after][:limit]


def test_what_the_township_shares_is_in_every_feed_even_where_it_names_a_household(town: Town) -> None:
    home, policy = new_id(), Key("policy", new_id())
    append(
        town, row(town, policy, 1, village=None, household=home), row(town, policy, 2, village=None, household=new_id())
    )
    for grant in scopes(town, home):
        assert town.read(lambda feeds, g=grant: feeds.feed(g, 0, 9)) == [(1, policy), (2, policy)], grant


def test_a_moved_record_is_in_the_feeds_of_both_villages(town: Town) -> None:
    home = Key("household", new_id())
    append(town, row(town, home, 1), row(town, home, 2, set={}), row(town, home, 3, village=second(town), set={}))
    assert keys(town.read(lambda feeds: feeds.feed(f"village:{first(town)}", 1, 9))) == [home]
    assert keys(town.read(lambda feeds: feeds.feed(f"village:{second(town)}", 0, 9))) == [home]


# --- a first fill


def test_a_fill_pages_through_just_what_its_grant_gives_by_id_at_every_limit(town: Town) -> None:
    here, there = first(town), second(town)
    homes = [placed("household", village, None, head_name="韦") for village in (here, there) * 4]
    home = homes[0].id
    of_homes = [placed("visit", one.village, one.id, remark="一") for one in homes for _ in range(2)]
    elsewhere = [placed("visit", village, None, remark="二") for village in (here, there)]
    shared = [placed("policy", None, None, name=f"{n}") for n in range(3)]
    about = [
        placed("conflict", v, h, about="visit") for v, h in ((here, home), (there, None), (None, None), (here, None))
    ]
    kept = [*homes, *of_homes, *elsewhere, *shared, *about]
    keep(town, *kept)
    for grant in scopes(town, home):
        for kind in ("household", "visit", "policy", "conflict", "member"):
            expected = sorted(r.id for r in kept if r.kind == kind and gives(grant, r.village, r.household, r.key))
            for limit in range(1, len(expected) + 2):
                assert [record.id for record in filled(town, grant, kind, limit)] == expected, (grant, kind, limit)


def filled(town: Town, grant: str, kind: str, limit: int) -> list[Record]:
    """All pages of a fill, one after the other."""
    records: list[Record] = []
    after = ""
    while page := town.read(lambda feeds, after=after: feeds.fill(grant, kind, after, limit)):
        assert len(page) <= limit
        records += page
        after = page[-1].id
    return records


def test_what_the_township_shares_fills_every_grant_even_where_it_names_a_household(town: Town) -> None:
    home = new_id()
    shared = [placed("policy", None, household, name="一") for household in (home, new_id(), None)]
    keep(town, *shared)
    for grant in scopes(town, home):
        for limit in (1, 2, 9):
            assert {r.id for r in filled(town, grant, "policy", limit)} == {r.id for r in shared}, grant


def test_filled_records_are_whole(town: Town) -> None:
    one = placed("visit", first(town), new_id(), remark="一", mode=None, well={"深": [1]})
    keep(town, one)
    assert town.read(lambda feeds: feeds.fill(f"village:{first(town)}", "visit", "", 9)) == [one]
    assert town.read(lambda feeds: feeds.load([one.key])) == {one.key: one}


# --- one transaction, one township


def test_a_raised_exception_leaves_neither_rows_nor_records_nor_devices_nor_clock(town: Town) -> None:
    old, new = placed("visit", first(town), remark="一"), placed("visit", first(town), remark="二")
    keep(town, old)
    append(town, row(town, old.key, 1), last=stamp(1, "desk"))

    def half(store: Any) -> None:
        store.adopt_device("new", "nong")
        store.keep([new, replace(old, values={"remark": "三"})])
        store.append([row(town, old.key, 2), row(town, new.key, 3)], stamp(9, "desk"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        town.write(half)
    assert town.read(lambda feeds: (feeds.head(), feeds.load([old.key, new.key]))) == (1, {old.key: old})
    assert town.write(lambda store: store.numbers([PHONE])) == {PHONE: 2}
    assert town.write(lambda store: store.owners(["new"])) == {}
    assert town.write(lambda store: store.last_stamp()) == stamp(1, "desk")
    assert town.write(lambda store: store.newest_stamps([PHONE])) == {PHONE: stamp(1)}
    append(town, row(town, old.key, 2))
    assert town.read(lambda feeds: feeds.head()) == 2


def test_two_townships_share_nothing(new_town: Any) -> None:
    one, other = new_town(), new_town()
    record = placed("visit", first(one), new_id(), remark="一")
    keep(one, record)
    append(one, row(one, record.key, 1), row(one, record.key, 2, sent_stamp=stamp(900)))
    assert other.read(lambda feeds: (feeds.head(), feeds.load([record.key]))) == (0, {})
    assert other.read(lambda feeds: feeds.fill(f"township:{other.code}", "visit", "", 9)) == []
    assert other.write(lambda store: store.of_household(record.household)) == []
    assert other.write(lambda store: store.history([record.key])) == {}
    assert other.write(lambda store: (store.numbers([PHONE]), store.owners([PHONE]))) == ({PHONE: 1}, {})
    assert other.write(lambda store: store.restamped([stamp(900)])) == {}
    assert other.write(lambda store: store.last_stamp()) is None
