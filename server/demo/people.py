"""The people who write: cadres and party members with a phone each, the township's desk, one officer of the county.

A phone syncs on most evenings, when it has signal; some lie without for days, some over the end of a month. Promises: what is saved is
heard of at the phone's next sync, so its changes arrive in the order they were written. Leaves to others: what they write (`diary`).
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from server import access
from server.demo.chance import Chance
from server.demo.names import Names
from server.demo.season import DAY, HOUR, MINUTE, Season
from server.store import Database, TownshipStore
from shared.grants import HOUSEHOLD, LATE_DAYS, TOWNSHIP, VILLAGE, Grant
from shared.sync.gate import Writer, desk_device

PAIRS = 3
FIRST_DAY = -8
"""The day of the campaign on which accounts and phones are given out."""


@dataclass(slots=True)
class Holding:
    """A grant from one moment to another (ms since 1970)."""

    grant: Grant
    since: int
    until: int | None = None


@dataclass(slots=True, eq=False)
class Phone:
    """Somebody's phone. `person` is the account's id, known once the account is there; `number` the next change's."""

    device: str
    name: str
    role: str
    village: str
    holdings: list[Holding]
    syncs: list[int]
    boots: list[tuple[int, str]]
    person: str = ""
    number: int = 1
    _stamped: set[int] = field(default_factory=set)

    def heard(self, ms: int) -> int:
        """When the township hears of what was saved at a moment, or the phone of what the township then had."""
        place = bisect_right(self.syncs, ms)
        return self.syncs[place] if place < len(self.syncs) else ms + DAY

    def moment(self, ms: int) -> int:
        """The first moment from `ms` on at which this phone has given no stamp yet."""
        while ms in self._stamped:
            ms += 1
        self._stamped.add(ms)
        return ms

    def mono(self, ms: int) -> tuple[str, float]:
        """(boot id, seconds since that start) by the clock that nobody can set."""
        started, boot = self.boots[max(0, bisect_right(self.boots, (ms, "~")) - 1)]
        return boot, round(max(0, ms - started) / 1000, 3)

    def restart(self, ms: int, boot: str) -> None:
        """The phone was started anew at this moment."""
        self.boots.insert(bisect_right(self.boots, (ms, "~")), (ms, boot))

    def writer(self, now: int) -> Writer:
        """Who writes from this phone at a moment, with the grants of that moment."""
        begun = [held for held in self.holdings if held.since <= now]
        held = tuple(one.grant for one in begun if one.until is None or one.until > now)
        ended = tuple(one.grant for one in begun if one.until is not None and now - LATE_DAYS * DAY < one.until <= now)
        return Writer(self.device, self.person, self.name, frozenset({self.role}), held, ended)


@dataclass(slots=True, eq=False)
class Clerk:
    """Somebody who writes in the township's own name, at the console."""

    township: str
    name: str
    role: str = "desk"
    person: str = ""

    def writer(self, via: str) -> Writer:
        grants = (Grant(TOWNSHIP, self.township),)
        return Writer(desk_device(self.township), self.person, self.name, frozenset({self.role}), grants, via=via)


class Recruiter:
    """Draws people and their phones for one county."""

    def __init__(self, chance: Chance, names: Names, season: Season) -> None:
        self._chance = chance
        self._names = names
        self._season = season

    def clerk(self, township: str, place: str, role: str = "desk") -> Clerk:
        return Clerk(township, self._names.user(place), role)

    def cadre(self, village: str, place: str, evening: int) -> Phone:
        """A cadre with a phone; `evening` in ms after midnight is when the village's phones sync."""
        grant = Grant(VILLAGE, village)
        return self._phone(village, place, "cadre", [Holding(grant, self._season.on(FIRST_DAY))], evening, late=False)

    def party_member(self, village: str, place: str, evening: int) -> Phone:
        """A party member with a phone; holds nothing until linked."""
        return self._phone(village, place, "party_member", [], evening, late=self._chance.happens(0.1))

    def _phone(self, village: str, place: str, role: str, holdings: list[Holding], evening: int, late: bool) -> Phone:
        name = self._names.user(place)
        syncs = self._syncs(evening, late)
        return Phone(self._chance.device_id(), name, role, village, holdings, syncs, self._boots())

    def _syncs(self, evening: int, late: bool) -> list[int]:
        """The evenings with signal. `late`: none from the last days of one month until the fifth of the next is over."""
        season, chance = self._season, self._chance
        share = chance.weighted({0.85: 7, 0.5: 2, 0.3: 1})
        days = [day for day in range(FIRST_DAY, season.days + 13) if chance.happens(share)]
        moments = [season.on(day) + evening for day in days]
        if late:
            turn = season.month_end(chance.choice(season.months))
            silent = range(turn - chance.between(4, 9) * DAY, turn + chance.between(6, 8) * DAY)
            moments = [ms for ms in moments if ms not in silent]
        return [*moments, season.on(season.days + 13) + evening]

    def _boots(self) -> list[tuple[int, str]]:
        chance, season = self._chance, self._season
        ms = season.on(FIRST_DAY) - chance.between(1, 10 * 24) * HOUR
        boots = []
        while ms < season.last_sync:
            boots.append((ms, chance.boot_id()))
            ms += chance.between(2, 18 * 24) * HOUR + chance.between(0, 59) * MINUTE + chance.randrange(60_000)
        return boots


def enlist(database: Database, township: str, phones: list[Phone], clerks: list[Clerk], season: Season) -> None:
    """Give everybody an account with grants from and to their days, and make the phones known."""
    first = season.on(FIRST_DAY)
    for clerk in clerks:
        if not clerk.person:
            clerk.person = access.add_user(database, clerk.name, [clerk.role], [f"township:{township}"], first)
        else:  # the county's officer, in another township
            access.grant(database, clerk.name, f"township:{township}", first)
    for phone in phones:
        at_first = [str(held.grant) for held in phone.holdings if held.since <= first]
        phone.person = access.add_user(database, phone.name, [phone.role], at_first, first)
        for held in phone.holdings:
            if held.since > first:
                access.grant(database, phone.name, str(held.grant), held.since, _town_of(held.grant, township))
            if held.until is not None:
                access.ungrant(database, phone.name, str(held.grant), held.until)

    def adopt(store: TownshipStore) -> None:
        for phone in phones:
            store.adopt_device(phone.device, phone.person)

    database.write(township, adopt)


def _town_of(grant: Grant, township: str) -> str | None:
    return township if grant.scope == HOUSEHOLD else None
