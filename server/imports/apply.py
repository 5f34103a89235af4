"""Writes a roster that was read into the township, through the gate like everybody else.

Promises: importing again never overwrites a cadre's correction, and a workbook changed against one makes a conflict that
holds both; the same file again writes nothing at all; a dry run gives the same report. Works in chunks of households, one
transaction each, so that phones can sync in between; an import that was cut short is simply run again.
Leaves to others: reading the workbook (`roster`), what is to be written (`plan`), joining the words (the gate).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from server import audit
from server.audit import Actor
from server.imports.area_store import village_names
from server.imports.plan import ChunkStore, Imported, Numbers, Plan, Planner, earlier_numbers
from server.imports.roster import HouseholdRow, Roster, read_roster
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.grants import TOWNSHIP, Grant
from shared.sync.gate import Gate, Writer, desk_device

__all__ = ["Imported", "RosterImportError", "apply_roster", "import_roster"]

CHUNK = 200
"""Households a transaction."""


class RosterImportError(Exception):
    """The roster can't be written; the message (Chinese / English) says why. Chunks before it are kept."""


def import_roster(
    database: Database,
    township: str,
    path: Any,
    *,
    person: str,
    by: str,
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    now: Callable[[], int] = now_ms,
    door: str = "import",
) -> Imported:
    """Read the workbook at `path` and write it. `person` is the id and `by` the name of whoever the log shall name; `door` is by
    which door they came in, for the audit trail.

    `progress` is called with ("read", rows done, rows in all), then ("write", households done, households in all).
    UnknownTownshipError, WorkbookError or RosterImportError in words.
    """

    def told(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(stage, done, total) if progress else None

    roster = read_roster(path, village_names(database, township), progress=told("read"))
    return apply_roster(
        database, township, roster, person=person, by=by, dry_run=dry_run, progress=told("write"), now=now, door=door
    )


def apply_roster(
    database: Database,
    township: str,
    roster: Roster,
    *,
    person: str,
    by: str,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    now: Callable[[], int] = now_ms,
    door: str = "import",
) -> Imported:
    """Write a roster that was read. `progress` is called with (households done, households in all)."""
    with database.read(township) as store:
        _check_villages(roster, store.villages())
        earlier = earlier_numbers(store, database.kinds.household)
    writer = Writer(desk_device(township), person, by, frozenset({"desk"}), (Grant(TOWNSHIP, township),), via="import")
    run = _Run(database, writer, now, earlier)
    report = Imported(warnings=list(roster.warnings), rejected=list(roster.rejected))
    total = len(roster.households)
    for start in range(0, total, CHUNK):
        rows = roster.households[start : start + CHUNK]
        if dry_run:
            with database.read(township) as store:
                plan = run.plan(ChunkStore(database, store), rows)
        else:
            plan = database.write(township, partial(run.write, rows=rows))
        run.claimed = plan.claimed
        report.add(plan.report)
        if progress:
            progress(start + len(rows), total)
    if not dry_run:
        counts = {word: asdict(getattr(report, word)) for word in ("households", "members")}
        with database.transaction() as connection:
            store = TownshipStore(database, connection, township)
            audit.write(store, Actor(person, by, door), "roster_import", now(), details=_flat(counts))
    return report


def _flat(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {f"{word}_{what}": count for word, tally in counts.items() for what, count in tally.items() if count}


def _check_villages(roster: Roster, villages: Mapping[str, str]) -> None:
    strange = sorted({row.village for row in roster.households} - villages.keys())
    if strange:
        raise RosterImportError(
            f"这些村不在本乡镇：{'、'.join(strange)} / Villages outside this township: {', '.join(strange)}"
        )


@dataclass
class _Run:
    """One import under way. `claimed`: the records that the chunks committed so far are about."""

    database: Database
    writer: Writer
    now: Callable[[], int]
    earlier: Numbers
    claimed: set[str] = field(default_factory=set)

    def plan(self, chunk: ChunkStore, rows: Sequence[HouseholdRow]) -> Plan:
        return Planner(self.database.kinds, chunk, self.earlier, self.claimed).plan(rows)

    def write(self, store: TownshipStore, rows: Sequence[HouseholdRow]) -> Plan:
        """Write a chunk inside the transaction. Leaves `claimed` alone: the transaction may have to be tried again."""
        chunk = ChunkStore(self.database, store)
        chunk.lock()
        plan = self.plan(chunk, rows)
        gate = Gate(self.database.kinds, chunk, self.now)
        for write in plan.writes:
            place = {"village": write.village, "household": write.household, "base": write.base}
            row = gate.write(self.writer, write.kind, write.id, write.values, **place)
            if row.refusal:
                fields = ", ".join(row.refusal.fields)
                raise RosterImportError(f"{row.refusal.message} ({write.kind} {write.id} {fields})")
        gate.close()
        return plan
