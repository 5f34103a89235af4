"""What a phone keeps, in one SQLite file: the server's copies, the outbox with its kept changes, drafts, the to-mend list.

Promises: the PhoneStore of `shared.sync.phone` and, over the server's copies, the Records of `shared.ports`.
Leaves to others: how a word reaches the disk and survives (`disk`), what any of it means (`notebook`, `shared.sync`), sealing it (`vault`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobile.disk import BALLAST_BYTES, Disk
from shared.kind import REMOVED
from shared.record import Key, Record, stamps_of
from shared.rules.due import NEEDS
from shared.rules.entry import Entry
from shared.sync.phone import Copy, Enrolment, Mend, Written

_FIRST = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, village TEXT, household TEXT,
    stamp TEXT NOT NULL, document TEXT NOT NULL, acknowledged INTEGER, refused INTEGER NOT NULL
);
CREATE INDEX changes_by_record ON changes (kind, id);
CREATE INDEX changes_unsent ON changes (number) WHERE acknowledged IS NULL;
CREATE TABLE copies (
    kind TEXT NOT NULL, id TEXT NOT NULL, village TEXT, household TEXT, document TEXT NOT NULL,
    highest TEXT NOT NULL, epoch TEXT, has_left INTEGER NOT NULL, stale INTEGER NOT NULL, PRIMARY KEY (kind, id)
);
CREATE INDEX copies_by_household ON copies (household, kind);
CREATE INDEX copies_left ON copies (kind, id) WHERE has_left;
CREATE TABLE grants (name TEXT PRIMARY KEY, cursor TEXT, filled INTEGER NOT NULL);
CREATE TABLE mends (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX mends_by_record ON mends (kind, id);
CREATE TABLE drafts (kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, id));
"""
_BRIEFS = """
CREATE TABLE briefs (
    kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID
"""
SCHEMAS = (_FIRST, _BRIEFS)

_CHANGE = "SELECT number, kind, id, village, household, stamp, document, acknowledged, refused FROM changes"
_COPY = "SELECT kind, id, village, household, document, has_left, stale FROM copies"


class Store(Disk):
    """One profile's memory. Every writing call belongs inside `together`, but for the drafts, which see to it themselves.

    Beside each copy stands its brief: the few fields that `needs` names for its kind, so that the rules need not read whole documents.
    """

    def __init__(
        self, folder: Path, ballast_bytes: int = BALLAST_BYTES, needs: Mapping[str, frozenset[str]] = NEEDS
    ) -> None:
        super().__init__(folder, SCHEMAS, ballast_bytes)
        self._brief_names = {kind: sorted(names) for kind, names in sorted(needs.items())}
        self._renew_briefs()

    # --- facts and the enrolment -----------------------------------------------------------------------------------

    def fact(self, name: str) -> Any:
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, _json(value))

    def enrolment(self) -> Enrolment | None:
        body = self.fact("enrolment")
        return Enrolment(**body) if body else None

    def set_enrolment(self, enrolment: Enrolment) -> None:
        self.set_fact("enrolment", asdict(enrolment))

    # --- the outbox and the kept changes ---------------------------------------------------------------------------

    def append(self, written: Written) -> None:
        """Put a change at the end of the outbox under `next_number`, which moves on."""
        self._put_change(written)
        self.set_fact("next_number", written.number + 1)

    def rewrite(self, written: Written) -> None:
        self._put_change(written)

    def _put_change(self, written: Written) -> None:
        self._run(
            "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            written.number,
            *written.key,
            written.village,
            written.household,
            written.stamp,
            _json({"set": written.set, "base": written.base}),
            written.acknowledged,
            written.refused,
        )

    def unsent(self, limit: int = -1) -> list[Written]:
        return _changes(self._rows(f"{_CHANGE} WHERE acknowledged IS NULL ORDER BY number LIMIT ?", limit))

    def count_unsent(self) -> int:
        return self._rows("SELECT count(*) FROM changes WHERE acknowledged IS NULL")[0][0]

    def unsent_keys(self) -> set[Key]:
        """Records with something unsent under them."""
        return {Key(*row) for row in self._rows("SELECT DISTINCT kind, id FROM changes WHERE acknowledged IS NULL")}

    def numbers(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM changes ORDER BY number")]

    def numbered(self, number: int) -> Written | None:
        return next(iter(_changes(self._rows(f"{_CHANGE} WHERE number = ?", number))), None)

    def of_record(self, key: Key) -> list[Written]:
        return _changes(self._rows(f"{_CHANGE} WHERE kind = ? AND id = ? ORDER BY number", *key))

    def unacknowledge(self, since: int) -> None:
        self._run("UPDATE changes SET acknowledged = NULL WHERE number >= ?", since)

    def renumber(self, pairs: Sequence[tuple[int, int]]) -> None:
        for old, new in pairs:  # by way of negative numbers, so that no two ever meet
            self._run("UPDATE changes SET number = ? WHERE number = ?", -new, old)
        self._run("UPDATE changes SET number = -number WHERE number < 0")

    def forget_kept(self, before: int) -> None:
        self._run("DELETE FROM changes WHERE acknowledged < ?", before)

    # --- the server's copies ---------------------------------------------------------------------------------------

    def copy(self, key: Key) -> Copy | None:
        rows = self._rows(f"{_COPY} WHERE kind = ? AND id = ?", *key)
        return _read_copy(rows[0]) if rows else None

    def copies(self, kind: str, household: str = "") -> list[Copy]:
        """Every copy of one kind; of one household, if given."""
        if household:
            return [_read_copy(row) for row in self._rows(f"{_COPY} WHERE household = ? AND kind = ?", household, kind)]
        return [_read_copy(row) for row in self._rows(f"{_COPY} WHERE kind = ?", kind)]

    def put_copy(self, copy: Copy) -> None:
        self._put_copies([copy])

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        """The server's copies of these records; one that the phone does not hold is left out."""
        copies = (self.copy(key) for key in keys)
        return {copy.record.key: copy.record for copy in copies if copy}

    def keep(self, records: Iterable[Record]) -> None:
        """Place records as the server sent them: ours to hold, and of the server's present history."""
        self._put_copies(Copy(record) for record in records)

    def _put_copies(self, copies: Iterable[Copy]) -> None:
        epoch = self.fact("epoch")
        for copy in copies:
            record = copy.record
            self._run(
                "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *record.key,
                record.village,
                record.household,
                _json({"values": record.values, "stamps": record.stamps}),
                max(stamps_of(record.stamps), default=""),
                epoch,
                copy.left,
                copy.stale,
            )
            self._put_brief(copy)

    def drop_copy(self, key: Key) -> None:
        self._run("DELETE FROM copies WHERE kind = ? AND id = ?", *key)
        self._run("DELETE FROM briefs WHERE kind = ? AND id = ?", *key)

    # --- briefs ----------------------------------------------------------------------------------------------------

    def briefs(self, kind: str) -> list[Entry]:
        """The server's copies of a kind in short form; removed records and such as left the phone are not among them."""
        rows = self._rows("SELECT document FROM briefs WHERE kind = ?", kind)
        return [Entry(kind, *brief) for brief in json.loads(f"[{','.join([row[0] for row in rows])}]")]

    def _put_brief(self, copy: Copy) -> None:
        record, names = copy.record, self._brief_names.get(copy.record.kind)
        if names is None:
            return
        if copy.left or record.values.get(REMOVED) is True:
            self._run("DELETE FROM briefs WHERE kind = ? AND id = ?", *record.key)
            return
        entry = Entry.of(record)
        values = {name: record.values[name] for name in names if record.values.get(name) is not None}
        brief = [entry.id, entry.village, entry.household, values, entry.first, entry.last, None, entry.timed]
        self._run("INSERT OR REPLACE INTO briefs VALUES (?, ?, ?)", *record.key, _json(brief))

    def _renew_briefs(self) -> None:
        """Make every brief anew when an app begins to need other fields."""
        wanted = {"layout": 2, "names": self._brief_names}
        if self.fact("briefs") == wanted:
            return

        def work() -> None:
            self._run("DELETE FROM briefs")
            for kind in self._brief_names:
                for copy in self.copies(kind):
                    self._put_brief(copy)
            self.set_fact("briefs", wanted)

        self.together(work)

    def places(self) -> list[tuple[Key, str | None, str | None]]:
        rows = self._rows("SELECT kind, id, village, household FROM copies")
        return [(Key(kind, id_), village, household) for kind, id_, village, household in rows]

    def copies_left(self) -> list[Key]:
        return [Key(*row) for row in self._rows("SELECT kind, id FROM copies WHERE has_left")]

    def mark_stale(self) -> None:
        self._run(
            "UPDATE copies SET stale = 1 WHERE epoch IS NOT ? AND NOT stale AND NOT EXISTS (SELECT 1 FROM changes"
            " WHERE changes.kind = copies.kind AND changes.id = copies.id AND acknowledged IS NULL)",
            self.fact("epoch"),
        )

    def highest_stamp(self) -> str | None:
        sql = "SELECT max(s) FROM (SELECT max(stamp) AS s FROM changes UNION ALL SELECT max(highest) FROM copies)"
        return self._rows(sql)[0][0] or None

    # --- grants ----------------------------------------------------------------------------------------------------

    def grants(self) -> dict[str, Any]:
        rows = self._rows("SELECT name, cursor FROM grants ORDER BY name")
        return {name: json.loads(cursor) if cursor else None for name, cursor in rows}

    def set_grants(self, cursors: Mapping[str, Any], complete: Iterable[str]) -> None:
        filled = {name for name in cursors if self.filled(name)}.union(complete)
        self._run("DELETE FROM grants")
        for name, cursor in cursors.items():
            self._run(
                "INSERT INTO grants VALUES (?, ?, ?)", name, None if cursor is None else _json(cursor), name in filled
            )

    def filled(self, grant: str) -> bool:
        """Whether this grant's first fill is complete: before that, no due list may be shown for it."""
        return bool(self._rows("SELECT 1 FROM grants WHERE name = ? AND filled", grant))

    def refill(self, grant: str) -> None:
        """Forget one grant's cursor: the next sync fills it anew, without touching the outbox."""
        self.together(lambda: self._run("UPDATE grants SET cursor = NULL WHERE name = ?", grant))

    def forget_cursors(self) -> None:
        self._run("UPDATE grants SET cursor = NULL")

    # --- the to-mend list and the drafts ---------------------------------------------------------------------------

    def add_mend(self, mend: Mend) -> None:
        taken = {row[0] for row in self._rows("SELECT number FROM mends")}
        mend.number = mend.number if mend.number not in taken else max(taken) + 1
        self.put_mend(mend)

    def put_mend(self, mend: Mend) -> None:
        self._run(
            "INSERT OR REPLACE INTO mends VALUES (?, ?, ?, ?)", mend.number, mend.kind, mend.id, _json(asdict(mend))
        )

    def mends(self) -> list[Mend]:
        return [Mend(**json.loads(row[0])) for row in self._rows("SELECT document FROM mends ORDER BY number")]

    def mends_of(self, key: Key) -> list[Mend]:
        rows = self._rows("SELECT document FROM mends WHERE kind = ? AND id = ? ORDER BY number", *key)
        return [Mend(**json.loads(row[0])) for row in rows]

    def drop_mend(self, number: int) -> None:
        self._run("DELETE FROM mends WHERE number = ?", number)

    def put_draft(self, key: Key, values: Mapping[str, Any]) -> None:
        """Keep what is typed and not yet saved, at once."""
        sql = "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)"
        self.together(lambda: self._run(sql, *key, _json(dict(values))))

    def draft(self, key: Key) -> dict[str, Any] | None:
        rows = self._rows("SELECT document FROM drafts WHERE kind = ? AND id = ?", *key)
        return json.loads(rows[0][0]) if rows else None

    def drafts(self) -> dict[Key, dict[str, Any]]:
        rows = self._rows("SELECT kind, id, document FROM drafts ORDER BY kind, id")
        return {Key(kind, id_): json.loads(document) for kind, id_, document in rows}

    def drop_draft(self, key: Key) -> None:
        self.together(lambda: self._run("DELETE FROM drafts WHERE kind = ? AND id = ?", *key))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _changes(rows: Iterable[tuple]) -> list[Written]:
    found = []
    for number, kind, id_, village, household, stamp, document, acknowledged, refused in rows:
        body = json.loads(document)
        found.append(
            Written(
                number, kind, id_, village, household, stamp, body["set"], body["base"], acknowledged, bool(refused)
            )
        )
    return found


def _read_copy(row: tuple) -> Copy:
    kind, id_, village, household, document, left, stale = row
    body = json.loads(document)
    return Copy(Record(kind, id_, village, household, body["values"], body["stamps"]), bool(left), bool(stale))
