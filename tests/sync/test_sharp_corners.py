"""Sharp corners that a review found, each kept as the example that showed it.

One section per finding: what comes again, what two people decide at once, ids that stand twice, bodies no reader takes, and what must
never be told. Everyday behaviour stands in the neighbouring files.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from server import access, cli
from server.acts import desk
from server.service import Service
from server.store import TownshipStore
from server.tables import table_name
from shared.kinds.problem_step import DESK_STEPS, STEPS
from tests.sync.world import (
    MINUTE,
    OTHER_TOWN,
    TOWN,
    V1,
    V2,
    V3,
    Client,
    World,
    make_stamp,
    new_id,
    on_postgres,
    on_sqlite,
    refusals,
)

HOUR = 60 * MINUTE
HOUSEHOLDS = table_name("household")
AT = "2018-09-03T10:15:00+08:00"
TOLD = ["field", "losing", "losing_by", "standing", "standing_by", "status", "decision", "value", "decided_by"]


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    return world.cadre("nong")


@pytest.fixture
def clerk(world: World) -> Client:
    return world.desk("clerk")


def told(phone: Client, record: str) -> list[dict[str, Any]]:
    """What a record's conflicts say, without ids and moments, in an order of its own."""
    phone.pull()
    rows = [{name: row["values"][name] for name in TOLD} for row in phone.conflicts(record)]
    return sorted(rows, key=lambda row: json.dumps(row, ensure_ascii=False))


def lost(phone: Client, record: str) -> set[tuple[str, Any, Any]]:
    """(field, losing, standing) of a record's conflicts that wait or are settled, those that turned out seen left out."""
    return {(c["field"], c["losing"], c["standing"]) for c in told(phone, record) if c["status"] != "seen"}


# --- 1: a re-stamped write comes again


@on_sqlite
@pytest.mark.parametrize("adopted", [False, True], ids=["as first sent", "as re-stamped"])
@pytest.mark.parametrize("seen", [False, True], ids=["answered unseen", "answered seen"])
def test_a_restamped_write_sent_again_when_its_stamp_has_become_believable_counts_once(
    world: World, wei: Client, nong: Client, seen: bool, adopted: bool
) -> None:
    visit, fast = new_id(), make_stamp(world.now + HOUR, wei.device)
    first = wei.change("visit", visit, {"remark": "漏雨", "participants": ["韦", "陆"]}, stamp=fast)
    (given,) = wei.send(first).ok()["restamped"].values()
    nong.pull()
    base = nong.seen("visit", visit, "remark", "participants") if seen else {}
    nong.take(nong.change("visit", visit, {"remark": "已修", "participants": ["农"]}, base))
    before = world.everything()

    world.later(minutes=120)
    again = world.phone("wei")
    body = again.sync(first | {"number": 1, "stamp": given if adopted else fast})
    assert (body["refused"], body["restamped"], body["next"]) == ([], {} if adopted else {"1": given}, 2)
    assert world.everything() == before
    assert lost(again, visit) == (set() if seen else {("remark", "漏雨", "已修")})
    assert again.values("visit", visit)["participants"] == (["农"] if seen else ["韦", "陆", "农"])
    world.verify()


@on_sqlite
def test_a_restamped_removal_of_an_element_sent_again_does_not_take_out_what_was_added_since(
    world: World, wei: Client, nong: Client
) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"participants": ["韦", "陆"]}))
    wei.pull()
    fast = make_stamp(world.now + HOUR, wei.device)
    first = wei.change("visit", visit, {"participants": ["韦"]}, wei.seen("visit", visit, "participants"), stamp=fast)
    wei.send(first).ok()
    nong.pull()
    nong.take(nong.change("visit", visit, {"participants": ["韦", "陆"]}, nong.seen("visit", visit, "participants")))
    world.later(minutes=120)
    again = world.phone("wei")
    again.sync(first | {"number": 1})
    again.pull()
    assert sorted(again.values("visit", visit)["participants"]) == sorted(["韦", "陆"])
    world.verify()


@on_sqlite
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in the next request"])
def test_one_fast_stamp_on_two_records_renames_a_base_to_the_records_own_new_stamp(
    world: World, wei: Client, together: bool
) -> None:
    home, person = new_id(), new_id()
    fast, faster = make_stamp(world.now + HOUR, wei.device), make_stamp(world.now + HOUR + 1, wei.device)
    firsts = [
        wei.change("household", home, {"remark": "一"}, stamp=fast),
        wei.change("member", person, {"name": "一"}, household=home, stamp=fast),
    ]
    seconds = [
        wei.change("household", home, {"remark": "二"}, {"remark": fast}, stamp=faster),
        wei.change("member", person, {"name": "二"}, {"name": fast}, household=home, stamp=faster),
    ]
    restamped: dict[str, str] = {}
    for batch in [[*firsts, *seconds]] if together else [firsts, seconds]:
        body = wei.sync(*batch)
        assert body["refused"] == []
        restamped |= body["restamped"]
    assert len(set(restamped.values())) == 4
    bases = dict(world.sql("SELECT number, base FROM changes WHERE device = :d AND number > 2", d=wei.device))
    assert {number: json.loads(base) for number, base in bases.items()} == {
        3: {"remark": restamped["1"]},
        4: {"name": restamped["2"]},
    }
    wei.pull()
    assert (wei.values("household", home)["remark"], wei.values("member", person)["name"]) == ("二", "二")
    assert wei.conflicts() == []
    world.verify()


# --- 2: a re-stamp is never a stamp that the device has used


@on_sqlite
@pytest.mark.parametrize("field", ["remark", "hamlet"], ids=["the same field", "another field"])
@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("fast_first", [False, True], ids=["honest first", "fast first"])
def test_a_restamp_is_never_a_stamp_the_same_phone_has_used(
    world: World, wei: Client, nong: Client, fast_first: bool, batches: int, field: str
) -> None:
    home, frozen = new_id(), world.now + 100
    honest = [{"remark": "甲的话"}, make_stamp(frozen, wei.device)]
    fast = [{field: "屯"}, make_stamp(frozen + HOUR, wei.device)]
    changes = [
        wei.change("household", home, words, stamp=stamp)
        for words, stamp in ([fast, honest] if fast_first else [honest, fast])
    ]
    for batch in [changes] if batches == 1 else [[change] for change in changes]:
        world.now = frozen - 1  # a request takes a millisecond: the server reads `frozen`
        assert wei.sync(*batch)["refused"] == []
    stamps = [stamp for (stamp,) in world.sql("SELECT stamp FROM changes WHERE record = :r", r=home)]
    assert len(set(stamps)) == 2

    nong.take(nong.change("household", home, {"head_name": "韦"}))
    wei.sync(wei.change("household", home, {"head_name": "陆"}))  # unseen: the record is made anew from its log
    nong.pull()
    values = nong.values("household", home)
    last = "甲的话" if fast_first else "屯"
    expected = {"remark": "甲的话", "hamlet": "屯"} if field == "hamlet" else {"remark": last}
    assert {name: values[name] for name in expected} == expected
    assert {c["values"]["field"] for c in nong.conflicts(home)} <= {"head_name"}
    world.verify()


# --- 3: decisions hide nothing unseen


def disagree(wei: Client, nong: Client, *clerks: Client) -> tuple[str, dict[str, Any]]:
    """wei's v1 lost to nong's v2 on a household's remark, and the clerks hold that; gives the household and the conflict."""
    home = new_id()
    wei.take(wei.change("household", home, {"remark": "v0"}))
    wei.pull()
    nong.pull()
    wei.take(wei.change("household", home, {"remark": "v1"}, wei.seen("household", home, "remark")))
    nong.take(nong.change("household", home, {"remark": "v2"}, nong.seen("household", home, "remark")))
    for phone in (nong, *clerks):
        phone.pull()
    (conflict,) = nong.conflicts(home)
    assert (conflict["values"]["losing"], conflict["values"]["standing"]) == ("v1", "v2")
    return home, conflict


DECISIONS = [({"decision": "losing"}, "v1"), ({"decision": "standing"}, "v2"), ({"value": "另定"}, "另定")]


def decide_offline(
    wei: Client, nong: Client, clerk: Client, asked: dict[str, Any], decision_first: bool, word_before: bool
) -> tuple[str, list[dict[str, Any]]]:
    """A clerk decides offline while nong writes v3, before or after her; gives the remark and the conflicts it comes to."""
    home, conflict = disagree(wei, nong, clerk)
    base = nong.seen("household", home, "remark")
    early = nong.change("household", home, {"remark": "v3"}, base) if word_before else None
    decision = clerk.change("conflict", conflict["id"], asked, clerk.seen("conflict", conflict["id"], "decision"))
    word = early or nong.change("household", home, {"remark": "v3"}, base)
    for phone, change in [(clerk, decision), (nong, word)][:: 1 if decision_first else -1]:
        assert phone.sync(change)["refused"] == []
    conflicts = told(wei, home)
    return wei.values("household", home)["remark"], conflicts


def settled(conflicts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What conflicts say but for the standing side, which a decided one keeps as it was."""
    return [(c["losing"], c["losing_by"], c["status"], c["decision"], c["value"], c["decided_by"]) for c in conflicts]


@on_sqlite
@pytest.mark.parametrize("word_before", [False, True], ids=["written after she decided", "written before she decided"])
@pytest.mark.parametrize(("asked", "chosen"), DECISIONS)
def test_a_word_that_an_offline_clerk_had_not_seen_becomes_a_conflict_whichever_arrives_first(
    world: World, wei: Client, nong: Client, clerk: Client, asked: dict[str, Any], chosen: str, word_before: bool
) -> None:
    decided_first = decide_offline(wei, nong, clerk, asked, True, word_before)
    word_first = decide_offline(wei, nong, clerk, asked, False, word_before)
    decision = asked.get("decision", "other")
    for remark, conflicts in (decided_first, word_first):
        assert remark == chosen
        assert settled(conflicts) == [
            ("v1", "wei", "decided", decision, chosen, "clerk"),
            ("v3", "nong", "quiet", None, None, None),
        ]
        assert conflicts[1]["standing"] == chosen
    world.verify()


@on_sqlite
def test_a_decided_conflict_tells_the_same_standing_side_whichever_arrives_first(
    wei: Client, nong: Client, clerk: Client
) -> None:
    """What stood beside v1 when the clerk decided was v2; she never saw v3."""
    asked = {"decision": "losing"}
    sides = [
        decide_offline(wei, nong, clerk, asked, first, word_before=False)[1][0]["standing"] for first in (True, False)
    ]
    assert sides == ["v2", "v2"]


@on_sqlite
def test_a_second_clerk_who_decides_without_knowing_the_first_decision_is_told_to_sync_and_may_then_decide_again(
    world: World, wei: Client, nong: Client, clerk: Client
) -> None:
    second = world.desk("second")
    home, conflict = disagree(wei, nong, clerk, second)
    offline = second.change("conflict", conflict["id"], {"decision": "standing"})
    clerk.take(clerk.change("conflict", conflict["id"], {"decision": "losing"}))
    body = second.sync(offline)
    (refusal,) = body["refused"]
    assert refusal["code"] == "invalid"
    assert "clerk" in refusal["fields"]["decision"][0]
    assert "请先同步" in refusal["fields"]["decision"][0]
    second.pull()
    assert second.values("household", home)["remark"] == "v1"
    assert second.values("conflict", conflict["id"])["decided_by"] == "clerk"

    knowing = second.seen("conflict", conflict["id"], "decision")
    second.take(second.change("conflict", conflict["id"], {"value": "v2"}, knowing))
    second.pull()
    assert second.values("household", home)["remark"] == "v2"
    assert second.values("conflict", conflict["id"])["decided_by"] == "second"
    world.verify()


@on_sqlite
@pytest.mark.parametrize(("asked", "chosen"), DECISIONS)
def test_the_desk_sees_a_standing_word_from_a_phone_two_minutes_fast(
    world: World, wei: Client, asked: dict[str, Any], chosen: str
) -> None:
    world.person("nong", f"village:{V1}")
    nong = world.phone("nong", lead=2 * MINUTE)
    home, conflict = disagree(wei, nong)
    if "value" in asked:
        asked = {"decision": "other", **asked}
    row = desk.resolve(world.service.database, conflict["id"], asked, "me")
    assert (row["value"], row["decided_by"]) == (chosen, "me")
    assert [(c["losing"], c["status"]) for c in told(wei, home)] == [("v1", "decided")]
    assert wei.values("household", home)["remark"] == chosen
    world.verify()


# --- 4 and 5: no id misdirects


@on_sqlite
@pytest.mark.parametrize("village", [V1, V2])
@pytest.mark.parametrize("known", [True, False], ids=["a known household", "an unknown household"])
def test_a_household_that_names_another_household_is_invalid_and_comes_nowhere(
    world: World, wei: Client, known: bool, village: str
) -> None:
    home, other = new_id(), new_id()
    if known:
        wei.take(wei.change("household", home, {"head_name": "甲"}))
    body = wei.sync(wei.change("household", other, {"head_name": "坏"}, village=village, household=home))
    assert set(refusals(body).values()) == {"invalid"}
    assert body["refused"][0]["fields"].keys() == {"household"}
    assert ("household", other) not in world.everything()


@on_sqlite
def test_who_holds_one_household_creates_none_elsewhere_in_its_name(world: World, wei: Client) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "甲"}))
    lan = world.cadre("lan", f"household:{home}", role="party_member")
    places = [(V1, home), (V2, home), (V3, home), (V1, None), (V3, None)]
    body = lan.sync(
        *(lan.change("household", new_id(), {"head_name": "坏"}, village=v, household=h) for v, h in places)
    )
    assert list(refusals(body).values()) == ["invalid"] * 3 + ["forbidden"] * 2
    assert [key for key in world.everything() if key[0] == "household"] == [("household", home)]


@on_sqlite
def test_a_household_may_name_itself_or_none_but_only_in_ones_own_village(world: World, wei: Client) -> None:
    itself, none, strange = new_id(), new_id(), new_id()
    wei.take(
        wei.change("household", itself, {"head_name": "甲"}, household=itself),
        wei.change("household", none, {"head_name": "乙"}, household=None),
    )
    wei.take(wei.change("household", itself, {"hamlet": "屯"}, household=itself))
    body = wei.sync(
        wei.change("household", strange, {"head_name": "坏"}, village=V2, household=strange),
        wei.change("household", strange, {"head_name": "坏"}, village=V2, household=None),
    )
    assert list(refusals(body).values()) == ["forbidden", "forbidden"]
    assert {id for kind, id in world.everything() if kind == "household"} == {itself, none}
    world.verify()


@on_sqlite
def test_a_strangers_record_is_forbidden_whether_or_not_the_envelope_names_a_household(
    world: World, wei: Client
) -> None:
    """The household lay in the writer's village until yesterday; the problem never did."""
    nong = world.cadre("nong", f"village:{V2}")
    home, problem = new_id(), new_id()
    wei.take(wei.change("household", home, {"head_name": "韦"}))
    world.move(home, V2)
    nong.take(nong.change("problem", problem, {"description": "私"}, village=V2, household=home))
    before = world.everything()
    body = wei.sync(
        *(
            wei.change("problem", problem, {"description": "改"}, village=village, household=household)
            for village in (V1, V2)
            for household in (home, None, new_id())
        )
    )
    assert set(refusals(body).values()) == {"forbidden"}
    assert len(body["refused"]) == 6
    assert world.everything() == before


# --- 6: one id in two townships


@pytest.fixture
def other_village(world: World) -> str:
    """A village of the township whose code comes first."""
    found = world.sql("SELECT code FROM area WHERE parent = :t AND level = 'village' ORDER BY 1", t=OTHER_TOWN)
    return str(found[0][0])


@pytest.fixture
def stranger(world: World, other_village: str) -> Client:
    """A cadre of the other township, who may take any id."""
    world.person("stranger", f"village:{other_village}")
    return world.phone("stranger", OTHER_TOWN)


def copy_id(stranger: Client, home: str, village: str) -> None:
    stranger.take(stranger.change("household", home, {"head_name": "占"}, village=village))


def holds(world: World, person: str) -> list[tuple[str, str]]:
    """(township, scope) of the grants a person holds."""
    return world.sql(
        "SELECT g.township, g.scope FROM access_grant g JOIN user_account u ON u.id = g.person"
        " WHERE u.name = :p AND g.until IS NULL ORDER BY 1, 2", p=person,
    )  # fmt: skip


@on_sqlite
def test_a_grant_is_taken_back_where_it_was_given_though_another_township_has_the_same_id(
    world: World, wei: Client, stranger: Client, other_village: str
) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "甲"}))
    lan = world.cadre("lan", f"household:{home}", role="party_member")
    copy_id(stranger, home, other_village)
    assert lan.pull()["household", home]["values"]["head_name"] == "甲"
    world.ungrant("lan", f"household:{home}")
    assert holds(world, "lan") == []
    assert lan.sync()["dropped"] == [f"household:{home}"]


@on_sqlite
def test_granting_an_id_of_two_townships_asks_which_and_goes_where_it_is_told(
    world: World, wei: Client, stranger: Client, other_village: str
) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "甲"}))
    copy_id(stranger, home, other_village)
    database, grant = world.service.database, f"household:{home}"
    with pytest.raises(access.AccessError, match=f"{OTHER_TOWN}、{TOWN}.*--township"):
        access.add_user(database, "lan", ["party_member"], [grant], world.now)
    assert world.sql("SELECT 1 FROM user_account WHERE name = 'lan'") == []
    world.person("lan", role="party_member")
    with pytest.raises(access.AccessError, match=f"{OTHER_TOWN}、{TOWN}.*--township"):
        access.grant(database, "lan", grant, world.now)
    with pytest.raises(access.AccessError, match="没有"):
        access.grant(database, "lan", grant, world.now, "451422100")
    assert holds(world, "lan") == []
    access.grant(database, "lan", grant, world.now, TOWN)
    assert holds(world, "lan") == [(TOWN, grant)]
    assert world.phone("lan").pull()["household", home]["values"]["head_name"] == "甲"
    world.verify()


@on_sqlite
def test_a_household_of_two_townships_moves_in_the_township_of_the_village_it_goes_to(
    world: World, wei: Client, stranger: Client, other_village: str
) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "甲"}))
    copy_id(stranger, home, other_village)
    assert desk.move_household(world.service.database, home, V2, "me") == [home]
    rows = world.sql(f"SELECT township, village FROM {HOUSEHOLDS} WHERE id = :h ORDER BY 1", h=home)
    assert rows == [(OTHER_TOWN, other_village), (TOWN, V2)]
    assert wei.sync()["records"] == [{"kind": "household", "id": home, "left": True}]
    world.verify()


def same_conflict_twice(wei: Client, nong: Client, stranger: Client, other_village: str) -> str:
    """One conflict id in two townships: the same record, field and losing stamp."""
    home, losing = new_id(), wei.stamp()
    for phone, village in ((wei, V1), (stranger, other_village)):
        phone.take(phone.change("household", home, {"remark": "a"}, village=village, stamp=losing))
    nong.take(nong.change("household", home, {"remark": "b"}))
    stranger.take(stranger.change("household", home, {"remark": "b"}, village=other_village, stamp=stranger.stamp()))
    (here,), (there,) = told(nong, home), told(stranger, home)
    assert here["losing"] == there["losing"] == "a"
    (conflict,) = nong.conflicts(home)
    assert stranger.conflicts(home)[0]["id"] == conflict["id"]
    return str(conflict["id"])


@on_sqlite
def test_a_conflict_of_two_townships_is_decided_in_the_one_that_is_named(
    world: World, wei: Client, nong: Client, stranger: Client, other_village: str
) -> None:
    conflict = same_conflict_twice(wei, nong, stranger, other_village)
    database = world.service.database
    with pytest.raises(access.AccessError, match="--township"):
        desk.resolve(database, conflict, {"decision": "losing"}, "me")
    row = desk.resolve(database, conflict, {"decision": "losing"}, "me", TOWN)
    assert (row["township"], row["status"], row["value"]) == (TOWN, "decided", "a")
    nong.pull()
    stranger.pull()
    assert nong.values("conflict", conflict)["status"] == "decided"
    assert stranger.values("conflict", conflict)["status"] == "quiet"
    world.verify()


@on_sqlite
def test_the_command_line_asks_for_the_township_of_an_id_that_stands_twice(
    world: World, wei: Client, nong: Client, stranger: Client, other_village: str
) -> None:
    conflict = same_conflict_twice(wei, nong, stranger, other_village)
    nong.pull()
    home = nong.values("conflict", conflict)["record"]
    world.person("lan", role="party_member")

    def ruhu(*words: str) -> tuple[int, str]:
        world.later(ms=1)
        result = CliRunner().invoke(cli.main, words, env={"RUHU_INSTANCE": str(world.service.config.instance)})
        return result.exit_code, result.output

    grant = ("user", "grant", "lan", f"household:{home}")
    resolve = ("conflicts", "resolve", conflict, "--keep", "standing")
    for words in (grant, resolve):
        code, output = ruhu(*words)
        assert (code, "--township" in output, "Traceback" in output) == (1, True, False)
        assert ruhu(*words, "--township", OTHER_TOWN)[0] == 0
    assert holds(world, "lan") == [(OTHER_TOWN, f"household:{home}")]
    assert ruhu("user", "ungrant", "lan", f"household:{home}")[0] == 0
    assert holds(world, "lan") == []
    assert ruhu("household", "move", home, V3)[0] == 0
    nong.pull()
    stranger.pull()
    assert ("household", home) not in nong.copy
    assert stranger.values("conflict", conflict)["status"] == "decided"
    assert world.sql(f"SELECT township FROM {HOUSEHOLDS} WHERE id = :h AND village = :v", h=home, v=V3) == [(TOWN,)]


# --- 7: whose step it is


def steps(phone: Client, problem: str) -> list[dict[str, Any]]:
    return [phone.change("problem_step", new_id(), {"problem": problem, "step": step, "at": AT}) for step in STEPS]


@on_sqlite
@pytest.mark.parametrize("role", ["cadre", "party_member"])
def test_the_desks_steps_are_forbidden_to_a_writer_and_all_others_are_not(world: World, wei: Client, role: str) -> None:
    problem, lan = new_id(), world.cadre("lan", role=role)
    wei.take(wei.change("problem", problem, {"description": "路断了"}))
    body = lan.sync(*steps(lan, problem))
    refused = {list(STEPS)[number - 1] for number in refusals(body)}
    assert refused == DESK_STEPS
    assert set(refusals(body).values()) == {"forbidden"}
    assert all(refusal["fields"]["step"] for refusal in body["refused"])
    taken = {body["values"]["step"] for (kind, _), body in lan.pull().items() if kind == "problem_step"}
    assert taken == STEPS.keys() - DESK_STEPS


@on_sqlite
def test_the_desk_takes_every_step(wei: Client, clerk: Client) -> None:
    problem = new_id()
    wei.take(wei.change("problem", problem, {"description": "路断了"}))
    clerk.take(*steps(clerk, problem))


@on_sqlite
def test_a_step_that_is_open_to_all_does_not_become_the_desks_by_a_later_word(wei: Client) -> None:
    problem, step = new_id(), new_id()
    wei.take(wei.change("problem", problem, {"description": "路断了"}))
    wei.take(wei.change("problem_step", step, {"problem": problem, "step": "started", "at": AT}))
    body = wei.sync(wei.change("problem_step", step, {"step": "rejected"}))
    assert set(refusals(body).values()) == {"forbidden"}


# --- 8 and 9: what no reader takes


MARK = '"\\u2620"'
"""Stands in a body where something is to be put that `json` would not write."""


@on_sqlite
@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000, "-" + "9" * 5000], ids=lambda number: number[:6])
@pytest.mark.parametrize(
    "words",
    [{"paddy_mu": "☠"}, {"exit_year": "☠"}, {"later": "☠"}, {"later": {"a": ["☠"]}}],
    ids=["number", "integer", "unknown", "deep"],
)
def test_a_number_that_no_reader_takes_is_refused_alone(
    world: World, wei: Client, words: dict[str, Any], number: str
) -> None:
    homes = [new_id() for _ in range(3)]
    changes = [wei.change("household", home, {"remark": "好"}) for home in homes]
    changes[1]["set"] = words
    body = json.dumps(wei.request(*changes)).replace(MARK, number).encode()
    reply = wei.ask("POST", "/api/v1/sync", body).ok()
    assert refusals(reply) == {2: "invalid"}
    assert reply["next"] == 4
    assert {id for kind, id in wei.pull() if kind == "household"} == {homes[0], homes[2]}
    assert refusals(wei.ask("POST", "/api/v1/sync", body).ok()) == {2: "invalid"}


def test_a_change_too_large_with_nul_in_its_stamp_is_refused_and_so_again(wei: Client) -> None:
    visit = new_id()
    large = wei.change("visit", new_id(), {"remark": "长" * 100_000}, stamp="x\0y")
    good = wei.change("visit", visit, {"remark": "好"})
    for _ in range(2):
        body = wei.sync(large, good)
        assert refusals(body) == {1: "too_large"}
        assert body["next"] == 3
    assert ("visit", visit) in wei.pull()


# --- 10: a failure tells nothing


SECRET = "韦光荣有病"


def fail_in_words(_self: Service, *_: Any) -> Any:
    raise RuntimeError(f"cannot keep {SECRET}")


def fail_in_a_statement(self: Service, _request: Any, caller: Any) -> Any:
    with self.database.read(caller.township) as store:
        return store.sql("SELECT ? FROM no_such_table", SECRET)


def fail_with_a_cause(_self: Service, *_: Any) -> Any:
    try:
        int(SECRET)
    except ValueError as error:
        raise KeyError(SECRET) from error


@on_sqlite
@pytest.mark.parametrize("fail", [fail_in_words, fail_in_a_statement, fail_with_a_cause])
def test_what_nobody_foresaw_is_a_500_in_words_and_neither_reply_nor_log_holds_a_value(
    world: World,
    wei: Client,
    fail: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    visit = new_id()
    change = wei.change("visit", visit, {"remark": SECRET})
    with monkeypatch.context() as patch:
        patch.setattr(Service, "sync", fail)
        reply = wei.send(change)
    body = reply.error(500, "server_error")
    assert "请稍后再试" in body["message"]
    printed = "".join(capsys.readouterr())
    assert "unexpected" in printed
    for text in (printed, caplog.text, reply.data.decode()):
        for value in (SECRET, SECRET.encode("unicode_escape").decode(), visit, wei.token, change["stamp"]):
            assert value not in text
    wei.take(change)


# --- 11: a base of the other shape


@on_sqlite
def test_a_newer_apps_union_base_for_a_field_unknown_here_does_not_refuse_the_change(wei: Client) -> None:
    visit = new_id()
    first = wei.change("visit", visit, {"new_tags": ["x"], "remark": "1"})
    base = {"new_tags": {"x": [first["stamp"]]}, "remark": first["stamp"]}
    wei.take(first, wei.change("visit", visit, {"new_tags": ["x", "y"], "remark": "2"}, base))
    wei.pull()
    assert (wei.values("visit", visit)["new_tags"], wei.values("visit", visit)["remark"]) == (["x", "y"], "2")
    assert lost(wei, visit) == set()


@on_sqlite
def test_a_plain_stamp_as_the_base_of_a_union_does_not_refuse_the_change(world: World, wei: Client) -> None:
    visit = new_id()
    first = wei.change("visit", visit, {"participants": ["x"], "remark": "1"})
    base = {"participants": first["stamp"], "remark": first["stamp"]}
    wei.take(first, wei.change("visit", visit, {"participants": ["y"], "remark": "2"}, base))
    wei.pull()
    assert wei.values("visit", visit)["participants"] == ["x", "y"]  # saw nothing, so took nothing out
    assert wei.values("visit", visit)["remark"] == "2"
    assert lost(wei, visit) == set()
    world.verify()


# --- 13: many grants


@on_sqlite
def test_a_thousand_and_one_cursors_can_be_sent_back(world: World) -> None:
    person = world.person("lan", f"village:{V1}", role="party_member")
    with world.service.database.transaction() as connection:
        store = TownshipStore(world.service.database, connection, "")
        for _ in range(1000):
            store.sql(
                "INSERT INTO access_grant (township, person, scope, since) VALUES (?, ?, ?, ?)",
                TOWN, person, f"household:{new_id()}", world.now,
            )  # fmt: skip
    lan = world.phone("lan")
    given = lan.sync()["cursors"]
    assert len(given) == 1001
    assert lan.sync()["cursors"] == given


# --- 14: what is built on a refused change


@on_sqlite
@pytest.mark.parametrize("lost_reply", [False, True], ids=["in one batch", "sent again after a lost reply"])
def test_what_is_built_on_a_refused_change_makes_no_conflict_with_what_its_writer_had_seen(
    world: World, wei: Client, nong: Client, lost_reply: bool
) -> None:
    home, visit = new_id(), new_id()
    nong.take(
        nong.change("household", home, {"remark": "v0"}), nong.change("visit", visit, {"participants": ["甲", "乙"]})
    )
    wei.pull()
    refused = wei.change("household", home, {"remark": "v1", "exit_year": 1900}, wei.seen("household", home, "remark"))
    cut = wei.change(
        "visit", visit, {"participants": ["乙", "丙"], "started_at": "?"}, wei.seen("visit", visit, "participants")
    )
    if lost_reply:
        assert refusals(wei.send(refused, cut).ok()) == {1: "invalid", 2: "invalid"}
    (seen,) = wei.seen("visit", visit, "participants")["participants"]["乙"]
    built = [
        wei.change("household", home, {"remark": "v2"}, {"remark": refused["stamp"]}),
        wei.change(
            "visit", visit, {"participants": ["乙", "丙"]}, {"participants": {"乙": [seen], "丙": [cut["stamp"]]}}
        ),
    ]
    assert refusals(wei.sync(refused, cut, *built)) == {1: "invalid", 2: "invalid"}
    wei.pull()
    assert wei.values("household", home)["remark"] == "v2"
    assert sorted(wei.values("visit", visit)["participants"]) == sorted(["乙", "丙"])
    assert wei.conflicts() == []
    world.verify()


@on_sqlite
def test_what_is_built_on_a_refused_change_still_conflicts_with_what_its_writer_had_not_seen(
    world: World, wei: Client, nong: Client
) -> None:
    home = new_id()
    nong.take(nong.change("household", home, {"remark": "v0"}))
    wei.pull()
    nong.pull()
    nong.take(nong.change("household", home, {"remark": "不同"}, nong.seen("household", home, "remark")))
    refused = wei.change("household", home, {"remark": "v1", "exit_year": 1900}, wei.seen("household", home, "remark"))
    wei.sync(refused, wei.change("household", home, {"remark": "v2"}, {"remark": refused["stamp"]}))
    assert lost(wei, home) == {("remark", "不同", "v2")}
    world.verify()


# --- 15: one moment, one answer, one visit


@on_postgres
def test_a_read_on_postgresql_is_one_moment(world: World, wei: Client) -> None:
    one_moment(world, wei)


@on_sqlite
def test_a_read_on_sqlite_is_one_moment(world: World, wei: Client) -> None:
    one_moment(world, wei)


def one_moment(world: World, wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "1"}))
    with world.service.database.read(TOWN) as store:
        head = store.head()
        wei.take(wei.change("visit", visit, {"remark": "2"}), wei.change("visit", new_id(), {"remark": "3"}))
        assert store.head() == head
        assert [record.values["remark"] for record in store.fill(f"village:{V1}", "visit", "", 10)] == ["1"]
    with world.service.database.read(TOWN) as store:
        assert store.head() > head


@on_sqlite
def test_health_fails_in_words_when_the_database_does_not_answer(
    world: World, wei: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("no route to host"))

    assert wei.ask("GET", "/api/v1/health", token=None).status == 200
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "connect", down)
        wei.ask("GET", "/api/v1/health", token=None).error(500, "server_error")
    assert wei.ask("GET", "/api/v1/health", token=None).body["status"] == "ok"


@on_sqlite
def test_a_phone_that_only_pulls_was_seen(world: World, wei: Client, nong: Client) -> None:
    def unseen() -> dict[Any, Any]:
        return {d["device"]: d["days_unseen"] for d in access.list_devices(world.service.database, world.now)}

    assert unseen() == {wei.device: None, nong.device: None}
    wei.pull()
    assert unseen() == {wei.device: 0, nong.device: None}
    world.later(days=3)
    assert unseen() == {wei.device: 3, nong.device: None}
    wei.sync()
    assert unseen()[wei.device] == 0
