"""What waits to be reviewed and takes a judgement on all visits to find: short visits, doors that stayed shut, visits that look entered twice.

Ids only: the lists beside read the records themselves. Leaves to others: what is done about it (`short_visits`, the console).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.hlc import device_of
from shared.merge import DESK
from shared.moments import day_named
from shared.rules.coverage import has_left, in_campaign
from shared.rules.due import Book
from shared.rules.visits import Judged, Measured, judge_measured

EMPTY_REVIEW: Mapping[str, Any] = {"short_waiting": [], "not_home": [], "double_visits": []}
MINUTE_MS = 60_000
CLOSE_MS = 30 * MINUTE_MS
"""Two visits to one household no further apart than this, in ms, may be one that two people wrote down."""


def review_of(book: Book, measured: Sequence[Measured], judged: Iterable[Judged], now: int, day: str) -> dict[str, Any]:
    """The lists, by ids. `judged` are the visits of the campaign asked about; the other lists are of all visits."""
    return {
        "short_waiting": sorted(one.entry.id for one in waiting(book, measured, now)),
        "not_home": _not_home(book, judged, day),
        "double_visits": [list(pair) for pair in doubles(measured)],
    }


def waiting(book: Book, measured: Iterable[Measured], now: int) -> Iterator[Judged]:
    """Visits that would count if the township accepted their reason; each is judged by its own campaign."""
    longest = max((c.values.get("minimum_minutes") or 0 for c in book.campaigns), default=0)
    for one in measured:
        if not one.at_once and one.length.ms >= max(longest, one.policy.visit.minimum_minutes) * MINUTE_MS:
            continue  # as most are: long enough whatever campaign it belongs to
        campaign = next((c.values for c in book.campaigns if in_campaign(one.entry, c.id, c.values)), None)
        told = judge_measured(one, now=now, campaign=campaign)
        if told.waits:
            yield told


def _not_home(book: Book, judged: Iterable[Judged], day: str) -> list[dict[str, Any]]:
    """Households where nobody was home: how often, when last, whether it was visited after all; `arrange` says that a time is to be agreed on."""
    shut: dict[str, list[Judged]] = {}
    visited: set[str] = set()
    for one in judged:
        home = one.entry.household
        if home and one.entry.values.get("mode") == "not_home":
            shut.setdefault(home, []).append(one)
        elif home and one.counts:
            visited.add(home)
    limit = book.policies.on(day).visit.not_home_limit
    return [
        {
            "household": home, "village": book.households[home].village or "", "times": len(calls),
            "last_day": max(one.day for one in calls), "visited": home in visited,
            "arrange": len(calls) >= limit and home not in visited,
        }
        for home, calls in sorted(shut.items())
        if home in book.households and not has_left(book.households[home].values, day)
    ]  # fmt: skip


def doubles(measured: Iterable[Measured]) -> list[tuple[str, str]]:
    """Pairs of visits that look like one entered twice: one household, one day, at once or shortly after one another, by different hands.

    Smaller id first.
    """
    days: dict[tuple[str, str, str], list[Measured]] = {}
    for one in measured:
        values = one.entry.values
        if one.entry.household and values.get("started_at"):
            mode = "visit" if values.get("mode") in one.policy.visit.modes else str(values.get("mode"))
            days.setdefault((one.entry.household, day_named(values["started_at"]), mode), []).append(one)
    pairs = set()
    for line in days.values():
        line.sort(key=lambda one: (one.length.began, one.entry.id))
        for place, one in enumerate(line):
            for other in line[place + 1 :]:
                apart = other.length.began - (one.length.began + one.length.there_ms)
                if apart <= CLOSE_MS and _by_other_hands(one, other):
                    first, second = sorted((one.entry.id, other.entry.id))
                    pairs.add((first, second))
    return sorted(pairs)


def _by_other_hands(one: Measured, other: Measured) -> bool:
    """Whether two visits were written on two phones or by two people: on one phone somebody came back. At the desk many write."""
    devices = {device_of(each.entry.first) for each in (one, other) if each.entry.first}
    if len(devices) != 1 or next(iter(devices)).startswith(DESK):
        return True
    people = [frozenset(each.entry.values.get("participants") or ()) for each in (one, other)]
    return people[0] != people[1]
