"""Finding a household by what somebody says at the counter: a name of the family, its first letters, the hamlet, the household's number, or
the last four characters of an identity number.

A township's households and members are kept in memory, current by the log. Promises: only households of the villages asked for are found, and
by nothing that lies elsewhere; of an identity number no more than the last four is looked at. Leaves to others: whose the villages are
(`sight`), what is shown (`lists.homes`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from server.reading.follow import Derived, Follower, View
from server.store import Database, TownshipStore
from shared.pinyin import Matcher
from shared.rules.coverage import has_left
from shared.rules.entry import Entry

HOUSEHOLD, MEMBER = "household", "member"
FIELDS = {
    HOUSEHOLD: ("head_name", "household_no", "hamlet", "categories", "left_reason", "left_on", "joined_into"),
    MEMBER: ("name", "identity", "relation", "status"),
}
Seen = Callable[[str], bool]
"""Whether a village is one of those asked for."""
HEAD, NUMBER, NAME, HAMLET, IDENTITY = "head", "number", "name", "hamlet", "identity"
"""By what a household is found."""
_LAST_FOUR = re.compile(r"[0-9]{3}[0-9X]")


class Person(NamedTuple):
    """A member, as far as one is found by it. `last_four`: of the identity number; empty without one."""

    id: str
    village: str
    name: str
    last_four: str
    relation: str
    status: str


@dataclass(frozen=True, slots=True)
class Home:
    """A household, as far as it is found, filtered and put in order."""

    id: str
    village: str
    head: str
    number: str
    hamlet: str
    categories: frozenset[str]
    joined_into: str
    leaving: Mapping[str, Any]
    people: tuple[Person, ...]

    def has_left(self, day: str) -> bool:
        return has_left(self.leaving, day)


class Hit(NamedTuple):
    """A household that was found, `by` which of its words; `person` is whose it is, None where it is the household's own."""

    home: Home
    by: str = ""
    person: Person | None = None


class Homes:
    """Households in the order of villages, hamlets and numbers, ready to be searched at every letter typed."""

    def __init__(self, households: Iterable[Entry], members: Iterable[Entry], kept: Iterable[Home] = ()) -> None:
        """`kept` are those among them that are known to be as they were."""
        known = {home.id: home for home in kept}
        people: dict[str, list[Person]] = {}
        for entry in members:
            if entry.household not in known:
                people.setdefault(entry.household or "", []).append(_person(entry))
        homes = [known.get(entry.id) or _home(entry, people.pop(entry.id, [])) for entry in households]
        self.all = sorted(homes, key=lambda one: (one.village, one.hamlet, one.number, one.id))
        self.strays = sorted((one for own in people.values() for one in own), key=lambda one: (one.village, one.id))
        """Members of no household that is here."""

    def __iter__(self) -> Iterator[Home]:
        return iter(self.all)

    @cached_property
    def by_id(self) -> Mapping[str, Home]:
        return {home.id: home for home in self.all}

    def search(self, typed: str, seen: Seen) -> list[Hit]:
        """Households of the villages `seen` that fit, each once: what is meant exactly first, then what begins so, then what holds it.

        Heads' names come before household numbers, members' names and hamlets. Nothing typed: all of them.
        """
        hits: dict[str, Hit] = {}
        for hit in self._fitting(typed, seen):
            hits.setdefault(hit.home.id, hit)
        return list(hits.values())

    def people(self, typed: str, seen: Seen) -> list[tuple[Person, Home | None]]:
        """Members that lie in the villages `seen` and fit by a word of their own, or by their household's number or hamlet; each once."""
        found: dict[str, tuple[Person, Home | None]] = {}
        for hit in self._fitting(typed, seen):
            if hit.by != HEAD:  # the head is a member too, and is found by that name
                for person in [hit.person] if hit.person else hit.home.people:
                    found.setdefault(person.id, (person, hit.home))
        if not typed.strip():
            found |= {one.id: (one, None) for one in self.strays}
        return [one for one in found.values() if seen(one[0].village)]

    def _fitting(self, typed: str, seen: Seen) -> Iterator[Hit]:
        for hit in self._hits(unicodedata.normalize("NFKC", typed).strip()):
            if seen(hit.home.village) and (hit.person is None or seen(hit.person.village)):
                yield hit

    def _hits(self, typed: str) -> Iterable[Hit]:
        if not typed:
            return map(Hit, self.all)
        matcher, hits = self._words
        return [*self._exact.get(typed.upper(), ()), *(hits[place] for place in matcher.search(typed))]

    @cached_property
    def _exact(self) -> Mapping[str, list[Hit]]:
        """Household numbers and last fours to what they name."""
        found: dict[str, list[Hit]] = {}
        for home in self.all:
            found.setdefault(home.number.upper(), []).append(Hit(home, NUMBER))
        for home in self.all:
            for person in home.people:
                if person.last_four:
                    found.setdefault(person.last_four, []).append(Hit(home, IDENTITY, person))
        return found

    @cached_property
    def _words(self) -> tuple[Matcher, list[Hit]]:
        words = [(home.head, Hit(home, HEAD)) for home in self.all]
        words += [(home.number, Hit(home, NUMBER)) for home in self.all]
        words += [(person.name, Hit(home, NAME, person)) for home in self.all for person in home.people]
        words += [(home.hamlet, Hit(home, HAMLET)) for home in self.all]
        return Matcher([word for word, _ in words]), [hit for _, hit in words]


def homes_of(database: Database, store: TownshipStore) -> Homes:
    """The households of the store's township that were not removed, as the store sees them now."""
    kept: Derived[Homes] = database.kept.of(store.code, "homes", lambda: Derived(Follower(FIELDS), _made))
    return kept.current(store)


def removed_homes(store: TownshipStore) -> Homes:
    """Those that were removed, the ones joined into another among them, with members that are still theirs."""
    gone = store.entries(HOUSEHOLD, FIELDS[HOUSEHOLD], removed=True)
    ids = [
        id_ for (id_,) in store.sql(
            "SELECT id FROM kind_member WHERE township = ? AND household IN ??", store.code, [entry.id for entry in gone]
        )
    ]  # fmt: skip
    return Homes(gone, store.entries(MEMBER, FIELDS[MEMBER], ids=ids))


def _made(view: View, before: Homes | None) -> Homes:
    """A phone sends every second, and mostly visits: what nobody wrote about stays as it was."""
    kept: list[Home] = []
    if before is not None and view.touched is not None:
        if not view.touched:
            return before
        members = view.entries[MEMBER]
        ids = {id_ for _, id_ in view.touched}
        ids |= {members[id_].household or "" for id_ in ids & members.keys()}
        kept = [home for home in before if home.id not in ids and not any(one.id in ids for one in home.people)]
    return Homes(view.entries[HOUSEHOLD].values(), view.entries[MEMBER].values(), kept)


def _home(entry: Entry, people: list[Person]) -> Home:
    values = entry.values
    return Home(
        entry.id, entry.village or "", values.get("head_name") or "", values.get("household_no") or "",
        values.get("hamlet") or "", frozenset(values.get("categories") or ()), values.get("joined_into") or "",
        {name: values[name] for name in ("left_reason", "left_on") if name in values},
        tuple(sorted(people, key=lambda one: (one.relation != "head", one.id))),
    )  # fmt: skip


def _person(entry: Entry) -> Person:
    values = entry.values
    last_four = str(values.get("identity") or "")[-4:]
    return Person(
        entry.id, entry.village or "", values.get("name") or "", last_four if _LAST_FOUR.fullmatch(last_four) else "",
        values.get("relation") or "", values.get("status") or "",
    )  # fmt: skip
