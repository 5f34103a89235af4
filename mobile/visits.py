"""The visit timer: a stored start and a stored end, never a running process, so a killed app or a flat battery does not stop it.

The wall clock dates a visit, the seconds since boot measure it, the boot's id joins the two (DOMAIN 4.1). A restart or a changed clock in
between is marked; a short visit is kept and counted like any other. Leaves to others: reading the clocks, writing (`notebook`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.moments import iso

SHORT_MINUTES = 30
DRIFT_S = 120
"""How far the two clocks may differ over a visit, in seconds, before it is marked."""


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


def ending(begun: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The values that end a visit begun so, by both clocks."""
    values: dict[str, Any] = {"ended_at": iso(reading.wall)}
    if begun.get("boot_id") != (reading.boot_id or None):
        return values | {"clock_flag": "reboot"}
    mono = round(reading.mono, 3)
    if begun.get("started_at") and begun.get("started_mono") is not None:
        wall = _seconds_of(values["ended_at"]) - _seconds_of(begun["started_at"])
        if abs(wall - (mono - begun["started_mono"])) > DRIFT_S:
            values["clock_flag"] = "drift"
    return values | {"ended_mono": mono}


def visit_minutes(values: Mapping[str, Any]) -> int:
    """Whole minutes from start to end: by the monotonic clock where both ends have it, else by the wall clock."""
    start, end = values.get("started_mono"), values.get("ended_mono")
    if start is None or end is None:
        began, ended = values.get("started_at"), values.get("ended_at")
        if not began or not ended:
            return 0
        start, end = _seconds_of(began), _seconds_of(ended)
    return max(0, int((end - start) // 60))


def _seconds_of(time: Any) -> float:
    return datetime.fromisoformat(time).timestamp()
