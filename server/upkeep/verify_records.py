"""What `verify` looks at record by record: the log folded anew must give what the tables hold.

`Walk` reads one township a page at a time and hands each record, with its log and its conflicts, to the checks below; each of them looks at
one promise and tells a `Check` what is wrong. Promises: a row or log entry that cannot even be read is a problem named, never a crash.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.store import Database, TownshipStore
from shared.fields import is_uuid
from shared.kind import Kind
from shared.merge import Folded, fold, same
from shared.ports import Logged
from shared.record import Key, Record
from shared.sync.conflicts import CONFLICT, conflict_id

PAGE = 500
MOST = 50
"""Problems named by one check; the rest are only counted."""


@dataclass(slots=True)
class Check:
    """One promise: what it says, how much was looked at, and what was found wrong, without anybody's words."""

    name: str
    says: str
    checked: int = 0
    problems: list[str] = field(default_factory=list)
    found: int = 0
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.found

    def wrong(self, *text: object) -> None:
        """Name a problem: where, then what."""
        self.found += 1
        if self.found <= MOST:
            self.problems.append(" ".join(map(str, text)))

    def note(self, what: str) -> None:
        """Count what is worth telling and no problem."""
        self.notes[what] = self.notes.get(what, 0) + 1

    def told(self) -> dict[str, Any]:
        more = self.found - len(self.problems)
        tail = [f"另有 {more} 处 / and {more} more"] if more else []
        return {
            "name": self.name,
            "says": self.says,
            "ok": self.ok,
            "checked": self.checked,
            "problems": self.problems + tail,
            "notes": self.notes,
        }


Report = Mapping[str, Check]


@dataclass(frozen=True, slots=True)
class Case:
    """One record with everything that bears on it. `villages` are its township's."""

    town: str
    kind: Kind
    record: Record
    history: list[Logged]
    folded: Folded
    conflicts: dict[str, Record]
    villages: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.town} {self.record.kind} {self.record.id}"

    @property
    def household(self) -> str | None:
        """The household under which the record's conflicts are filed."""
        return self.record.id if self.kind.is_household else self.record.household


# --- the checks ----------------------------------------------------------------------------------------------------


def agrees_with_log(case: Case, check: Check) -> None:
    """The fold of a record's taken changes is exactly what its row holds: values, stamps and the tangled flag."""
    check.checked += 1
    record, folded = case.record, case.folded
    if not case.history:
        check.wrong(case.name, "没有日志 / has no log")
        return
    for name in sorted(record.values.keys() | folded.values.keys()):
        if name not in record.values or name not in folded.values:
            check.wrong(case.name, name, "表与日志只有一方有值 / stands in the table or in the log only")
        elif not same(record.values[name], folded.values[name]):
            check.wrong(case.name, name, "值与日志不符 / value differs from the log")
        if record.stamps.get(name) != folded.stamps.get(name):
            check.wrong(case.name, name, "时间戳与日志不符 / stamp differs from the log")
    if record.tangled != folded.tangled:
        check.wrong(case.name, "tangled 标记与日志不符 / flag differs from the log")


def losers_have_conflicts(case: Case, check: Check) -> None:
    """Every value overwritten unseen has its conflict, telling that value and the side that stands now."""
    for lost in case.folded.lost:
        check.checked += 1
        where = f"{case.name} {lost.field} {lost.stamp}"
        row = case.conflicts.get(conflict_id(case.record.kind, case.record.id, lost.field, lost.stamp))
        if row is None:
            check.wrong(where, "被覆盖的值没有分歧记录 / overwritten unseen without a conflict")
            continue
        values = row.values
        if not same(values.get("losing"), lost.value):
            check.wrong(where, row.id, "分歧中的被替换值不符 / the conflict tells another losing value")
        if values.get("status") not in ("quiet", "open"):
            check.wrong(
                where, row.id, "分歧已了结而值仍未被看到 / the conflict is closed, yet the value is still unseen"
            )
        standing = case.record.values.get(lost.field), case.record.stamps.get(lost.field)
        if not same(values.get("standing"), standing[0]):
            check.wrong(where, row.id, "分歧中的现有值不符 / the conflict tells another standing value")


def conflicts_still_stand(case: Case, check: Check, log_of: Callable[[Record], list[Logged]]) -> None:
    """An open or quiet conflict's loser is still lost, unless a writer asked for another look; a decided one's decision is logged."""
    lost = {conflict_id(case.record.kind, case.record.id, lost.field, lost.stamp) for lost in case.folded.lost}
    for id_, row in case.conflicts.items():
        check.checked += 1
        status, name, stamp = (row.values.get(part) for part in ("status", "field", "losing_stamp"))
        where = f"{case.name} {name} {id_}"
        if status == "decided":
            if not any(stamp in logged.decides.get(str(name), ()) for logged in case.history):
                check.wrong(where, "裁定不在日志里 / decided, but the log holds no such decision")
        elif status in ("quiet", "open") and id_ not in lost and not _asked_again(log_of(row)):
            check.wrong(where, "分歧未了结，但并无被覆盖的值 / unsettled, but nothing is overwritten unseen")


def _asked_again(history: list[Logged]) -> bool:
    """Whether one of the writers asked for a settled conflict to be looked at again."""
    return any(logged.set.get("status") == "open" for logged in history)


def filed_in_its_place(case: Case, check: Check) -> None:
    """A record lies in a village that exists, where its newest log row says; its conflicts lie with it."""
    check.checked += 1
    record = case.record
    if record.village is None:
        if not case.kind.shared:
            check.wrong(case.name, "没有村 / has no village")
    elif record.village not in case.villages:
        check.wrong(case.name, record.village, "本乡镇没有这个村 / no such village in the township")
    if record.household is not None and not is_uuid(record.household):
        check.wrong(case.name, "户编号不成形 / household is no id")
    if case.history:
        newest = case.history[-1]
        if newest.village != record.village:
            check.wrong(case.name, "村与最近一次归档不符 / village differs from its newest filing")
        if newest.household != (record.id if case.kind.is_household else record.household):
            check.wrong(case.name, "户与最近一次归档不符 / household differs from its newest filing")
    for row in case.conflicts.values():
        if (row.village, row.household) != (record.village, case.household):
            check.wrong(case.name, row.id, "分歧与记录不在一处 / the conflict is filed elsewhere than its record")


def named_by_its_key(town: str, row: Record, check: Check) -> None:
    """A conflict's id follows from record, field and losing stamp, so that none is listed twice."""
    about, record, name, stamp = (row.values.get(part) for part in ("about", "record", "field", "losing_stamp"))
    if row.id != conflict_id(str(about), str(record), str(name), str(stamp)):
        check.wrong(town, CONFLICT, row.id, "编号与内容不符 / id does not follow from what it is about")


# --- the walk ------------------------------------------------------------------------------------------------------


class Walk:
    """One township's records, a page at a time. `step` is told how many rows each page held."""

    def __init__(self, database: Database, store: TownshipStore, report: Report, step: Callable[[int], None]) -> None:
        self._database = database
        self._store = store
        self._report = report
        self._step = step

    def run(self) -> None:
        for name, kind in self._database.kinds.items():
            self._logged_without_row(name)
            for page in self._pages(name):
                if name == CONFLICT:
                    self._conflicts(page)
                else:
                    self._records(kind, page)
                self._step(len(page))

    def _records(self, kind: Kind, page: list[Record]) -> None:
        histories = self._histories([record.key for record in page])
        conflicts: dict[str, dict[str, Record]] = {}
        for row in self._rows(CONFLICT, "about = ? AND record IN ??", kind.name, [record.id for record in page]):
            conflicts.setdefault(row.values["record"], {})[row.id] = row
        for record in page:
            if record.key not in histories:
                continue  # unreadable, and named as such
            history = histories[record.key]
            try:
                folded = fold(kind, (row.change for row in history))
            except Exception as error:  # a log that someone else wrote in may hold anything
                self._unreadable(record.key, error)
                continue
            about = conflicts.get(record.id, {})
            case = Case(self._store.code, kind, record, history, folded, about, self._store.villages())
            agrees_with_log(case, self._report["log_and_tables"])
            losers_have_conflicts(case, self._report["overwritten_unseen"])
            conflicts_still_stand(case, self._report["conflicts"], self._log_of)
            filed_in_its_place(case, self._report["places"])

    def _conflicts(self, page: list[Record]) -> None:
        """Conflicts by themselves: their ids, and that what they are about exists."""
        check = self._report["conflicts"]
        wanted: dict[str, list[str]] = {}
        for row in page:
            named_by_its_key(self._store.code, row, check)
            wanted.setdefault(str(row.values.get("about")), []).append(str(row.values.get("record")))
        there: set[tuple[str, str]] = set()
        for about, ids in wanted.items():
            if about in self._database.rows:
                table = self._database.rows[about].table
                found = self._store.sql(
                    f"SELECT id FROM {table} WHERE township = ? AND id IN ??", self._store.code, ids
                )
                there.update((about, id_) for (id_,) in found)
        for row in page:
            if (row.values.get("about"), row.values.get("record")) not in there:
                check.wrong(self._store.code, CONFLICT, row.id, "所指记录不存在 / is about a record that is not there")

    def _logged_without_row(self, kind: str) -> None:
        """Every record that the log has taken a change of stands in its table."""
        found = self._store.sql(
            f"SELECT DISTINCT record FROM changes c WHERE township = ? AND kind = ? AND refusal IS NULL AND repeats = 0"
            f" AND NOT EXISTS (SELECT 1 FROM {self._database.rows[kind].table} k"
            " WHERE k.township = c.township AND k.id = c.record)",
            self._store.code, kind,
        )  # fmt: skip
        for (id_,) in found:
            self._report["log_and_tables"].wrong(
                self._store.code, kind, id_, "有日志而无记录 / logged but not in its table"
            )

    # --- reading ---------------------------------------------------------------------------------------------------

    def _pages(self, kind: str) -> Iterator[list[Record]]:
        table, after = self._database.rows[kind].table, ""
        while True:
            ids = self._store.sql(
                f"SELECT id FROM {table} WHERE township = ? AND id > ? ORDER BY id LIMIT ?",
                self._store.code, after, PAGE,
            )  # fmt: skip
            if not ids:
                return
            last = str(ids[-1][0])
            yield list(self._rows(kind, "id > ? AND id <= ?", after, last))
            after = last

    def _rows(self, kind: str, where: str, *parameters: Any) -> Iterable[Record]:
        """Rows as records; one that cannot be read is named and left out."""
        rows = self._database.rows[kind]
        for row in self._store.sql(
            f"SELECT {rows.columns} FROM {rows.table} WHERE township = ? AND {where}", self._store.code, *parameters
        ):
            try:
                yield rows.to_record(row)
            except Exception as error:  # whatever a spoilt cell makes the decoder say
                self._unreadable(Key(kind, row[0]), error)

    def _histories(self, keys: list[Key]) -> dict[Key, list[Logged]]:
        """Every record's log, empty where there is none; a record whose log cannot be read is named and left out."""
        try:
            found = self._store.history(keys)
            return {key: found.get(key, []) for key in keys}
        except Exception as error:  # a spoilt row: find whose
            if len(keys) == 1:
                self._unreadable(keys[0], error)
                return {}
        return {key: rows for one in keys for key, rows in self._histories([one]).items()}

    def _log_of(self, row: Record) -> list[Logged]:
        return self._histories([row.key]).get(row.key, [])

    def _unreadable(self, key: Key, error: Exception) -> None:
        """Only the error's kind is told: its words may quote the row."""
        self._report["log_and_tables"].wrong(
            self._store.code, key.kind, key.id, f"读不懂（{type(error).__name__}）/ cannot be read"
        )
