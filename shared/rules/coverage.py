"""Coverage of a campaign: of the households that must be visited, how many were (DOMAIN 4.2).

The roster is frozen when the campaign starts; who is found later joins with a date, who leaves needs a reason. A household of several
categories stands in each of their rows and once in the total. An empty row has no share: none, not a hundred per cent. Promises: pure;
nothing is counted twice. Leaves to others: knowing what the categories were at the start (the township's log does), and which visits count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.moments import day_named
from shared.rules.entry import Entry
from shared.rules.policy import Policy
from shared.rules.visits import Judged


@dataclass(frozen=True, slots=True)
class Listed:
    """A household on a campaign's roster: its must-visit `categories`, and since when. `added` is empty for those of the start.

    `gained` are categories of a later day: category to day.
    """

    household: str
    village: str
    categories: frozenset[str]
    added: str = ""
    gained: Mapping[str, str] = field(default_factory=dict)


def percent(part: float, whole: float) -> float | None:
    """0 to 100 with one decimal; None of nothing. Only the whole is a hundred: 2,999 of 3,000 are 99.9."""
    if not whole:
        return None
    share = round(100 * part / whole, 1)
    return min(share, 99.9) if part < whole else share


@dataclass(slots=True)
class Share:
    """`visited` of `households`."""

    households: int = 0
    visited: int = 0

    @property
    def percent(self) -> float | None:
        """0 to 100 with one decimal; None where there is nobody to visit."""
        return percent(self.visited, self.households)


@dataclass(slots=True)
class Coverage:
    """A village's or a township's coverage. Visits are counted by category as it was on the day of the visit."""

    total: Share = field(default_factory=Share)
    by_category: dict[str, Share] = field(default_factory=dict)
    added: int = 0
    left: int = 0
    visits: int = 0
    visits_by_category: Counter[str] = field(default_factory=Counter)
    short_waiting: int = 0
    not_home: int = 0
    by_phone: int = 0
    arrange: set[str] = field(default_factory=set)
    """Households where nobody was home three times and that were not visited yet: agree on a time, or telephone."""

    def add(self, other: "Coverage") -> None:
        """Take another village's figures in."""
        _join(self.total, other.total)
        for category, share in other.by_category.items():
            _join(self.by_category.setdefault(category, Share()), share)
        self.added += other.added
        self.left += other.left
        self.visits += other.visits
        self.visits_by_category += other.visits_by_category
        self.short_waiting += other.short_waiting
        self.not_home += other.not_home
        self.by_phone += other.by_phone
        self.arrange |= other.arrange


def _join(share: Share, other: Share) -> None:
    share.households += other.households
    share.visited += other.visited


def roster(households: Iterable[Entry], policy: Policy, must_visit: Iterable[str] | None = None) -> list[Listed]:
    """The roster by today's categories: what a phone can know. The township reads its start from the log instead."""
    wanted = must_visit_of(policy, must_visit)
    listed = []
    for entry in households:
        categories = policy.read_categories(entry.values.get("categories")) & wanted
        if categories and entry.village:
            listed.append(Listed(entry.id, entry.village, categories))
    return listed


def must_visit_of(policy: Policy, must_visit: Iterable[str] | None = None) -> frozenset[str]:
    """The categories a campaign asks for, in the policy's words; the policy's own where the campaign names none."""
    return policy.read_categories(must_visit) if must_visit else policy.must_visit


def has_left(household: Mapping[str, Any], day: str) -> bool:
    """Whether a household with these values has left the roster for a reason, as seen on a day."""
    left_on = household.get("left_on")
    return bool(household.get("left_reason")) and (not left_on or left_on <= day)


def cover(
    listed: Iterable[Listed],
    households: Mapping[str, Entry],
    visits: Iterable[Judged],
    policy: Policy,
    day: str,
    must_visit: Iterable[str] | None = None,
) -> dict[str, Coverage]:
    """Village code to coverage, as seen at the end of `day`.

    `households` by id, to see who has left; `visits` those of the campaign, judged. A household that was visited and then left stays:
    the visit was made.
    """
    found: dict[str, Coverage] = {}
    calls = _by_household(visits)
    for one in listed:
        coverage = found.setdefault(one.village, empty_coverage(policy, must_visit))
        if one.added > day:
            continue
        own = [visit for visit in calls.pop(one.household, []) if visit.day <= day]
        counted = [visit for visit in own if visit.counts]
        entry = households.get(one.household)
        if entry is not None and has_left(entry.values, day) and not counted:
            coverage.left += 1
            continue
        _count_visits(coverage, one, own, counted, policy)
        _count_household(coverage, one, bool(counted), day)
    return found


def _by_household(visits: Iterable[Judged]) -> dict[str, list[Judged]]:
    calls: dict[str, list[Judged]] = {}
    for visit in visits:
        if visit.entry.household:
            calls.setdefault(visit.entry.household, []).append(visit)
    return calls


def empty_coverage(policy: Policy, must_visit: Iterable[str] | None = None) -> Coverage:
    """A place where nobody must be visited: every category that is asked for, with none in it."""
    wanted = must_visit_of(policy, must_visit)
    order = [category for category in policy.categories if category in wanted]
    return Coverage(by_category={category: Share() for category in [*order, *sorted(wanted - set(order))]})


def _count_household(coverage: Coverage, one: Listed, visited: bool, day: str) -> None:
    categories = {*one.categories, *(category for category, since in one.gained.items() if since <= day)}
    if not categories:
        return
    coverage.added += bool(one.added)
    for share in (coverage.total, *(coverage.by_category.setdefault(c, Share()) for c in sorted(categories))):
        share.households += 1
        share.visited += visited


def _count_visits(coverage: Coverage, one: Listed, own: list[Judged], counted: list[Judged], policy: Policy) -> None:
    coverage.visits += len(counted)
    for visit in counted:
        coverage.visits_by_category.update(
            {*one.categories, *(c for c, since in one.gained.items() if since <= visit.day)}
        )
    coverage.short_waiting += sum(visit.why == ("short_waiting",) for visit in own)
    coverage.by_phone += sum(visit.entry.values.get("mode") == "phone" for visit in own)
    not_home = sum(visit.entry.values.get("mode") == "not_home" for visit in own)
    coverage.not_home += not_home
    if not_home >= policy.visit.not_home_limit and not counted:
        coverage.arrange.add(one.household)


def in_campaign(entry: Entry, id_: str, campaign: Mapping[str, object]) -> bool:
    """Whether a visit belongs to a campaign: it says so, or it names none, says "campaign" among its purposes and lies within its days."""
    named = entry.values.get("campaign")
    if named:
        return bool(named == id_)
    started = entry.values.get("started_at")
    if not started or "campaign" not in (entry.values.get("purposes") or ()):
        return False
    day = day_named(started)
    return str(campaign.get("starts_on") or "") <= day <= str(campaign.get("ends_on") or "9999-12-31")
