"""What looks entered twice: households by number, by their head's name or by a member's identity number, and visits.

Promises: only what the reader sees is compared; a pair is named once, the older record first; which households are alike is kept until
somebody writes about a household or a member. It finds what looks alike, not what is: two families may share a name. Leaves to others:
joining (`joining`), visits judged all together (`figures`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from server.lists.listing import Query
from server.store import TownshipStore
from shared.fields import Label

REASONS = {
    "identity": Label("有成员身份证号相同", "A member's identity number is the same"),
    "household_no": Label("户编号相同", "The household number is the same"),
    "head_name": Label("同村户主同名", "The head's name is the same, in one village"),
}
"""Why two households look alike, the surest first."""
MOST_VISITS = 500
"""Pairs of visits looked at, the newest; when these are dealt with, older ones come up."""
_THERE = "(h.removed IS NULL OR h.removed = ?) AND (h.left_reason IS NULL OR h.left_reason = '')"


@dataclass(frozen=True)
class Pair:
    """Two records that look alike: `kept` is the older one, in `village`. `reasons` are words of REASONS."""

    kept: str
    other: str
    village: str
    reasons: Sequence[str] = ()


class _Home(NamedTuple):
    """A household of a group: older ones come first."""

    stamp: str
    id: str
    village: str


# --- households --------------------------------------------------------------------------------------------------------


def like_households(query: Query) -> list[Pair]:
    """Pairs of households, the surest first; of three that are alike each is paired with the oldest."""
    groups = query.database.kept.of(query.store.code, "households alike", _Alike).current(query.store)
    places = query.places
    found: dict[tuple[str, str], list[str]] = {}
    villages: dict[str, str] = {}
    for reason, group in groups:
        seen = sorted(home for home in group if home.village in places)
        for other in seen[1:]:
            found.setdefault((seen[0].id, other.id), []).append(reason)
            villages[seen[0].id] = seen[0].village
    surest = list(REASONS)
    pairs = [Pair(kept, other, villages[kept], tuple(reasons)) for (kept, other), reasons in found.items()]
    return sorted(pairs, key=lambda pair: (-len(pair.reasons), surest.index(pair.reasons[0]), pair.village, pair.kept))


@dataclass
class _Alike:
    """A township's groups of households that look alike, by reason. Safe for threads."""

    _groups: list[tuple[str, list[_Home]]] | None = None
    _seq: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def current(self, store: TownshipStore) -> list[tuple[str, list[_Home]]]:
        with self._lock:
            head = store.head()
            if self._groups is None or (head > self._seq and self._touched(store)):
                self._groups = [(reason, group) for reason in REASONS for group in _groups_of(store, reason)]
            self._seq = max(self._seq, head)
            return self._groups

    def _touched(self, store: TownshipStore) -> bool:
        return bool(
            store.sql(
                "SELECT 1 FROM changes WHERE township = ? AND seq > ? AND kind IN ?? LIMIT 1",
                store.code, self._seq, ["household", "member"],
            )
        )  # fmt: skip


def _groups_of(store: TownshipStore, reason: str) -> list[list[_Home]]:
    rows = _same_identity(store) if reason == "identity" else _same_value(store, reason)
    groups: dict[Any, dict[str, _Home]] = {}
    for same, id_, stamp, village in rows:
        groups.setdefault(same, {})[id_] = _Home(stamp, id_, village)
    return [list(group.values()) for group in groups.values() if len(group) > 1]


def _same_value(store: TownshipStore, name: str) -> list[Any]:
    """Households of one village with the same number, or the same head's name."""
    where = f"h.township = ? AND {_THERE} AND h.{name} <> ''"
    rows = store.sql(
        f"WITH alike AS (SELECT h.village AS v, h.{name} AS n FROM kind_household h WHERE {where} GROUP BY 1, 2 HAVING count(*) > 1)"
        f" SELECT h.{name}, h.id, h.stamp, h.village FROM kind_household h JOIN alike ON h.village = v AND h.{name} = n WHERE {where}",
        store.code, False, store.code, False,
    )  # fmt: skip
    return [((village, same), id_, stamp, village) for same, id_, stamp, village in rows]


def _same_identity(store: TownshipStore) -> list[Any]:
    """Households of which each has a member, still there, with one and the same identity number."""
    there = "m.township = ? AND (m.removed IS NULL OR m.removed = ?) AND (m.status IS NULL OR m.status = 'active')"
    rows = store.sql(
        f"WITH alike AS (SELECT m.identity AS n FROM kind_member m WHERE {there} AND m.identity <> '' GROUP BY 1 HAVING count(*) > 1)"
        " SELECT m.identity, h.id, h.stamp, h.village FROM kind_member m JOIN alike ON m.identity = n"
        f" JOIN kind_household h ON h.township = m.township AND h.id = m.household WHERE {there} AND {_THERE}",
        store.code, False, store.code, False, False,
    )  # fmt: skip
    return list(rows)


# --- visits ------------------------------------------------------------------------------------------------------------


def like_visits(query: Query, pairs: Sequence[Sequence[str]]) -> list[Pair]:
    """Of the pairs that look entered twice those that still do, newest first."""
    pairs = pairs[-MOST_VISITS:]  # ids are given in the order of time
    ids = sorted({id_ for pair in pairs for id_ in pair})
    rows = query.store.sql(
        "SELECT id, stamp, village, started_at FROM kind_visit WHERE township = ? AND id IN ?? AND (removed IS NULL OR removed = ?)",
        query.store.code, ids, False,
    )  # fmt: skip
    places = query.places
    here = {id_: (stamp, village, started or "") for id_, stamp, village, started in rows if village in places}
    found = []
    for pair in pairs:
        if all(id_ in here for id_ in pair):
            kept, other = sorted(pair, key=lambda id_: (here[id_][0], id_))
            found.append((here[kept][2], Pair(kept, other, here[kept][1])))
    return [pair for _, pair in sorted(found, key=lambda one: (one[0], one[1].kept, one[1].other), reverse=True)]
