"""One problem's steps, each by somebody and after the one before, as the news travels between phones and desk.

Promises: stamps rise in the order things happened; nobody acts on what has not reached him (a phone hears at its sync, the desk once a
phone has synced); nothing is written after the campaign's end, where a chain simply stops. Leaves to others: which steps, and by whom.
"""

from typing import Any

from server.demo.chance import Chance
from server.demo.diary import Diary
from server.demo.people import Clerk, Phone
from server.demo.season import DAY, HOUR, MINUTE
from shared.moments import iso

STEP = "problem_step"


class OutOfTime(Exception):
    """The next step would fall after the campaign: the problem stays as it stands."""


class Chain:
    """The steps of one problem so far. `at` is when the last was taken, `known` when the township had it (ms)."""

    def __init__(self, chance: Chance, diary: Diary, problem: str, village: str, household: str | None) -> None:
        self._chance = chance
        self._diary = diary
        self._problem = problem
        self._village = village
        self._household = household
        self._writer: Phone | Clerk | None = None
        self.at = 0
        self.known = 0

    def begin(self, writer: Phone | Clerk, at: int) -> None:
        """The first step may follow at `at`."""
        self._writer, self.at, self.known = writer, at, at

    def date(self, days: float) -> str:
        """The day so many days after the last step."""
        return iso(self.at + round(days * DAY))[:10]

    def by_phone(self, phone: Phone, days: float, step: str, **values: Any) -> None:
        """A step entered on a phone about `days` after its owner could know of the last."""
        at = self.at + 1000 if phone is self._writer else phone.heard(self.known)
        at = self._in_daylight(at, days) if days else at
        self._check(at)
        saved = self._diary.by_phone(
            phone, at, STEP, self._chance.new_id(at), self._household, self._step(step, at, phone.name, values)
        )
        self._writer, self.at, self.known = phone, saved.at, saved.received

    def by_desk(self, clerk: Clerk, days: float, step: str, **values: Any) -> None:
        """A step entered at the desk, in a sitting about `days` after it knew of the last."""
        same_sitting = days == 0 and clerk is self._writer
        at = self.known if same_sitting else self._diary.season.desk_after(self.known + round(days * DAY))
        self._check(at)
        self._diary.by_desk(
            clerk, at, STEP, self._chance.new_id(at), self._village, self._household,
            self._step(step, at, clerk.name, values),
        )  # fmt: skip
        self._writer, self.at, self.known = clerk, at, at

    def _step(self, step: str, at: int, name: str, values: dict[str, Any]) -> dict[str, Any]:
        return {"problem": self._problem, "step": step, "at": iso(at), "by_name": name} | values

    def _in_daylight(self, at: int, days: float) -> int:
        """So many days later, at an hour at which people are about."""
        chance, start = self._chance, self._diary.season.start
        later = at + round(days * DAY * chance.uniform(0.6, 1.4))
        midnight = later - (later - start) % DAY
        return max(later, midnight + 8 * HOUR + chance.between(0, 40) * MINUTE)

    def _check(self, at: int) -> None:
        if at >= self._diary.season.end:
            raise OutOfTime
