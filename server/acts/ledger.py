"""The township's round of its ledger: long overdue problems climb a tier, and places that slipped back get their one problem.

Run every night by `schedule`, or by hand with `ruhu problems round`. Promises: everything passes the gate as the township's own change, and
running it twice does nothing twice, for each step's id follows from what it is about. Leaves to others: when it climbs and what counts
as a rebound (`shared.rules`).
"""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid5

from server.acts.desk import desk_writer
from server.reports.book import read_book
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.hlc import milliseconds_of
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
    """A record the round is to write; `does` says to which problem what, empty where another write says it."""

    kind: str
    id: str
    village: str | None
    household: str | None
    values: dict[str, Any]
    does: str = ""
    problem: str = ""

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)


@dataclass(slots=True)
class Round:
    """What a round did, by problem's id: `climbed` a tier, `opened` or `reopened` for a place that slipped back. `refused` could not be
    written, which keeps none of the others from theirs.
    """

    climbed: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        return {name: ids for name, ids in asdict(self).items() if ids or name != "refused"}

    def add(self, other: "Round") -> None:
        """Take another township's round in."""
        for name, ids in asdict(other).items():
            getattr(self, name).extend(ids)


def townships(database: Database) -> list[str]:
    """The townships that have any records."""
    with database.engine.connect() as connection:
        found = TownshipStore(database, connection, "").sql("SELECT township FROM township_counter ORDER BY 1")
    return [code for (code,) in found]


def go_round(database: Database, township: str, now: int | None = None) -> Round:
    """One round of one township. `now` in ms since 1970."""
    moment = now_ms() if now is None else now
    with database.read(township) as store:
        if not _plan(store, moment):
            return Round()  # most nights most townships: no lock is taken for nothing

    def work(store: TownshipStore) -> Round:
        done = Round()
        gate = Gate(database.kinds, store, lambda: moment)
        writer = desk_writer(township, SYSTEM, "round")
        writes = _plan(store, moment)
        homes = store.load(Key(database.kinds.household, write.household) for write in writes if write.household)
        lies_in = {key.id: home.village for key, home in homes.items()}
        refused: dict[str, None] = {}
        for write in writes:
            village = lies_in.get(write.household or "", write.village)  # a household brings its own village
            if village not in store.villages():  # one that is no more: its problems wait for the desk
                refused[write.problem] = None
                continue
            place = {"village": village, "household": write.household}
            row = gate.write(writer, write.kind, write.id, write.values, **place)
            if row.refusal:
                refused[write.problem] = None
            elif write.does:
                getattr(done, write.does).append(write.problem)
        done.refused = list(refused)
        gate.close()
        return done

    return database.write(township, work)


def _plan(store: TownshipStore, now: int) -> list[Write]:
    """What is to be written that is not there yet, not even removed: what the desk took off stays off."""
    book = read_book(store, _NEEDED)
    steps: dict[str, list[Entry]] = {}
    for step in book.steps:
        steps.setdefault(step.values.get("problem") or "", []).append(step)
    standings = {p.id: _stand(p, steps.get(p.id, []), book) for p in book.problems}
    writes: list[Write] = []
    for problem in book.problems:
        rules = policy_of_problem(problem, book.policies).problems
        found = climb(problem, standings[problem.id], rules, now)
        if found:
            writes.append(_step(problem, found[0], found[1], now, "climbed"))
    removed = {entry.id: entry for entry in store.entries("problem", (), removed=True)}
    writes += _rebounds(book, standings, removed, now)
    there = store.load(write.key for write in writes)
    return [write for write in writes if write.key not in there]


def _stand(problem: Entry, steps: list[Entry], book: Book) -> Standing:
    return stand(problem, steps, policy_of_problem(problem, book.policies).problems)


def _step(problem: Entry, id_: str, values: dict[str, Any], now: int, does: str = "") -> Write:
    signed = {"problem": problem.id, "at": iso(now), "by_name": SYSTEM, "by_tier": "township", **values}
    return Write("problem_step", id_, problem.village, problem.household, signed, does, problem.id)


def _rebounds(book: Book, standings: dict[str, Standing], removed: dict[str, Entry], now: int) -> list[Write]:
    """One problem for each target that slipped back and has not passed since: a new one, or the old one opened again."""
    problems = {problem.id: problem for problem in book.problems}
    writes: list[Write] = []
    for target, line in cleanup.lines(book.checks, book.policies, now).items():
        shows = cleanup.standing_rebound(line)
        if shows is None:
            continue
        checked, earlier = milliseconds(shows.entry.values["checked_at"]), 0
        while True:
            id_ = cleanup.rebound_problem(target, earlier)
            if id_ in removed:
                if milliseconds_of(removed[id_].last) >= checked:
                    break  # the desk saw this rebound and took its problem off
            elif id_ not in problems:
                writes += _open(id_, target, shows, book, now)
                break
            elif standings[id_].open or (standings[id_].over_at or 0) >= checked:
                break  # it is being dealt with, or was after this check
            elif _may_reopen(problems[id_], standings[id_], book, now):
                again = str(uuid5(_STEPS, f"{id_}/{shows.entry.id}"))
                values = {"step": "reopened", "reason": "环境再次反弹 / it slipped back again"}
                writes.append(_step(problems[id_], again, values, now, "reopened"))
                break
            earlier += 1
    return writes


def _may_reopen(problem: Entry, standing: Standing, book: Book, now: int) -> bool:
    days = policy_of_problem(problem, book.policies).problems.reopen_days
    return standing.over_at is not None and days_between(day_of(standing.over_at), day_of(now)) <= days


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
        Write("problem", id_, entry.village, household, values, "opened", id_),
        _step(problem, reported, {"step": "reported"}, now),
    ]
