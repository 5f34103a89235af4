"""The due list: for one person, what is due, why, and until when (DOMAIN 4.2, 4.3, 4.5, 4.7).

Place by place, what is urgent first; within a place its open problems come before the visit that is due, so that nobody knocks at a door
without knowing what was promised there. It reminds and does not judge: what somebody else must do next is not on it. Promises: pure;
the same on the phone and at the township. Leaves to others: collecting the entries, and showing no list before a first fill is complete.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.fields import Label
from shared.moments import day_of, days_after, end_of, last_day, milliseconds
from shared.rules import cleanup
from shared.rules.contact import link_month, runs_on
from shared.rules.coverage import has_left, in_campaign, must_visit_of
from shared.rules.duplicates import RING, rings
from shared.rules.entry import Entry
from shared.rules.ledger import STATES, Signer, Standing, stand, why_not_now
from shared.rules.numbers import temporary_number
from shared.rules.policy import Policies, Policy, ProblemRules
from shared.rules.visits import REASONS, Judged, Measured, judge_measured, measure_all

NEEDS: Mapping[str, frozenset[str]] = {
    "household": frozenset({"head_name", "household_no", "hamlet", "categories", "left_reason", "left_on"}),
    "visit": frozenset(
        {
            "campaign", "purposes", "mode", "entry_mode", "started_at", "ended_at", "started_mono", "ended_mono", "pauses",
            "clock_flag", "short_reason", "short_review", "participants", "policy_version",
            "guarantees_status", "policies_status", "documents_status", "morale_status", "awareness_status",
            "satisfaction_status", "guarantees_note", "policies_note", "documents_note", "morale_note", "awareness_note",
            "satisfaction_note", "edit_reason",
        }
    ),
    "contact_visit": frozenset({"link", "mode", "started_at", "participants"}),
    "party_link": frozenset({"party_member", "from_date", "to_date", "exempt_from", "exempt_to", "exempt_reason"}),
    "cleanup_check": frozenset(
        {
            "target", "hamlet", "rubric_version", "checker", "checked_at", "red_lines", "policy_version",
            "e1_house", "e2_yard", "e3_weeds", "e4_rubbish", "e5_kitchen", "e6_toilet", "e7_animals",
            "w1_rules", "w2_cleaners", "w3_bins", "w4_stacks", "w5_roads", "w6_ditches", "w7_toilets", "w8_yards",
        }
    ),
    "problem": frozenset({"number_text", "category", "tier", "found_at", "policy_version"}),
    "problem_step": frozenset(
        {
            "problem", "step", "at", "by_name", "by_tier", "tier", "unit", "person", "due_date", "reason", "proof_note",
            "answer", "method", "witnesses", "duplicate_of",
        }
    ),
    "campaign": frozenset(
        {"name", "starts_on", "ends_on", "state", "must_visit", "strict", "minimum_minutes", "frozen_at"}
    ),
    "policy": frozenset(
        {
            "name", "version", "preset", "effective_from", "minimum_minutes", "contact_visits_a_month", "overrides",
            "content",
        }
    ),
}  # fmt: skip
"""The fields the list is made from, by kind: what a phone keeps at hand in short form."""

_RUNNING = frozenset({None, "", "roster_frozen", "running", "closing"})


@dataclass(frozen=True, slots=True)
class Person:
    """Whose list it is. `names`: every way records may name the person (name, id); `device` the phone's own."""

    names: frozenset[str]
    device: str = ""
    tier: str = "village"


@dataclass
class Book:
    """Everything a person holds, as entries. Removed records are left out, but for households: one that was removed without a reason
    to leave stays among those that must be visited, so a report wants to know of it.
    """

    households: Mapping[str, Entry] = field(default_factory=dict)
    removed: Mapping[str, Entry] = field(default_factory=dict)
    visits: Sequence[Entry] = ()
    contact_visits: Sequence[Entry] = ()
    links: Sequence[Entry] = ()
    checks: Sequence[Entry] = ()
    problems: Sequence[Entry] = ()
    steps: Sequence[Entry] = ()
    campaigns: Sequence[Entry] = ()
    policies: Policies = field(default_factory=Policies)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing due. `sort` is problem, visit, contact or cleanup; `until` the last day; `mine` whether it waits for this person.

    `record`: the problem, the visit to be mended, the link or the check it is about; empty for a visit not yet begun.
    """

    sort: str
    why: Label
    until: str | None
    overdue: bool
    record: str = ""
    mine: bool = True


@dataclass(slots=True)
class Place:
    """A household, or (household None) a village, with what is due there: problems first."""

    village: str
    household: str | None
    due: list[Due] = field(default_factory=list)

    @property
    def until(self) -> str:
        """The nearest last day of what waits for this person; far away where there is none."""
        return min((one.until for one in self.due if one.mine and one.until), default="9999-12-31")


def due_list(book: Book, person: Person, now: int) -> list[Place]:
    """The list, most urgent place first. `now` in ms since 1970."""
    today = day_of(now)
    places: dict[tuple[str, str | None], Place] = {}

    def add(entry: Entry, household: str | None, due: Iterable[Due]) -> None:
        for one in due:
            key = (entry.village or "", household)
            places.setdefault(key, Place(*key)).due.append(one)

    for problem, one in _problems(book, person, now, today):
        add(problem, problem.household, [one])
    for household, one in _visits(book, now, today):
        add(household, household.id, [one])
    for link, one in _contacts(book, person, now, today):
        add(link, link.household, [one])
    for check, one in _cleanups(book, today):
        add(check, check.household, [one])
    listed = [place for place in places.values() if any(one.mine for one in place.due)]
    for place in listed:
        place.due.sort(key=lambda one: (_ORDER[one.sort], not one.mine, one.until or "9999-12-31", one.record))
    names = {id_: str(entry.values.get("hamlet") or "") for id_, entry in book.households.items()}
    return sorted(listed, key=lambda p: (p.until, p.village, names.get(p.household or "", ""), p.household or ""))


_ORDER = {"problem": 0, "visit": 1, "contact": 2, "cleanup": 3}


# --- problems ----------------------------------------------------------------------------------------------------------

_NOBODY = Signer("", "")
"""Whoever it is: for steps that anybody may take."""


def _problems(book: Book, person: Person, now: int, today: str) -> Iterable[tuple[Entry, Due]]:
    standings = standings_of(book)
    astray = rings(standings)
    for problem in book.problems:
        standing = standings[problem.id]
        if not standing.open and problem.id not in astray:
            continue
        policy = policy_of_problem(problem, book.policies)
        if standing.open:
            yield problem, _problem(problem, standing, policy, person, now)
        elif not why_not_now("reopened", standing, problem, policy.problems, _NOBODY, now):
            called, mine = _called(problem, policy.problems), _at_desk(person, policy.problems)
            why = Label(f"{called.zh}：{RING.zh}", f"{called.en}: {RING.en}")
            yield problem, Due("problem", why, None, False, problem.id, mine)


def standings_of(book: Book) -> dict[str, Standing]:
    """How every problem of a book stands, by its id."""
    steps: dict[str, list[Entry]] = {}
    for step in book.steps:
        steps.setdefault(step.values.get("problem") or "", []).append(step)
    return {
        problem.id: stand(problem, steps.get(problem.id, ()), policy_of_problem(problem, book.policies).problems)
        for problem in book.problems
    }


def policy_of_problem(problem: Entry, policies: Policies) -> Policy:
    """The policy a problem is handled by: the one it was found under."""
    found = problem.values.get("found_at")
    return policies.of(problem.values, day_of(milliseconds(found) if found else problem.written_at))


def _problem(problem: Entry, standing: Standing, policy: Policy, person: Person, now: int) -> Due:
    rules = policy.problems
    called, state = _called(problem, rules), STATES[standing.state]
    until, overdue = standing.due, standing.overdue(now)
    if standing.state == "reported" and standing.reported_at is not None:  # the desk has so long to take it up
        until = days_after(day_of(standing.reported_at), rules.accept_days)
        overdue = now > end_of(until)
    soon = until is not None and day_of(now) >= days_after(until, -rules.remind_days)
    zh = "，已逾期" if overdue else "，快到期" if soon else ""
    en = ", overdue" if overdue else ", due soon" if soon else ""
    why = Label(f"{called.zh}：{state.zh}{zh}", f"{called.en}: {state.en}{en}")
    mine = waits_for(standing, policy, problem, person, now, overdue)
    return Due("problem", why, until, overdue, problem.id, mine)


def _called(problem: Entry, rules: ProblemRules) -> Label:
    """What a line calls a problem: its number and its category."""
    number = problem.values.get("number_text") or temporary_number(problem.id)
    category = rules.categories.get(problem.values.get("category") or "", Label("问题", "Problem"))
    return Label(f"{number} {category.zh}", f"{number} {category.en}")


def _at_desk(person: Person, rules: ProblemRules) -> bool:
    return rules.rank(person.tier) >= rules.rank("township")


def waits_for(standing: Standing, policy: Policy, problem: Entry, person: Person, now: int, overdue: bool) -> bool:
    """Whether the next step is this person's: his to solve, the desk's to sort, or a gate he may hold because somebody else solved it.

    What is overdue is the desk's to look after as well, as far as its tier reaches.
    """
    rules = policy.problems
    at_desk = _at_desk(person, rules)
    if standing.state in ("reported", "accepted", "reopened"):
        return at_desk
    gate = {"fixed": "verified", "verified": "satisfied"}.get(standing.state)
    if gate is None:
        reaches = at_desk and rules.rank(person.tier) >= rules.rank(standing.tier)
        return standing.person in person.names or (reaches and (overdue or not standing.person))
    for name in person.names:
        signer = Signer(name, person.device, person.tier)
        if why_not_now(gate, standing, problem, rules, signer, now):
            return False
    return True


# --- visits of a campaign ----------------------------------------------------------------------------------------------


def _visits(book: Book, now: int, today: str) -> Iterable[tuple[Entry, Due]]:
    running = [campaign for campaign in book.campaigns if runs(campaign.values, today)]
    if not running:
        return
    measured = measure_all(book.visits, book.policies, now=now)  # all of them: two at once may belong to two campaigns
    for campaign in running:
        yield from _campaign(book, campaign, measured, campaign.values.get("ends_on"), now, today)


def runs(campaign: Mapping[str, object], today: str) -> bool:
    """Whether a campaign is on that day."""
    starts, ends = str(campaign.get("starts_on") or ""), str(campaign.get("ends_on") or "9999-12-31")
    return campaign.get("state") in _RUNNING and starts <= today <= ends


def _campaign(
    book: Book, campaign: Entry, measured: Sequence[Measured], ends: str | None, now: int, today: str
) -> Iterable[tuple[Entry, Due]]:
    policy = book.policies.on(today)
    wanted = must_visit_of(policy, campaign.values.get("must_visit"))
    roster = {
        household.id: categories
        for household in book.households.values()
        if (categories := policy.read_categories(household.values.get("categories")) & wanted)
        and not has_left(household.values, today)
    }
    calls: dict[str | None, list[Measured]] = {}
    for one in measured:
        if one.entry.household in roster and in_campaign(one.entry, campaign.id, campaign.values):
            calls.setdefault(one.entry.household, []).append(one)
    for id_, categories in roster.items():
        told: list[Judged] = []
        for one in calls.get(id_, ()):
            told.append(judge_measured(one, now=now, campaign=campaign.values))
            if told[-1].counts:
                break
        else:
            due = _visit(told, categories, policy, ends)
            if due:
                yield book.households[id_], due


def _visit(judged: Sequence[Judged], categories: frozenset[str], policy: Policy, ends: str | None) -> Due | None:
    """What is due at a household where no visit counts yet: a visit, or mending one. Nothing while the township has the word."""
    if any(one.why == ("short_waiting",) for one in judged):
        return None
    mendable = [one for one in judged if one.why[0] not in ("mode", "short_declined", "short")]
    if mendable:
        return Due("visit", REASONS[mendable[-1].why[0]], ends, False, mendable[-1].entry.id)
    not_home = sum(one.entry.values.get("mode") == "not_home" for one in judged)
    names = [policy.categories[code] for code in policy.categories if code in categories]
    zh, en = "、".join(label.zh for label in names), ", ".join(label.en for label in names)
    if not_home >= policy.visit.not_home_limit:
        why = Label(
            f"{zh}：{not_home}次家中无人，请约时间或电话访谈",
            f"{en}: nobody home {not_home} times; agree on a time or telephone",
        )
    elif not_home:
        why = Label(
            f"{zh}：还没有走访（{not_home}次家中无人）", f"{en}: not visited yet (nobody home {not_home} times)"
        )
    else:
        why = Label(f"{zh}：还没有走访", f"{en}: not visited yet")
    return Due("visit", why, ends, False)


# --- twice a month -----------------------------------------------------------------------------------------------------


def _contacts(book: Book, person: Person, now: int, today: str) -> Iterable[tuple[Entry, Due]]:
    links = [
        link
        for link in book.links
        if link.values.get("party_member") in person.names
        and runs_on(link.values, today)  # what is over cannot be made up
    ]
    if not links:
        return
    rules = book.policies.on(today).contact
    households = {link.household for link in links}
    calls: dict[str | None, list[Entry]] = {}
    for visit in (*book.contact_visits, *book.visits):
        if visit.household in households:
            calls.setdefault(visit.household, []).append(visit)
    month, ends = today[:7], last_day(today[:7])
    for link in links:
        told = link_month(link, calls.get(link.household, ()), month, rules, now)
        if told.missing:
            ends_here = min(ends, str(link.values.get("to_date") or ends))
            why = Label(
                f"本月还差{told.missing}次联户走访（已走{told.made}次）",
                f"{told.missing} more contact visits this month ({told.made} made)",
            )
            yield link, Due("contact", why, ends_here, False, link.id)


# --- clean-up ----------------------------------------------------------------------------------------------------------


def _cleanups(book: Book, today: str) -> Iterable[tuple[Entry, Due]]:
    rules = book.policies.on(today).cleanup
    for line in cleanup.lines(book.checks, book.policies).values():
        until = cleanup.recheck_by(line, rules)
        if until:
            last = line[-1]
            slipped = [cleanup.REBOUNDS[code] for code in last.rebound] or [Label("上次不合格", "Failed last time")]
            why = Label(
                f"环境复查：{'、'.join(label.zh for label in slipped)}（{last.score.total:g}分）",
                f"Look at it again: {', '.join(label.en for label in slipped)} ({last.score.total:g} points)",
            )
            yield last.entry, Due("cleanup", why, until, until < today, last.entry.id)
