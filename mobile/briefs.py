"""The short forms of records, kept in memory beside the store: what the rules read again and again is decoded and unsealed once.

Promises: always what the store itself would read, in the order of ids, also inside a transaction and after one that was undone.
Leaves to others: the rows (`store`), holding the store's lock meanwhile, leaving the entries as they are (whoever reads them).
"""

import json
from collections.abc import Iterable

from shared.record import Key, Record
from shared.rules.entry import Entry


class Briefs:
    """Entries by kind and id, of such kinds as were asked for. `begun` kinds hold what a transaction did, or read, and may be undone."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Entry]] = {}
        self._unordered: set[str] = set()
        self._begun: set[str] = set()

    @staticmethod
    def brief(record: Record, names: Iterable[str]) -> list[object]:
        """A record's short form as it is stored: what `Entry` takes after the kind."""
        entry = Entry.of(record)
        values = {name: record.values[name] for name in names if record.values.get(name) is not None}
        return [entry.id, entry.village, entry.household, values, entry.first, entry.last, None, entry.timed]

    def of(self, kind: str) -> list[Entry] | None:
        """The entries of a kind by id; None when they are still to be read."""
        held = self._kinds.get(kind)
        if held is None:
            return None
        if kind in self._unordered:
            held = self._kinds[kind] = dict(sorted(held.items()))
            self._unordered.discard(kind)
        return list(held.values())

    def read(self, kind: str, texts: Iterable[str]) -> list[Entry]:
        """Take all the briefs of a kind, by id, as JSON."""
        found = [Entry(kind, *brief) for brief in json.loads(f"[{','.join(texts)}]")]
        self._begun.add(kind)
        self._kinds[kind] = {entry.id: entry for entry in found}
        return found

    def put(self, key: Key, text: str) -> None:
        """One brief was stored, as this JSON: not the record's own values, which stay its writer's."""
        held = self._kinds.get(key.kind)
        if held is not None:
            self._begun.add(key.kind)
            if key.id not in held:
                self._unordered.add(key.kind)
            held[key.id] = Entry(key.kind, *json.loads(text))

    def drop(self, key: Key) -> None:
        if key.kind in self._kinds:
            self._begun.add(key.kind)
            self._kinds[key.kind].pop(key.id, None)

    def forget(self) -> None:
        """All of it is to be read anew."""
        self._kinds.clear()

    def committed(self) -> None:
        self._begun.clear()

    def rolled_back(self) -> None:
        for kind in self._begun:
            self._kinds.pop(kind, None)
        self._begun.clear()
