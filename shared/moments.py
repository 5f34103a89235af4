"""Moments as text: ISO 8601 in the county's own time, UTC+8 without daylight saving. A day is ``YYYY-MM-DD``, a month ``YYYY-MM``."""

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
DAY_MS = 24 * 3600 * 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(ms: int) -> str:
    """Milliseconds since 1970 as ``2018-09-03T10:15:00+08:00``; parts of a second are dropped."""
    return _shanghai(ms).replace(microsecond=0).isoformat()


def milliseconds(text: str) -> int:
    """The moment an ISO text names, in milliseconds since 1970; text without offset counts as UTC+8."""
    return in_ms(moment_of(text) - EPOCH)


def moment_of(text: str) -> datetime:
    """The moment an ISO text names; text without offset counts as UTC+8."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def in_ms(span: timedelta) -> int:
    """A span in milliseconds, parts of one dropped."""
    return span.days * DAY_MS + span.seconds * 1000 + span.microseconds // 1000


def day_of(ms: int) -> str:
    """The Shanghai day of a moment (ms since 1970)."""
    return _shanghai(ms).date().isoformat()


def day_named(text: str) -> str:
    """The Shanghai day of a moment written as ISO text."""
    return text[:10] if text.endswith("+08:00") else day_of(milliseconds(text))


def end_of(day: str) -> int:
    """The last moment that still is this day, 23:59:59 in Shanghai, in ms since 1970: what is later is too late."""
    return milliseconds(f"{day}T23:59:59+08:00")


def days_after(day: str, days: int) -> str:
    """The day so many days later (earlier, when negative); the last or first there is where it would lie beyond."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return (date.max if days > 0 else date.min).isoformat()


def _shanghai(ms: int) -> datetime:
    """A moment in Shanghai's time. A clock may say anything: what lies beyond the calendar becomes its last or first moment."""
    try:
        return EPOCH.astimezone(SHANGHAI) + timedelta(milliseconds=ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=SHANGHAI) if ms > 0 else datetime.min.replace(tzinfo=SHANGHAI)


def days_between(first: str, last: str) -> int:
    """How many days after `first` the day `last` is."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def last_day(month: str) -> str:
    """The last day of a month."""
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:7]))[1]:02d}"
