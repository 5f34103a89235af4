"""The problem ledger: a problem's state is a fold over its write-once steps, in stamp order (DOMAIN 4.5, 4.6, 6).

A step that was not legal in its place stays visible, marked not effective, with the reason; so two phones never conflict over a problem and
everybody who holds the same steps sees the same state, whatever order they came in. A problem closes through three gates: fixed; found
good by another person of the same or a higher tier; the household satisfied, asked by someone other than who fixed it. Promises: pure, a
function of the set of steps. Leaves to others: who may write which step at all (the kind says it, the gate judges it), and writing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from shared.fields import Label
from shared.hlc import device_of
from shared.merge import DESK
from shared.moments import day_of, days_after, days_between, end_of, milliseconds
from shared.rules.entry import Entry
from shared.rules.policy import ProblemRules

STATES = {
    "draft": Label("草稿", "Draft"),
    "reported": Label("已上报", "Reported"),
    "accepted": Label("已受理", "Accepted"),
    "assigned": Label("已交办", "Assigned"),
    "in_progress": Label("整改中", "In progress"),
    "fixed": Label("待核验", "Fixed, to be verified"),
    "verified": Label("待群众评价", "Verified, household to be asked"),
    "closed": Label("已销号", "Closed"),
    "explained": Label("已解释答复", "Explained"),
    "duplicate": Label("重复", "Duplicate"),
    "rejected": Label("不予受理", "Rejected"),
    "reopened": Label("重新打开", "Reopened"),
}
OVER = frozenset({"closed", "explained", "duplicate", "rejected"})
"""States in which nobody owes anything."""
UNSOLVED = frozenset({"accepted", "assigned", "in_progress", "fixed", "reopened"})
"""Before the second gate: here a deadline can pass."""

_FROM = {
    "reported": {"draft"},
    "accepted": {"draft", "reported"},
    "assigned": {"accepted", "assigned", "in_progress", "reopened"},
    "started": {"assigned"},
    "fixed": {"draft", "reported", "accepted", "assigned", "in_progress"},
    "verified": {"fixed"},
    "gate_failed": {"fixed", "verified"},
    "satisfied": {"verified"},
    "explained": {"accepted", "assigned", "in_progress", "fixed", "verified", "reopened"},
    "escalated": {"reported", "accepted", "assigned", "in_progress", "fixed", "verified", "reopened"},
    "extended": {"assigned", "in_progress", "fixed", "reopened"},
    "duplicate": {"draft", "reported", "accepted"},
    "rejected": {"draft", "reported", "accepted"},
    "reopened": set(OVER),
}
_ON_THE_SPOT = frozenset({"draft", "reported", "accepted"})
_LOW_TIERS = frozenset({"household", "village"})
_BY_TIER = "village"  # who does not say is of the village
_CLIMBS = UUID("0d0e4a0a-52a3-5b0c-9a43-6a1d2f2b9e11")

REASONS = {
    "unknown": Label("没有这个办理环节", "There is no such step"),
    "state": Label("问题当时的状态不能办理这一步", "Not possible in the state the problem was in"),
    "who": Label("没有写明办理人", "It is not said who took the step"),
    "duty": Label("责任单位、责任人、期限要写全", "Unit, person and deadline are all needed"),
    "by_extension": Label("推迟期限请用延期", "A later deadline takes an extension"),
    "proof": Label("没有写整改情况", "It is not said what was done"),
    "spot": Label("这一层级的问题要先交办", "At this tier it must be assigned first"),
    "fixer": Label("不能由整改人自己核验或询问", "Not by the person who fixed it"),
    "verifier": Label("询问人不能是核验人", "Not by the person who verified it"),
    "lower": Label("核验人的层级低于整改人", "The verifier is of a lower tier than who fixed it"),
    "why": Label("没有写原因", "It is not said why"),
    "answer": Label("没有写群众的回答", "The answer is missing"),
    "early_witness": Label("联系不上三次以后才能由村级见证", "A witness may speak only after the household was out of reach three times"),
    "witness": Label("没有写见证人", "The witness is not named"),
    "household": Label("这个问题要问本户", "Here the household itself must be asked"),
    "representatives": Label("没有涉及农户的问题要有三名村民代表", "Where no household is concerned three villagers' representatives judge"),
    "tier": Label("要写明上交到哪一层级，一次只上一级", "Name the tier it goes to, one at a time"),
    "last_tier": Label("已是最高层级", "It is at the last tier already"),
    "no_due": Label("还没有期限", "There is no deadline yet"),
    "not_later": Label("新期限不晚于原期限", "The new deadline is not later"),
    "extensions": Label("延期次数已用完", "No more extensions"),
    "approver": Label("延期要由上一层级批准", "An extension is for the next tier up to approve"),
    "duplicate_of": Label("没有写明与哪个问题重复", "It is not said which problem it repeats"),
    "too_old": Label("办结超过180天，请另报新问题", "Over for too long; report a new problem"),
}  # fmt: skip
"""Why a step was not effective."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who takes a step: the name signed, the device it was written on, and the tier."""

    name: str
    device: str
    tier: str = _BY_TIER

    def same_as(self, other: "Signer | None") -> bool:
        """Whether two steps are one person's: by name, or by the phone. The desk's device is shared, so there the name tells."""
        if other is None:
            return False
        shared_device = self.device.startswith(DESK) or not self.device
        return self.name == other.name or (self.device == other.device and not shared_device)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step in its place: `why` is empty when it was effective, else a code of REASONS."""

    entry: Entry
    at: int
    why: str
    state: str

    @property
    def effective(self) -> bool:
        return not self.why


@dataclass(slots=True)
class Standing:
    """How a problem stands. Times in ms since 1970, days as text; `due` is the day whose end is the deadline."""

    state: str = "draft"
    tier: str = _BY_TIER
    unit: str | None = None
    person: str | None = None
    due: str | None = None
    original_due: str | None = None
    extensions: int = 0
    sent_back: int = 0
    """How often a gate said no."""
    unreachable: int = 0
    reopened: int = 0
    reported_at: int | None = None
    fixed_at: int | None = None
    fixer: Signer | None = None
    verifier: Signer | None = None
    over_at: int | None = None
    closed_by: str = ""
    """How the third gate was passed: household, witness or representatives."""
    steps: list[Taken] = field(default_factory=list)

    @property
    def solved(self) -> bool:
        """Through all three gates. An explained problem is not solved."""
        return self.state == "closed"

    @property
    def open(self) -> bool:
        return self.state not in OVER

    def overdue(self, now: int) -> bool:
        """Whether the deadline's day is over and the second gate not passed."""
        return self.state in UNSOLVED and self.due is not None and now > end_of(self.due)


def stand(problem: Entry, steps: Iterable[Entry], rules: ProblemRules) -> Standing:
    """Fold a problem's steps, in stamp order, into how it stands."""
    tier = problem.values.get("tier") or _BY_TIER
    standing = Standing(tier=tier if tier in rules.tiers else _BY_TIER)
    for entry in sorted(steps, key=lambda step: (step.first, step.id)):
        at = time_of(entry)
        why = _why_not(entry, at, problem, standing, rules)
        if not why:
            _APPLY[entry.values["step"]](standing, entry.values, at, entry, rules)
        standing.steps.append(Taken(entry, at, why, standing.state))
    return standing


def time_of(step: Entry) -> int:
    """When a step was taken: as written, but not later than it was written down."""
    at, written = step.values.get("at"), step.written_at
    if not at:
        return written
    return min(milliseconds(at), written) if written else milliseconds(at)


def signer_of(step: Entry) -> Signer:
    """Who took a step."""
    values = step.values
    device = device_of(step.first) if step.first else ""
    return Signer((values.get("by_name") or "").strip(), device, values.get("by_tier") or _BY_TIER)


# --- guards ------------------------------------------------------------------------------------------------------------


def why_not_now(step: str, standing: Standing, problem: Entry, rules: ProblemRules, signer: Signer, now: int) -> str:
    """Why this person cannot take this step now, whatever the form will say; empty when it can be taken. For menus."""
    if step not in _FROM:
        return "unknown"
    if standing.state not in _FROM[step]:
        return "state"
    guard = _PERSON.get(step)
    return guard(standing, signer, rules, now) if guard else ""


def _why_not(entry: Entry, at: int, problem: Entry, standing: Standing, rules: ProblemRules) -> str:
    values, step = entry.values, entry.values.get("step") or ""
    signer = signer_of(entry)
    if step in _SIGNED and not signer.name:
        return "who"
    why = why_not_now(step, standing, problem, rules, signer, at)
    if why:
        return why
    check = _CONTENT.get(step)
    return check(values, standing, problem, rules) if check else ""


_SIGNED = frozenset({"fixed", "verified", "satisfied"})


def _fixed_here(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    return "spot" if standing.state in _ON_THE_SPOT and standing.tier not in _LOW_TIERS else ""


def _another_verifies(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    if signer.same_as(standing.fixer):
        return "fixer"
    fixer = standing.fixer.tier if standing.fixer else _BY_TIER
    return "lower" if rules.rank(signer.tier) < rules.rank(fixer) else ""


def _another_asks(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    if signer.same_as(standing.fixer):
        return "fixer"
    return "verifier" if rules.three_persons and signer.same_as(standing.verifier) else ""


def _not_last(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    return "" if rules.above(standing.tier) else "last_tier"


def _may_extend(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    if standing.due is None:
        return "no_due"
    if standing.extensions >= rules.extensions:
        return "extensions"
    approver = rules.rank(rules.above(standing.tier) or standing.tier)
    return "approver" if rules.rank(signer.tier) < approver else ""


def _not_too_old(standing: Standing, signer: Signer, rules: ProblemRules, now: int) -> str:
    if standing.over_at is None:
        return ""
    return "too_old" if days_between(day_of(standing.over_at), day_of(now)) > rules.reopen_days else ""


_PERSON: dict[str, Callable[[Standing, Signer, ProblemRules, int], str]] = {
    "fixed": _fixed_here,
    "verified": _another_verifies,
    "satisfied": _another_asks,
    "escalated": _not_last,
    "extended": _may_extend,
    "reopened": _not_too_old,
}


def _says_why(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    return "" if _said(values, "reason") else "why"


def _names_duty(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    if not (_said(values, "unit") and _said(values, "person") and values.get("due_date")):
        return "duty"
    named = standing.state in ("assigned", "in_progress") and standing.person
    return "by_extension" if named and standing.due and values["due_date"] > standing.due else ""


def _proves(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    return "" if _said(values, "proof_note") else "proof"


def _answers(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    answer, method = values.get("answer"), values.get("method")
    if answer not in ("yes", "no", "unreachable"):
        return "answer"
    named = len({name.strip() for name in values.get("witnesses") or () if isinstance(name, str) and name.strip()})
    if problem.household is None:
        return "" if method == "representatives" and named >= rules.representatives else "representatives"
    if method == "representatives":
        return "household"
    if method == "witness":
        return "early_witness" if standing.unreachable < rules.unreachable else "" if named else "witness"
    return ""


def _one_tier_up(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    if values.get("tier") != rules.above(standing.tier):
        return "tier"
    return _says_why(values, standing, problem, rules)


def _later(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    if not values.get("due_date") or values["due_date"] <= (standing.due or ""):
        return "not_later"
    return _says_why(values, standing, problem, rules)


def _names_twin(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    return "duplicate_of" if values.get("duplicate_of") in (None, problem.id) else ""


_CONTENT: dict[str, Callable[[Any, Standing, Entry, ProblemRules], str]] = {
    "assigned": _names_duty,
    "fixed": _proves,
    "gate_failed": _says_why,
    "satisfied": _answers,
    "explained": _says_why,
    "escalated": _one_tier_up,
    "extended": _later,
    "duplicate": _names_twin,
    "rejected": _says_why,
    "reopened": _says_why,
}


def _said(values: Any, name: str) -> bool:
    return bool((values.get(name) or "").strip())


# --- what an effective step does ---------------------------------------------------------------------------------------


def _report(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.reported_at = "reported", at
    if values.get("tier") in rules.tiers:
        standing.tier = values["tier"]


def _accept(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "accepted"
    if values.get("tier") in rules.tiers:
        standing.tier = values["tier"]


def _assign(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state = "assigned"
    standing.unit, standing.person, standing.due = values["unit"], values["person"], values["due_date"]
    standing.original_due = standing.original_due or standing.due
    if values.get("tier") in rules.tiers:
        standing.tier = values["tier"]


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
        _end(standing, "closed", at)
        standing.closed_by = method if method in ("witness", "representatives") else "household"


def _end(standing: Standing, state: str, at: int) -> None:
    standing.state, standing.over_at = state, at


def _over(state: str) -> Callable[[Standing, Any, int, Entry, ProblemRules], None]:
    return lambda standing, values, at, entry, rules: _end(standing, state, at)


def _escalate(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    """The next tier has it, with days of its own. What was reported, fixed or verified stays so; the rest is to be assigned there."""
    standing.tier = values["tier"]
    if standing.state in ("accepted", "assigned", "in_progress", "reopened"):
        standing.state = "assigned"
        standing.unit, standing.person = values.get("unit"), values.get("person")
    if standing.state != "reported":
        standing.due = values.get("due_date") or days_after(day_of(at), rules.days[standing.tier])
        standing.original_due = standing.original_due or standing.due


def _extend(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.due = values["due_date"]
    standing.extensions += 1


def _reopen(standing: Standing, values: Any, at: int, entry: Entry, rules: ProblemRules) -> None:
    standing.state, standing.over_at, standing.closed_by, standing.due = "reopened", None, "", None
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
    "duplicate": _over("duplicate"),
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
