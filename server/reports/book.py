"""Reads a township into what the rules read: entries of the fields they ask for, and the roster as it was when a campaign began.

Of two households that the desk joined, what was done at the one counts for the other. Leaves to others: judging (`shared.rules`), adding up
(the reports beside this).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from server.rows import from_json
from server.store import TownshipStore
from shared.kind import Kind
from shared.merge import fold
from shared.moments import day_of, milliseconds
from shared.ports import Logged
from shared.record import Key
from shared.rules.coverage import Listed, has_left, must_visit_of
from shared.rules.due import NEEDS, Book
from shared.rules.entry import Entry
from shared.rules.policy import Policies, Policy

_CHUNK = 500
_DECIDES = frozenset({"categories", "left_reason", "left_on"})
"""The fields that decide whether a household stands on a roster."""
_DATED = frozenset({"visit", "contact_visit"})
"""Of these it matters when they arrived."""
_AT_HOME = frozenset({"visit", "contact_visit", "party_link"})
"""What counts for the household that another was joined into."""


def read_book(store: TownshipStore, kinds: Iterable[str] = NEEDS) -> Book:
    """What the rules ask for of a township, in one consistent view; `kinds` leaves out what a report does not need."""
    read = {kind: store.entries(kind, NEEDS[kind], dated=kind in _DATED) for kind in {*kinds, "policy"}}
    joined = joined_households(store) if not _AT_HOME.isdisjoint(read) else {}
    for kind in _AT_HOME & read.keys():
        read[kind] = _at_home(read[kind], joined)
    return Book(
        households={entry.id: entry for entry in read.get("household", ())},
        removed={e.id: e for e in store.entries("household", NEEDS["household"], removed=True)}
        if "household" in read
        else {},
        visits=read.get("visit", ()),
        contact_visits=read.get("contact_visit", ()),
        links=read.get("party_link", ()),
        checks=read.get("cleanup_check", ()),
        problems=read.get("problem", ()),
        steps=read.get("problem_step", ()),
        campaigns=read.get("campaign", ()),
        policies=read_policies(read["policy"]),
    )


def joined_households(store: TownshipStore) -> dict[str, str]:
    """A household that was joined into another: its id to that of the one which stands, at the end of the chain."""
    rows = store.sql(
        "SELECT id, joined_into FROM kind_household WHERE township = ? AND removed = ? AND joined_into <> ''",
        store.code, True,
    )  # fmt: skip
    into = dict(map(tuple, rows))
    joined = {}
    for start in into:
        end, passed = into[start], {start}
        while end in into and end not in passed:
            passed.add(end)
            end = into[end]
        if end not in passed:  # else they were joined in a ring, and each stays by itself
            joined[start] = end
    return joined


def _at_home(entries: list[Entry], joined: Mapping[str, str]) -> list[Entry]:
    if not joined:
        return entries
    return [replace(e, household=joined.get(e.household, e.household)) if e.household else e for e in entries]


def read_policies(entries: Iterable[Entry]) -> Policies:
    """The township's policies; of two for one day, or of one version written twice, the later record stands."""
    return Policies.of_entries(entries)


def roster_of(store: TownshipStore, kind: Kind, book: Book, campaign: Entry, policy: Policy) -> list[Listed]:
    """A campaign's roster: the must-visit households as the log had them when it was frozen, and dated additions.

    A category gained later is dated by when the township learned of it; one lost later stays, for the roster is frozen. Without
    `frozen_at` the campaign's first day counts. `kind` is the household's.
    """
    wanted = must_visit_of(policy, campaign.values.get("must_visit"))
    values = campaign.values
    told = values.get("frozen_at") or f"{values.get('starts_on') or '1970-01-01'}T00:00:00+08:00"
    frozen = milliseconds(told) + 999  # it is written in whole seconds, the log in milliseconds
    later = _written_since(store, kind, frozen)
    listed = []
    for entry in (*book.households.values(), *book.removed.values()):
        history = later.get(entry.id)
        then = entry.values if history is None else _values(kind, [row for row in history if row.at <= frozen])
        categories = _stands_in(then, day_of(frozen), policy) & wanted
        gained = _gained(kind, history, frozen, policy, wanted, categories) if history else {}
        if categories or gained:
            added = "" if categories else min(gained.values())
            listed.append(Listed(entry.id, entry.village or "", categories, added, gained))
    return _join(listed, book, joined_households(store))


def _join(listed: list[Listed], book: Book, joined: Mapping[str, str]) -> list[Listed]:
    """The roster with households that were joined as the one they are: of the categories of both, and on it since the earlier of them."""
    found: dict[str, Listed] = {}
    for one in listed:
        id_ = joined.get(one.household, one.household)
        home = book.households.get(id_) or book.removed.get(id_)
        if id_ != one.household:
            one = replace(one, household=id_, village=(home.village if home else None) or one.village)
        other = found.get(id_)
        found[id_] = _both(other, one) if other else one
    return list(found.values())


def _both(one: Listed, other: Listed) -> Listed:
    categories = one.categories | other.categories
    later = sorted([*one.gained.items(), *other.gained.items()], key=lambda gain: gain[1], reverse=True)
    gained = {category: since for category, since in later if category not in categories}  # the earlier of two stands
    added = min(one.added, other.added)  # '' for those of the start
    return replace(one, categories=categories, gained=gained, added=added)


def _stands_in(household: Mapping[str, Any], day: str, policy: Policy) -> frozenset[str]:
    """The categories a household stands in on a day; none when it has left."""
    return frozenset() if has_left(household, day) else policy.read_categories(household.get("categories"))


def _written_since(store: TownshipStore, kind: Kind, moment: int) -> Mapping[str, list[Logged]]:
    """The whole history of every household whose place on a roster was written about after a moment (ms since 1970)."""
    rows = store.sql(
        "SELECT record, written FROM changes WHERE township = ? AND kind = ? AND at > ? AND village IS NOT NULL",
        store.code, kind.name, moment,
    )  # fmt: skip
    ids = sorted({record for record, written in rows if not _DECIDES.isdisjoint(from_json(written))})
    found: dict[str, list[Logged]] = {}
    for start in range(0, len(ids), _CHUNK):
        keys = [Key(kind.name, id_) for id_ in ids[start : start + _CHUNK]]
        found |= {key.id: history for key, history in store.history(keys).items()}
    return found


def _gained(
    kind: Kind, history: list[Logged], frozen: int, policy: Policy, wanted: frozenset[str], start: frozenset[str]
) -> dict[str, str]:
    """Category to the day on which the township first heard of it, for those that came after the freeze."""
    gained: dict[str, str] = {}
    for place, row in enumerate(history, 1):
        if row.at > frozen and not _DECIDES.isdisjoint(row.set):
            day = day_of(row.at)
            for category in (_stands_in(_values(kind, history[:place]), day, policy) & wanted) - start:
                gained.setdefault(category, day)
    return gained


def _values(kind: Kind, history: list[Logged]) -> Mapping[str, Any]:
    """A record as the log had it after these changes."""
    return fold(kind, (row.change for row in history)).values if history else {}
