"""What a reply carries: for each grant the records that changed since its cursor, a page at a time.

A cursor is a position in the township's log, or during a first fill a short text ``<position>/<kind>/<id>``: the position read
before the first page and the last record sent. When the tables end it becomes that position, and the log repeats what changed
meanwhile, so nothing is skipped. Leaves to others: who holds which grant (the caller says), and encoding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.fields import is_uuid
from shared.grants import Grant, sight
from shared.kind import Registry
from shared.ports import Feeds
from shared.record import Key, Record
from shared.sync.conflicts import CONFLICT
from shared.sync.wire import BadCursor

Cursor = int | str


@dataclass(slots=True)
class Page:
    """What is sent now: records as wire bodies, the cursor of every grant, and whether there is more to fetch."""

    records: list[dict[str, Any]] = field(default_factory=list)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Fill:
    """A first fill under way: the log position to end with, and the last record sent."""

    position: int
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.position}/{self.kind}/{self.id}"


class Reader:
    """Reads one township for one device: the feeds of `grants`, as seen by somebody who holds `seen_by`.

    `only` narrows it to one kind, `seen_by` differs from `grants` for the read endpoints, which ask for one village.
    """

    def __init__(
        self,
        kinds: Registry,
        feeds: Feeds,
        grants: Sequence[Grant],
        *,
        only: str | None = None,
        seen_by: Sequence[Grant] | None = None,
    ) -> None:
        self._kinds = kinds
        self._feeds = feeds
        self._grants = grants
        self._seen_by = grants if seen_by is None else seen_by
        self._names = [only] if only else list(kinds)
        self._sent: set[Key] = set()

    def check(self, cursors: Mapping[str, Any]) -> None:
        """BadCursor if any of them is one this server never gave."""
        head = self._feeds.head()
        for grant in self._grants:
            self._read_cursor(cursors.get(str(grant)), head)

    def page(self, cursors: Mapping[str, Any], limit: int) -> Page:
        """One page over all grants, oldest first, at most `limit` records. BadCursor for one this server never gave."""
        page = Page()
        head = self._feeds.head()
        marks = {str(grant): self._read_cursor(cursors.get(str(grant)), head) for grant in self._grants}
        for grant, mark in marks.items():
            if isinstance(mark, _Fill) and (room := limit - len(page.records)) > 0:
                mark = self._fill(page, grant, mark, room)
            if isinstance(mark, int) and mark < head and (room := limit - len(page.records)) > 0:
                mark = self._follow(page, grant, mark, room, head)
            page.cursors[grant] = mark if isinstance(mark, int) else str(mark)
            page.more = page.more or self._waits(grant, mark, head)
        return page

    def _waits(self, grant: str, mark: int | _Fill, head: int) -> bool:
        """Whether anything waits behind this cursor."""
        return isinstance(mark, _Fill) or (mark < head and bool(self._feeds.feed(grant, mark, 1)))

    def _read_cursor(self, cursor: Any, head: int) -> int | _Fill:
        if cursor is None:
            return _Fill(head, self._names[0], "")
        if isinstance(cursor, int) and not isinstance(cursor, bool) and 0 <= cursor <= head:
            return cursor
        if isinstance(cursor, str):
            position, _, rest = cursor.partition("/")
            kind, _, id_ = rest.partition("/")
            numeric = position.isascii() and position.isdigit() and len(position) < 19
            if numeric and int(position) <= head and kind in self._names and (id_ == "" or is_uuid(id_)):
                return _Fill(int(position), kind, id_)
        raise BadCursor(
            "游标不是本服务器给出的，请清空后重新下载。 / This server never gave that cursor; forget it and fill anew."
        )

    def _fill(self, page: Page, grant: str, mark: _Fill, room: int) -> int | _Fill:
        kind, after = mark.kind, mark.id
        for name in self._names[self._names.index(kind) :]:
            records = self._feeds.fill(grant, name, after, room)
            for record in records:
                if self.hidden(record) is not None:
                    self._send(page, record)
            if len(records) == room:
                return _Fill(mark.position, name, records[-1].id)
            room -= len(records)
            after = ""
        return mark.position

    def _follow(self, page: Page, grant: str, mark: int, room: int, head: int) -> int:
        items = self._feeds.feed(grant, mark, room)
        wanted = dict.fromkeys(key for _, key in items if key.kind in self._names and key not in self._sent)
        records = self._feeds.load(wanted)
        for key in wanted:
            if key in records:
                self._send(page, records[key])
        return items[-1][0] if len(items) == room else max([head, *(position for position, _ in items[-1:])])

    def _send(self, page: Page, record: Record) -> None:
        key = record.key
        if key in self._sent:
            return
        self._sent.add(key)
        hidden = self.hidden(record)
        if hidden is None:  # it left this device's sight, or what it tells became a secret: a copy must go
            page.records.append({"kind": record.kind, "id": record.id, "left": True})
        else:
            page.records.append(record.wire(hidden))

    def sight(self, record: Record) -> str | None:
        """How much of a record's place this device sees: whole, part or None."""
        is_household = self._kinds[record.kind].is_household
        return sight(self._seen_by, record.village, record.id if is_household else record.household)

    def hidden(self, record: Record) -> Iterable[str] | None:
        """The fields of a record that this device may not see; None when it may see none of it."""
        seen = self.sight(record)
        if seen == "whole":
            return ()
        if seen is None or (record.kind == CONFLICT and self._is_secret(record)):
            return None
        return self._kinds[record.kind].secrets

    def _is_secret(self, conflict: Record) -> bool:
        about = self._kinds.get(conflict.values.get("about") or "")
        return about is None or conflict.values.get("field") in about.secrets
