"""The guards of the ledger: when a step may be taken, by whom, and what it must say (DOMAIN 4.5, 4.6, 6).

Each guard gives a code of REASONS, or nothing when it lets the step pass. Promises: pure. Leaves to others: what a step then does
(`ledger`), and which roles may write it at all (the kind says it, the gate judges it).
"""

from collections.abc import Callable
from typing import Any

from shared.fields import Label
from shared.moments import day_of, days_between
from shared.rules.entry import Entry
from shared.rules.policy import ProblemRules
from shared.rules.standing import BY_TIER, OVER, Signer, Standing, signer_of, written_of

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


def why_not_now(step: str, standing: Standing, problem: Entry, rules: ProblemRules, signer: Signer, now: int) -> str:
    """Why this person cannot take this step now, whatever the form will say; empty when it can be taken. For menus."""
    if step not in _FROM:
        return "unknown"
    if standing.state not in _FROM[step]:
        return "state"
    guard = _PERSON.get(step)
    return guard(standing, signer, rules, now) if guard else ""


def why_not(entry: Entry, problem: Entry, standing: Standing, rules: ProblemRules) -> str:
    """Why a step had no effect in its place; empty when it had. Whether it came too late is told by when it was written, not by its `at`."""
    values, step = entry.values, entry.values.get("step") or ""
    signer = signer_of(entry)
    if step in _SIGNED and not signer.name:
        return "who"
    why = why_not_now(step, standing, problem, rules, signer, written_of(entry))
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
    fixer = standing.fixer.tier if standing.fixer else BY_TIER
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
    if standing.over_written is None:
        return ""
    return "too_old" if days_between(day_of(standing.over_written), day_of(now)) > rules.reopen_days else ""


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
    if named and standing.due and values["due_date"] > standing.due:
        return "by_extension"
    return _explains_tier(values, standing, problem, rules)


def _explains_tier(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    """One tier up may go without a word. Further up leaves a tier out, and down gives back what a tier had: both say why."""
    if values.get("tier") not in rules.tiers:
        return ""
    up = rules.rank(values["tier"]) - rules.rank(standing.tier)
    return _says_why(values, standing, problem, rules) if up > 1 or (up < 0 and standing.tier_named) else ""


def _proves(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    return "" if _said(values, "proof_note") else "proof"


def _answers(values: Any, standing: Standing, problem: Entry, rules: ProblemRules) -> str:
    answer, method = values.get("answer"), values.get("method")
    if answer not in ("yes", "no", "unreachable"):
        return "answer"
    names = {name.strip() for name in values.get("witnesses") or () if isinstance(name, str) and name.strip()}
    if standing.fixer and standing.fixer.name in names:
        return "fixer"  # nobody bears witness to his own work
    named = len(names)
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
    "accepted": _explains_tier,
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
