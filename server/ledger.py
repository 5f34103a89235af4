"""The township's round of its ledger: long overdue problems climb a tier, and places that slipped back get their one problem.

Run every night by `schedule`, or by hand with `ruhu problems round`. Promises: everything passes the gate as the township's own change, and
running it twice does nothing twice, for each step's id follows from what it is about. Leaves to others: when it climbs and what counts
as a rebound (`shared.rules`).
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from server.desk import desk_writer
from server.reports.book import read_book
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.moments import day_of, days_between, iso, milliseconds
from shared.record import Key
from shared.rules import cleanup
from shared.rules.due import Book, policy_of_problem
from shared.rules.entry import Entry
from shared.rules.ledger import Standing, climb, stand
from shared.sync.gate import Gate

SYSTEM = "系统 / system"
_NEEDED = ("problem", "problem_step", "cleanup_check")
_STEPS = UUID("f7c1f1ce-7a55-5f0e-8f5a-0a9b8f0c2f61")


@dataclass(slots=True)
class Write:
    """A record the round is to write: nothing happens when it is there already."""

    kind: str
    id: str
    village: str | None
    household: str | None
    values: dict[str, Any]


@dataclass(slots=True)
class Round:
    """What a round did, by problem's id: `climbed` a tier, `opened` or `reopened` for a place that slipped back."""

    climbed: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        return {"climbed": self.climbed, "opened": self.opened, "reopened": self.reopened}


def townships(database: Database) -> list[str]:
    """The townships that have any records."""
    with database.engine.connect() as connection:
        found = TownshipStore(database, connection, "").sql("SELECT township FROM township_counter ORDER BY 1")
    return [code for (code,) in found]


def go_round(database: Database, township: str, now: int | None = None) -> Round:
    """One round of one township. `now` in ms since 1970."""
    moment = now_ms() if now is None else now
    with database.read(township) as store:
        if not _plan(read_book(store, _NEEDED), moment)[0]:
            return Round()  # most nights most townships: no lock is taken for nothing

    def work(store: TownshipStore) -> Round:
        writes, done = _plan(read_book(store, _NEEDED), moment)
        gate = Gate(database.kinds, store, lambda: moment)
        writer = desk_writer(township, SYSTEM, "round")
        there = store.load(Key(write.kind, write.id) for write in writes)
        for write in writes:
            if Key(write.kind, write.id) not in there:
                place = {"village": write.village, "household": write.household}
                row = gate.write(writer, write.kind, write.id, write.values, **place)
                if row.refusal:
                    raise RuntimeError(f"{write.kind} {write.id}: {row.refusal.code} {sorted(row.refusal.fields)}")
        gate.close()
        return done

    return database.write(township, work)


def _plan(book: Book, now: int) -> tuple[list[Write], Round]:
    steps: dict[str, list[Entry]] = {}
    for step in book.steps:
        steps.setdefault(step.values.get("problem") or "", []).append(step)
    standings = {p.id: _stand(p, steps.get(p.id, []), book) for p in book.problems}
    known = {step.id for step in book.steps}
    writes: list[Write] = []
    done = Round()
    for problem in book.problems:
        rules = policy_of_problem(problem, book.policies).problems
        found = climb(problem, standings[problem.id], rules, now)
        if found and found[0] not in known:
            writes.append(_step(problem, found[0], found[1], now))
            done.climbed.append(problem.id)
    _rebounds(book, standings, now, writes, done)
    return writes, done


def _stand(problem: Entry, steps: list[Entry], book: Book) -> Standing:
    return stand(problem, steps, policy_of_problem(problem, book.policies).problems)


def _step(problem: Entry, id_: str, values: dict[str, Any], now: int) -> Write:
    signed = {"problem": problem.id, "at": iso(now), "by_name": SYSTEM, "by_tier": "township", **values}
    return Write("problem_step", id_, problem.village, problem.household, signed)


def _rebounds(book: Book, standings: dict[str, Standing], now: int, writes: list[Write], done: Round) -> None:
    """One problem for each target whose last check shows it slipped back: a new one, or the old one opened again."""
    problems = {problem.id: problem for problem in book.problems}
    for target, line in cleanup.lines(book.checks, book.policies).items():
        last = line[-1]
        if not last.rebound:
            continue
        earlier = 0
        while (id_ := cleanup.rebound_problem(target, earlier)) in problems:
            standing, problem = standings[id_], problems[id_]
            if standing.open or _settled_since(standing, last):
                break
            days = policy_of_problem(problem, book.policies).problems.reopen_days
            if standing.over_at is not None and days_between(day_of(standing.over_at), day_of(now)) <= days:
                again = str(uuid5(_STEPS, f"{id_}/{last.entry.id}"))
                reason = "环境再次反弹 / it slipped back again"
                writes.append(_step(problem, again, {"step": "reopened", "reason": reason}, now))
                done.reopened.append(id_)
                break
            earlier += 1
        else:
            writes += _open(id_, target, last, book, now)
            done.opened.append(id_)


def _settled_since(standing: Standing, last: cleanup.Checked) -> bool:
    """Whether the problem was settled after the check that shows the rebound: then this rebound was dealt with."""
    checked = milliseconds(last.entry.values["checked_at"])
    return standing.over_at is not None and standing.over_at >= checked


def _open(id_: str, target: cleanup.Target, last: cleanup.Checked, book: Book, now: int) -> list[Write]:
    entry, before = last.entry, last.prior
    why = "、".join(cleanup.REBOUNDS[code].zh for code in last.rebound)
    was = f"，上次{before.score.total:g}分" if before else ""
    place = f"{target[2]}：" if target[0] == "hamlet" else ""
    values = {
        "source": "cleanup_check",
        "category": "env",
        "description": f"{place}环境反弹（{why}）：{last.day}检查{last.score.total:g}分{was}",
        "found_at": entry.values["checked_at"],
        "found_by": entry.values.get("checker") or SYSTEM,
        "tier": "household" if target[0] == "household" else "village",
        "policy_version": book.policies.of(entry.values, last.day).version,
    }
    household = entry.household if target[0] == "household" else None
    problem = Entry("problem", id_, entry.village, household, values)
    reported = str(uuid5(_STEPS, f"{id_}/reported"))
    return [
        Write("problem", id_, entry.village, household, values),
        _step(problem, reported, {"step": "reported"}, now),
    ]
