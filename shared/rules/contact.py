"""Twice a month: what a party member owes a linked household in a month, and what was done (DOMAIN 4.3).

Counted are home visits on distinct Shanghai days, by when they began: contact visits, and campaign visits that say they were one too, so
that nothing is entered twice. Who makes a visit together with another made one as well. Promises: pure; every link by itself; a fact about
a month and no mark for a person. Leaves to others: adding up villages (the report), reminding (`due`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.fields import Label
from shared.moments import day_named, days_after, end_of, last_day, milliseconds
from shared.rules.entry import Entry
from shared.rules.policy import ContactRules

PARTY_LINK = "party_link"
END_OF_TIME = 2**62

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
    link's dates or by an exemption; one, too, when an exemption leaves fewer days than the first half of a month has (fifteen); never
    more than it has days; none when no day is left.
    """
    days = [day for day in _days(month) if runs_on(link, day)]
    full = _for_days(days, rules)
    free = [day for day in days if not _is_exempt(link, day, rules)]
    left = _for_days(free, rules)
    if len(free) < min(len(days), rules.half_month_day):
        left = min(left, 1)
    return left, left < full


def _days(month: str) -> list[str]:
    return [f"{month}-{day:02d}" for day in range(1, int(last_day(month)[8:]) + 1)]


def _is_exempt(link: Mapping[str, object], day: str, rules: ContactRules) -> bool:
    reason, start, end = link.get("exempt_reason"), link.get("exempt_from"), link.get("exempt_to")
    if not (reason or start or end) or (reason and reason not in rules.exempt_reasons):
        return False
    return str(start or "") <= day <= str(end or "9999-12-31")


def _for_days(days: Sequence[str], rules: ContactRules) -> int:
    """What is owed for these days of one month, oldest first."""
    if not days:
        return 0
    half = int(days[0][8:]) > rules.half_month_day or int(days[-1][8:]) < rules.half_month_day
    return min(1 if half else len(days), rules.visits_a_month)


def link_month(
    link: Entry, visits: Iterable[Entry], month: str, rules: ContactRules, now: int = END_OF_TIME
) -> LinkMonth:
    """One link's month. `visits`: contact visits and visits of its household, any month, removed ones left out.

    `now` in ms since 1970, for visits of which it is not known when they arrived: what is dated later was not made yet.
    """
    due, exempt = owed(link.values, month, rules)
    days: dict[str, bool] = {}
    limit = end_of(days_after(last_day(month), rules.late_day))
    for entry in visits:
        started = entry.values.get("started_at")
        if not started or not _serves(entry, link, rules):
            continue
        day = day_named(started)
        ahead = entry.lies_ahead(milliseconds(started), rules.future_minutes, now)
        if day.startswith(month) and runs_on(link.values, day) and not ahead:
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


def runs_on(link: Mapping[str, object], day: str) -> bool:
    """Whether a link is in force on a day."""
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
