"""A clock that cannot be believed is corrected: never blocked, never trusted, and in no conflict with itself."""

import re
from typing import Any

import pytest

from tests.sync.world import DAY, MINUTE, V1, Client, World, make_stamp, new_id, on_sqlite, refusals

pytestmark = on_sqlite
YEAR = 365 * DAY
STAMP = re.compile(r"[0-9a-f]{12}-[0-9a-f]{4}-.+")


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    return world.cadre("nong")


@pytest.fixture
def fast(world: World) -> Client:
    """A phone whose clock is a year ahead."""
    world.person("ahead", f"village:{V1}")
    return world.phone("ahead", lead=YEAR)


def ms_of(stamp: str) -> int:
    assert STAMP.fullmatch(stamp), stamp
    return int(stamp[:12], 16)


def at(world: World, phone: Client, ahead: int) -> str:
    """A stamp just so far ahead of the moment at which the server will read the next request."""
    return make_stamp(world.now + 1 + ahead, phone.device)


# --- what is corrected


@pytest.mark.parametrize("ahead", [5 * MINUTE, 5 * MINUTE - 1, MINUTE, 0, -1, -YEAR])
def test_a_stamp_up_to_five_minutes_ahead_is_taken(world: World, wei: Client, ahead: int) -> None:
    visit = new_id()
    change = wei.change("visit", visit, {"remark": "x"})
    change["stamp"] = at(world, wei, ahead)
    wei.take(change)
    assert wei.copy["visit", visit]["stamps"] == {"remark": change["stamp"]}


@pytest.mark.parametrize("ahead", [5 * MINUTE + 1, 6 * MINUTE, DAY, 80 * YEAR])
def test_a_stamp_over_five_minutes_ahead_becomes_the_servers_time(world: World, wei: Client, ahead: int) -> None:
    visit = new_id()
    change = wei.change("visit", visit, {"remark": "x"})
    change["stamp"] = at(world, wei, ahead)
    body = wei.sync(change)
    stamp = body["restamped"]["1"]
    assert wei.copy["visit", visit]["stamps"] == {"remark": stamp}
    assert stamp.endswith("-" + wei.device)
    assert abs(ms_of(stamp) - world.now) <= 1000


def test_a_stamp_in_1970_is_taken_and_loses_to_what_stands_not_unseen(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "now"}))
    nong.take(nong.change("visit", visit, {"remark": "1970"}, stamp=make_stamp(5, nong.device)))
    nong.pull()
    assert nong.values("visit", visit)["remark"] == "now"
    (conflict,) = nong.conflicts(visit)
    assert (conflict["values"]["losing"], conflict["values"]["standing"]) == ("1970", "now")


@pytest.mark.parametrize("behind", [1, 1000, DAY, YEAR])
def test_a_stamp_not_above_its_base_is_replaced(world: World, wei: Client, nong: Client, behind: int) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "first"}))
    nong.pull()
    base = nong.seen("visit", visit, "remark")
    stamp = make_stamp(ms_of(base["remark"]) - behind, nong.device)
    body = nong.sync(nong.change("visit", visit, {"remark": "second"}, base=base, stamp=stamp))
    assert body["refused"] == []
    assert body["restamped"]["1"] > base["remark"]
    assert body["restamped"]["1"].endswith("-" + nong.device)
    nong.pull()
    assert nong.values("visit", visit)["remark"] == "second"
    assert nong.conflicts() == []


def test_a_stamp_equal_to_its_base_is_replaced(wei: Client) -> None:
    visit, stamp = new_id(), wei.stamp()
    wei.take(wei.change("visit", visit, {"remark": "a"}, stamp=stamp))
    later = wei.stamp()
    body = wei.sync(wei.change("visit", visit, {"summary": "b"}, base={"remark": later}, stamp=later))
    assert set(body["restamped"]) == {"2"}


def test_every_stamp_of_the_base_counts_also_of_fields_that_are_not_set(
    world: World, wei: Client, nong: Client
) -> None:
    visit = new_id()
    early = nong.stamp()
    wei.take(wei.change("visit", visit, {"remark": "a", "summary": "b"}))
    nong.pull()
    base = nong.seen("visit", visit, "remark", "summary")
    body = nong.sync(nong.change("visit", visit, {"remark": "c"}, base=base, stamp=early))
    assert body["restamped"]["1"] > max(base.values())


def test_a_union_base_counts_too(wei: Client, nong: Client) -> None:
    visit, early = new_id(), nong.stamp()
    wei.take(wei.change("visit", visit, {"participants": ["wei"]}))
    nong.pull()
    base = nong.seen("visit", visit, "participants")
    body = nong.sync(nong.change("visit", visit, {"participants": ["wei", "nong"]}, base=base, stamp=early))
    assert body["restamped"]["1"] > base["participants"]["wei"][0]
    nong.pull()
    assert sorted(nong.values("visit", visit)["participants"]) == ["nong", "wei"]
    assert nong.copy["visit", visit]["stamps"]["participants"]["nong"] == [body["restamped"]["1"]]


def test_new_stamps_are_all_different_and_in_order(fast: Client) -> None:
    body = fast.sync(*(fast.change("visit", new_id(), {"remark": "x"}) for _ in range(50)))
    stamps = [body["restamped"][str(n)] for n in range(1, 51)]
    assert sorted(set(stamps)) == stamps


def test_the_log_keeps_the_stamp_that_was_sent(world: World, fast: Client) -> None:
    change = fast.change("visit", new_id(), {"remark": "x"})
    new = fast.sync(change)["restamped"]["1"]
    assert world.sql("SELECT stamp, sent_stamp FROM changes") == [(new, change["stamp"])]


# --- a fast clock and itself


def chain(phone: Client, visit: str, words: list[str]) -> list[dict[str, Any]]:
    """Changes of one field, each on the one before, all in the phone's own wrong time."""
    changes: list[dict[str, Any]] = []
    for word in words:
        base = {"remark": changes[-1]["stamp"]} if changes else {}
        changes.append(phone.change("visit", visit, {"remark": word}, base=base))
    return changes


@pytest.mark.parametrize("cut", range(1, 6))
def test_chained_changes_of_a_fast_clock_have_no_conflict_with_themselves(world: World, fast: Client, cut: int) -> None:
    visit = new_id()
    changes = chain(fast, visit, ["a", "b", "c", "d", "e"])
    told: dict[str, str] = {}
    for start in range(0, 5, cut):
        told |= fast.sync(*changes[start : start + cut])["restamped"]
        world.later(minutes=1)
    assert told.keys() == {"1", "2", "3", "4", "5"}
    assert sorted(told.values()) == [told[str(n)] for n in range(1, 6)]
    fast.pull()
    assert fast.values("visit", visit)["remark"] == "e"
    assert fast.copy["visit", visit]["stamps"]["remark"] == told["5"]
    assert fast.conflicts() == []


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_chained_unions_of_a_fast_clock_keep_what_was_removed_removed(fast: Client, cut: int) -> None:
    visit = new_id()
    lists = [["a"], ["a", "b"], ["b"], ["b", "c"]]
    held: dict[str, list[str]] = {}
    changes: list[dict[str, Any]] = []
    for listed in lists:
        changes.append(fast.change("visit", visit, {"participants": listed}, base={"participants": dict(held)}))
        held = {one: held.get(one) or [changes[-1]["stamp"]] for one in listed}
    for start in range(0, 4, cut):
        assert fast.sync(*changes[start : start + cut])["refused"] == []
    fast.pull()
    assert sorted(fast.values("visit", visit)["participants"]) == ["b", "c"]
    assert fast.conflicts() == []


def test_a_base_that_names_the_old_stamp_is_read_as_the_new_one_days_later(world: World, fast: Client) -> None:
    visit = new_id()
    first, second = chain(fast, visit, ["a", "b"])
    fast.sync(first)
    world.later(days=20)
    assert fast.sync(second)["refused"] == []
    fast.pull()
    assert fast.values("visit", visit)["remark"] == "b"
    assert fast.conflicts() == []


def test_a_clock_put_right_again_writes_on_without_a_conflict(world: World, fast: Client) -> None:
    visit = new_id()
    (first,) = chain(fast, visit, ["ahead"])
    fast.sync(first)
    fast.lead, fast._last = 0, (0, 0)
    body = fast.sync(fast.change("visit", visit, {"remark": "right"}, base={"remark": first["stamp"]}))
    assert body["restamped"] == {} or body["restamped"]["2"].endswith(fast.device)
    fast.pull()
    assert fast.values("visit", visit)["remark"] == "right"
    assert fast.conflicts() == []


def test_a_clock_set_back_between_two_edits_has_no_conflict_with_itself(world: World, wei: Client) -> None:
    visit = new_id()
    first = wei.change("visit", visit, {"remark": "noon"})
    second = wei.change(
        "visit",
        visit,
        {"remark": "after"},
        base={"remark": first["stamp"]},
        stamp=make_stamp(world.now - DAY, wei.device),
    )
    assert wei.sync(first, second)["restamped"].keys() == {"2"}
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "after"
    assert wei.conflicts() == []


def test_one_writers_own_line_has_no_conflict_even_without_a_base(wei: Client) -> None:
    visit = new_id()
    for word in ("a", "b", "c"):
        wei.take(wei.change("visit", visit, {"remark": word}))
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "c"
    assert wei.conflicts() == []


def test_a_fast_clock_does_not_overrule_who_wrote_later(world: World, fast: Client, nong: Client) -> None:
    visit = new_id()
    fast.sync(fast.change("visit", visit, {"remark": "ahead"}))
    nong.pull()
    nong.take(nong.change("visit", visit, {"remark": "later"}, base=nong.seen("visit", visit, "remark")))
    fast.pull()
    assert fast.values("visit", visit)["remark"] == "later"
    assert fast.conflicts() == []


@pytest.mark.parametrize("times", [1, 4])
def test_a_batch_sent_again_gets_the_same_new_stamps_and_writes_nothing(world: World, fast: Client, times: int) -> None:
    changes = chain(fast, new_id(), ["a", "b", "c"])
    first = fast.send(*changes).ok()["restamped"]
    log = world.log()
    for _ in range(times):
        world.later(days=1)
        assert fast.sync(*changes)["restamped"] == first
    assert world.log() == log


# --- the server's own clock stays its own


def test_a_base_from_the_end_of_time_does_not_carry_the_server_away(world: World, wei: Client, nong: Client) -> None:
    """Never trusted: a base is the sender's word, and no stamp the server gives may follow it into the future."""
    visit = new_id()
    for base in (
        make_stamp(world.now + 80 * YEAR, "nobody"),
        "ffffffffffff-ffff-nobody",
        "ffffffffffff-fffe-" + wei.device,
    ):
        body = wei.sync(wei.change("visit", visit, {"remark": base}, base={"remark": base}))
        for stamp in body["restamped"].values():
            assert ms_of(stamp) <= world.now + 5 * MINUTE
    body = nong.sync(nong.change("visit", new_id(), {"remark": "x"}, stamp=make_stamp(world.now + YEAR, nong.device)))
    assert ms_of(body["restamped"]["1"]) <= world.now + 5 * MINUTE
    newest = world.sql("SELECT max(stamp) FROM changes WHERE refusal IS NULL")[0][0]
    assert ms_of(newest) <= world.now + 5 * MINUTE


def test_a_union_base_from_the_end_of_time_does_not_either(world: World, wei: Client) -> None:
    base = {"participants": {"x": ["ffffffffffff-fffe-nobody"]}}
    wei.sync(wei.change("visit", new_id(), {"participants": ["y"]}, base=base))
    body = wei.sync(wei.change("visit", new_id(), {"remark": "x"}, stamp=make_stamp(world.now + YEAR, wei.device)))
    assert ms_of(body["restamped"]["2"]) <= world.now + 5 * MINUTE


def test_what_follows_a_refused_change_of_a_fast_clock_gets_the_servers_time(world: World, fast: Client) -> None:
    visit = new_id()
    first = fast.change("visit", visit, {"remark": "a", "started_at": "soon"})
    second = fast.change("visit", visit, {"remark": "b"}, base={"remark": first["stamp"]})
    third = fast.change("visit", visit, {"remark": "c"}, base={"remark": second["stamp"]})
    body = fast.sync(first, second, third)
    assert refusals(body) == {1: "invalid"}
    assert set(body["restamped"]) == {"2", "3"}
    for stamp in body["restamped"].values():
        assert abs(ms_of(stamp) - world.now) <= 1000
    fast.pull()
    assert fast.values("visit", visit)["remark"] == "c"
    assert fast.conflicts() == []


def test_a_write_five_minutes_ahead_can_be_answered_at_once(world: World, wei: Client, nong: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "a"}, stamp=make_stamp(world.now + 4 * MINUTE, wei.device)))
    nong.pull()
    base = nong.seen("visit", visit, "remark")
    body = nong.sync(nong.change("visit", visit, {"remark": "b"}, base=base, stamp=make_stamp(world.now, nong.device)))
    assert body["restamped"]["1"] > base["remark"]
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "b"
    assert wei.conflicts() == []


def test_a_clock_jumping_both_ways_loses_nothing_and_stores_no_future(world: World, wei: Client) -> None:
    visit, last = new_id(), None
    for turn, ms in enumerate((0, 10 * YEAR, -10 * YEAR, 0, 70 * YEAR, -48 * YEAR, 0)):
        stamp = make_stamp(max(world.now + ms, 1), wei.device, turn)
        base = {"remark": last} if last else {}
        body = wei.sync(wei.change("visit", visit, {"remark": str(turn)}, base=base, stamp=stamp))
        assert body["refused"] == []
        last = body["restamped"].get(str(turn + 1), stamp)
        assert ms_of(last) <= world.now + 5 * MINUTE
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "6"
    assert wei.conflicts() == []


# --- whose stamp it is


def test_a_stamp_in_somebody_elses_name_is_refused(wei: Client, nong: Client) -> None:
    body = wei.sync(wei.change("visit", new_id(), {"remark": "x"}, stamp=nong.stamp()))
    assert refusals(body)[1] in ("invalid", "forbidden")


@pytest.mark.parametrize("device", ["desk-451422103", "desk-451422101", "desk-", "desk"])
def test_a_stamp_in_the_desks_name_is_refused(world: World, wei: Client, device: str) -> None:
    world.at_the_gate(lambda gate, writer: gate.write(writer, "campaign", new_id(), {"name": "大走访"}))
    body = wei.sync(wei.change("visit", new_id(), {"remark": "x"}, stamp=make_stamp(world.now, device)))
    assert device in ("desk", "desk-") or refusals(body)[1] in ("invalid", "forbidden")


def test_a_stamp_of_ones_other_phone_is_taken(world: World, wei: Client) -> None:
    old = wei.stamp()
    phone = world.phone("wei")
    assert phone.sync(phone.change("visit", new_id(), {"remark": "x"}, stamp=old))["refused"] == []


def test_the_same_stamp_under_a_new_number_is_the_same_write(world: World, wei: Client) -> None:
    visit, stamp = new_id(), wei.stamp()
    wei.take(wei.change("visit", visit, {"remark": "x"}, stamp=stamp))
    again = wei.take(wei.change("visit", visit, {"remark": "x"}, stamp=stamp))
    assert again["next"] == 3
    wei.pull()
    assert wei.copy["visit", visit]["stamps"] == {"remark": stamp}
    assert wei.conflicts() == []
