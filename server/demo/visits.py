"""The visits of the campaign: who walks where on which day, how long they stay, what they hear.

Three pairs a village walk their own hamlets. Promises: the shares of DOMAIN section 10 and 4.1 in lengths, modes, clocks and answers, the
odd ones too (29:59, a pause, a restart, paper entered days later, one person in two houses, one call on two phones).
Leaves to others: the clocks' readings (`clocks`), the answers (`answers`), problems found (`ledger`).
"""

from dataclasses import dataclass, field
from typing import Any

from server.demo import words
from server.demo.answers import answers
from server.demo.chance import Chance
from server.demo.clocks import AUTO_CLOSED, read_clocks
from server.demo.diary import Diary, Saved
from server.demo.homes import Home
from server.demo.people import Clerk, Phone
from server.demo.season import DAY, HOUR, MINUTE, Season
from server.demo.village import Village

_MODES = {"home": 85, "field": 5, "phone": 4, "not_home": 6}
_HALF_HOUR = 30 * MINUTE


@dataclass(slots=True, eq=False)
class Visit:
    """A visit that took place. `started` and `ended` are true times; `saved_at` is when it was written down."""

    id: str
    home: Home
    phone: Phone
    started: int
    ended: int
    saved_at: int
    values: dict[str, Any]
    pauses: list[tuple[int, int]] = field(default_factory=list)
    short: bool = False

    @property
    def met(self) -> bool:
        """Whether they sat together."""
        return self.values["mode"] in ("home", "field")


class Rounds:
    """Plans one village's visits. `campaign` is the campaign's id, `version` the policy's."""

    def __init__(self, chance: Chance, season: Season, village: Village, campaign: str, version: str) -> None:
        self._chance = chance
        self._season = season
        self._village = village
        self._common = {"campaign": campaign, "policy_version": version}
        self._linked: dict[str, list[str]] = {}
        for link in village.links:
            if link.from_date <= season.first_day and link.to_date is None:
                self._linked.setdefault(link.home.id, []).append(link.phone.name)

    def plan(self) -> list[Visit]:
        """Every visit of the village, pair by pair, day by day."""
        pairs = self._village.pairs
        days: dict[tuple[int, int], list[Home]] = {}
        for home in self._calls():
            day = self._chance.randrange(self._season.days)
            days.setdefault((home.hamlet % len(pairs), day), []).append(home)
        made: list[Visit] = []
        for (pair, day), homes in sorted(days.items(), key=lambda one: one[0]):
            made += self._walk(pairs[pair], day, homes)
        return made

    def _calls(self) -> list[Home]:
        """Whom to call on, once for each call: some villages get further than others."""
        chance = self._chance
        share = min(0.97, max(0.6, chance.gauss(0.80, 0.06)))
        calls: list[Home] = []
        for home in self._village.homes:
            if chance.happens(share if home.must_visit else 0.6 if home.gains else 0.045):
                calls += [home] * chance.weighted({1: 84, 2: 14, 3: 2})
        return calls

    # --- one day of one pair -----------------------------------------------------------------------------------------

    def _walk(self, pair: tuple[Phone, Phone], day: int, homes: list[Home]) -> list[Visit]:
        chance, season = self._chance, self._season
        free = season.on(day, 8.2) + chance.between(0, 45) * MINUTE
        made: list[Visit] = []
        for home in homes:
            started = free + chance.between(4 * MINUTE, 22 * MINUTE)
            if season.on(day, 11.8) < started < season.on(day, 14.3):
                started = season.on(day, 14.3) + chance.between(0, 25 * MINUTE)
            if started > season.on(day, 20.5):
                break  # the day is over: this call is not made
            if made and made[-1].met and chance.happens(0.012):
                started = max(made[-1].started + MINUTE, made[-1].ended - chance.between(2 * MINUTE, 15 * MINUTE))
            visit = self._call(pair, home, started, is_last=home is homes[-1])
            made.append(visit)
            free = max(free, visit.ended)
            if visit.met and "clock_flag" not in visit.values and chance.happens(0.01):
                made.append(self._on_the_other_phone(pair, visit))
        return made

    def _call(self, pair: tuple[Phone, Phone], home: Home, started: int, is_last: bool) -> Visit:
        chance = self._chance
        mode = chance.weighted(_MODES)
        length, short = self._length(mode)
        values = self._common | {"purposes": ["campaign"], "mode": mode}
        phone = pair[0] if chance.happens(0.6) else pair[1]
        visit = Visit(chance.new_id(started), home, phone, started, started + length, 0, values, short=short)
        if visit.met and chance.happens(0.06):
            pause = chance.between(120, 720) * 1000
            begun = started + chance.between(MINUTE, max(MINUTE, length - MINUTE))
            visit.pauses.append((begun, begun + pause))
            visit.ended += pause
        self._who(visit, pair)
        values |= answers(chance, visit.values["mode"], home)
        if short and chance.happens(0.5):
            values["short_reason"] = chance.choice(words.SHORT_REASONS)
        self._enter(visit, is_last)
        return visit

    def _length(self, mode: str) -> tuple[int, bool]:
        """(ms without pauses, whether it is short)."""
        chance = self._chance
        if mode == "not_home":
            return chance.between(40_000, 4 * MINUTE), False
        if mode == "phone":
            return chance.between(3 * MINUTE, 16 * MINUTE), False
        drawn = chance.random()
        if drawn < 0.01:
            return _HALF_HOUR - 1000, True
        if drawn < 0.08:
            return chance.between(7 * MINUTE, 29 * MINUTE), True
        if drawn < 0.11:
            return _HALF_HOUR, False
        return round(chance.triangular(_HALF_HOUR + 1000, 62 * MINUTE, 36 * MINUTE)), False

    def _who(self, visit: Visit, pair: tuple[Phone, Phone]) -> None:
        chance, values = self._chance, visit.values
        both = chance.happens(0.78)
        values["participants"] = [phone.name for phone in pair] if both else [visit.phone.name]
        roles = ["resident_team", "village_cadre"] if both else [chance.choice(("resident_team", "village_cadre"))]
        linked = self._linked.get(visit.home.id)
        if linked and visit.met and chance.happens(0.25):
            values["participants"] = [*values["participants"], linked[0]]
            values["purposes"] = ["campaign", "party_link"]
            roles.append("party_member")
        elif chance.happens(0.05):
            values["purposes"] = ["campaign", chance.choice(("help_contact", "recheck"))]
        values["visitor_roles"] = roles

    def _enter(self, visit: Visit, is_last: bool) -> None:
        """Write it down: mostly at the door, now and then from paper on a later evening."""
        chance = self._chance
        if chance.happens(0.05):
            evening = (visit.ended - self._season.start) // DAY + chance.between(0, 6)
            visit.saved_at = max(visit.ended + HOUR, self._season.on(evening, 19.5) + chance.between(0, 90 * MINUTE))
            visit.values["entry_mode"] = "retro"
            visit.values |= read_clocks(chance, None, visit.started, visit.ended, visit.pauses)
            return
        visit.values["entry_mode"] = "live"
        odd = is_last and visit.met and (visit.started - self._season.start) % DAY < 18 * HOUR
        clocks = read_clocks(chance, visit.phone, visit.started, visit.ended, visit.pauses, may_forget=odd)
        visit.values |= clocks
        if clocks.get("clock_flag") == AUTO_CLOSED:
            visit.ended = visit.started + 12 * HOUR + MINUTE
        visit.saved_at = visit.ended + chance.between(1000, 4 * MINUTE)

    def _on_the_other_phone(self, pair: tuple[Phone, Phone], first: Visit) -> Visit:
        """The same call, entered by the other of the pair as well: two records, which the desk may want to merge."""
        chance = self._chance
        phone = pair[1] if first.phone is pair[0] else pair[0]
        started, ended = first.started + chance.between(5000, 150_000), first.ended - chance.between(0, 60_000)
        ended = max(started + MINUTE, ended)
        values = self._common | {name: first.values[name] for name in ("purposes", "mode", "visitor_roles")}
        values["participants"] = list(first.values["participants"])
        again = Visit(chance.new_id(started), first.home, phone, started, ended, 0, values, short=first.short)
        values |= answers(chance, values["mode"], first.home)
        values["entry_mode"] = "live"
        values |= read_clocks(chance, phone, started, ended, [], plain=True)
        again.saved_at = ended + chance.between(1000, 4 * MINUTE)
        return again


def save(chance: Chance, diary: Diary, clerks: list[Clerk], visits: list[Visit]) -> None:
    """Enter the visits in the diary, with what happens to them later: the desk's word on a short one, a correction."""
    for visit in visits:
        saved = diary.by_phone(visit.phone, visit.saved_at, "visit", visit.id, visit.home.id, visit.values)
        if "short_reason" in visit.values and chance.happens(0.55):
            _review(chance, diary, clerks, saved)
        if "summary" in visit.values and chance.happens(0.01):
            _correct(chance, diary, visit, saved)


def _review(chance: Chance, diary: Diary, clerks: list[Clerk], saved: Saved) -> None:
    at = diary.season.desk_after(saved.received + chance.between(0, 5) * DAY)
    verdict = {"short_review": chance.weighted({"accepted": 62, "declined": 38})}
    if at < diary.season.last_sync:
        diary.by_desk(chance.choice(clerks), at, "visit", saved.id, saved.village, saved.household, verdict, known=True)


def _correct(chance: Chance, diary: Diary, visit: Visit, saved: Saved) -> None:
    at = saved.at + chance.between(HOUR, 6 * DAY)
    values = {"summary": chance.choice(words.SUMMARIES)}
    if at > visit.ended + 3 * DAY:
        values["edit_reason"] = chance.choice(words.EDIT_REASONS)
    diary.by_phone(visit.phone, at, "visit", visit.id, visit.home.id, values, {"summary": saved.stamp}, known=True)
