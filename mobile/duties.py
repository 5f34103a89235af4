"""What the rules tell a person with a phone: what is due, how a problem stands, which step can be taken, what looks odd.

Everything is computed from the phone's own store, so it works in a valley; the township computes the same with the same rules. Promises:
no due list for a village or household whose first fill is not complete, it is named instead. Leaves to others: the rules
(`shared.rules`), keeping words (`notebook`), screens.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mobile.notebook import NoSuchRecord, Notebook
from mobile.visits import closing, state_of
from shared.fields import Label
from shared.grants import Grant
from shared.hlc import LATEST_MS, device_of, format_stamp
from shared.kind import COUNTY_ROLES, DESK_ROLES
from shared.moments import iso
from shared.rules.due import NEEDS, Book, Person, Place, due_list, policy_of_problem
from shared.rules.duplicates import WOULD_RING, leads_back
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.ledger import REASONS, Signer, Standing, stand, why_not_now
from shared.rules.numbers import temporary_number
from shared.rules.policy import Policies
from shared.rules.quality import household_findings, member_findings, visit_oddities
from shared.rules.visits import Judged, judge_all
from shared.sync.phone import PhoneError, Written


class StepNotNow(PhoneError):
    """A step of the ledger that would not be effective now."""

    code = "not_now"
    words = "现在不能办理这一步。 / This step cannot be taken now."


@dataclass(slots=True)
class DueList:
    """`places` with what is due, most urgent first; `filling` are the grants whose first fill is not complete, so not in the list."""

    places: list[Place] = field(default_factory=list)
    filling: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Problem:
    """A problem as it stands. `number` is the township's, or a temporary one."""

    entry: Entry
    number: str
    standing: Standing


class Duties:
    """The rules over one person's notebook."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook

    def person(self) -> Person:
        """Whose phone this is. NotEnrolled when it is nobody's yet."""
        enrolment = self.notebook.enrolment()
        roles = set(enrolment.user.get("roles") or ())
        tier = "county" if roles & COUNTY_ROLES else "township" if roles & DESK_ROLES else "village"
        names = frozenset(str(enrolment.user[word]) for word in ("name", "id") if enrolment.user.get(word))
        return Person(names, enrolment.device, tier)

    def book(self) -> Book:
        """All that the phone holds, for the rules."""
        read = {kind: self.notebook.entries(kind) for kind in NEEDS}
        return Book(
            households={entry.id: entry for entry in read["household"]},
            visits=read["visit"],
            contact_visits=read["contact_visit"],
            links=read["party_link"],
            checks=read["cleanup_check"],
            problems=read["problem"],
            steps=read["problem_step"],
            campaigns=read["campaign"],
            policies=Policies.of_entries(read["policy"]),
        )

    def due(self) -> DueList:
        """What is due today, for the grants that are filled."""
        ready: list[str] = []
        filling: list[str] = []
        for name in self.notebook.store.grants():
            (ready if self.notebook.store.filled(name) else filling).append(name)
        grants = [Grant.read(name) for name in ready]
        with _collector_resting():
            found = due_list(self.book(), self.person(), self.notebook.doors.now()) if grants else []
        places = [p for p in found if any(grant.gives(p.village, p.household) for grant in grants)]
        return DueList(places, filling)

    def visit(self, id_: str) -> Judged:
        """A visit as the rules judge it, among the others of this phone. NoSuchRecord when the phone does not hold it."""
        asked = self.notebook.get("visit", id_).record
        others = [entry for entry in self.notebook.entries("visit") if entry.id != id_]
        judged = judge_all([*others, Entry.of(asked)], self.notebook.policies(), now=self.notebook.doors.now())
        return next(one for one in judged if one.entry.id == id_)

    def open_visits(self) -> list[Entry]:
        """This phone's own visits that have begun and not ended, oldest first."""
        mine = set(self.notebook.enrolment().devices)
        found = [e for e in self.notebook.entries("visit") if e.first and not e.values.get("ended_at")]
        return sorted((e for e in found if device_of(e.first) in mine), key=lambda e: e.first)

    def lying_open(self) -> list[Entry]:
        """This phone's own visits that have been open so long that one must ask: still there? Those open for far too long are closed.

        A visit that closed by itself is kept and does not count; its writer may still correct its end.
        """
        reading = self.notebook.doors.reading()
        asking = []
        for entry in self.open_visits():
            rules = self.notebook.policies().on(self.notebook.today()).visit
            state = state_of(entry.values, reading, rules)
            if state == "ask":
                asking.append(entry)
            elif state == "close":
                self.notebook.write("visit", entry.id, closing(entry.values, reading, rules))
        return asking

    # --- what looks odd ---------------------------------------------------------------------------------------------

    def oddities(self, household: str) -> list[tuple[Entry, Finding]]:
        """What looks odd in a household, its members and its visits, each with the record it is about. It never blocks.

        NoSuchRecord when the phone does not hold it.
        """
        home = Entry.of(self.notebook.get("household", household).record)
        today, policies = self.notebook.today(), self.notebook.policies()
        members = [Entry.of(shown.record) for shown in self.notebook.records("member", household=household)]
        visits = [Entry.of(shown.record) for shown in self.notebook.records("visit", household=household)]
        found = [(home, finding) for finding in household_findings(home, members)]
        head = next((member for member in members if member.values.get("relation") == "head"), None)
        for member in members:
            found += [(member, finding) for finding in member_findings(member, today, head)]
        for told in judge_all(visits, policies, now=self.notebook.doors.now()):
            found += [(told.entry, finding) for finding in visit_oddities(told, visits, members, policies)]
        return found

    # --- the ledger ------------------------------------------------------------------------------------------------

    def problems(self, household: str = "") -> list[Problem]:
        """Problems on this phone, of one household if given; open ones first, then by number."""
        book = self.book()
        steps: dict[str, list[Entry]] = {}
        for step in book.steps:
            steps.setdefault(step.values.get("problem") or "", []).append(step)
        found = [
            _problem(entry, steps.get(entry.id, []), book.policies)
            for entry in book.problems
            if household in ("", entry.household)
        ]
        return sorted(found, key=lambda one: (not one.standing.open, one.number, one.entry.id))

    def problem(self, id_: str) -> Problem:
        """One problem; NoSuchRecord when the phone does not hold it."""
        found = next((one for one in self.problems() if one.entry.id == id_), None)
        if found is None:
            raise NoSuchRecord(f"problem {id_}")
        return found

    def why_not(self, problem: Problem, step: str) -> str:
        """Why this person cannot take a step now: a code of REASONS, or empty when it can be taken."""
        return self.why_not_each(problem, [step])[step]

    def why_not_each(self, problem: Problem, steps: Iterable[str]) -> dict[str, str]:
        """The same for several steps at once: step to code, empty for those that can be taken."""
        person, rules = self.person(), self.rules_of(problem)
        signers = [Signer(name, person.device, person.tier) for name in sorted(person.names)]
        now = self.notebook.doors.now()

        def why(step: str) -> str:
            told = (why_not_now(step, problem.standing, problem.entry, rules, signer, now) for signer in signers)
            return next((code for code in told if code), "")

        return {step: why(step) for step in steps}

    def rules_of(self, problem: Problem) -> Any:
        """The ledger's rules by which a problem is handled."""
        return policy_of_problem(problem.entry, self.notebook.policies()).problems

    def take_step(self, id_: str, step: str, values: Mapping[str, Any]) -> tuple[Written, Problem]:
        """Take a step on a problem, signed by this phone's owner; the step as written and how the problem stands now.

        StepNotNow, in words, when it would not be effective: nothing was written.
        """
        problem = self.problem(id_)
        person = self.person()
        signed = {
            "problem": id_,
            "step": step,
            "at": iso(self.notebook.doors.now()),
            "by_name": self.notebook.enrolment().user.get("name"),
            "by_tier": person.tier,
            **values,
        }
        why = self.why_not(problem, step) or self._rehearse(problem, signed, person.device)
        said = REASONS[why] if why else self._would_ring(id_, signed)
        if said:
            raise StepNotNow(f"{said.zh} / {said.en}")
        written = self.notebook.write("problem_step", None, signed, problem.entry.village, problem.entry.household)
        assert written is not None  # a new record always has something to say
        return written, self.problem(id_)

    def _would_ring(self, id_: str, values: Mapping[str, Any]) -> Label | None:
        """Why a problem cannot be called a duplicate of another that is one of it already; None for every other step."""
        if values["step"] != "duplicate":
            return None
        standings = {one.entry.id: one.standing for one in self.problems()}
        return WOULD_RING if leads_back(standings, id_, values.get("duplicate_of")) else None

    def _rehearse(self, problem: Problem, values: Mapping[str, Any], device: str) -> str:
        """Why a step with these values would not be effective after all the others."""
        last = format_stamp(LATEST_MS, 0, device)
        step = Entry("problem_step", "", problem.entry.village, problem.entry.household, values, last, last)
        steps = [taken.entry for taken in problem.standing.steps]
        return stand(problem.entry, [*steps, step], self.rules_of(problem)).steps[-1].why


@contextmanager
def _collector_resting() -> Iterator[None]:
    """A list is made from tens of thousands of small objects and no cycles: looking for cycles meanwhile takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _problem(entry: Entry, steps: list[Entry], policies: Policies) -> Problem:
    standing = stand(entry, steps, policy_of_problem(entry, policies).problems)
    return Problem(entry, entry.values.get("number_text") or temporary_number(entry.id), standing)
