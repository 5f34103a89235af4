"""How long a visit took, as far as the phone's clocks tell (DOMAIN 4.1).

The monotonic clock measures, the wall clock dates; a restart on the way leaves only the wall clock. Pauses that were pressed are taken
off. Promises: pure, never negative, never longer than was measured; what looks odd is flagged and nothing is corrected. Leaves to
others: whether the visit counts (`visits`), and reading the clocks (the phone).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.moments import EPOCH, in_ms, milliseconds, moment_of

HOUR_MS = 3_600_000
DRIFT_MS = 120_000

DRIFT, REBOOT, NEGATIVE, AUTO_CLOSED, UNFINISHED = "drift", "reboot", "negative", "auto_closed", "unfinished"

_KNOWN = frozenset({DRIFT, REBOOT, AUTO_CLOSED})
_NONE: frozenset[str] = frozenset()


class Length(NamedTuple):
    """`ms` counted, pauses taken off. `elapsed_ms` from door to door. `clock` says which measured: mono, wall, or none.

    `began` is when, in ms since 1970 by the wall clock; 0 where no start is known. `there_ms` is how long somebody was surely there,
    the shorter of what both clocks say: an end that its writer moved earlier frees the time after it. Of a visit that closed by itself
    nobody knows when it ended, so it is 0 and keeps nobody from being elsewhere.
    """

    ms: int
    elapsed_ms: int
    clock: str
    flags: frozenset[str] = frozenset()
    began: int = 0
    there_ms: int = 0
    until: int = 0
    """The later of start and end, in ms since 1970 by the wall clock."""

    @property
    def minutes(self) -> int:
        """Whole minutes, for showing: a visit of 29:59 shows as 29."""
        return self.ms // 60_000


NOTHING = Length(0, 0, "none", frozenset({UNFINISHED}))


def length_of(values: Mapping[str, Any], drift_ms: int = DRIFT_MS, close_ms: int = 12 * HOUR_MS) -> Length:
    """The length of a visit or contact visit with these values.

    Flags: ``drift`` the two clocks differ by more than `drift_ms`; ``reboot`` the phone restarted on the way; ``negative`` it ends
    before it begins (then it has no length); ``auto_closed`` it lay open longer than `close_ms`; ``unfinished`` an end is missing.
    """
    started, ended = values.get("started_at"), values.get("ended_at")
    if not started:
        return NOTHING
    start = moment_of(started)
    began = in_ms(start - EPOCH)
    if not ended:
        return Length(0, 0, "none", NOTHING.flags, began, 0, began)
    wall = in_ms(moment_of(ended) - start)
    mono = _mono(values)
    flags = {values["clock_flag"]} & _KNOWN if values.get("clock_flag") else set()
    if mono is None and values.get("started_mono") is not None:
        flags.add(REBOOT)
    if mono is not None and abs(wall - mono) > drift_ms:
        flags.add(DRIFT)
    elapsed = wall if mono is None else mono
    if elapsed < 0:
        return Length(0, 0, "wall", frozenset(flags | {NEGATIVE}), began, 0, began)
    if elapsed > close_ms:
        flags.add(AUTO_CLOSED)
    pauses = values.get("pauses")
    paused = _paused(pauses, began, None if mono is None else values["started_mono"], elapsed) if pauses else 0
    told = frozenset(flags) if flags else _NONE
    clock, forward = "wall" if mono is None else "mono", max(wall, 0)
    there = 0 if AUTO_CLOSED in told else min(elapsed, forward)
    return Length(elapsed - paused, elapsed, clock, told, began, there, began + forward)


def _mono(values: Mapping[str, Any]) -> int | None:
    """Milliseconds by the monotonic clock; None where it was not read at both ends of one boot."""
    start, end = values.get("started_mono"), values.get("ended_mono")
    if start is None or end is None or values.get("clock_flag") == REBOOT or end < start:
        return None
    elapsed: int = round((end - start) * 1000)
    return elapsed


def _paused(pauses: Any, began: int, started_mono: float | None, elapsed: int) -> int:
    """Milliseconds of pauses within the visit, each moment counted once. A pause never ended lasts to the end."""
    spans = sorted(span for pause in pauses or () if (span := _span(pause, began, started_mono, elapsed)))
    total = covered = 0
    for start, end in spans:
        start, end = max(start, covered, 0), min(end, elapsed)
        if end > start:
            total += end - start
            covered = end
    return total


def _span(pause: Any, began: int, started_mono: float | None, elapsed: int) -> tuple[int, int] | None:
    """From when to when a pause lasted, in ms after the visit began; None for one that cannot be read."""
    try:
        if started_mono is not None and pause.get("from_mono") is not None:
            start = round((pause["from_mono"] - started_mono) * 1000)
            end = elapsed if pause.get("to_mono") is None else round((pause["to_mono"] - started_mono) * 1000)
        else:
            start = milliseconds(pause["from"]) - began
            end = elapsed if pause.get("to") is None else milliseconds(pause["to"]) - began
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None  # a pause is free-form data: one that says nothing takes nothing off
    return start, end


def lies_open(values: Mapping[str, Any], ask_ms: int, close_ms: int, now: int, mono: float, boot_id: str) -> str:
    """Of a visit not yet ended: ``""``, ``"ask"`` (longer than `ask_ms`: still there?) or ``"close"`` (longer than `close_ms`).

    `now` in ms since 1970, `mono` in seconds since boot `boot_id`.
    """
    if not values.get("started_at") or values.get("ended_at"):
        return ""
    same_boot = values.get("started_mono") is not None and values.get("boot_id") == boot_id
    open_ms = (mono - values["started_mono"]) * 1000 if same_boot else now - milliseconds(values["started_at"])
    return "close" if open_ms > close_ms else "ask" if open_ms > ask_ms else ""
