"""How long a visit has taken so far, read from its stored start: for the ring, the banner and the finish."""

from mobile.session import Session
from mobile.visits import ending
from shared.rules.length import Length, length_of


def length_now(session: Session, id_: str) -> Length:
    """A visit's length if it ended this moment; its own where it has ended."""
    values = session.notebook.get("visit", id_).record.values
    if values.get("ended_at"):
        return length_of(values)
    rules = session.notebook.policies().on(session.notebook.today()).visit
    return length_of({**values, **ending(values, session.notebook.doors.reading(), rules)})


def clock_of(session: Session, id_: str) -> str:
    """A visit's length so far as minutes and seconds, 31:05."""
    return as_clock(length_now(session, id_).ms)


def as_clock(ms: int) -> str:
    """A span as 31:05, or 1:02:03 from an hour on."""
    seconds = max(0, ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes:02d}:{seconds % 60:02d}"


def is_paused(session: Session, id_: str) -> bool:
    """Whether a visit's clock stands still."""
    pauses = session.notebook.get("visit", id_).record.values.get("pauses") or []
    last = pauses[-1] if pauses else None
    return isinstance(last, dict) and "from" in last and "to" not in last
