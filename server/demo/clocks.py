"""What a phone's two clocks say of a visit: mostly the same, sometimes not (DOMAIN 4.1).

Promises: readings that `shared.rules.length` takes as the length drawn. Leaves to others: when visits take place.
"""

from typing import Any

from server.demo.chance import Chance
from server.demo.people import Phone
from server.demo.season import HOUR, MINUTE
from shared.moments import iso

AUTO_CLOSED = "auto_closed"


def read_clocks(
    chance: Chance,
    phone: Phone | None,
    started: int,
    ended: int,
    pauses: list[tuple[int, int]],
    *,
    may_forget: bool = False,
    plain: bool = False,
) -> dict[str, Any]:
    """The fields of a visit's beginning, end and pauses (times in ms). No phone: from paper, by the watch alone.

    `may_forget`: it may have been left open and closed by itself; `plain`: nothing odd happens.
    """
    started, ended = started // 1000 * 1000, ended // 1000 * 1000  # a watch shows whole seconds
    pauses = [(begun // 1000 * 1000, over // 1000 * 1000) for begun, over in pauses]
    values: dict[str, Any] = {"started_at": iso(started), "ended_at": iso(ended)}
    spans: list[dict[str, Any]] = [{"from": iso(begun), "to": iso(over)} for begun, over in pauses]
    if spans:
        values["pauses"] = spans
    if phone is None or (not plain and chance.happens(0.08)):
        return values  # an old phone, or paper
    boot, begun_mono = phone.mono(started)
    values |= {"started_mono": begun_mono, "boot_id": boot}
    if not plain and chance.happens(0.01) and ended - started > 8 * MINUTE:
        return values | _restarted(chance, phone, started, ended)
    if may_forget and chance.happens(0.014):
        return values | {
            "ended_at": iso(started + 12 * HOUR + MINUTE),
            "ended_mono": round(begun_mono + 12 * 3600 + 60, 3),
            "clock_flag": AUTO_CLOSED,
        }
    values["ended_mono"] = round(begun_mono + (ended - started) / 1000, 3)
    for span, (begun, over) in zip(spans, pauses, strict=True):
        span |= {
            "from_mono": round(begun_mono + (begun - started) / 1000, 3),
            "to_mono": round(begun_mono + (over - started) / 1000, 3),
        }
    if not plain and chance.happens(0.015):
        # Somebody set the clock forward on the way: the wall clock tells a longer visit than there was.
        values |= {"ended_at": iso(ended + chance.between(3 * MINUTE, 20 * MINUTE)), "clock_flag": "drift"}
    return values


def _restarted(chance: Chance, phone: Phone, started: int, ended: int) -> dict[str, Any]:
    """The phone was started anew on the way, so only the watch measured."""
    restart = chance.between(started + MINUTE, ended - MINUTE)
    phone.restart(restart, chance.boot_id())
    return {"ended_mono": phone.mono(ended)[1], "clock_flag": "reboot"}
