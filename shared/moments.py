"""Moments as text: ISO 8601 in the county's own time, UTC+8 without daylight saving. A day is ``YYYY-MM-DD``, a month ``YYYY-MM``."""

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
DAY_MS = 24 * 3600 * 1000


def iso(ms: int) -> str:
    """Milliseconds since 1970 as ``2018-09-03T10:15:00+08:00``; parts of a second are dropped."""
    return datetime.fromtimestamp(ms // 1000, SHANGHAI).isoformat()


def milliseconds(text: str) -> int:
    """The moment an ISO text names, in milliseconds since 1970; text without offset counts as UTC+8."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    return int(moment.astimezone(UTC).timestamp() * 1000)


def day_of(ms: int) -> str:
    """The Shanghai day of a moment (ms since 1970)."""
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).date().isoformat()


def end_of(day: str) -> int:
    """The last moment that still is this day, 23:59:59 in Shanghai, in ms since 1970: what is later is too late."""
    return milliseconds(f"{day}T23:59:59+08:00")


def days_after(day: str, days: int) -> str:
    """The day so many days later (earlier, when negative)."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_between(first: str, last: str) -> int:
    """How many days after `first` the day `last` is."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def last_day(month: str) -> str:
    """The last day of a month."""
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:7]))[1]:02d}"
