"""The campaign's calendar: which day is which, when the desk sits, when it is over. All moments are ms since 1970, Shanghai time.

Leaves to others: what happens on a day.
"""

from dataclasses import dataclass
from functools import cached_property

from shared.moments import DAY_MS, days_after, last_day, milliseconds

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = DAY_MS
_SESSIONS = (9 * HOUR + 10 * MINUTE, 15 * HOUR + 10 * MINUTE)  # the desk goes through what has come in


@dataclass(frozen=True)
class Season:
    """A campaign of `days` days that begins on `first_day` (``YYYY-MM-DD``)."""

    first_day: str
    days: int

    @cached_property
    def start(self) -> int:
        """Midnight at which the first day begins."""
        return milliseconds(f"{self.first_day}T00:00:00+08:00")

    @cached_property
    def end(self) -> int:
        """Midnight after the last day."""
        return self.start + self.days * DAY

    @cached_property
    def last_sync(self) -> int:
        """By then every phone has handed in what it held, also those that were long without signal."""
        return self.end + 14 * DAY

    def on(self, day: int, hour: float = 0.0) -> int:
        """The moment of an hour on a day of the campaign, counted from 0; days before the start are negative."""
        return self.start + day * DAY + int(hour * HOUR)

    def date(self, day: int) -> str:
        """The date of a day of the campaign, counted from 0."""
        return days_after(self.first_day, day)

    @cached_property
    def months(self) -> list[str]:
        """The months the campaign touches, ``YYYY-MM``."""
        return list(dict.fromkeys(self.date(day)[:7] for day in range(self.days)))

    def days_of(self, month: str) -> range:
        """The campaign's days, counted from 0, that lie in a month."""
        inside = [day for day in range(self.days) if self.date(day).startswith(month)]
        return range(inside[0], inside[-1] + 1)

    def month_end(self, month: str) -> int:
        """Midnight after a month's last day."""
        return milliseconds(f"{last_day(month)}T00:00:00+08:00") + DAY

    def desk_after(self, ms: int) -> int:
        """The next time the desk sits after a moment; not on Sundays."""
        midnight = ms - (ms - self.start) % DAY
        while True:
            for session in _SESSIONS:
                if midnight + session > ms and not _is_sunday(midnight):
                    return midnight + session
            midnight += DAY


def _is_sunday(midnight: int) -> bool:
    # 1970-01-01 was a Thursday; Shanghai's midnight is eight hours before that of Greenwich.
    return (midnight + 8 * HOUR) // DAY % 7 == 3
