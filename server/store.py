"""The township's store: SQLite or PostgreSQL through one set of plain statements.

`Database.write` runs a unit of work on one township inside one transaction, its counter row locked first, so log positions commit in
order on both databases; `Database.read` gives a view without a lock. Promises: what `write` returned is on disk; a raised exception
leaves nothing behind. SQLite's writers queue behind one file lock, across threads and processes. Leaves to others: what a unit of work
does (`shared.sync.gate`), who may (`access`). No ORM objects here: statements are built once and rows are tuples.
"""

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from server.kept import Compute, Kept
from server.rows import Rows, from_json, to_json
from server.tables import column_name, table_name
from shared.grants import HOUSEHOLD, VILLAGE, Grant
from shared.kind import Registry
from shared.merge import DESK
from shared.ports import FeedItem, Logged
from shared.record import Key, Record
from shared.rules.entry import Entry
from shared.rules.numbers import sequence_of
from shared.sync.conflicts import CONFLICT
from shared.sync.wire import Refusal

T = TypeVar("T")
TRIES = 5
_RETRY_STATES = frozenset({"40001", "40P01"})

_LOG_COLUMNS = (
    "device, number, kind, record, village, household, stamp, sent_stamp, person, written_by, via, at,"
    " written, base, decides, refusal, repeats, late"
)
_APPEND = f"INSERT INTO changes (township, seq, {_LOG_COLUMNS}) VALUES ({', '.join('?' * 20)})"
_ADVANCE = "UPDATE township_counter SET seq = ?, last_stamp = ? WHERE township = ?"
_DEVICE = "UPDATE device SET next_number = ?, seen_at = ? WHERE township = ? AND id = ?"
_NEWEST = (
    "UPDATE device SET newest_stamp = ? WHERE township = ? AND id = ? AND (newest_stamp IS NULL OR newest_stamp < ?)"
)


def prepare_sqlite(engine: Engine) -> None:
    """Make SQLite keep what it says it kept, and begin transactions when we say so."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON",
                       "cache_size=-12288", "temp_store=MEMORY", "wal_autocheckpoint=8000"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "DEFERRED"))


class Database:
    """One database with any number of townships. Safe for threads and, with the file lock, for processes."""

    def __init__(self, engine: Engine, kinds: Registry, lock_file: Path | None, audit_key: bytes = b"") -> None:
        self.engine = engine
        self.audit_key = audit_key
        self.kept = Kept()
        self.compute: Compute | None = (
            None  # how figures over a whole township are added up aside; None does it in place
        )
        self.kinds = kinds
        self.rows = {name: Rows(kind) for name, kind in kinds.items()}
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._lock_file = lock_file
        self._lock = Lock()

    @contextmanager
    def _queue(self) -> Iterator[None]:
        """SQLite has one writer: wait in line for it instead of polling."""
        if not self.is_sqlite or self._lock_file is None:
            yield
            return
        with self._lock, self._lock_file.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction that no township's counter guards: people, grants, codes, areas."""
        with self._queue(), self.engine.connect() as connection:
            options = connection.execution_options(sqlite_begin="IMMEDIATE")
            with options.begin():
                yield options

    def write(self, township: str, work: Callable[["TownshipStore"], T]) -> T:
        """Run `work` on a township in one transaction and return its result once that is committed.

        On PostgreSQL the whole of it is tried again when two transactions got in each other's way.
        """
        for attempt in range(TRIES):
            try:
                with self.transaction() as connection:
                    store = TownshipStore(self, connection, township)
                    store.lock()
                    return work(store)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRY_STATES or attempt == TRIES - 1:
                    raise
                time.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")

    @contextmanager
    def read(self, township: str) -> Iterator["TownshipStore"]:
        """One consistent view of a township, without a lock."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield TownshipStore(self, connection, township)


class TownshipStore:
    """One township inside one transaction: `shared.ports.Township` and `shared.ports.Feeds`."""

    def __init__(self, database: Database, connection: Connection, code: str) -> None:
        self.code = code
        self.connection = connection
        self._database = database
        self.audit_key = database.audit_key
        self._seq = 0
        self._last_stamp: str | None = None

    def beside(self, township: str) -> "TownshipStore":
        """Another township's store in the same transaction."""
        return TownshipStore(self._database, self.connection, township)

    # --- statements ------------------------------------------------------------------------------------------------

    def sql(self, statement: str, *parameters: Any) -> Sequence[Any]:
        """Rows of a statement written with ``?``; each ``IN ??`` takes one list.

        Where a comment names an index SQLite is made to use it: without statistics it would rather walk through a township's whole log.
        """
        lists = [p for p in parameters if isinstance(p, list)]
        if not self._database.is_sqlite:
            statement = statement.replace("IN ??", "= ANY(%s)").replace("?", "%s")
        else:
            statement = statement.replace("/* INDEXED BY", "INDEXED BY").replace("*/", "")
        if self._database.is_sqlite and lists:
            statement = statement.replace("IN ??", "IN (SELECT value FROM json_each(?))")
            parameters = tuple(to_json(p) or "[]" if isinstance(p, list) else p for p in parameters)
        result = self.connection.exec_driver_sql(statement, parameters)
        return result.all() if result.returns_rows else ()

    def _many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        if not self._database.is_sqlite:
            statement = statement.replace("?", "%s")
        self.connection.exec_driver_sql(statement, rows)

    def lock(self) -> None:
        """Take the township's counter until the transaction ends."""
        ((self._seq, self._last_stamp),) = self.sql(
            "INSERT INTO township_counter (township, seq) VALUES (?, 0)"
            " ON CONFLICT (township) DO UPDATE SET seq = township_counter.seq RETURNING seq, last_stamp",
            self.code,
        )

    # --- records ---------------------------------------------------------------------------------------------------

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        by_kind: dict[str, list[str]] = {}
        for key in keys:
            by_kind.setdefault(key.kind, []).append(key.id)
        found: dict[Key, Record] = {}
        for kind, ids in by_kind.items():
            if kind in self._database.rows:
                for record in self._select(kind, "id IN ??", ids):
                    found[record.key] = record
        return found

    def keep(self, records: Iterable[Record]) -> None:
        by_kind: dict[str, list[Record]] = {}
        for record in records:
            by_kind.setdefault(record.kind, []).append(record)
        for kind, batch in by_kind.items():
            self._many(*self._database.rows[kind].to_rows(self.code, batch))

    def _select(self, kind: str, where: str, *parameters: Any) -> list[Record]:
        rows = self._database.rows[kind]
        found = self.sql(
            f"SELECT {rows.columns} FROM {rows.table} WHERE township = ? AND {where}", self.code, *parameters
        )
        return [rows.to_record(row) for row in found]

    def entries(
        self,
        kind: str,
        names: Iterable[str],
        *,
        removed: bool = False,
        dated: bool = False,
        ids: list[str] | None = None,
    ) -> list[Entry]:
        """Every record of a kind (or those of `ids`) that was not removed (or was), by id, with these fields only.

        `dated` tells of each when the township first had it, which takes a walk through the log.
        """
        short = self._database.rows[kind].short(names)
        which = "removed = ?" if removed else "(removed IS NULL OR removed = ?)"
        among, wanted = (" AND id IN ??", [ids]) if ids is not None else ("", [])
        rows = self.sql(
            f"SELECT {short.columns} FROM {short.table} WHERE township = ? AND {which}{among} ORDER BY id",
            self.code, removed, *wanted,
        )  # fmt: skip
        received = self._received(kind) if dated else {}
        return [short.to_entry(row, received.get(row[0])) for row in rows]

    def _received(self, kind: str) -> dict[str, int]:
        """When each record first came. The log is read from end to end: grouped by the database it would be looked up row by row."""
        statement = "SELECT record, at FROM changes WHERE township = ? AND kind = ? AND village IS NOT NULL"
        first: dict[str, int] = {}
        for record, at in self.sql(statement, self.code, kind):
            if at < first.get(record, at + 1):
                first[record] = at
        return first

    def of_household(self, household: str) -> list[Record]:
        kinds = [name for name, kind in self._database.kinds.items() if not kind.made_by_server]
        return [record for kind in kinds for record in self._select(kind, "household = ?", household)]

    def conflicts(self, keys: Iterable[Key]) -> dict[Key, list[Record]]:
        wanted = set(keys)
        about: dict[Key, list[Record]] = {}
        if wanted:
            for row in self._select(CONFLICT, "record IN ??", [key.id for key in wanted]):
                key = Key(row.values["about"], row.values["record"])
                if key in wanted:
                    about.setdefault(key, []).append(row)
        return about

    # --- the log ---------------------------------------------------------------------------------------------------

    def numbers(self, devices: Iterable[str]) -> dict[str, int]:
        wanted = list(devices)
        found = self.sql("SELECT id, next_number FROM device WHERE township = ? AND id IN ??", self.code, wanted)
        return dict.fromkeys(wanted, 1) | dict(map(tuple, found))

    def logged(self, device: str, first: int, last: int) -> dict[int, Logged]:
        rows = self._log("device = ? AND number BETWEEN ? AND ?", device, first, last)
        return {row.number: row for row in rows}

    def history(self, keys: Iterable[Key]) -> dict[Key, list[Logged]]:
        wanted = set(keys)
        where = "record IN ?? AND refusal IS NULL AND repeats = 0 ORDER BY seq"
        rows = self._log(where, [key.id for key in wanted], by="ix_changes_township_record_seq")
        found: dict[Key, list[Logged]] = {}
        for row in rows:
            if row.key in wanted:
                found.setdefault(row.key, []).append(row)
        return found

    def _log(self, where: str, *parameters: Any, by: str = "") -> list[Logged]:
        index = f"/* INDEXED BY {by} */" if by else ""
        found = self.sql(
            f"SELECT seq, {_LOG_COLUMNS} FROM changes {index} WHERE township = ? AND {where}", self.code, *parameters
        )
        return [_from_log(row) for row in found]

    def restamped(self, stamps: Iterable[str]) -> dict[tuple[str, str], str]:
        statement = (
            "SELECT record, sent_stamp, stamp FROM changes /* INDEXED BY ix_changes_sent_stamp */"
            " WHERE township = ? AND sent_stamp IS NOT NULL AND sent_stamp IN ??"
        )
        return {(record, sent): stamp for record, sent, stamp in self.sql(statement, self.code, list(stamps))}

    def newest_stamps(self, devices: Iterable[str]) -> dict[str, str]:
        statement = "SELECT id, newest_stamp FROM device WHERE township = ? AND id IN ?? AND newest_stamp IS NOT NULL"
        return dict(map(tuple, self.sql(statement, self.code, list(devices))))

    def owners(self, devices: Iterable[str]) -> dict[str, str]:
        statement = "SELECT id, person FROM device WHERE township = ? AND id IN ??"
        return dict(map(tuple, self.sql(statement, self.code, list(devices))))

    def adopt_device(self, device: str, person: str) -> None:
        self.sql(
            "INSERT INTO device (township, id, person, name, platform, app, next_number, enrolled_at)"
            " VALUES (?, ?, ?, '', '', '', 1, 0) ON CONFLICT (township, id) DO NOTHING",
            self.code, device, person,
        )  # fmt: skip

    def places(self, key: Key, since: int) -> set[tuple[str | None, str | None]]:
        statement = (
            "SELECT DISTINCT village, household FROM changes /* INDEXED BY ix_changes_township_record_seq */"
            " WHERE township = ? AND record = ? AND kind = ? AND at >= ?"
        )
        found = self.sql(f"{statement} AND village IS NOT NULL", self.code, key.id, key.kind, since)
        return {(village or None, household) for village, household in found}

    def villages(self) -> Mapping[str, str]:
        return self._villages

    @cached_property
    def _villages(self) -> dict[str, str]:
        statement = "SELECT code, name FROM area WHERE parent = ? AND level = 'village'"
        return dict(map(tuple, self.sql(statement, self.code)))

    def last_number(self, kind: str, village: str, prefix: str) -> int:
        declared = self._database.kinds[kind]
        column = column_name(declared.numbered)
        found = self.sql(
            f"SELECT {column} FROM {table_name(declared)} WHERE township = ? AND village = ? AND {column} LIKE ?",
            self.code, village, f"{prefix}%",
        )  # fmt: skip
        return max((sequence_of(number, prefix) for (number,) in found), default=0)

    def last_stamp(self) -> str | None:
        return self._last_stamp

    def append(self, rows: Sequence[Logged], last_stamp: str) -> None:
        kinds = self._database.kinds
        self._many(_APPEND, [self._to_log(row, seq, kinds) for seq, row in enumerate(rows, self._seq + 1)])
        self._seq += len(rows)
        self._last_stamp = last_stamp
        self.sql(_ADVANCE, self._seq, last_stamp, self.code)
        ends = {row.device: row for row in sorted(rows, key=lambda row: row.number)}
        for device, row in ends.items():
            if device.startswith(DESK):
                self.adopt_device(device, "")
            self.sql(_DEVICE, row.number + 1, row.at, self.code, device)
        newest: dict[str, str] = {}
        for row in rows:
            if row.refusal is None and row.stamp > newest.get(row.stamp[18:], ""):
                newest[row.stamp[18:]] = row.stamp
        for device, stamp in newest.items():
            self.sql(_NEWEST, stamp, self.code, device, stamp)

    def _to_log(self, row: Logged, seq: int, kinds: Registry) -> tuple[Any, ...]:
        village: str | None = None
        household: str | None = None
        if row.refusal is None and not row.repeats:
            village = row.village or ""
            kind = kinds.get(row.kind)
            household = row.id if kind is not None and kind.is_household else row.household
        return (
            self.code, seq, row.device, row.number, row.kind, row.id, village, household,
            row.stamp, row.sent_stamp if row.sent_stamp != row.stamp else None,
            row.person, row.by, row.via, row.at,
            to_json(row.set), to_json(row.base), to_json(row.decides),
            to_json(row.refusal.wire(row.number)) if row.refusal else None, int(row.repeats), int(row.late),
        )  # fmt: skip

    # --- feeds -----------------------------------------------------------------------------------------------------

    def head(self) -> int:
        found = self.sql("SELECT seq FROM township_counter WHERE township = ?", self.code)
        return int(found[0][0]) if found else 0

    def feed(self, grant: str, after: int, limit: int) -> list[FeedItem]:
        scope = Grant.read(grant)
        if scope.scope == VILLAGE:
            parts, parameters = ["village = ?", "village = ''"], [[scope.value], []]
        elif scope.scope == HOUSEHOLD:
            parts, parameters = ["household = ? AND village <> ''", "village = ''"], [[scope.value], []]
        else:
            parts, parameters = ["village IS NOT NULL"], [[]]
        selects = [
            f"SELECT * FROM (SELECT seq, kind, record FROM changes WHERE township = ? AND {part} AND seq > ?"
            " ORDER BY seq LIMIT ?) AS part"
            for part in parts
        ]
        values = [v for given in parameters for v in (self.code, *given, after, limit)]
        found = self.sql(f"{' UNION ALL '.join(selects)} ORDER BY seq LIMIT ?", *values, limit)
        return [(seq, Key(kind, record)) for seq, kind, record in found]

    def fill(self, grant: str, kind: str, after: str, limit: int) -> list[Record]:
        scope = Grant.read(grant)
        declared = self._database.kinds[kind]
        tail = "id > ? ORDER BY id LIMIT ?"
        if scope.scope not in (VILLAGE, HOUSEHOLD):
            return self._select(kind, tail, after, limit)
        if scope.scope == HOUSEHOLD and declared.is_household:
            own = self._select(kind, f"id = ? AND {tail}", scope.value, after, limit)
        else:
            own = self._select(kind, f"{scope.scope} = ? AND {tail}", scope.value, after, limit)
        if declared.shared or declared.made_by_server:
            own += self._select(kind, f"village = '' AND {tail}", after, limit)
            own = sorted({record.id: record for record in own}.values(), key=lambda record: record.id)[:limit]
        return own


def _from_log(row: Any) -> Logged:
    (seq, device, number, kind, record, village, household, stamp, sent_stamp, person, by, via, at,
     written, base, decides, refusal, repeats, late) = row  # fmt: skip
    told = from_json(refusal)
    return Logged(
        device, number, kind, record, village or None, household, stamp, sent_stamp or stamp, person, by, via, at,
        from_json(written), from_json(base), from_json(decides),
        Refusal(told["code"], told["message"], told["fields"]) if told else None, bool(repeats), bool(late), seq,
    )  # fmt: skip
