"""Clean-up checks: the village's loop four times a month, one household in ten, some hamlets.

Scores rise over the campaign and now and then fall back. Promises: `prior` names the check before of the same target; `rebound` is set
where the rules of the day see one (`shared.rules.cleanup`). Leaves to others: the problem that a rebound opens.
"""

from dataclasses import dataclass
from typing import Any

from server.demo import words
from server.demo.chance import Chance
from server.demo.diary import Diary
from server.demo.people import Phone
from server.demo.season import MINUTE, Season
from server.demo.village import Village
from shared.moments import days_between, iso
from shared.rules.cleanup import Score, score
from shared.rules.policy import CleanupRules, Policy

_CHECKED_HOUSEHOLDS = 0.10
_CHECKED_HAMLETS = 0.2
_A_MONTH = 4
_INCOMPLETE = 0.04
_SLIPS = 0.09


@dataclass(slots=True)
class _Line:
    """One target's checks so far."""

    target: str
    household: str | None
    hamlet: str | None
    level: float  # share of full marks at the campaign's start, before ups and downs
    last: tuple[str, str, Score] | None = None  # id, day, score


class CheckRound:
    """Plans and enters one village's checks."""

    def __init__(self, chance: Chance, diary: Diary, village: Village, policy: Policy) -> None:
        self._chance = chance
        self._diary = diary
        self._season: Season = diary.season
        self._village = village
        self._version = policy.version
        self._rules: CleanupRules = policy.cleanup

    def save(self) -> None:
        """Enter every check of the campaign in the diary."""
        chance, season = self._chance, self._season
        line = self._line("village")
        count = max(2, round(season.days * _A_MONTH / 30))
        for place in range(count):
            day = int((place + 0.2 + 0.6 * chance.random()) * season.days / count)
            self._check(line, day)
        for hamlet in self._village.hamlets:
            if chance.happens(_CHECKED_HAMLETS):
                self._two_checks(self._line("hamlet", hamlet=hamlet))
        staying = [home for home in self._village.homes if not home.leaving]
        for home in chance.sample(staying, round(_CHECKED_HOUSEHOLDS * len(staying))):
            self._two_checks(self._line("household", household=home.id))

    def _line(self, target: str, household: str | None = None, hamlet: str | None = None) -> _Line:
        return _Line(target, household, hamlet, min(0.93, max(0.62, self._chance.gauss(0.79, 0.06))))

    def _two_checks(self, line: _Line) -> None:
        half = self._season.days // 2
        self._check(line, self._chance.randrange(half))
        if self._chance.happens(0.75):
            self._check(line, self._chance.between(half, self._season.days - 1))

    def _check(self, line: _Line, day: int) -> None:
        chance, season = self._chance, self._season
        at = season.on(day, 9) + chance.between(0, 8 * 60) * MINUTE
        phone: Phone = chance.choice(self._village.cadres)
        values: dict[str, Any] = {
            "target": line.target,
            "checker": phone.name,
            "checked_at": iso(at),
            "policy_version": self._version,
        }
        values |= self._marks(line, day)
        if line.hamlet:
            values["hamlet"] = line.hamlet
        if chance.happens(0.3):
            values["remark"] = chance.choice(words.CLEANUP_REMARKS)
        result = score(values, self._rules)
        date = season.date(day)
        if line.last:
            id_, before, prior = line.last
            values["prior"] = id_
            if _slipped(prior, result, days_between(before, date), self._rules):
                values["rebound"] = True
        saved = self._diary.by_phone(
            phone, at + chance.between(1, 20) * MINUTE, "cleanup_check", chance.new_id(at), line.household, values
        )
        line.last = saved.id, date, result

    def _marks(self, line: _Line, day: int) -> dict[str, Any]:
        """The items' points in halves, and the red lines."""
        chance = self._chance
        rubric = self._rules.rubrics[self._rules.rubric_of[line.target]]
        slips = line.last is not None and chance.happens(_SLIPS)
        level = line.level + 0.13 * day / self._season.days - (chance.uniform(0.12, 0.2) if slips else 0)
        items = {i.field: min(1.0, max(0.0, chance.gauss(level, 0.08))) * i.full for i in rubric.items}
        marks: dict[str, Any] = {name: round(points * 2) / 2 for name, points in items.items()}
        if chance.happens(_INCOMPLETE):
            marks.pop(chance.choice(list(marks)))
        if chance.happens(0.25 if slips else 0.02):
            marks["red_lines"] = [chance.choice(list(self._rules.red_lines))]
        return marks | {"rubric_version": rubric.version}


def _slipped(prior: Score, now: Score, days: int, rules: CleanupRules) -> bool:
    if days > rules.rebound_days:
        return False
    dropped = prior.complete and now.complete and prior.total - now.total >= rules.rebound_drop
    return bool(dropped or (prior.passed and now.passed is False) or now.red_lines - prior.red_lines)
