"""The clock: hybrid logical clock stamps as text that sorts.

A stamp is ``<ms since 1970, 12 hex digits>-<counter, 4 hex digits>-<device id>``. Comparing two stamps as text
compares time first, counter second, device last, so no two devices can ever give the same one.

Promises: a clock never gives a stamp twice and never one below a stamp it was told of.
Leaves to others: deciding whether a stamp from outside is believable (the gate in `sync` does), and keeping the
clock's last stamp across a restart (the stores do).
Source: Kulkarni and others, "Logical Physical Clocks", 2014.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

PATTERN = r"[0-9a-f]{12}-[0-9a-f]{4}-[A-Za-z0-9][A-Za-z0-9_-]{0,39}"
_STAMP = re.compile(PATTERN)
_COUNTERS = 0x10000
LATEST_MS = 0xFFFF_FFFF_FFFF

FAST_LIMIT_MS = 5 * 60 * 1000
"""How far ahead of the server a phone's stamp may be before it is re-stamped (milliseconds)."""


class Instant(NamedTuple):
    """A stamp taken apart: `ms` since 1970, `counter` within that millisecond, `device` that wrote."""

    ms: int
    counter: int
    device: str


def is_stamp(text: object) -> bool:
    """Whether `text` has the form of a stamp."""
    return isinstance(text, str) and _STAMP.fullmatch(text) is not None


def format_stamp(ms: int, counter: int, device: str) -> str:
    """The stamp's text. `ms` in milliseconds since 1970."""
    return f"{ms:012x}-{counter:04x}-{device}"


def read_stamp(stamp: str) -> Instant:
    """Take a well-formed stamp apart; ValueError for anything else."""
    if not is_stamp(stamp):
        raise ValueError(f"not a stamp: {stamp!r}")
    return Instant(int(stamp[:12], 16), int(stamp[13:17], 16), stamp[18:])


def device_of(stamp: str) -> str:
    """The device named in a well-formed stamp."""
    return stamp[18:]


def milliseconds_of(stamp: str) -> int:
    """The time named in a well-formed stamp, in milliseconds since 1970."""
    return int(stamp[:12], 16)


class Clock:
    """One device's clock.

    `now` gives the wall clock in milliseconds since 1970; `last` is the stamp to stay above (from the store, or None).
    Not safe for several threads: whoever holds the store's transaction holds the clock.
    """

    def __init__(self, device: str, now: Callable[[], int], last: str | None = None) -> None:
        self.device = device
        self._now = now
        self._ms, self._counter = read_stamp(last)[:2] if last else (0, 0)

    @property
    def last(self) -> str:
        """The highest stamp given or observed, in this device's name: what a store keeps."""
        return format_stamp(self._ms, self._counter, self.device)

    def observe(self, stamp: str) -> None:
        """Never again give a stamp at or below this one."""
        ms, counter, _ = read_stamp(stamp)
        self._ms, self._counter = max((self._ms, self._counter), (ms, counter))

    def tick(self, above: Iterable[str] = (), device: str | None = None) -> str:
        """A new stamp above the wall clock, above every stamp given so far and above every one in `above`.

        `device` signs for another device: the server does so when it re-stamps a phone's change.
        """
        for stamp in above:
            self.observe(stamp)
        now = min(self._now(), LATEST_MS)
        if now > self._ms:
            self._ms, self._counter = now, 0
        elif self._counter + 1 < _COUNTERS:
            self._counter += 1
        else:
            self._ms, self._counter = self._ms + 1, 0
        return format_stamp(self._ms, self._counter, device or self.device)

    def reset(self, stamp: str) -> None:
        """Go back to `stamp`: after the server re-stamped our changes, our lead is no longer to be kept."""
        self._ms, self._counter = read_stamp(stamp)[:2]
