"""Moments as text: ISO 8601 in the county's own time, UTC+8 without daylight saving."""

from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))


def iso(ms: int) -> str:
    """Milliseconds since 1970 as ``2018-09-03T10:15:00+08:00``; parts of a second are dropped."""
    return datetime.fromtimestamp(ms // 1000, SHANGHAI).isoformat()


def milliseconds(text: str) -> int:
    """The moment an ISO text names, in milliseconds since 1970; text without offset counts as UTC+8."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    return int(moment.astimezone(UTC).timestamp() * 1000)
