"""What happens in a township day by day: visits, calls, clean-up checks, problems and their steps, two cadres at odds over one line.

Each is put into its day as a function that makes the change when the day has come, so that two years fit into memory. Promises: as many of
each as `Size` says; nothing is refused at the gate. Leaves to others: who lives there, and sending (`bench.two_years`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from server.demo import words
from server.demo.answers import answers
from server.demo.chance import Chance
from server.demo.clocks import read_clocks
from server.demo.diary import Saved
from server.demo.homes import Home
from server.demo.names import Names
from server.demo.people import Clerk, Phone
from server.demo.season import HOUR, MINUTE, Season
from shared.hlc import format_stamp
from shared.kinds.contact_visit import TOPICS
from shared.moments import days_after, iso, milliseconds
from shared.rules.policy import Policy

_MODES = {"home": 85, "field": 5, "phone": 4, "not_home": 6}
_OUTCOMES = {"satisfied": 58, "rejected": 14, "reported": 4, "accepted": 4, "assigned": 8, "fixed": 6, "verified": 6}
_WAY = ("reported", "accepted", "assigned", "started", "fixed", "verified", "satisfied")

Make = Callable[[int], Saved]
"""Makes a change on a day, counted from 0."""


@dataclass(frozen=True)
class Size:
    """How much there is of everything. A village needs four phones."""

    villages: int = 17
    households: int = 8_000
    visits: int = 200_000
    contact_visits: int = 20_000
    checks: int = 5_000
    problems: int = 5_000
    conflicts: int = 2_000
    open_conflicts: int = 300
    phones: int = 120
    audit_rows: int = 5_000
    days: int = 730


@dataclass
class Town:
    """Who lives and works there. `cadres` by village; `links` are (id, household, party member's phone)."""

    chance: Chance
    season: Season
    policy: Policy
    names: Names
    campaign: str = ""
    homes: list[Home] = field(default_factory=list)
    cadres: dict[str, list[Phone]] = field(default_factory=dict)
    links: list[tuple[str, Home, Phone]] = field(default_factory=list)
    clerks: list[Clerk] = field(default_factory=list)


class Days:
    """The days of a township, planned at once. `of` makes the changes of one, oldest days first: some lead to others later."""

    def __init__(self, town: Town, size: Size) -> None:
        self._town = town
        self._days: list[list[Make]] = [[] for _ in range(size.days)]
        self._free: dict[str, int] = {}  # when a pair's last visit of the day was over
        chance = town.chance
        weights = [2 if home.must_visit else 1 for home in town.homes]
        twice = size.visits // 400
        for order, home in enumerate(chance.choices(town.homes, weights, k=size.visits - twice)):
            self._on(chance.randrange(size.days), partial(self._visit, home, order < twice))
        for _ in range(size.contact_visits):
            self._on(chance.randrange(size.days), partial(self._call, *chance.choice(town.links)))
        for _ in range(size.checks):
            self._on(chance.randrange(size.days), partial(self._check, chance.choice(town.homes)))
        for _ in range(size.problems):
            self._find(chance.weighted(_OUTCOMES))
        for order, home in enumerate(chance.sample(town.homes, size.conflicts)):
            self._differ(home, is_review=order < max(size.open_conflicts, size.conflicts // 2))

    def of(self, day: int) -> list[Saved]:
        """The changes of a day: each phone's in its own order, then the desk's."""
        saved = [make(day) for make in self._days[day]]
        self._days[day].clear()
        return sorted(saved, key=lambda one: (one.by.device, one.stamp) if isinstance(one.by, Phone) else ("~", ""))

    def _on(self, day: int, make: Make) -> None:
        if day < self._town.season.days:
            self._days[day].append(make)

    def _by_phone(
        self, phone: Phone, at: int, kind: str, id_: str, household: str | None, values: dict[str, Any],
        base: dict[str, str] | None = None,
    ) -> Saved:  # fmt: skip
        at = phone.moment(at)
        stamp = format_stamp(at, 0, phone.device)
        return Saved(phone, at, at, kind, id_, phone.village, household, values, base, stamp=stamp)

    def _visit(self, home: Home, is_twice: bool, day: int) -> Saved:
        """The pair that is free first goes there; now and then both enter the call."""
        chance, season, cadres = self._town.chance, self._town.season, self._town.cadres[home.village]
        pair = min((cadres[0:2], cadres[2:4]), key=lambda two: self._free.get(two[0].device, 0))
        mode = chance.weighted(_MODES)
        met = mode in ("home", "field")
        is_short = met and chance.happens(0.08)
        length = chance.between(7 if is_short else 30, 29 if is_short else 55) if met else chance.between(1, 12)
        started = max(season.on(day, 8), self._free.get(pair[0].device, 0)) + chance.between(2, 8) * MINUTE
        started = min(started, season.on(day, 22))
        ended = self._free[pair[0].device] = started + length * MINUTE
        id_ = chance.new_id(started)
        values = {
            "campaign": self._town.campaign, "policy_version": self._town.policy.version, "purposes": ["campaign"],
            "mode": mode, "entry_mode": "live" if chance.happens(0.95) else "retro",
            "participants": [phone.name for phone in pair], "visitor_roles": ["resident_team", "village_cadre"],
            **answers(chance, mode, home), **read_clocks(chance, pair[0], started, ended, []),
        }  # fmt: skip
        if is_short and chance.happens(0.6):
            values["short_reason"] = chance.choice(words.SHORT_REASONS)
        if is_short and chance.happens(0.85):
            self._on(day + chance.between(1, 6), partial(self._review, id_, home))
        if is_twice:
            self._on(day, partial(self._again, pair[1], home, values))
        return self._by_phone(pair[0], ended, "visit", id_, home.id, values)

    def _again(self, phone: Phone, home: Home, values: dict[str, Any], day: int) -> Saved:
        ended = milliseconds(values["ended_at"]) + MINUTE
        return self._by_phone(phone, ended, "visit", self._town.chance.new_id(ended), home.id, dict(values))

    def _review(self, visit: str, home: Home, day: int) -> Saved:
        verdict = self._town.chance.choice(("accepted", "accepted", "declined"))
        return self._by_desk(day, "visit", visit, home.village, home.id, {"short_review": verdict})

    def _by_desk(
        self, day: int, kind: str, id_: str, village: str, household: str | None, values: dict[str, Any]
    ) -> Saved:
        at = self._town.season.on(day, 23)
        return Saved(self._town.chance.choice(self._town.clerks), at, at, kind, id_, village, household, values)

    def _call(self, link: str, home: Home, phone: Phone, day: int) -> Saved:
        chance = self._town.chance
        started = self._town.season.on(day, 17) + chance.randrange(3 * HOUR)
        ended = started + chance.between(12, 40) * MINUTE
        values = {
            "link": link, "mode": chance.weighted(_MODES), "entry_mode": "live", "participants": [phone.name],
            "policy_version": self._town.policy.version, "topics": chance.sample(list(TOPICS), 2),
            "summary": chance.choice(words.CONTACT_SUMMARIES),
            **read_clocks(chance, phone, started, ended, [], plain=True),
        }  # fmt: skip
        return self._by_phone(phone, ended, "contact_visit", chance.new_id(started), home.id, values)

    def _check(self, home: Home, day: int) -> Saved:
        chance, rules = self._town.chance, self._town.policy.cleanup
        target = chance.weighted({"household": 50, "hamlet": 30, "village": 20})
        rubric = rules.rubrics[rules.rubric_of[target]]
        at = self._town.season.on(day, 9) + chance.randrange(8 * HOUR)
        phone = chance.choice(self._town.cadres[home.village])
        level = 0.8 + 0.15 * day / self._town.season.days
        values: dict[str, Any] = {
            "target": target, "checker": phone.name, "checked_at": iso(at), "policy_version": self._town.policy.version,
            "rubric_version": rubric.version,
        }  # fmt: skip
        for item in rubric.items:
            values[item.field] = round(min(1.0, chance.gauss(level, 0.05)) * item.full * 2) / 2
        if target == "hamlet":
            values["hamlet"] = home.values["hamlet"]
        if chance.happens(0.3):
            values["remark"] = chance.choice(words.CLEANUP_REMARKS)
        of = home.id if target == "household" else None
        return self._by_phone(phone, at, "cleanup_check", chance.new_id(at), of, values)

    # --- the ledger ----------------------------------------------------------------------------------------------------

    def _find(self, outcome: str) -> None:
        """A problem and the way it goes, a step every few days; what is not over was found lately."""
        chance, days = self._town.chance, self._town.season.days
        is_over = outcome in ("satisfied", "rejected")
        way = ("reported", "rejected") if outcome == "rejected" else _WAY[: _WAY.index(outcome) + 1]
        latest = days - 1 - len(way)
        found = chance.randrange(latest) if is_over else chance.between(max(0, latest - 60), latest)
        home = chance.choice(self._town.homes)
        id_, cadres = chance.new_id(self._town.season.on(found)), chance.sample(self._town.cadres[home.village], 3)
        category = chance.weighted(words.PROBLEM_SHARES)
        household = home.id if chance.happens(0.5) else None
        self._on(found, partial(self._problem, id_, category, home, household, cadres[0]))
        for order, step in enumerate(way):
            self._on(found + order, partial(self._step, id_, step, category, home, household, cadres))

    def _problem(self, id_: str, category: str, home: Home, household: str | None, finder: Phone, day: int) -> Saved:
        at = self._town.season.on(day, 9) + self._town.chance.randrange(6 * HOUR)
        values = {
            "source": "visit" if household else "research", "category": category,
            "description": self._town.chance.choice(words.PROBLEMS[category]), "found_at": iso(at), "found_by": finder.name,
            "policy_version": self._town.policy.version,
        }  # fmt: skip
        return self._by_phone(finder, at, "problem", id_, household, values)

    def _step(
        self, problem: str, step: str, category: str, home: Home, household: str | None, cadres: list[Phone], day: int
    ) -> Saved:
        chance, date = self._town.chance, self._town.season.date(day)
        told: dict[str, dict[str, Any]] = {
            "assigned": {
                "tier": "village", "unit": words.UNITS[category], "person": cadres[0].name,
                "due_date": days_after(date, chance.between(5, 20)),
            },
            "fixed": {"proof_note": chance.choice(words.PROOFS)},
            "satisfied": {"answer": "yes", "method": "home"}
            if household
            else {"answer": "yes", "method": "representatives", "witnesses": ["韦甲", "黄乙", "农丙"]},
            "rejected": {"reason": chance.choice(words.REJECTED)},
        }  # fmt: skip
        at = self._town.season.on(day, 15) + chance.randrange(3 * HOUR)
        by_desk = step in ("accepted", "assigned", "rejected")
        values = {"problem": problem, "step": step, "by_tier": "township" if by_desk else "village"}
        if by_desk:
            saved = self._by_desk(day, "problem_step", chance.new_id(at), home.village, household, values)
        else:
            who = cadres[{"verified": 1, "satisfied": 2}.get(step, 0)]
            saved = self._by_phone(who, at, "problem_step", chance.new_id(at), household, values)
        values |= {"at": iso(saved.at), "by_name": saved.by.name, **told.get(step, {})}
        return saved

    # --- disagreements, and the trail --------------------------------------------------------------------------------

    def _differ(self, home: Home, is_review: bool) -> None:
        """Two cadres write one line of a household on a day without seeing each other."""
        chance = self._town.chance
        first, second = chance.sample(self._town.cadres[home.village], 2)
        field = "categories" if is_review else chance.choice(("toilet_type", "road_type", "phone"))
        own = home.values.get(field)
        choices: dict[str, list[Any]] = {
            "categories": [["registered_poor"], ["registered_poor", "key"], ["key"], ["borderline"]],
            "toilet_type": ["flush", "sanitary_dry", "pit"], "road_type": ["paved", "gravel", "dirt"],
            "phone": [self._town.names.telephone(), self._town.names.telephone()],
        }  # fmt: skip
        one, other = [value for value in choices[field] if value != own][:2]
        day = chance.randrange(self._town.season.days)
        for phone, value in ((first, one), (second, other)):
            self._on(day, partial(self._correct, phone, home, field, value))

    def _correct(self, phone: Phone, home: Home, field: str, value: Any, day: int) -> Saved:
        base = {field: home.stamp} if field in home.values else {}
        at = self._town.season.on(day, 10) + self._town.chance.randrange(HOUR)
        return self._by_phone(phone, at, "household", home.id, None, {field: value}, base)
