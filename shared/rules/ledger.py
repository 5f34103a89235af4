"""The problem ledger: a problem's state is a fold over its write-once steps, in stamp order (DOMAIN 4.5, 4.6, 6).

A step that was not legal in its place stays visible, marked not effective, with the reason; so two phones never conflict over a problem and
everybody who holds the same steps sees the same state, whatever order they came in. A problem closes through three gates: fixed; found
good by another person of the same or a higher tier; the household satisfied, asked by someone other than who fixed it. Promises: pure, a
function of the set of steps. Leaves to others: the guards of each step (`guards`), what standing means (`standing`), and writing.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid5

from shared.moments import day_of, days_after, end_of
from shared.rules.entry import Entry
from shared.rules.guards import REASONS, why_not, why_not_now
from shared.rules.policy import ProblemRules
from shared.rules.standing import OVER, STATES, UNSOLVED, Signer, Standing, Taken, signer_of, time_of, written_of

__all__ = [
    "OVER",
    "REASONS",
    "STATES",
    "UNSOLVED",
    "Signer",
    "Standing",
    "Taken",
    "climb",
    "signer_of",
    "stand",
    "time_of",
    "why_not_now",
]

_CLIMBS = UUID("0d0e4a0a-52a3-5b0c-9a43-6a1d2f2b9e11")


def stand(problem: Entry, steps: Iterable[Entry], rules: ProblemRules) -> Standing:
    """Fold a problem's steps, in stamp order, into how it stands."""
    standing = Standing()
    _name_tier(standing, problem.values, rules)
    for entry in sorted(steps, key=lambda step: (step.first, step.id)):
        at = time_of(entry)
        why = why_not(entry, problem, standing, rules)
        if not why:
            _APPLY[entry.values["step"]](standing, entry.values, at, entry, rules)
        standing.steps.append(Taken(entry, at, why, standing.state))
    return standing


# --- what an effective step does ---------------------------------------------------------------------------------------


def _name_tier(standing: Standing, values: Any, rules: ProblemRules) -> None:
    if values.get("tier") in rules.tiers:
        standing.tier, standing.tier_named = values["tier"], True


def _report(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.reported_at = "reported", at
    _name_tier(standing, values, rules)


def _accept(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "accepted"
    _name_tier(standing, values, rules)


def _assign(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "assigned"
    standing.unit, standing.person, standing.due = values["unit"], values["person"], values["due_date"]
    standing.original_due = standing.original_due or standing.due
    _name_tier(standing, values, rules)


def _start(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "in_progress"


def _fix(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.fixed_at, standing.fixer = "fixed", at, signer_of(entry)
    standing.verifier, standing.unreachable = None, 0


def _verify(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.verifier = "verified", signer_of(entry)


def _send_back(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "in_progress"
    standing.sent_back += 1


def _ask(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    answer, method = values["answer"], values.get("method")
    if answer == "unreachable":
        standing.unreachable += 1
    elif answer == "no":
        _send_back(standing, values, at, entry, rules)
    else:
        _end(standing, "closed", at, entry)
        standing.closed_by = method if method in ("witness", "representatives") else "household"


def _end(standing: Standing, state: str, at: int, entry: Entry) -> None:
    standing.state, standing.over_at, standing.over_written = state, at, written_of(entry)


def _over(state: str) -> Callable[[Standing, Any, int, Entry, ProblemRules], None]:
    return lambda standing, values, at, entry, rules: _end(standing, state, at, entry)


def _repeat(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    _end(standing, "duplicate", at, entry)
    standing.duplicate_of = values["duplicate_of"]


def _escalate(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    """The next tier has it, with days of its own. What was reported, fixed or verified stays so; the rest is to be assigned there.

    Whoever sends it up may name an earlier day but no later one: that would be an extension, and nobody above has approved it.
    """
    _name_tier(standing, values, rules)
    if standing.state in ("accepted", "assigned", "in_progress", "reopened"):
        standing.state = "assigned"
        standing.unit, standing.person = values.get("unit"), values.get("person")
    if standing.state != "reported":
        last = days_after(day_of(at), rules.days[standing.tier])
        standing.due = min(values.get("due_date") or last, last)
        standing.original_due = standing.original_due or standing.due


def _extend(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.due = values["due_date"]
    standing.extensions += 1


def _reopen(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.over_at, standing.over_written = "reopened", None, None
    standing.closed_by, standing.due, standing.duplicate_of = "", None, None
    standing.reopened += 1


_APPLY: dict[str, Callable[[Standing, Any, int, Entry, ProblemRules], None]] = {
    "reported": _report,
    "accepted": _accept,
    "assigned": _assign,
    "started": _start,
    "fixed": _fix,
    "verified": _verify,
    "gate_failed": _send_back,
    "satisfied": _ask,
    "explained": _over("explained"),
    "escalated": _escalate,
    "extended": _extend,
    "duplicate": _repeat,
    "rejected": _over("rejected"),
    "reopened": _reopen,
}


# --- climbing by itself ------------------------------------------------------------------------------------------------


def climb(problem: Entry, standing: Standing, rules: ProblemRules, now: int) -> tuple[str, dict[str, Any]] | None:
    """(id, values) of the step that takes a long overdue problem to the next tier; None when there is nothing to do.

    The id follows from the problem, its tier and the deadline that passed: taken twice, or by two servers, it is one step.
    """
    above = rules.above(standing.tier)
    if standing.due is None or above is None or standing.state not in UNSOLVED:
        return None
    if now <= end_of(days_after(standing.due, rules.climb_days)):
        return None
    id_ = str(uuid5(_CLIMBS, f"{problem.id}/{standing.tier}/{standing.due}"))
    return id_, {
        "problem": problem.id,
        "step": "escalated",
        "tier": above,
        "due_date": days_after(day_of(now), rules.days[above]),
        "reason": f"逾期{rules.climb_days}天以上，按规定上交 / overdue for more than {rules.climb_days} days",
        "by_name": "系统 / system",
    }
