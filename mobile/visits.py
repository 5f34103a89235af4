"""The visit timer: a stored start and a stored end, never a running process, so a killed app or a flat battery does not stop it.

The wall clock dates a visit, the seconds since boot measure it, the boot's id joins the two (DOMAIN 4.1). A pause must be pressed and is
stored like the start. Leaves to others: reading the clocks, writing (`notebook`), how long it was and whether that is enough
(`shared.rules.length`, `shared.rules.visits`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.moments import iso, milliseconds
from shared.rules.length import AUTO_CLOSED, DRIFT, REBOOT, length_of, lies_open
from shared.rules.policy import VisitRules

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks at one moment: `wall` in ms since 1970, `mono` in seconds since boot, `boot_id` empty where there is none."""

    wall: int
    mono: float
    boot_id: str


def beginning(reading: Reading) -> dict[str, Any]:
    """The values a visit begins with."""
    values = {
        "purposes": ["campaign"],
        "mode": "home",
        "entry_mode": "live",
        "started_at": iso(reading.wall),
        "started_mono": round(reading.mono, 3),
    }
    return values | ({"boot_id": reading.boot_id} if reading.boot_id else {})


def pausing(begun: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The values that pause a visit; empty when it is paused already or has ended."""
    pauses = list(begun.get("pauses") or [])
    if begun.get("ended_at") or _running(pauses) is not None:
        return {}
    pause: dict[str, Any] = {"from": iso(reading.wall)}
    if _same_boot(begun, reading):
        pause["from_mono"] = round(reading.mono, 3)
    return {"pauses": [*pauses, pause]}


def resuming(begun: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The values that go on with a paused visit; empty when it is not paused."""
    pauses = list(begun.get("pauses") or [])
    running = _running(pauses)
    if running is None:
        return {}
    end: dict[str, Any] = {"to": iso(reading.wall)}
    if _same_boot(begun, reading) and "from_mono" in running:
        end["to_mono"] = round(reading.mono, 3)
    return {"pauses": [*pauses[:-1], {**running, **end}]}


def _running(pauses: Sequence[Any]) -> Mapping[str, Any] | None:
    """The pause that has not ended; None when there is none. A pause is free-form data: what is none of ours is left as it is."""
    last = pauses[-1] if pauses else None
    return last if isinstance(last, Mapping) and "from" in last and "to" not in last else None


def ending(begun: Mapping[str, Any], reading: Reading, rules: VisitRules) -> dict[str, Any]:
    """The values that end a visit begun so, by both clocks; a pause that still runs ends with it."""
    values: dict[str, Any] = {"ended_at": iso(reading.wall), **resuming(begun, reading)}
    if _same_boot(begun, reading):
        values["ended_mono"] = round(reading.mono, 3)
    flags = length_of({**begun, **values}, rules.drift_seconds * 1000, rules.close_after_hours * _HOUR_MS).flags
    if not _same_boot(begun, reading):
        flags |= {REBOOT}
    flag = next((one for one in (AUTO_CLOSED, REBOOT, DRIFT) if one in flags), None)  # the gravest that applies
    return values | ({"clock_flag": flag} if flag else {})


def closing(begun: Mapping[str, Any], reading: Reading, rules: VisitRules) -> dict[str, Any]:
    """The values that end a visit which nobody ended, as late as one may be; by both clocks where the phone did not restart."""
    hours = rules.close_after_hours
    values = {"ended_at": iso(milliseconds(begun["started_at"]) + hours * _HOUR_MS), "clock_flag": AUTO_CLOSED}
    if _same_boot(begun, reading) and begun.get("started_mono") is not None:
        values["ended_mono"] = round(begun["started_mono"] + hours * 3600, 3)
    return values


def state_of(begun: Mapping[str, Any], reading: Reading, rules: VisitRules) -> str:
    """Of a visit not yet ended: ``""``, ``"ask"`` (still there?) or ``"close"`` (open for too long, it closes by itself)."""
    ask, close = rules.ask_after_hours * _HOUR_MS, rules.close_after_hours * _HOUR_MS
    return lies_open(begun, ask, close, reading.wall, reading.mono, reading.boot_id)


def _same_boot(begun: Mapping[str, Any], reading: Reading) -> bool:
    return begun.get("boot_id") == (reading.boot_id or None)
