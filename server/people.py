"""The people of a township as one visitor may see them: what they hold and held, and their phones.

Promises: whoever never held anything here, nor anything of the visitor's villages, is not there; nobody is counted or ordered by what he
did, only by name, and of a phone no more is told than what it says itself when it syncs. Leaves to others: what a visitor may change
(`charge`), making accounts, grants and phones (`access`), pages and lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.sight import Right, Sight
from server.store import TownshipStore
from shared.fields import Label, is_plain, is_uuid
from shared.grants import HOUSEHOLD, TOWNSHIP, VILLAGE, Grant
from shared.moments import day_of, days_between
from shared.pinyin import Matcher

FOUND = 30
"""Households that a search shows at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """A grant, from when to when (ms since 1970; `until` None: without an end).

    `village` is where it lies, None for a township's; `name` says it in words: the township's or village's name, the household's head.
    """

    grant: Grant
    since: int
    until: int | None
    village: str | None
    name: str
    number: str = ""

    def runs(self, now: int) -> bool:
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone, by what it said itself. `taken` changes of it are here; `waiting` it still held when it was last here (`seen`, ms)."""

    id: str
    name: str
    platform: str
    app: str
    enrolled: int
    seen: int | None
    revoked: int | None
    taken: int
    waiting: int

    def unseen(self, now: int) -> int:
        """Days since it was last here, or was enrolled."""
        return days_between(day_of(self.seen or self.enrolled), day_of(now))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `elsewhere`: other townships in which he holds something now; `hidden`: whether he holds something here
    that is not the visitor's to see."""

    id: str
    name: str
    roles: frozenset[str]
    disabled: int | None
    held: tuple[Held, ...] = ()
    phones: tuple[Phone, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    hidden: bool = False

    def holds(self, now: int) -> list[Held]:
        """The grants in force."""
        return [one for one in self.held if one.runs(now)]

    @property
    def live(self) -> list[Phone]:
        """The phones that were not ended."""
        return [phone for phone in self.phones if phone.revoked is None]

    def covers(self, now: int, village: str | None, household: str | None) -> bool:
        """Whether he holds this household now, by whatever grant."""
        return any(one.grant.gives(village, household) for one in self.holds(now))


def read_people(store: TownshipStore, sight: Sight, now: int) -> list[Person]:
    """Everybody of the township whom the visitor may see, by name. `elsewhere` is left empty: ask `read_person`."""
    held, phones = _held(store), _phones(store)
    people = (_person(store, sight, row, held, phones, now) for row in _accounts(store, {*held, *phones}))
    return [person for person in people if person is not None]


def read_person(store: TownshipStore, sight: Sight, id_: str, now: int) -> Person | None:
    """One of them, None for everybody else. Who makes accounts also finds those without any grant, and those of his other townships."""
    if not is_uuid(id_):
        return None
    rows = _accounts(store, [id_])
    if not rows:
        return None
    elsewhere = frozenset(
        township
        for (township,) in store.sql(
            "SELECT DISTINCT township FROM access_grant WHERE person = ? AND township <> ? AND (until IS NULL OR until > ?)",
            id_, store.code, now,
        )
    )  # fmt: skip
    held, phones = _held(store, id_), _phones(store, id_)
    person = _person(store, sight, rows[0], held, phones, now, elsewhere)
    if person is not None or held or phones or not sight.may(Right.ACCOUNTS):
        return person
    known = not elsewhere or any(sight.is_whole(township) for township in elsewhere)
    return _made(rows[0], (), (), elsewhere, False) if known else None


def _person(
    store: TownshipStore, sight: Sight, row: Any, held: Mapping[str, list[Held]], phones: Mapping[str, list[Phone]], now: int,
    elsewhere: frozenset[str] = frozenset(),
) -> Person | None:  # fmt: skip
    """The person as the visitor sees him, None when he does not."""
    everything, id_ = held.get(row[0], []), row[0]
    whole = sight.is_whole(store.code)
    seen = [one for one in everything if one.grant.scope == TOWNSHIP or sight.sees(store.code, one.village or "")]
    if not whole and not seen:
        return None
    if whole and not everything and id_ not in phones:
        return None
    hidden = not whole and any(one.runs(now) and (one.grant.scope == TOWNSHIP or one not in seen) for one in everything)
    return _made(row, tuple(seen), tuple(phones.get(id_, ())), elsewhere, hidden)


def _made(
    row: Any, held: tuple[Held, ...], phones: tuple[Phone, ...], elsewhere: frozenset[str], hidden: bool
) -> Person:
    id_, name, roles, disabled = row
    return Person(id_, name, frozenset(roles.split()), disabled, held, phones, elsewhere, hidden)


def _accounts(store: TownshipStore, ids: Iterable[str]) -> Any:
    return store.sql(
        "SELECT id, name, roles, disabled_at FROM user_account WHERE id IN ?? ORDER BY name, id", sorted(ids)
    )


def _held(store: TownshipStore, person: str = "") -> dict[str, list[Held]]:
    """Grants of the township by person, those in force and those that ended, oldest first."""
    own, given = (" AND g.person = ?", [person]) if person else ("", [])
    rows = store.sql(
        "SELECT g.person, g.scope, g.since, g.until, h.village, h.head_name, h.household_no FROM access_grant g"
        " LEFT JOIN kind_household h ON h.township = g.township AND h.id = substr(g.scope, 11)"  # after "household:"
        f" WHERE g.township = ?{own} ORDER BY g.person, g.since, g.scope",
        store.code, *given,
    )  # fmt: skip
    villages = store.villages()
    found: dict[str, list[Held]] = {}
    for who, scope, since, until, village, head, number in rows:
        grant = Grant.read(scope)
        if grant.scope == VILLAGE:
            one = Held(grant, since, until, grant.value, villages.get(grant.value, grant.value))
        elif grant.scope == HOUSEHOLD:
            one = Held(grant, since, until, village, head or "", number or "")
        else:
            one = Held(grant, since, until, None, _town_name(store))
        found.setdefault(who, []).append(one)
    return found


def _town_name(store: TownshipStore) -> str:
    found = store.sql("SELECT name FROM area WHERE code = ?", store.code)
    return str(found[0][0]) if found else store.code


def _phones(store: TownshipStore, person: str = "") -> dict[str, list[Phone]]:
    """Phones of the township by person, oldest first. What has no token is no phone: the desk, and what only a restored phone remembers."""
    own, given = (" AND person = ?", [person]) if person else ("", [])
    rows = store.sql(
        "SELECT person, id, name, platform, app, enrolled_at, seen_at, revoked_at, next_number, waiting FROM device"
        f" WHERE township = ? AND token_hash IS NOT NULL{own} ORDER BY person, enrolled_at, id",
        store.code, *given,
    )  # fmt: skip
    found: dict[str, list[Phone]] = {}
    for who, id_, name, platform, app, enrolled, seen, revoked, next_number, waiting in rows:
        one = Phone(id_, name, platform, app, enrolled, seen, revoked, next_number - 1, waiting)
        found.setdefault(who, []).append(one)
    return found


# --- households, to be given to somebody ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Home:
    """A household as a picker shows it."""

    id: str
    village: str
    number: str
    head: str
    hamlet: str


def find_homes(store: TownshipStore, sight: Sight, typed: str) -> tuple[list[Home], bool]:
    """Households of the visitor's whose number begins so, or whose head's name fits what was typed (characters or first letters); and
    whether there are more than are given."""
    if not typed.strip() or len(typed) > 100 or not is_plain(typed):
        return [], False
    rows = store.sql(
        "SELECT id, village, household_no, head_name, hamlet FROM kind_household WHERE township = ? AND village IN ??"
        " AND (removed IS NULL OR removed = ?) AND joined_into IS NULL ORDER BY village, household_no, id",
        store.code, list(sight.places(store)), False,
    )  # fmt: skip
    homes = [Home(id_, village, number or "", head or "", hamlet or "") for id_, village, number, head, hamlet in rows]
    wanted = typed.strip()
    found = [home for home in homes if home.number.startswith(wanted)]
    found += [homes[place] for place in Matcher([home.head for home in homes]).search(wanted)]
    found = list(dict.fromkeys(found))
    return found[:FOUND], len(found) > FOUND


# --- words ---------------------------------------------------------------------------------------------------------


def ago(at: int | None, now: int) -> Label:
    """How long ago a phone was here, in days."""
    if at is None:
        return Label("从未同步", "never synced")
    days = days_between(day_of(at), day_of(now))
    if days <= 0:
        return Label("今天", "today")
    return Label("昨天", "yesterday") if days == 1 else Label(f"{days} 天前", f"{days} days ago")


# --- the whole server ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """An account on the list of the whole server. `townships`: where it holds something now, code to name."""

    id: str
    name: str
    roles: frozenset[str]
    disabled: int | None
    townships: Mapping[str, str] = field(default_factory=dict)


def read_accounts(store: TownshipStore, console_roles: frozenset[str], now: int) -> list[Listed]:
    """All who may sign in, and all who hold nothing anywhere, by name."""
    places: dict[str, dict[str, str]] = {}
    for person, code, name in store.sql(
        "SELECT DISTINCT g.person, g.township, a.name FROM access_grant g LEFT JOIN area a ON a.code = g.township"
        " WHERE g.until IS NULL OR g.until > ? ORDER BY 1, 2",
        now,
    ):
        places.setdefault(person, {})[code] = name or code
    rows = store.sql("SELECT id, name, roles, disabled_at FROM user_account ORDER BY name, id")
    listed = (Listed(id_, name, frozenset(roles.split()), off, places.get(id_, {})) for id_, name, roles, off in rows)
    return [one for one in listed if one.roles & console_roles or not one.townships]
