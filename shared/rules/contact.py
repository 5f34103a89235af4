"""Twice a month: what a party member owes a linked household in a month, and what was done (DOMAIN 4.3).

Counted are home visits on distinct Shanghai days, by when they began: contact visits, and campaign visits that say they were one too, so
that nothing is entered twice. Who makes a visit together with another made one as well. Promises: pure; every link by itself; a fact about
a month and no mark for a person. Leaves to others: adding up villages (the report), reminding (`due`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.fields import Label
from shared.moments import day_named, days_after, end_of, last_day
from shared.rules.entry import Entry
from shared.rules.policy import ContactRules

PARTY_LINK = "party_link"

STATES = {
    "none": Label("本月不需要走访", "Nothing is due this month"),
    "exempt": Label("本月免访", "Exempt this month"),
    "open": Label("本月还没有走够", "More is due this month"),
    "met": Label("本月已走够", "Done this month"),
}


@dataclass(frozen=True, slots=True)
class LinkMonth:
    """One link in one month. `days` are the distinct days that count, oldest first; `late` of them arrived after the grace days."""

    link: Entry
    month: str
    owed: int
    exempt: bool
    days: tuple[str, ...]
    late: tuple[str, ...]

    @property
    def made(self) -> int:
        """Days that count, however many were owed."""
        return len(self.days)

    @property
    def missing(self) -> int:
        return max(0, self.owed - self.made)

    @property
    def met(self) -> bool:
        """Whether something was owed and all of it was done."""
        return 0 < self.owed <= self.made

    @property
    def state(self) -> str:
        """A code of STATES."""
        if not self.owed:
            return "exempt" if self.exempt else "none"
        return "met" if self.met else "open"


def owed(link: Mapping[str, object], month: str, rules: ContactRules) -> tuple[int, bool]:
    """(visits a link owes in a month, whether an exemption is why it owes less).

    All of it while the link runs on both sides of the half-month day; one when it began after that day or ended before it, by the
    link's dates or by an exemption; none when no day is left.
    """
    first, last = f"{month}-01", last_day(month)
    start = max(str(link.get("from_date") or first), first)
    end = min(str(link.get("to_date") or last), last)
    full = _for_days(start, end, rules)
    reason = link.get("exempt_reason")
    exempt_from = str(link.get("exempt_from") or "")
    if not (exempt_from or link.get("exempt_to") or reason) or (reason and reason not in rules.exempt_reasons):
        return full, False
    until = str(link.get("exempt_to") or "9999-12-31")
    if exempt_from <= start:
        start = max(start, days_after(until, 1)) if until < end else "9999-12-31"
    elif until >= end:
        end = min(end, days_after(exempt_from, -1))
    left = _for_days(start, end, rules)
    return left, left < full


def _for_days(start: str, end: str, rules: ContactRules) -> int:
    if start > end:
        return 0
    half = int(start[8:10]) > rules.half_month_day or int(end[8:10]) < rules.half_month_day
    return min(1, rules.visits_a_month) if half else rules.visits_a_month


def link_month(link: Entry, visits: Iterable[Entry], month: str, rules: ContactRules) -> LinkMonth:
    """One link's month. `visits`: contact visits and visits of its household, any month, removed ones left out."""
    due, exempt = owed(link.values, month, rules)
    days: dict[str, bool] = {}
    limit = end_of(days_after(last_day(month), rules.late_day))
    for entry in visits:
        started = entry.values.get("started_at")
        if not started or not _serves(entry, link, rules):
            continue
        day = day_named(started)
        if day.startswith(month) and _runs_on(link.values, day):
            in_time = entry.received is None or entry.received <= limit
            days[day] = days.get(day, False) or in_time
    return LinkMonth(
        link, month, due, exempt, tuple(sorted(days)), tuple(sorted(d for d, in_time in days.items() if not in_time))
    )


def _serves(entry: Entry, link: Entry, rules: ContactRules) -> bool:
    """Whether a visit is this link's: it names it, or the party member was there with the household that is linked."""
    values = entry.values
    if values.get("mode") not in rules.modes or entry.household != link.household:
        return False
    if entry.kind == "visit" and PARTY_LINK not in (values.get("purposes") or ()):
        return False
    return values.get("link") == link.id or link.values.get("party_member") in (values.get("participants") or ())


def _runs_on(link: Mapping[str, object], day: str) -> bool:
    return str(link.get("from_date") or "") <= day <= str(link.get("to_date") or "9999-12-31")


@dataclass(slots=True)
class ContactMonth:
    """A village's or township's month, in links: never by person."""

    links: int = 0
    owed: int = 0
    made: int = 0
    met: int = 0
    open: int = 0
    exempt: int = 0
    late: int = 0
    extra: int = 0

    def add(self, one: LinkMonth) -> None:
        """Count one link in. `made` is what was owed and done, `extra` what was done beyond; a link that owes nothing is in neither."""
        self.links += one.owed > 0 or one.exempt or one.made > 0
        self.owed += one.owed
        self.made += min(one.made, one.owed)
        self.extra += max(0, one.made - one.owed)
        self.met += one.met
        self.open += one.missing > 0
        self.exempt += one.exempt and not one.owed
        self.late += len(one.late)
