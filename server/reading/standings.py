"""How every problem of a township stands, kept in memory and current by the log.

The first asking folds the whole ledger, each later one only the problems that were touched since. Promises: what is given is as new as the
store's own view, and never changed under its reader's hands. Leaves to others: the fold and its rules (`shared.rules`), whose eyes it is for
(`sight`), lists and pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from server.reading.follow import Derived, Follower, View
from server.store import Database, TownshipStore
from shared.moments import day_of, days_after, days_between, end_of
from shared.rules.due import NEEDS, Person, policy_of_problem, waits_for
from shared.rules.duplicates import leads_back
from shared.rules.entry import Entry
from shared.rules.ledger import UNSOLVED, Standing, stand
from shared.rules.numbers import temporary_number
from shared.rules.policy import Policies, Policy, ProblemRules

FIELDS = {kind: NEEDS[kind] for kind in ("problem", "problem_step", "policy")}

FAR = "9999-12-31"
"""Where what has no deadline stands."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as it stands, by the policy it was found under. `late_after` is the moment (ms) after which it is overdue; None while no
    deadline can pass.
    """

    entry: Entry
    standing: Standing
    policy: Policy
    number: str
    late_after: int | None

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def rules(self) -> ProblemRules:
        return self.policy.problems

    def overdue(self, now: int) -> bool:
        """What `Standing.overdue` says, for thousands of problems at once."""
        return self.late_after is not None and now > self.late_after

    def days_overdue(self, now: int) -> int:
        """Whole days since the deadline's day; 0 while it is not overdue."""
        due = self.standing.due
        return days_between(due, day_of(now)) if due and self.overdue(now) else 0

    @property
    def accept_by(self) -> str | None:
        """The day until which the desk should have taken up what was reported; None once it has."""
        standing = self.standing
        if standing.state != "reported" or standing.reported_at is None:
            return None
        return days_after(day_of(standing.reported_at), self.rules.accept_days)

    def waits_for(self, person: Person, now: int) -> bool:
        """Whether the next step is this person's to take."""
        standing = self.standing
        return standing.open and waits_for(standing, self.policy, self.entry, person, now, self.overdue(now))


@dataclass(frozen=True)
class Ledger:
    """All problems of a township by id, and what they were folded from. Whose they are to see is for its reader to ask."""

    problems: Mapping[str, Problem]
    standings: Mapping[str, Standing]
    steps: Mapping[str, Mapping[str, Entry]]
    policies: Policies
    view: View

    @cached_property
    def in_order(self) -> list[Problem]:
        """By deadline, while one can pass or did, and number."""

        def order(one: Problem) -> tuple[str, str, str]:
            due = one.standing.due if one.standing.open else None
            return due or FAR, one.number, one.id

        return sorted(self.problems.values(), key=order)

    @cached_property
    def duties(self) -> frozenset[tuple[str, str, str]]:
        """(village, unit, person) of every problem that is or was somebody's."""
        return frozenset(
            (one.entry.village or "", one.standing.unit or "", one.standing.person or "")
            for one in self.problems.values()
            if one.standing.unit or one.standing.person
        )

    def would_ring(self, problem: str, twin: str | None) -> bool:
        """Whether a problem, called a duplicate of `twin`, would lead back to itself, so that nobody is left to solve it."""
        return leads_back(self.standings, problem, twin)

    def in_ring(self, problem: str) -> bool:
        return leads_back(self.standings, problem, self.standings[problem].duplicate_of)


def ledger_of(database: Database, store: TownshipStore) -> Ledger:
    """The ledger of the store's township as the store sees it now."""
    kept: Derived[Ledger] = database.kept.of(store.code, "standings", lambda: Derived(Follower(FIELDS), _folded))
    return kept.current(store)


def _folded(view: View, before: Ledger | None) -> Ledger:
    """Everything anew at first and after a change of the rules; else only what the log names."""
    touched = view.touched
    if before is None or touched is None or any(kind == "policy" for kind, _ in touched):
        policies = Policies.of_entries(view.entries["policy"].values())
        by_problem: dict[str, dict[str, Entry]] = {}
        for step in view.entries["problem_step"].values():
            by_problem.setdefault(_problem_of(step), {})[step.id] = step
        found = {e.id: _stand(e, by_problem.get(e.id, {}).values(), policies) for e in view.entries["problem"].values()}
        return Ledger(found, _standings(found), by_problem, policies, view)
    steps, problems = dict(before.steps), dict(before.problems)
    anew = {id_ for kind, id_ in touched if kind == "problem"}
    for kind, id_ in touched:
        if kind != "problem_step":
            continue
        for entries, there in ((before.view.entries, False), (view.entries, True)):
            taken = entries[kind].get(id_)
            if taken is not None:
                of = _problem_of(taken)
                own = {name: entry for name, entry in steps.get(of, {}).items() if name != id_}
                steps[of] = own | ({id_: taken} if there else {})
                anew.add(of)
    for id_ in anew:
        problem = view.entries["problem"].get(id_)
        if problem is None:
            problems.pop(id_, None)
        else:
            problems[id_] = _stand(problem, steps.get(id_, {}).values(), before.policies)
    return Ledger(problems, _standings(problems), steps, before.policies, view)


def _problem_of(step: Entry) -> str:
    return step.values.get("problem") or ""


def _standings(problems: Mapping[str, Problem]) -> dict[str, Standing]:
    return {id_: one.standing for id_, one in problems.items()}


def _stand(entry: Entry, steps: Iterable[Entry], policies: Policies) -> Problem:
    policy = policy_of_problem(entry, policies)
    standing = stand(entry, steps, policy.problems)
    number = entry.values.get("number_text") or temporary_number(entry.id)
    late_after = end_of(standing.due) if standing.state in UNSOLVED and standing.due is not None else None
    return Problem(entry, standing, policy, number, late_after)
