"""Party members and their linked households: the links, and the calls of each month.

Most call twice a month at home; some once, some on one day, some by telephone, some links begin late, end early or are exempt, and some
phones hand their calls in after the fifth. Promises: nobody calls before the link begins or after it ends, or on two households at once.
"""

from collections import Counter
from typing import Any

from server.demo import words
from server.demo.chance import Chance
from server.demo.clocks import read_clocks
from server.demo.diary import Diary
from server.demo.people import Clerk, Holding
from server.demo.season import DAY, HOUR, MINUTE, Season
from server.demo.village import Link, Village
from shared.grants import HOUSEHOLD, Grant
from shared.kinds.contact_visit import TOPICS
from shared.moments import days_after, milliseconds

HOUSEHOLDS = 5
"""Linked to one party member."""
_FIRST_LINKS = -5  # the day of the campaign on which the desk enters the links that already run
_A_MONTH = {0: 6, 1: 15, 2: 62, 3: 14, 4: 3}
_A_HALF_MONTH = {0: 15, 1: 62, 2: 23}
_WHILE_EXEMPT = {0: 85, 1: 15}
_MODES = {"home": 88, "phone": 7, "field": 3, "not_home": 2}
_APART = 55 * MINUTE  # between two calls of one evening


def link(chance: Chance, season: Season, village: Village) -> None:
    """Link every party member of the village to households, and give the phones their grants."""
    staying = [home for home in village.homes if not home.leaving]
    decks = {True: [h for h in staying if h.must_visit], False: [h for h in staying if not h.must_visit]}
    for deck in decks.values():
        chance.shuffle(deck)
    for phone in village.party:
        held: set[str] = set()
        for _ in range(min(HOUSEHOLDS, len(staying))):
            free = [h for h in decks[chance.happens(0.7)] if h.id not in held] or [
                h for h in staying if h.id not in held
            ]
            home = chance.choice(free) if chance.happens(0.06) else free[0]
            for deck in decks.values():  # to the bottom: whoever is linked already comes last
                if home in deck:
                    deck.append(deck.pop(deck.index(home)))
            held.add(home.id)
            one = _dates(chance, season, Link(chance.new_id(season.on(_FIRST_LINKS)), home, phone, ""))
            village.links.append(one)
            since = max(season.on(_FIRST_LINKS), milliseconds(f"{one.from_date}T00:00:00+08:00"))
            until = milliseconds(f"{days_after(one.to_date, 1)}T00:00:00+08:00") if one.to_date else None
            phone.holdings.append(Holding(Grant(HOUSEHOLD, home.id), since, until))


def _dates(chance: Chance, season: Season, one: Link) -> Link:
    one.from_date = season.date(-chance.between(20, 540))
    drawn = chance.random()
    month = season.days_of(chance.choice(season.months))
    if drawn < 0.06:  # begins after the fifteenth, or simply late
        after = [day for day in month if int(season.date(day)[8:]) > 15] or list(month)
        one.from_date = season.date(chance.choice(after))
    elif drawn < 0.10:
        one.to_date = season.date(chance.choice(month))
    elif drawn < 0.14:
        one.exempt_from = season.date(month[0] - chance.between(0, 20))
        one.exempt_to = season.date(month[-1] + chance.between(0, 30)) if chance.happens(0.7) else None
        one.exempt_reason = chance.weighted({"ill": 3, "away": 4, "age": 2, "other": 1})
    return one


def save_links(chance: Chance, diary: Diary, clerks: list[Clerk], village: Village) -> None:
    """Enter the links in the diary: those that run before the campaign, those that begin or end during it."""
    season = diary.season
    for one in village.links:
        values: dict[str, Any] = {"party_member": one.phone.name, "from_date": one.from_date}
        named = ("exempt_from", "exempt_to", "exempt_reason")
        values |= {name: value for name in named if (value := getattr(one, name)) is not None}
        begins = season.desk_after(milliseconds(f"{one.from_date}T00:00:00+08:00"))
        at = max(season.on(_FIRST_LINKS, 9.5), begins)
        diary.by_desk(chance.choice(clerks), at, "party_link", one.id, village.code, one.home.id, values)
        if one.to_date:
            over = season.desk_after(milliseconds(f"{one.to_date}T12:00:00+08:00"))
            ended = {"to_date": one.to_date}
            diary.by_desk(
                chance.choice(clerks), max(over, at + MINUTE), "party_link", one.id, village.code, one.home.id, ended,
                known=True,
            )  # fmt: skip


def save_calls(chance: Chance, diary: Diary, village: Village, version: str) -> None:
    """Enter every call of the campaign's months in the diary."""
    evenings: Counter[tuple[str, int]] = Counter()
    for one in village.links:
        for month in diary.season.months:
            for day in _days(chance, diary.season, one, month):
                _call(chance, diary, one, day, evenings, version)


def _days(chance: Chance, season: Season, one: Link, month: str) -> list[int]:
    """The days of a month on which the household is called on; the same one twice where two calls fall on one day."""
    running = [day for day in season.days_of(month) if one.runs_on(season.date(day))]
    if not running:
        return []
    exempt = sum(one.exempt_on(season.date(day)) for day in running) > len(running) / 2
    wanted = chance.weighted(_WHILE_EXEMPT if exempt else _A_HALF_MONTH if len(running) < 16 else _A_MONTH)
    days = chance.sample(running, min(wanted, len(running)))
    if len(days) > 1 and chance.happens(0.06):
        days[1] = days[0]
    return sorted(days)


def _call(chance: Chance, diary: Diary, one: Link, day: int, evenings: Counter[tuple[str, int]], version: str) -> None:
    season, phone = diary.season, one.phone
    place = evenings[phone.device, day]
    evenings[phone.device, day] += 1
    started = season.on(day, 17.2) + place * _APART + chance.between(0, 12 * MINUTE)
    mode = chance.weighted(_MODES)
    length = chance.between(12, 40) * MINUTE if mode in ("home", "field") else chance.between(2, 9) * MINUTE
    values: dict[str, Any] = {"link": one.id, "mode": mode, "participants": [phone.name], "policy_version": version}
    if mode in ("home", "phone", "field"):
        topics = chance.sample(list(TOPICS), chance.between(1, 3))
        values |= {
            "topics": [code for code in TOPICS if code in topics],
            "summary": chance.choice(words.CONTACT_SUMMARIES),
        }
        if chance.happens(0.12):
            values["needs_followup"] = True
    retro = chance.happens(0.06)
    clocks = read_clocks(chance, None if retro else phone, started, started + length, [], plain=True)
    saved_at = started + length + (chance.between(HOUR, 2 * DAY) if retro else chance.between(1000, 3 * MINUTE))
    values |= clocks | {"entry_mode": "retro" if retro else "live"}
    if "boot_id" in values and chance.happens(0.3):  # most parties write down when they came, not all when they left
        for name in ("ended_at", "ended_mono", "started_mono", "boot_id"):
            values.pop(name)
    diary.by_phone(phone, saved_at, "contact_visit", chance.new_id(started), one.home.id, values)
