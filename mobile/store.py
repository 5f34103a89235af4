"""What a phone keeps, in one SQLite file: the server's copies, the outbox with its kept changes, drafts, the to-mend list,
and what is known of its photos.

Promises: the PhoneStore of `shared.sync.phone` and, over the server's copies, the Records of `shared.ports`; every document and every fact
goes through the seal before SQL sees it, clear are only kinds, ids, places, states, stamps, numbers and cursors; what is unsent stands in the
journal too, from before its commit. Leaves to others: how a word reaches the disk and survives (`disk`), what any of it means
(`notebook`, `shared.sync`), sealing (`vault`, `journal`).
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobile.briefs import Briefs
from mobile.disk import BALLAST_BYTES, Disk, ProfileUnusable, StorageFull
from mobile.journal import Journal, JournalFailed
from mobile.photo_files import PhotoFiles
from mobile.vault import CLEAR, Sealing, Unsealable
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
_PHOTOS = """
CREATE TABLE photos (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL, state TEXT NOT NULL, document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX photos_by_record ON photos (kind, record);
CREATE INDEX photos_by_state ON photos (state)
"""
SCHEMAS = (_FIRST, _BRIEFS, _PHOTOS)

_DOCUMENTS = (
    ("facts", "value", ("name",)),
    ("changes", "document", ("kind", "id", "stamp")),
    ("copies", "document", ("kind", "id")),
    ("mends", "document", ("number",)),
    ("drafts", "document", ("kind", "id")),
    ("briefs", "document", ("kind", "id")),
    ("photos", "document", ("id",)),
)
"""Table, column, and what names the row to the seal. A change is named by its stamp: its number may change under it."""
SWEPT = "swept"
UNFINISHED = (
    "手机存储可能已满，整理没有做完，内容都在；请删除一些照片或应用后再打开一次。"
    " / Storage may be full and some tidying is not done. Nothing is lost: free some space, then open this again."
)
SET_ASIDE = (
    "手机里最近写的 {n} 条可能没有存好，请看看最后写的内容还在不在；密封的副本已另存，少了什么请联系乡镇办公室。"
    " / {n} changes written last may be missing: see whether your last words are there. A sealed copy is kept; call the desk if not."
)

PhotoRow = tuple[str, Key, str, dict[str, Any]]
"""Id, record, state, and the rest."""

log = logging.getLogger(__name__)

_PHOTO = "SELECT id, kind, record, state, document FROM photos"
_CHANGE = "SELECT number, kind, id, village, household, stamp, document, acknowledged, refused FROM changes"
_COPY = "SELECT kind, id, village, household, document, has_left, stale FROM copies"


class Store(Disk):
    """One profile's memory. Every writing call belongs inside `together`, but for the drafts, which see to it themselves.

    Beside each copy stands its brief: the few fields that `needs` names for its kind, so that the rules need not read whole documents.
    `seal` opens and closes what is kept; a profile that was clear until now is sealed at once. PinNeeded when it is sealed and no seal is given.
    """

    def __init__(
        self,
        folder: Path,
        ballast_bytes: int = BALLAST_BYTES,
        needs: Mapping[str, frozenset[str]] = NEEDS,
        seal: Sealing = CLEAR,
    ) -> None:
        super().__init__(folder, SCHEMAS, ballast_bytes)
        self.photo_files = PhotoFiles(folder, seal)
        self._brief_names = {kind: sorted(names) for kind, names in sorted(needs.items())}
        self._briefs = Briefs()
        self.appended = 0
        """How many changes were put into the outbox since it was opened: when it stands still, nothing was written."""
        self._seal: Sealing = seal
        self._damaged_photos = 0
        try:
            self._journal = _open_journal(folder)
            if seal is not CLEAR and self._is_clear():
                self._seal = self.photo_files.seal = CLEAR
                self.seal_all(seal)
            self._renew_briefs()
            self._settle_in()
        except BaseException:
            self.close()
            raise

    def _settle_in(self) -> None:
        """Finish what a kill, or an app of another version, left undone. A full disk may keep it waiting, but nobody out."""
        if self.fact(SWEPT) is False:
            self._sweep()
        try:
            lost = self._journal.set_aside(self.fact("next_number") or 1)
            if lost:
                log.warning("%d lines of the journal are unknown to the database", lost)
                self.notice = SET_ASIDE.format(n=lost)
            if self._journal.has_spare or self._journal.numbers != self._unsent_numbers():
                self.together(self._journal.renew)
            self._journal.keep_address(self.enrolment())
        except (StorageFull, JournalFailed, OSError) as error:
            log.warning("settling in: %s", type(error).__name__)
            self.notice = UNFINISHED

    # --- the seal --------------------------------------------------------------------------------------------------

    def _closed(self, value: Any, *at: str) -> str | bytes:
        return self._seal.close(_json(value), "|".join(at))

    def _opened(self, held: str | bytes, *at: str) -> Any:
        return json.loads(self._seal.open(held, "|".join(at)))

    def _is_clear(self) -> bool:
        """Whether this profile was kept clear so far. Its very first fact tells."""
        rows = self._rows("SELECT value FROM facts WHERE name = 'briefs'")
        return bool(rows) and isinstance(rows[0][0], str)

    def seal_all(self, seal: Sealing) -> None:
        """Seal a clear profile, in one transaction, then leave none of its old pages on the disk; from now on `seal` is in use."""

        def work() -> None:
            for table, column, names in _DOCUMENTS:
                where = " AND ".join(f"{name} = ?" for name in names)
                for *named, held in self._rows(f"SELECT {', '.join(names)}, {column} FROM {table}"):
                    at = "|".join([table, *map(str, named)])
                    sealed = seal.close(self._seal.open(held, at), at)
                    self._run(f"UPDATE {table} SET {column} = ? WHERE {where}", sealed, *named)
            unswept = seal.close(_json(False), f"facts|{SWEPT}")
            self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", SWEPT, unswept)

        self.together(work)
        self._seal = self.photo_files.seal = seal
        self._sweep()

    def _sweep(self) -> None:
        """Leave no page of clear words in the file or the log beside it, and no clear photo. Tried again at each opening until it is done."""
        try:
            self._with_room(self.photo_files.seal_all)
            self.make_anew()
            self.together(lambda: self.set_fact(SWEPT, True))
        except StorageFull:
            self.notice = UNFINISHED

    # --- facts and the enrolment -----------------------------------------------------------------------------------

    def fact(self, name: str) -> Any:
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return self._opened(rows[0][0], "facts", name) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, self._closed(value, "facts", name))

    def enrolment(self) -> Enrolment | None:
        body = self.fact("enrolment")
        return Enrolment(**body) if body else None

    def set_enrolment(self, enrolment: Enrolment) -> None:
        """KeyUnusable when nothing can be sealed to the server's key."""
        self._journal.check(enrolment)
        self.set_fact("enrolment", asdict(enrolment))
        self._journal.renew()

    # --- the outbox and the kept changes ---------------------------------------------------------------------------

    def append(self, written: Written) -> None:
        """Put a change at the end of the outbox under `next_number`, which moves on."""
        self.appended += 1
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
            self._closed({"set": written.set, "base": written.base}, "changes", *written.key, written.stamp),
            written.acknowledged,
            written.refused,
        )
        if written.acknowledged is None:
            self._journal.note(written.number)
        else:
            self._journal.tidy()

    def unsent(self, limit: int = -1) -> list[Written]:
        return self._changes(self._rows(f"{_CHANGE} WHERE acknowledged IS NULL ORDER BY number LIMIT ?", limit))

    def count_unsent(self) -> int:
        return self._rows("SELECT count(*) FROM changes WHERE acknowledged IS NULL")[0][0]

    def unsent_keys(self) -> set[Key]:
        """Records with something unsent under them."""
        return {Key(*row) for row in self._rows("SELECT DISTINCT kind, id FROM changes WHERE acknowledged IS NULL")}

    def numbers(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM changes ORDER BY number")]

    def numbered(self, number: int) -> Written | None:
        return next(iter(self._changes(self._rows(f"{_CHANGE} WHERE number = ?", number))), None)

    def of_record(self, key: Key) -> list[Written]:
        return self._changes(self._rows(f"{_CHANGE} WHERE kind = ? AND id = ? ORDER BY number", *key))

    def unacknowledge(self, since: int) -> None:
        self._run("UPDATE changes SET acknowledged = NULL WHERE number >= ?", since)
        self._journal.renew()

    def renumber(self, pairs: Sequence[tuple[int, int]]) -> None:
        for old, new in pairs:  # by way of negative numbers, so that no two ever meet
            self._run("UPDATE changes SET number = ? WHERE number = ?", -new, old)
        self._run("UPDATE changes SET number = -number WHERE number < 0")
        self._journal.renew()

    def forget_kept(self, before: int) -> None:
        self._run("DELETE FROM changes WHERE acknowledged < ?", before)

    def _changes(self, rows: Iterable[tuple]) -> list[Written]:
        found = []
        for number, kind, id_, village, household, stamp, document, acknowledged, refused in rows:
            body = self._opened(document, "changes", kind, id_, stamp)
            found.append(
                Written(
                    number, kind, id_, village, household, stamp, body["set"], body["base"], acknowledged, bool(refused)
                )
            )
        return found

    # --- what goes with a transaction ------------------------------------------------------------------------------

    def _before_commit(self) -> None:
        numbers = self._journal.to_write
        if numbers is None:
            self._journal.write(self.enrolment(), self.unsent())
        elif numbers:
            found = (self.numbered(number) for number in sorted(numbers))
            self._journal.write(self.enrolment(), [w for w in found if w and w.acknowledged is None])

    def _committed(self) -> None:
        self._briefs.committed()
        if self._journal.is_moved:
            self._journal.committed(self.enrolment(), self._unsent_numbers())
        self._journal.begin()

    def _rolled_back(self) -> None:
        self._briefs.rolled_back()
        self._journal.rolled_back()

    def _unsent_numbers(self) -> set[int]:
        return {row[0] for row in self._rows("SELECT number FROM changes WHERE acknowledged IS NULL")}

    # --- the server's copies ---------------------------------------------------------------------------------------

    def copy(self, key: Key) -> Copy | None:
        rows = self._rows(f"{_COPY} WHERE kind = ? AND id = ?", *key)
        return self._read_copy(rows[0]) if rows else None

    def copies(self, kind: str, household: str = "") -> list[Copy]:
        """Every copy of one kind; of one household, if given."""
        if household:
            rows = self._rows(f"{_COPY} WHERE household = ? AND kind = ?", household, kind)
        else:
            rows = self._rows(f"{_COPY} WHERE kind = ?", kind)
        return [self._read_copy(row) for row in rows]

    def _read_copy(self, row: tuple) -> Copy:
        kind, id_, village, household, document, left, stale = row
        body = self._opened(document, "copies", kind, id_)
        return Copy(Record(kind, id_, village, household, body["values"], body["stamps"]), bool(left), bool(stale))

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
                self._closed({"values": record.values, "stamps": record.stamps}, "copies", *record.key),
                max(stamps_of(record.stamps), default=""),
                epoch,
                copy.left,
                copy.stale,
            )
            self._put_brief(copy)

    def drop_copy(self, key: Key) -> None:
        self._run("DELETE FROM copies WHERE kind = ? AND id = ?", *key)
        self._drop_brief(key)

    # --- briefs ----------------------------------------------------------------------------------------------------

    def briefs(self, kind: str) -> list[Entry]:
        """The server's copies of a kind in short form; removed records and such as left the phone are not among them.

        They are read once and then kept in memory: whoever asks must leave the entries as they are.
        """
        with self._lock:
            held = self._briefs.of(kind)
            if held is None:
                rows = self._rows("SELECT id, document FROM briefs WHERE kind = ? ORDER BY id", kind)
                held = self._briefs.read(kind, [self._seal.open(text, f"briefs|{kind}|{id_}") for id_, text in rows])
            return held

    def _put_brief(self, copy: Copy) -> None:
        record, names = copy.record, self._brief_names.get(copy.record.kind)
        if names is None:
            return
        if copy.left or record.values.get(REMOVED) is True:
            self._drop_brief(record.key)
            return
        text = _json(self._briefs.brief(record, names))
        sealed = self._seal.close(text, f"briefs|{record.kind}|{record.id}")
        self._run("INSERT OR REPLACE INTO briefs VALUES (?, ?, ?)", *record.key, sealed)
        self._briefs.put(record.key, text)

    def _drop_brief(self, key: Key) -> None:
        self._run("DELETE FROM briefs WHERE kind = ? AND id = ?", *key)
        self._briefs.drop(key)

    def _renew_briefs(self) -> None:
        """Make every brief anew when an app begins to need other fields."""
        wanted = {"layout": 2, "names": self._brief_names}
        if self.fact("briefs") == wanted:
            return

        def work() -> None:
            self._run("DELETE FROM briefs")
            self._briefs.forget()
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
        sealed = self._closed(asdict(mend), "mends", str(mend.number))
        self._run("INSERT OR REPLACE INTO mends VALUES (?, ?, ?, ?)", mend.number, mend.kind, mend.id, sealed)

    def mends(self) -> list[Mend]:
        return self._read_mends(self._rows("SELECT number, document FROM mends ORDER BY number"))

    def mends_of(self, key: Key) -> list[Mend]:
        sql = "SELECT number, document FROM mends WHERE kind = ? AND id = ? ORDER BY number"
        return self._read_mends(self._rows(sql, *key))

    def _read_mends(self, rows: Iterable[tuple]) -> list[Mend]:
        return [Mend(**self._opened(document, "mends", str(number))) for number, document in rows]

    def drop_mend(self, number: int) -> None:
        self._run("DELETE FROM mends WHERE number = ?", number)

    def put_draft(self, key: Key, values: Mapping[str, Any]) -> None:
        """Keep what is typed and not yet saved, at once."""
        sealed = self._closed(dict(values), "drafts", *key)
        self.together(lambda: self._run("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)", *key, sealed))

    def draft(self, key: Key) -> dict[str, Any] | None:
        rows = self._rows("SELECT document FROM drafts WHERE kind = ? AND id = ?", *key)
        return self._opened(rows[0][0], "drafts", *key) if rows else None

    def drafts(self) -> dict[Key, dict[str, Any]]:
        rows = self._rows("SELECT kind, id, document FROM drafts ORDER BY kind, id")
        return {Key(kind, id_): self._opened(document, "drafts", kind, id_) for kind, id_, document in rows}

    def drop_draft(self, key: Key) -> None:
        self.together(lambda: self._run("DELETE FROM drafts WHERE kind = ? AND id = ?", *key))

    # --- photos: rows here, bytes in `photo_files` -------------------------------------------------------------------

    def put_photo(self, id: str, key: Key, state: str, body: Mapping[str, Any]) -> None:
        """What is known of a photo of this record."""
        sealed = self._closed(dict(body), "photos", id)
        self._run("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?)", id, *key, state, sealed)

    def photo(self, id: str) -> PhotoRow | None:
        """One photo's row. Unsealable when it is damaged."""
        rows = self._rows(f"{_PHOTO} WHERE id = ?", id)
        return self._read_photo(rows[0]) if rows else None

    def photos_of(self, key: Key) -> list[PhotoRow]:
        """Those of a record, oldest first. Here as below a damaged row is left out: photos never stand before words."""
        return self._photos("kind = ? AND record = ? ORDER BY id", *key)

    def photos_that_are(self, state: str) -> list[PhotoRow]:
        """Those in this state, oldest first."""
        return self._photos("state = ? ORDER BY id", state)

    def count_photos(self, state: str) -> int:
        return self._rows("SELECT count(*) FROM photos WHERE state = ?", state)[0][0]

    def drop_photo(self, id: str) -> None:
        self._run("DELETE FROM photos WHERE id = ?", id)

    def forget_photos(self, state: str) -> None:
        """Those in this state of whose record the phone has no copy."""
        held = "SELECT 1 FROM copies WHERE copies.kind = photos.kind AND copies.id = photos.record"
        self._run(f"DELETE FROM photos WHERE state = ? AND NOT EXISTS ({held})", state)

    def _photos(self, where: str, *values: str) -> list[PhotoRow]:
        found, damaged = [], 0
        for row in self._rows(f"{_PHOTO} WHERE {where}", *values):
            try:
                found.append(self._read_photo(row))
            except Unsealable:
                damaged += 1
        if damaged > self._damaged_photos:  # said once, not at every question
            self._damaged_photos = damaged
            log.warning("photos: %d rows cannot be read", damaged)
        return found

    def _read_photo(self, row: tuple) -> PhotoRow:
        id_, kind, record, state, held = row
        try:
            body = self._opened(held, "photos", id_)
        except ValueError as error:  # a clear one: there is no seal to tell
            raise Unsealable(f"photos|{id_}") from error
        if not isinstance(body, dict):
            raise Unsealable(f"photos|{id_}")
        return id_, Key(kind, record), state, body


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _open_journal(folder: Path) -> Journal:
    try:
        return Journal(folder)
    except OSError as error:
        raise ProfileUnusable(str(error)) from error
