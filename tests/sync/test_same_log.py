"""However the same changes come, once or five times, whole or cut anywhere, in whose turn: same records, same conflicts, same log.

SYNC-PEERS (e) 2 and 4. Twelve changes by two phones that keep disagreeing, cut in every way there is, into one gate in memory; a share
of those over HTTP into both databases.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count, pairwise, product
from typing import Any

import pytest

from shared.grants import Grant
from shared.hlc import format_stamp
from shared.kind import FIELD_ROLES
from shared.kinds import KINDS
from shared.record import Key
from shared.sync.conflicts import CONFLICT
from shared.sync.gate import Admitted, Gate, Writer
from shared.sync.wire import Sent
from tests.stores import MemoryTownship
from tests.sync.world import START, TOWN, V1, Client, World, new_id, on_sqlite, visit_set

CUTS = [tuple(place for place in range(1, 6) if bits >> (place - 1) & 1) for bits in range(32)]
"""Every way to cut six changes into batches: the places where a new batch begins."""
HOME, VISIT = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"


def batches(changes: Sequence[Any], cut: Sequence[int]) -> list[Sequence[Any]]:
    ends = [0, *cut, len(changes)]
    return [changes[a:b] for a, b in pairwise(ends)]


# Whose turn, from A's and B's batches in order. A device's numbers must come in order; between devices anything goes.
TURNS: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "a first": lambda a, b: [*a, *b],
    "b first": lambda a, b: [*b, *a],
    "by turns": lambda a, b: [
        x
        for i in range(max(len(a), len(b)))
        for x in (a[i : i + 1] + b[i : i + 1] if i % 2 else b[i : i + 1] + a[i : i + 1])
    ],
}


class Script:
    """Twelve changes by two phones, six each, written in turns; who wrote sees what stood when the other's last came to them."""

    def __init__(self, home: str, visit: str, a: str, b: str, start: int) -> None:
        self.home, self.visit = home, visit
        self.lines: dict[str, list[dict[str, Any]]] = {a: [], b: []}
        ticks = count(start, 7)

        def write(device: str, kind: str, id_: str, set_: dict[str, Any], base: dict[str, Any] | None = None) -> str:
            stamp = format_stamp(next(ticks), 0, device)
            line = self.lines[device]
            line.append({
                "number": len(line) + 1, "kind": kind, "id": id_, "village": V1, "household": None,
                "stamp": stamp, "set": set_, "base": base or {},
            })  # fmt: skip
            return stamp

        first = write(
            a, "household", home, {"head_name": "韦", "remark": "a1", "categories": ["key"], "needs": ["job"]}
        )
        other = write(b, "household", home, {"remark": "b1", "categories": ["poor"]}, {"categories": first})
        seen = write(a, "household", home, {"remark": "a2"}, {"remark": other})
        write(b, "household", home, {"remark": "b2", "newer": 1}, {"remark": first})  # had not seen a2
        start_a = write(a, "visit", visit, visit_set(participants=["韦"]))
        write(b, "visit", visit, visit_set(started_at="2018-09-03T10:20:00+08:00", participants=["农"]))
        write(a, "household", home, {"categories": ["disabled"], "newer": 2}, {"categories": first})
        write(b, "visit", visit, {"remark": "雨停", "participants": []}, {"participants": {"韦": [start_a]}})
        write(a, "household", home, {"removed": True}, {"head_name": first, "remark": seen})
        write(
            b,
            "household",
            home,
            {"head_name": "农", "needs": ["road"]},
            {"head_name": first, "needs": {"job": [first]}},
        )
        write(a, "visit", visit, {"remark": None}, {"remark": start_a})
        write(b, "household", home, {"remark": "b3"}, {"remark": seen})


# --- every cut, into a gate in memory -------------------------------------------------------------------------------------


def in_memory(script: Script, order: list[tuple[str, list[Sent]]]) -> tuple[Any, ...]:
    """What a township in memory makes of these batches: records, conflicts, and the phones' rows of the log."""
    town = MemoryTownship(TOWN, {V1: "百马村"})
    grants = (Grant.read(f"village:{V1}"),)
    for device, sent in order:

        def work(town: MemoryTownship, device: str = device, sent: list[Sent] = sent) -> Admitted:
            gate = Gate(KINDS, town, lambda: START)
            admitted = gate.admit(sent, Writer(device, device, device, FIELD_ROLES, grants))
            gate.close()
            return admitted

        admitted = town.write(work)
        assert not admitted.refused
        assert not admitted.restamped
    home, visit = Key("household", script.home), Key("visit", script.visit)
    records = [(key, record.values, record.stamps) for key, record in sorted(town.load([home, visit]).items())]
    conflicts = {
        row.id: row.values
        for rows in town.conflicts([home, visit]).values()
        for row in rows
        if row.values["status"] != "seen"
    }
    log = {
        device: [(r.number, r.kind, r.id, r.stamp, r.set, r.base) for r in town.log if r.device == device]
        for device in script.lines
    }
    assert all(row.kind == CONFLICT for row in town.log if row.device not in script.lines)
    return records, conflicts, log


def test_every_cut_of_twelve_changes_by_two_phones_comes_to_the_same() -> None:
    script = Script(HOME, VISIT, "phone-a", "phone-b", START - 1000)
    sent = {device: [Sent(**change) for change in line] for device, line in script.lines.items()}
    expected = in_memory(script, [("phone-a", sent["phone-a"]), ("phone-b", sent["phone-b"])])
    assert len(expected[1]) > 5
    for turn, (name, join) in enumerate(TURNS.items()):
        for place, (a, b) in enumerate(product(CUTS, CUTS)):
            if turn and place % 8:  # whose turn makes no difference to most cuts
                continue
            order = join(
                [("phone-a", part) for part in batches(sent["phone-a"], a)],
                [("phone-b", part) for part in batches(sent["phone-b"], b)],
            )
            assert in_memory(script, order) == expected, (name, a, b)


# --- over HTTP ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(world: World) -> tuple[Client, Client]:
    return world.cadre("wei"), world.cadre("nong")


def written(world: World, two: tuple[Client, Client]) -> Script:
    world.later(minutes=1)
    return Script(new_id(), new_id(), two[0].device, two[1].device, world.now - 30_000)


def outcome(world: World, script: Script) -> tuple[Any, ...]:
    """Records, conflicts and the phones' log rows, with names that are the same in every run."""
    names = {script.home: "home", script.visit: "visit"}
    starts = sorted(change["stamp"] for line in script.lines.values() for change in line)
    names |= {stamp: f"stamp {place}" for place, stamp in enumerate(starts)}
    names |= {device: f"phone {place}" for place, device in enumerate(script.lines)}

    def plain(value: Any) -> Any:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    found = [r for r in world.everything().values() if r["id"] in names or r["values"].get("record") in names]
    records = sorted(plain([r["kind"], r["id"], r["values"], r["stamps"]]) for r in found if r["kind"] != "conflict")
    conflicts = sorted(plain(r["values"]) for r in found if r["kind"] == "conflict" and r["values"]["status"] != "seen")
    log = [
        plain(list(row))
        for device in script.lines
        for row in world.sql(
            "SELECT device, number, kind, record, village, household, stamp, sent_stamp, via, written, base, decides,"
            " refusal, repeats, late FROM changes WHERE device = :device ORDER BY number",
            device=device,
        )
    ]
    return records, conflicts, log


@pytest.mark.parametrize(("world", "share"), [
    ("sqlite", 1), pytest.param("postgres", 3, marks=pytest.mark.postgres)], indirect=["world"])  # fmt: skip
def test_batches_cut_anywhere_come_to_the_same_over_http(world: World, share: int) -> None:
    expected: Any = None
    for place, cut in list(enumerate(CUTS))[::share]:
        wei, nong = world.phone_of("wei"), world.phone_of("nong")
        script = written(world, (wei, nong))
        lines = {phone: script.lines[phone.device] for phone in (wei, nong)}
        join = list(TURNS.values())[place % 3]
        other = CUTS[(place * 13 + 7) % 32]
        for phone, part in join(
            [(wei, part) for part in batches(lines[wei], cut)], [(nong, part) for part in batches(lines[nong], other)]
        ):
            phone.take(*part)
        found = outcome(world, script)
        expected = expected or found
        assert found == expected, (cut, other, place % 3)
    assert len(expected[1]) > 5
    world.verify()


def test_a_request_sent_five_times_writes_its_log_once(world: World, two: tuple[Client, Client]) -> None:
    """Each reply is lost after the commit: the phone sends the very same bytes again."""
    script = written(world, two)
    once, known = [], []
    for phone in two:
        body = json.dumps(phone.request(*script.lines[phone.device])).encode()
        replies = [phone.ask("POST", "/api/v1/sync", body).ok() for _ in range(5)]
        once.append([{n: r[n] for n in ("next", "restamped", "refused")} for r in replies])
        known.append((outcome(world, script), len(world.log())))
    assert all(answers == [answers[0]] * 5 for answers in once)
    later = (outcome(world, script), len(world.log()))
    for phone in reversed(two):  # and once more after the other's
        phone.send(*script.lines[phone.device]).ok()
    assert (outcome(world, script), len(world.log())) == later == known[-1]
    assert len(world.sql("SELECT 1 FROM changes WHERE device IN (:a, :b)", a=two[0].device, b=two[1].device)) == 12
    world.verify()


def test_a_request_sent_five_times_at_once_writes_its_log_once(world: World, two: tuple[Client, Client]) -> None:
    """The first is still under way when the phone gives up waiting and sends again."""
    from threading import Barrier, Thread

    script, (wei, _) = written(world, two), two
    body = json.dumps(wei.request(*script.lines[wei.device])).encode()
    barrier, replies = Barrier(5), []

    def send() -> None:
        barrier.wait()
        replies.append(wei.ask("POST", "/api/v1/sync", body))

    threads = [Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.ok()["next"] for reply in replies] == [7] * 5
    assert len(world.sql("SELECT 1 FROM changes WHERE device = :a", a=wei.device)) == 6
    world.verify()


def test_replies_lost_in_the_middle_and_larger_batches_afterwards_come_to_the_same(
    world: World, two: tuple[Client, Client]
) -> None:
    """A phone that never heard of its success sends all it has again, each time with one change more."""
    wei, nong = two
    plain = written(world, two)
    for phone in two:
        phone.take(*plain.lines[phone.device])
    expected = outcome(world, plain)
    wei, nong = world.phone_of("wei"), world.phone_of("nong")
    script = written(world, (wei, nong))
    for upto in range(1, 7):
        for phone in (wei, nong):
            assert phone.send(*script.lines[phone.device][:upto]).ok()["next"] == upto + 1
    assert outcome(world, script) == expected
    world.verify()


@on_sqlite
def test_a_reply_lost_and_other_words_written_since_lose_nothing(world: World, two: tuple[Client, Client]) -> None:
    wei, nong = two
    visit = new_id()
    lost = wei.change("visit", visit, {"remark": "一"})
    wei.send(lost).ok()
    nong.pull()
    nong.take(nong.change("visit", visit, {"remark": "二"}, nong.seen("visit", visit, "remark")))
    before = world.log()
    again = wei.sync(lost, wei.change("visit", visit, {"summary": "三"}))
    assert again["refused"] == []
    assert len(world.log()) == len(before) + 1
    wei.pull()
    assert wei.values("visit", visit) == {"remark": "二", "summary": "三"}
    assert wei.conflicts() == []


@pytest.fixture
def socket(world: World) -> Iterator[tuple[str, int]]:
    with world.http() as address:
        yield address


def test_a_line_cut_while_the_reply_comes_loses_nothing(
    world: World, two: tuple[Client, Client], socket: tuple[str, int]
) -> None:
    """The phone hangs up as soon as the request is out: applied or not, sending again comes to the same."""
    import http.client

    wei, _ = two
    script = written(world, two)
    body = json.dumps(wei.request(*script.lines[wei.device])).encode()
    for _ in range(5):
        connection = http.client.HTTPConnection(*socket, timeout=5)
        headers = {"Authorization": f"Bearer {wei.token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/sync", body, headers)
        connection.close()
    wei.address = socket
    assert wei.ask("POST", "/api/v1/sync", body).ok()["next"] == 7
    assert len(world.sql("SELECT 1 FROM changes WHERE device = :a", a=wei.device)) == 6
    world.verify()
