"""Two people wrote one field without seeing each other: nothing is thrown away, the desk decides, both learn of it."""

import uuid
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from tests.sync.world import TOWN, V1, V2, VALUES, Client, World, make_stamp, new_id, on_sqlite, refusals

STARTS = ["2018-09-03T08:00:00+08:00", "2018-09-03T09:00:00+08:00", "2018-09-03T10:00:00+08:00"]


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    return world.cadre("nong")


@pytest.fixture
def lu(world: World) -> Client:
    return world.cadre("lu")


def both_write(wei: Client, nong: Client, kind: str, name: str, one: Any, two: Any, **more: Any) -> str:
    """Two people write one field of one record unseen, nong the later; returns the record's id."""
    record = new_id()
    mine, yours = wei.change(kind, record, {name: one}, **more), nong.change(kind, record, {name: two}, **more)
    wei.take(mine)
    nong.take(yours)
    return record


def only_conflict(phone: Client, record: str) -> dict[str, Any]:
    phone.pull()
    (conflict,) = phone.conflicts(record)
    return conflict


def sides(phone: Client, record: str) -> list[tuple[str, Any, Any, str]]:
    """(field, losing, standing, status) of a record's conflicts."""
    phone.pull()
    rows = [row["values"] for row in phone.conflicts(record)]
    return sorted([(v["field"], v["losing"], v["standing"], v["status"]) for v in rows], key=repr)


# --- how a conflict is born


def test_a_conflict_says_who_lost_what_to_whom(world: World, wei: Client, nong: Client) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "韦光荣"}))
    visit = new_id()
    mine = wei.change("visit", visit, {"remark": "漏雨"}, household=home)
    yours = nong.change("visit", visit, {"remark": "不漏"}, household=home)
    wei.take(mine)
    nong.take(yours)
    conflict = only_conflict(wei, visit)
    assert uuid.UUID(conflict["id"]).version == 5
    assert (conflict["village"], conflict["household"]) == (V1, home)
    assert {name: conflict["values"][name] for name in VALUES} == {
        "about": "visit", "record": visit, "field": "remark", "losing": "漏雨", "losing_stamp": mine["stamp"],
        "losing_by": "wei", "standing": "不漏", "standing_by": "nong", "status": "quiet",
        "decision": None, "value": None, "decided_by": None, "decided_at": None,
    }  # fmt: skip
    nong.pull()
    assert nong.copy["conflict", conflict["id"]] == conflict


@on_sqlite
def test_a_conflict_holds_just_the_values_of_the_contract(wei: Client, nong: Client) -> None:
    conflict = only_conflict(wei, both_write(wei, nong, "visit", "remark", "a", "b"))
    assert set(conflict["values"]) == set(VALUES)


RULES = [
    ("visit", "remark", "a", "b", "quiet"),
    ("visit", "mode", "home", "phone", "quiet"),
    ("visit", "nobody_knows_this", {"a": 1}, [2], "quiet"),
    ("household", "house_area_m2", 80, 81.5, "quiet"),
    ("household", "categories", ["poor"], ["key"], "open"),
    ("household", "exit_status", "not", "exited", "open"),
    ("member", "status", "active", "died", "open"),
    ("visit", "started_at", STARTS[0], STARTS[1], "open"),
    ("visit", "entry_mode", "live", "paper", "open"),
]


@on_sqlite
@pytest.mark.parametrize(("kind", "name", "one", "two", "status"), RULES)
def test_latest_is_born_quiet_and_the_rest_open(
    wei: Client, nong: Client, kind: str, name: str, one: Any, two: Any, status: str
) -> None:
    record = both_write(wei, nong, kind, name, one, two)
    (found,) = sides(wei, record)
    assert found[0] == name
    assert found[3] == status
    first_stands = name in ("started_at", "entry_mode")
    assert found[1:3] == ((two, one) if first_stands else (one, two))
    assert wei.values(kind, record)[name] == found[2]


def test_equal_values_are_no_conflict(wei: Client, nong: Client) -> None:
    assert sides(wei, both_write(wei, nong, "visit", "remark", "same", "same")) == []
    assert sides(wei, both_write(wei, nong, "household", "house_area_m2", 80, 80.0)) == []
    assert sides(wei, both_write(wei, nong, "visit", "location", {"lat": 1, "lon": 2}, {"lon": 2, "lat": 1})) == []
    assert sides(wei, both_write(wei, nong, "visit", "started_at", STARTS[0], STARTS[0])) == []


def test_one_and_true_and_text_are_different_values(wei: Client, nong: Client) -> None:
    for one, two in ((1, True), (0, False), ("1", 1), (None, ""), (None, False), ([], {}), ([1, 2], [2, 1])):
        assert len(sides(wei, both_write(wei, nong, "visit", "newer", one, two))) == 1, (one, two)


@on_sqlite
def test_fields_written_apart_are_no_conflict(wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"policies_status": "ok"}))
    nong.take(nong.change("visit", visit, {"policies_note": "缺一卡"}))
    wei.pull()
    assert wei.values("visit", visit) == {"policies_status": "ok", "policies_note": "缺一卡"}
    assert wei.conflicts() == []


@on_sqlite
def test_what_was_seen_is_no_conflict(wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "a"}))
    nong.pull()
    nong.take(nong.change("visit", visit, {"remark": "b"}, base=nong.seen("visit", visit, "remark")))
    wei.pull()
    wei.take(wei.change("visit", visit, {"remark": "c"}, base=wei.seen("visit", visit, "remark")))
    assert sides(nong, visit) == []


def test_a_base_that_names_the_same_value_has_seen_its_twin_too(wei: Client, nong: Client, lu: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "y"}))
    yours = nong.change("visit", visit, {"remark": "y"})
    nong.take(yours)
    lu.take(lu.change("visit", visit, {"remark": "z"}, base={"remark": yours["stamp"]}))
    assert sides(lu, visit) == []


def test_clearing_a_field_unseen_is_a_conflict_like_any_other(wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "words", None)
    assert sides(wei, visit) == [("remark", "words", None, "quiet")]


@on_sqlite
def test_people_and_photos_are_joined_and_an_add_survives_a_remove_that_had_not_seen_it(
    wei: Client, nong: Client, lu: Client
) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"participants": ["wei", "lan"]}))
    nong.pull()
    base = nong.seen("visit", visit, "participants")
    lu.take(lu.change("visit", visit, {"participants": ["lan", "lu"]}))
    nong.take(nong.change("visit", visit, {"participants": ["wei", "nong"]}, base=base))
    for phone in (wei, nong, lu):
        assert sides(phone, visit) == []
        assert sorted(phone.values("visit", visit)["participants"]) == ["lan", "lu", "nong", "wei"]
    stamps = wei.copy["visit", visit]["stamps"]["participants"]
    assert set(stamps) == {"lan", "lu", "nong", "wei"}
    assert len(stamps["lan"]) == 1, "wei's add of lan was seen and removed, lu's stands"


# --- the order does not matter


def three_writes(
    phones: tuple[Client, Client, Client], kind: str, record: str, name: str, values: list[Any]
) -> list[Any]:
    return [phone.change(kind, record, {name: value}) for phone, value in zip(phones, values, strict=True)]


@pytest.mark.parametrize(
    ("kind", "name", "values", "standing", "lost"),
    [
        ("visit", "remark", ["a", "b", "c"], "c", [("a", "quiet"), ("b", "quiet")]),
        ("visit", "remark", ["a", "b", "a"], "a", [("b", "quiet")]),
        ("visit", "remark", ["a", "a", "b"], "b", [("a", "quiet"), ("a", "quiet")]),
        ("visit", "remark", ["a", "b", "b"], "b", [("a", "quiet")]),
        ("visit", "remark", ["a", "a", "a"], "a", []),
        ("household", "categories", [["poor"], ["key"], ["disabled"]], ["disabled"], [(["key"], "open"), (["poor"], "open")]),
        ("visit", "started_at", STARTS, STARTS[0], [(STARTS[1], "open"), (STARTS[2], "open")]),
        ("visit", "started_at", [STARTS[0], STARTS[1], STARTS[0]], STARTS[0], [(STARTS[1], "open")]),
    ],
)  # fmt: skip
def test_three_writers_in_all_orders_come_to_the_same(
    wei: Client, nong: Client, lu: Client, kind: str, name: str, values: list[Any], standing: Any, lost: list[Any]
) -> None:
    for order in permutations(range(3)):
        phones, record = (wei, nong, lu), new_id()
        changes = three_writes(phones, kind, record, name, values)
        for place in order:
            phones[place].take(changes[place])
        wei.pull()
        assert wei.values(kind, record)[name] == standing, order
        rows = [row["values"] for row in wei.conflicts(record)]
        rows = [v for v in rows if v["status"] != "seen"]  # what was a conflict only until more had arrived
        assert sorted(((v["losing"], v["status"]) for v in rows), key=repr) == lost, order
        assert all(v["standing"] == standing for v in rows)
        stamps = {change["stamp"]: change["set"][name] for change in changes}
        assert all(stamps[v["losing_stamp"]] == v["losing"] for v in rows)
        nong.pull()
        lu.pull()
        assert nong.conflicts(record) == wei.conflicts(record) == lu.conflicts(record)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_that_arrives_in_any_order_has_no_conflict(
    world: World, wei: Client, nong: Client, lu: Client, order: tuple[int, ...]
) -> None:
    """A restored server gets a change before the one its base names."""
    visit = new_id()
    first = wei.change("visit", visit, {"remark": "a"})
    second = nong.change("visit", visit, {"remark": "b"}, base={"remark": first["stamp"]})
    third = lu.change("visit", visit, {"remark": "c"}, base={"remark": second["stamp"]})
    phones = (wei, nong, lu)
    for place in order:
        phones[place].take((first, second, third)[place])
    assert [row for row in sides(wei, visit) if row[3] in ("quiet", "open")] == []
    assert wei.values("visit", visit)["remark"] == "c"


@on_sqlite
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_union_that_arrives_before_its_base_comes_to_the_same(
    wei: Client, nong: Client, lu: Client, order: tuple[int, ...]
) -> None:
    visit = new_id()
    first = wei.change("visit", visit, {"participants": ["a", "b"]})
    seen = {one: [first["stamp"]] for one in ("a", "b")}
    second = nong.change("visit", visit, {"participants": ["b"]}, base={"participants": seen})
    third = lu.change("visit", visit, {"participants": ["b", "c"]}, base={"participants": {"b": [first["stamp"]]}})
    phones = (wei, nong, lu)
    for place in order:
        phones[place].take((first, second, third)[place])
    assert sides(wei, visit) == []
    assert sorted(wei.values("visit", visit)["participants"]) == ["b", "c"]
    assert wei.copy["visit", visit]["stamps"]["participants"] == {"b": [first["stamp"]], "c": [third["stamp"]]}


def test_the_standing_side_follows_the_record_on_every_phone(
    world: World, wei: Client, nong: Client, lu: Client
) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    assert sides(lu, visit) == [("remark", "a", "b", "quiet")]
    id_ = lu.conflicts(visit)[0]["id"]
    lu.take(lu.change("visit", visit, {"remark": "c"}, base=lu.seen("visit", visit, "remark")))
    for phone in (wei, nong, lu, world.phone("wei")):
        assert sides(phone, visit) == [("remark", "a", "c", "quiet")]
        assert phone.conflicts(visit)[0]["id"] == id_
        assert phone.conflicts(visit)[0]["values"]["standing_by"] == "lu"


def test_an_older_write_that_arrives_late_turns_the_sides_of_evidence(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    early = wei.change("visit", visit, {"started_at": STARTS[0]})
    nong.take(nong.change("visit", visit, {"started_at": STARTS[1]}))
    wei.take(early)
    assert sides(wei, visit) == [("started_at", STARTS[1], STARTS[0], "open")]
    assert wei.values("visit", visit)["started_at"] == STARTS[0]


def test_evidence_seen_and_changed_is_a_conflict_all_the_same(wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"started_at": STARTS[1]}))
    nong.pull()
    base = nong.seen("visit", visit, "started_at")
    nong.take(nong.change("visit", visit, {"started_at": STARTS[0]}, base=base))
    assert sides(wei, visit) == [("started_at", STARTS[0], STARTS[1], "open")]


def test_a_conflict_is_born_once_however_often_it_is_sent(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    mine, yours = wei.change("visit", visit, {"remark": "a"}), nong.change("visit", visit, {"remark": "b"})
    for _ in range(3):
        wei.take(mine)
        nong.take(yours)
    conflict = only_conflict(wei, visit)
    wei.take(wei.change("visit", visit, {"summary": "s"}))
    assert only_conflict(wei, visit)["id"] == conflict["id"]


# --- removing


@on_sqlite
def test_a_removal_that_saw_everything_opens_nothing(wei: Client, nong: Client) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "韦", "remark": "r", "needs": ["job"]}))
    nong.pull()
    nong.take(nong.change("household", home, {"removed": True}, base=nong.seen("household", home)))
    assert sides(wei, home) == []
    assert wei.values("household", home)["removed"] is True


@pytest.mark.parametrize("edit_first", [True, False])
@pytest.mark.parametrize("edit", [{"remark": "new"}, {"needs": ["job", "road"]}, {"newer": 1}])
def test_a_removal_and_an_unseen_write_open_a_conflict_on_removed(
    wei: Client, nong: Client, edit: dict[str, Any], edit_first: bool
) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "韦", "needs": ["job"]}))
    nong.pull()
    words = wei.change("household", home, edit, base=wei.seen("household", home, *edit))
    removal = nong.change("household", home, {"removed": True}, base=nong.seen("household", home))
    for phone, change in ((wei, words), (nong, removal)) if edit_first else ((nong, removal), (wei, words)):
        assert phone.sync(change)["refused"] == []
    wei.pull()
    rows = [row["values"] for row in wei.conflicts(home)]
    assert [(v["field"], v["losing_stamp"], v["status"]) for v in rows] == [("removed", words["stamp"], "open")]
    assert wei.values("household", home)["removed"] is True
    assert all(wei.values("household", home)[name] for name in edit)


def test_the_desk_brings_a_removed_record_back(world: World, wei: Client, nong: Client) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "韦"}))
    nong.pull()
    nong.take(nong.change("household", home, {"removed": True}, base=nong.seen("household", home)))
    wei.take(wei.change("household", home, {"remark": "still here"}))
    conflict = only_conflict(wei, home)
    desk = world.desk()
    desk.pull()
    desk.take(desk.change("conflict", conflict["id"], {"decision": "losing"}))
    wei.pull()
    assert wei.values("household", home)["removed"] in (False, None)
    assert wei.values("household", home)["remark"] == "still here"


# --- the desk decides


def by_a_desk_phone(world: World, conflict: str, values: dict[str, Any]) -> None:
    desk = world.desk()
    desk.pull()
    assert desk.sync(desk.change("conflict", conflict, values))["refused"] == []


def by_the_gate(world: World, conflict: str, values: dict[str, Any]) -> None:
    assert world.at_the_gate(lambda gate, writer: gate.decide(writer, conflict, values)) is None


Decide = Callable[[World, str, dict[str, Any]], None]
DOORS = pytest.mark.parametrize("decide", [by_a_desk_phone, by_the_gate])


@on_sqlite
@DOORS
@pytest.mark.parametrize(
    ("values", "chosen"),
    [({"decision": "losing"}, "a"), ({"decision": "standing"}, "b"), ({"decision": "other", "value": "c"}, "c"),
     ({"value": "c"}, "c"), ({"decision": "losing", "value": "a"}, "a"), ({"decision": "standing", "value": "b"}, "b")],
)  # fmt: skip
def test_the_decided_value_reaches_both_phones(
    world: World, wei: Client, nong: Client, decide: Decide, values: dict[str, Any], chosen: str
) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    conflict = only_conflict(wei, visit)
    decide(world, conflict["id"], values)
    for phone in (wei, nong, world.phone("wei")):
        phone.pull()
        assert phone.values("visit", visit)["remark"] == chosen
        (row,) = phone.conflicts(visit)
        assert row["id"] == conflict["id"]
        assert row["values"]["status"] == "decided"
        assert row["values"]["value"] == chosen
        assert row["values"]["decided_by"] == "desk"
        assert row["values"]["decided_at"]
        assert row["values"]["losing"] == "a"


@DOORS
def test_a_decision_outranks_all_evidence_that_was_there(
    world: World, wei: Client, nong: Client, lu: Client, decide: Decide
) -> None:
    visit = new_id()
    for phone, when in zip((wei, nong, lu), STARTS, strict=True):
        phone.take(phone.change("visit", visit, {"started_at": when}))
    wei.pull()
    conflict = next(row for row in wei.conflicts(visit) if row["values"]["losing"] == STARTS[1])
    decide(world, conflict["id"], {"decision": "losing"})
    for phone in (wei, nong, lu, world.phone("wei")):
        phone.pull()
        assert phone.values("visit", visit)["started_at"] == STARTS[1]
        assert [row for row in phone.conflicts(visit) if row["values"]["status"] in ("open", "quiet")] == []


def test_a_write_after_a_decision_is_a_new_word(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    by_the_gate(world, only_conflict(wei, visit)["id"], {"decision": "losing"})
    wei.pull()
    wei.take(wei.change("visit", visit, {"remark": "d"}, base=wei.seen("visit", visit, "remark")))
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "d"
    assert [row["values"]["status"] for row in wei.conflicts(visit)] == ["decided"]


def test_a_write_that_had_not_seen_the_decision_is_a_conflict_with_it(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    nong.pull()
    base = nong.seen("visit", visit, "remark")
    by_the_gate(world, only_conflict(wei, visit)["id"], {"decision": "losing"})
    nong.sync(nong.change("visit", visit, {"remark": "d"}, base=base))
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "d"
    undecided = [row["values"] for row in wei.conflicts(visit) if row["values"]["status"] != "decided"]
    assert [(v["losing"], v["standing"]) for v in undecided] == [("a", "d")]


def test_a_decision_that_the_field_cannot_hold_is_refused(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "started_at", STARTS[0], STARTS[1])
    desk = world.desk()
    desk.pull()
    body = desk.sync(
        desk.change("conflict", only_conflict(wei, visit)["id"], {"decision": "other", "value": "at noon"})
    )
    assert refusals(body) == {1: "invalid"}
    wei.pull()
    assert wei.values("visit", visit)["started_at"] == STARTS[0]
    assert wei.conflicts(visit)[0]["values"]["status"] == "open"


# --- who may touch a conflict


@on_sqlite
@pytest.mark.parametrize("who", ["wei", "nong"])
def test_either_writer_may_ask_for_another_look(
    world: World, wei: Client, nong: Client, request: pytest.FixtureRequest, who: str
) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    phone: Client = request.getfixturevalue(who)
    conflict = only_conflict(phone, visit)
    phone.take(phone.change("conflict", conflict["id"], {"status": "open"}))
    for reader in (wei, nong):
        assert only_conflict(reader, visit)["values"]["status"] == "open"


def test_either_writer_may_ask_again_after_the_decision(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    conflict = only_conflict(wei, visit)
    by_the_gate(world, conflict["id"], {"decision": "standing"})
    for phone in (wei, nong):
        phone.pull()
        body = phone.sync(phone.change("conflict", conflict["id"], {"status": "open"}))
        assert body["refused"] == [], phone.enrolment["user"]["name"]
    assert only_conflict(wei, visit)["values"]["status"] == "open"


@on_sqlite
def test_a_writers_other_phone_may_ask_too(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    other = world.phone("wei")
    conflict = only_conflict(other, visit)
    other.take(other.change("conflict", conflict["id"], {"status": "open"}))


@on_sqlite
@pytest.mark.parametrize(
    "values",
    [{"status": "open"}, {"decision": "losing"}, {"decision": "standing"}, {"value": "z"}, {"decision": "other", "value": "z"},
     {"status": "quiet"}, {"status": "decided"}, {"losing": "z"}, {"newer": 1}, {"removed": True}],
)  # fmt: skip
def test_somebody_else_of_the_village_may_do_nothing(
    wei: Client, nong: Client, lu: Client, values: dict[str, Any]
) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    before = only_conflict(lu, visit)
    assert refusals(lu.sync(lu.change("conflict", before["id"], values))) == {1: "forbidden"}
    assert only_conflict(lu, visit) == before


@on_sqlite
@pytest.mark.parametrize(
    "values",
    [{"decision": "losing"}, {"status": "decided"}, {"status": "quiet"}, {"status": "seen"}, {"status": "open", "value": "z"},
     {"losing": "z"}, {"standing": "z"}, {"decided_by": "me"}, {"removed": True}, {"newer": 1}],
)  # fmt: skip
def test_a_writer_may_not_decide(wei: Client, nong: Client, values: dict[str, Any]) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    before = only_conflict(wei, visit)
    assert refusals(wei.sync(wei.change("conflict", before["id"], values))) == {2: "forbidden"}
    assert only_conflict(wei, visit) == before
    assert wei.values("visit", visit)["remark"] == "b"


@on_sqlite
@pytest.mark.parametrize("values", [{"losing": "z"}, {"standing": "z"}, {"field": "mode"}, {"status": "quiet"}, {"removed": True},
                                    {"decision": "losing", "field": "mode"}, {"decided_by": "somebody"}])  # fmt: skip
def test_the_desk_may_only_decide(world: World, wei: Client, nong: Client, values: dict[str, Any]) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    before, desk = only_conflict(wei, visit), world.desk()
    assert refusals(desk.sync(desk.change("conflict", before["id"], values))) == {1: "forbidden"}
    assert only_conflict(wei, visit) == before


@on_sqlite
@pytest.mark.parametrize("role", ["cadre", "desk"])
def test_nobody_makes_a_conflict(world: World, role: str) -> None:
    phone = world.cadre("somebody", f"township:{TOWN}", role=role)
    values = {"about": "visit", "record": new_id(), "field": "remark", "losing": "a", "status": "open"}
    assert refusals(phone.sync(phone.change("conflict", new_id(), values))) == {1: "forbidden"}


@on_sqlite
def test_the_desk_of_another_village_does_not_decide(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    desk = world.cadre("desk2", f"village:{V2}", role="desk")
    body = desk.sync(desk.change("conflict", only_conflict(wei, visit)["id"], {"decision": "losing"}))
    assert refusals(body) == {1: "forbidden"}


def test_a_decision_sent_twice_counts_once(world: World, wei: Client, nong: Client) -> None:
    visit = both_write(wei, nong, "visit", "remark", "a", "b")
    desk = world.desk()
    desk.pull()
    change = desk.change("conflict", only_conflict(desk, visit)["id"], {"decision": "losing"})
    desk.take(change)
    log = world.log()
    for _ in range(3):
        desk.take(change)
    assert world.log() == log


@on_sqlite
def test_conflicting_words_and_their_decision_in_one_batch_of_many(world: World, wei: Client, nong: Client) -> None:
    visits = [both_write(wei, nong, "visit", "remark", f"a{n}", f"b{n}") for n in range(5)]
    desk = world.desk()
    desk.pull()
    desk.take(*(desk.change("conflict", desk.conflicts(visit)[0]["id"], {"decision": "losing"}) for visit in visits))
    wei.pull()
    assert [wei.values("visit", visit)["remark"] for visit in visits] == [f"a{n}" for n in range(5)]


@on_sqlite
def test_a_stale_write_from_1970_keeps_its_conflict(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    nong.take(nong.change("visit", visit, {"remark": "b"}))
    wei.take(wei.change("visit", visit, {"remark": "a"}, stamp=make_stamp(1, wei.device)))
    assert sides(wei, visit) == [("remark", "a", "b", "quiet")]
