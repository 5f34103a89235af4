"""A township's records of a few kinds kept in memory, current by the log: what a page asks for at every request and SQL cannot say.

The first look reads everything, each later one only what the log says has changed since. Promises: what `current` gives is as new as the
store's own view, or newer; it is never changed under its reader's hands. Leaves to others: what is made of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from server.store import TownshipStore
from shared.rules.entry import Entry

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """Entries by kind and id as of log position `seq`; `touched` are the (kind, id) that differ from the view before, None for all."""

    seq: int
    entries: Mapping[str, Mapping[str, Entry]]
    touched: frozenset[tuple[str, str]] | None = None


@dataclass
class Follower:
    """One township's entries of these kinds (kind to the fields wanted). Safe for threads."""

    fields: Mapping[str, Iterable[str]]
    _view: View | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def current(self, store: TownshipStore) -> View:
        """The entries as the store sees them now."""
        with self._lock:
            head = store.head()
            if self._view is None:
                found = {kind: {e.id: e for e in store.entries(kind, names)} for kind, names in self.fields.items()}
                self._view = View(head, found)
            elif head > self._view.seq:
                self._view = self._after(self._view, store, head)
            return self._view

    def _after(self, before: View, store: TownshipStore, head: int) -> View:
        rows = store.sql(
            "SELECT DISTINCT kind, record FROM changes WHERE township = ? AND seq > ? AND kind IN ?? AND village IS NOT NULL",
            store.code, before.seq, list(self.fields),
        )  # fmt: skip
        touched = frozenset((kind, id_) for kind, id_ in rows)
        entries = dict(before.entries)
        for kind in {kind for kind, _ in touched}:
            ids = [id_ for of, id_ in touched if of == kind]
            now = {entry.id: entry for entry in store.entries(kind, self.fields[kind], ids=ids)}
            entries[kind] = {id_: e for id_, e in entries[kind].items() if (kind, id_) not in touched} | now
        return View(head, entries, touched)


@dataclass
class Derived(Generic[T]):
    """Something made of a follower's view and kept as long as the view stands. `make` gets the view and what was made before (None at
    first) and may reuse it for what was not touched."""

    follower: Follower
    make: Callable[[View, T | None], T]
    _seq: int = -1
    _made: T | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def current(self, store: TownshipStore) -> T:
        with self._lock:
            view = self.follower.current(store)
            if self._made is None or view.seq != self._seq:
                self._made, self._seq = self.make(view, self._made), view.seq
            return self._made
