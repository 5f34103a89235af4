"""What only a newer app knows: its fields and codes are kept, merged and carried by older servers and phones, and come home in time.

Law 7 of merge. Some tests speak JSON; in the others a phone of tomorrow and one of today meet on today's server.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.schema import CreateColumn

from server.app import create_app
from server.tables import kind_tables
from server.upkeep.adopt import adopt_fields
from shared.fields import REVIEW, UNION, Integer, List, Text
from shared.kind import Registry
from shared.kinds import KINDS
from shared.kinds.visit import Visit
from tests.sync.phones import BEGUN, RealPhone
from tests.sync.world import V1, Client, World, new_id, on_sqlite, visit_set

NESTED = {"pigs": [1, 2.5, None, True, {"名": "黑猪", "deep": [[[]]]}], "": "", "k": {}}


class VisitOfTomorrow(Visit):
    class Meta(Visit.Meta):
        name = "visit"

    pigs = Integer("猪", "Pigs", low=0, high=99)
    helpers = List("见到的帮扶人", "Helpers met", merge=UNION)
    state = Text("情况", "State", merge=REVIEW)


TOMORROW = Registry.of([VisitOfTomorrow if name == "visit" else kind.form for name, kind in KINDS.items()])


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    return world.cadre("nong")


@pytest.mark.parametrize("value", ["黑猪", "", 0, -1, 2**63 - 1, 1.5, True, False, None, [], {}, [None], NESTED])
def test_an_unknown_field_comes_back_as_it_was(world: World, wei: Client, value: Any) -> None:
    visit = new_id()
    sent = wei.change("visit", visit, {"remark": "好", "newer": value})
    wei.take(sent)
    wei.pull()
    assert wei.values("visit", visit) == {"remark": "好", "newer": value}
    assert type(wei.values("visit", visit)["newer"]) is type(value)
    assert wei.copy["visit", visit]["stamps"] == {"remark": sent["stamp"], "newer": sent["stamp"]}
    assert world.everything()["visit", visit]["values"]["newer"] == value


def test_a_record_of_unknown_fields_alone_is_a_record(wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"newer": 1}))
    wei.take(wei.change("visit", visit, {"newest": [2]}))
    wei.pull()
    assert wei.values("visit", visit) == {"newer": 1, "newest": [2]}


def test_an_unknown_field_merges_as_latest(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    first, second = wei.change("visit", visit, {"newer": ["a"]}), nong.change("visit", visit, {"newer": ["b"]})
    nong.take(second)
    wei.take(first)  # older, and comes later
    wei.pull()
    assert wei.values("visit", visit)["newer"] == ["b"]
    (conflict,) = (c["values"] for c in wei.conflicts(visit))
    assert (conflict["field"], conflict["losing"], conflict["standing"]) == ("newer", ["a"], ["b"])
    assert (conflict["losing_by"], conflict["standing_by"], conflict["status"]) == ("wei", "nong", "quiet")
    world.verify()


def test_an_unknown_field_that_was_seen_is_no_conflict(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"newer": NESTED}))
    nong.pull()
    nong.take(nong.change("visit", visit, {"newer": None}, nong.seen("visit", visit, "newer")))
    wei.pull()
    assert wei.values("visit", visit)["newer"] is None
    assert wei.conflicts() == []
    world.verify()


def test_equal_unknown_values_are_no_conflict_whatever_the_order_of_their_keys(wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"newer": {"a": 1, "b": [2]}}))
    nong.take(nong.change("visit", visit, {"newer": {"b": [2], "a": 1}}))
    wei.pull()
    assert wei.conflicts() == []


def test_the_desk_decides_on_an_unknown_field_too(world: World, wei: Client, nong: Client) -> None:
    visit, desk = new_id(), world.desk()
    wei.take(wei.change("visit", visit, {"newer": {"pigs": 1}}))
    nong.take(nong.change("visit", visit, {"newer": {"pigs": 2}}))
    desk.pull()
    (conflict,) = desk.conflicts(visit)
    desk.take(desk.change("conflict", conflict["id"], {"decision": "losing"}))
    for phone in (wei, nong):
        phone.pull()
        assert phone.values("visit", visit)["newer"] == {"pigs": 1}
        assert [c["values"]["status"] for c in phone.conflicts()] == ["decided"]
    world.verify()


@on_sqlite
def test_an_unseen_unknown_field_stands_against_a_removal(wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, visit_set()))
    wei.pull()
    nong.take(nong.change("visit", visit, {"newer": 1}))
    wei.take(wei.change("visit", visit, {"removed": True}, wei.seen("visit", visit)))
    wei.pull()
    assert [c["values"]["field"] for c in wei.conflicts(visit)] == ["removed"]


def test_an_unknown_code_is_kept_in_a_choice_and_among_choices(world: World, wei: Client, nong: Client) -> None:
    visit, home = new_id(), new_id()
    wei.take(
        wei.change("visit", visit, {"mode": "by_drone", "purposes": ["campaign", "moon_landing"]}),
        wei.change("household", home, {"categories": ["newest_category"]}),
    )
    nong.pull()
    assert nong.values("visit", visit) == {"mode": "by_drone", "purposes": ["campaign", "moon_landing"]}
    assert nong.values("household", home)["categories"] == ["newest_category"]
    nong.take(nong.change("visit", visit, {"mode": "by_boat"}, nong.seen("visit", visit, "mode")))
    wei.pull()
    assert wei.values("visit", visit)["mode"] == "by_boat"
    assert wei.conflicts() == []
    world.verify()


# --- a phone of tomorrow and one of today, on today's server -------------------------------------------------------------


def test_a_newer_apps_field_survives_an_older_phones_edit(world: World, pocket: Callable[..., RealPhone]) -> None:
    for name in ("wei", "nong"):
        world.person(name, f"village:{V1}")
    new, old = pocket("wei", TOMORROW), pocket("nong")
    visit = new_id()
    new.write("visit", visit, remark="一", pigs=3, helpers=["韦敏"])
    new.sync()
    old.sync()
    assert old.values("visit", visit)["pigs"] == 3
    old.write("visit", visit, remark="二")
    old.sync()
    new.sync()
    assert new.values("visit", visit) == {"remark": "二", "pigs": 3, "helpers": ["韦敏"]}
    new.write("visit", visit, pigs=4)
    assert new.sync().refused == 0
    old.sync()
    assert old.values("visit", visit)["pigs"] == 4
    assert world.everything()["visit", visit]["values"] == {"remark": "二", "pigs": 4, "helpers": ["韦敏"]} | BEGUN
    assert new.notebook.conflicts(everyone=True) == old.notebook.conflicts(everyone=True) == []
    world.verify()


def test_an_older_phone_may_remove_what_a_newer_one_wrote(world: World, pocket: Callable[..., RealPhone]) -> None:
    for name in ("wei", "nong"):
        world.person(name, f"village:{V1}")
    new, old, visit = pocket("wei", TOMORROW), pocket("nong"), new_id()
    new.write("visit", visit, pigs=3)
    new.sync()
    old.sync()
    old.write("visit", visit, removed=True)
    old.sync()
    new.sync()
    assert new.values("visit", visit) == {"pigs": 3, "removed": True}
    assert new.notebook.conflicts(everyone=True) == []


@on_sqlite
def test_a_newer_phone_survives_an_older_servers_view_of_its_lists(
    world: World, pocket: Callable[..., RealPhone]
) -> None:
    """Tomorrow's union is today's `latest`: the phone writes `{element: [adds]}` bases that today's server cannot mean anything by."""
    for name in ("wei", "lu"):
        world.person(name, f"village:{V1}")
    wei, lu, visit = pocket("wei", TOMORROW), pocket("lu", TOMORROW), new_id()
    wei.write("visit", visit, helpers=["韦敏"])
    wei.sync()
    lu.sync()
    lu.write("visit", visit, helpers=["韦敏", "农强"])
    assert lu.sync().refused == 0
    wei.sync()
    assert wei.values("visit", visit)["helpers"] == ["韦敏", "农强"]
    wei.write("visit", visit, helpers=["农强"])
    assert wei.sync().refused == 0
    lu.sync()
    assert lu.values("visit", visit)["helpers"] == wei.values("visit", visit)["helpers"] == ["农强"]
    assert wei.notebook.mends() == lu.notebook.mends() == []
    world.verify()


# --- the upgrade that knows the field ------------------------------------------------------------------------------------


@pytest.fixture
def upgrade(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Puts tomorrow's server in the place of today's, on the same database; afterwards the columns go again."""
    today, table = world.app, kind_tables(TOMORROW).tables["kind_visit"]
    columns = [table.columns[name] for name in ("pigs", "helpers", "state")]
    added = False

    def go() -> None:
        nonlocal added
        dialect = world.service.database.engine.dialect
        with world.service.database.transaction() as connection:  # what tomorrow's migration would say
            for column in columns:
                said = CreateColumn(column).compile(dialect=dialect)
                connection.exec_driver_sql(f"ALTER TABLE kind_visit ADD COLUMN {said}")
        added = True
        world.backend.forget()
        world.app = world.backend.app = create_app(world.service.config, TOMORROW)
        adopt_fields(world.service.database)

    yield go
    world.backend.forget()
    world.app = world.backend.app = today
    if added:
        with world.service.database.transaction() as connection:
            for column in columns:
                connection.exec_driver_sql(f"ALTER TABLE kind_visit DROP COLUMN {column.name}")


def test_an_upgrade_that_knows_a_field_moves_it_to_its_column_and_every_phone_keeps_it(
    world: World, wei: Client, nong: Client, upgrade: Callable[[], None]
) -> None:
    visit, bare = new_id(), new_id()
    wei.take(
        wei.change("visit", visit, {"remark": "好", "pigs": 3, "helpers": ["韦敏"], "newest": NESTED}),
        wei.change("visit", bare, visit_set()),
    )
    nong.pull()
    held = {key: dict(record) for key, record in nong.copy.items()}
    upgrade()
    assert world.sql("SELECT pigs, helpers FROM kind_visit WHERE id = :id", id=visit) == [(3, '["韦敏"]')]
    extra = json.loads(world.sql("SELECT extra FROM kind_visit WHERE id = :id", id=visit)[0][0])
    assert extra == {"newest": NESTED}, "what is still unknown stays"
    told = nong.sync()
    assert [r["id"] for r in told["records"]] == [visit], "phones hear of what moved, and of nothing else"
    assert nong.values("visit", visit) == held["visit", visit]["values"]
    stamps = held["visit", visit]["stamps"]
    assert nong.copy["visit", visit]["stamps"] == {**stamps, "helpers": {"韦敏": [stamps["helpers"]]}}
    nong.take(nong.change("visit", visit, {"helpers": ["韦敏", "农强"]}, nong.seen("visit", visit, "helpers")))
    wei.take(wei.change("visit", visit, {"helpers": ["韦敏", "陆山"]}, {"helpers": {"韦敏": [stamps["helpers"]]}}))
    wei.pull()
    assert sorted(wei.values("visit", visit)["helpers"]) == ["农强", "陆山", "韦敏"], "merged by the field's own rule"
    assert wei.conflicts() == []
    world.verify()


def test_a_disagreement_from_before_the_upgrade_is_still_there(
    world: World, wei: Client, nong: Client, upgrade: Callable[[], None]
) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"pigs": 1, "state": "a"}))
    nong.take(nong.change("visit", visit, {"pigs": 2, "state": "b"}))
    upgrade()
    wei.pull()
    assert wei.values("visit", visit) == {"pigs": 2, "state": "b"}
    found = {c["values"]["field"]: c["values"] for c in wei.conflicts(visit)}
    assert {name: (c["losing"], c["standing"]) for name, c in found.items()} == {"pigs": (1, 2), "state": ("a", "b")}
    world.verify()


def test_an_older_phone_with_words_unsent_is_understood_after_the_upgrade(
    world: World, wei: Client, upgrade: Callable[[], None]
) -> None:
    """It knows the union as a plain value with one stamp, and says so in its base."""
    visit = new_id()
    wei.take(wei.change("visit", visit, {"pigs": 1, "helpers": ["韦敏"]}))
    wei.pull()
    unsent = wei.change("visit", visit, {"pigs": 2, "remark": "旧手机"}, wei.seen("visit", visit, "pigs"))
    upgrade()
    wei.take(unsent)
    wei.pull()
    assert wei.values("visit", visit) == {"pigs": 2, "remark": "旧手机", "helpers": ["韦敏"]}
    assert wei.conflicts() == []
    world.verify()


def test_a_newer_phones_unsent_list_is_merged_after_the_upgrade(
    world: World, wei: Client, nong: Client, upgrade: Callable[[], None]
) -> None:
    """Its base was told it by the older server: one stamp for the whole list. The upgraded one reads it and refuses nothing."""
    visit = new_id()
    wei.take(wei.change("visit", visit, {"helpers": ["韦敏", "农强"]}))
    wei.pull()
    unsent = wei.change("visit", visit, {"helpers": ["农强", "陆山"]}, wei.seen("visit", visit, "helpers"))
    assert isinstance(unsent["base"]["helpers"], str)
    upgrade()
    wei.take(unsent)
    wei.pull()
    assert {"农强", "陆山"} <= set(wei.values("visit", visit)["helpers"])
    world.verify()


def test_an_older_phones_unsent_removal_is_taken_after_the_upgrade(
    world: World, wei: Client, upgrade: Callable[[], None]
) -> None:
    """A removal's base names every field its writer saw, those it does not know among them."""
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "好", "pigs": 1, "helpers": ["韦敏"]}))
    wei.pull()
    unsent = wei.change("visit", visit, {"removed": True}, wei.seen("visit", visit))
    upgrade()
    wei.take(unsent)
    wei.pull()
    assert wei.values("visit", visit)["removed"] is True
    assert wei.conflicts() == [], "it had seen everything"
    world.verify()


def test_what_the_upgraded_field_cannot_hold_is_kept_in_the_history(
    world: World, wei: Client, upgrade: Callable[[], None]
) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "好", "pigs": {"not": "a number"}}))
    upgrade()
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "好"
    assert "not" in world.sql("SELECT written FROM changes WHERE record = :id ORDER BY seq", id=visit)[0][0]
    wei.take(wei.change("visit", visit, {"pigs": 5}))
    wei.pull()
    assert wei.values("visit", visit)["pigs"] == 5
    world.verify()
