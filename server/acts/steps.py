"""A step of the ledger as the desk takes it: what it asks, whether this person may take it now, and how it would come out.

Promises: pure; a step is judged as it will be written, by the rules the phone has; what was typed comes back in words where it will not do.
Leaves to others: the rules (`shared.rules.guards`), writing (`console`), who may open the page (`sight`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.reading.standings import Ledger, Problem
from server.sight import Sight
from shared.fields import Choice, Date, Label, List, Text
from shared.hlc import LATEST_MS, format_stamp
from shared.kinds import KINDS
from shared.kinds.problem_step import STEPS
from shared.moments import day_named, days_after
from shared.rules.due import Person
from shared.rules.duplicates import WOULD_RING
from shared.rules.entry import Entry
from shared.rules.guards import REASONS, why_not_now
from shared.rules.ledger import stand
from shared.rules.standing import Signer
from shared.sync.gate import desk_device

KIND = KINDS["problem_step"]
LINE = 200
"""Texts that may be longer get a box of several lines."""

ASKS: Mapping[str, Mapping[str, bool]] = {
    "reported": {},
    "accepted": {"tier": False, "reason": False},
    "assigned": {"unit": True, "person": True, "due_date": True, "tier": False, "reason": False},
    "started": {},
    "fixed": {"proof_note": True},
    "verified": {},
    "gate_failed": {"reason": True},
    "satisfied": {"answer": True, "method": True, "witnesses": False},
    "escalated": {"unit": False, "person": False, "reason": True},
    "extended": {"due_date": True, "reason": True},
    "explained": {"reason": True},
    "duplicate": {"duplicate_of": True},
    "rejected": {"reason": True},
    "reopened": {"reason": True},
}
"""What each step asks for, and whether it must be said."""
SAYS = {
    "reported": Label("交给乡镇办公室受理。", "Hand it to the township desk."),
    "accepted": Label("受理后接着交办；层级不对的可以在这里改。", "Take it up, then assign it; a wrong tier can be set right here."),
    "assigned": Label("写明哪个单位、谁、在什么时候以前办好。", "Say which unit and who sees to it, and until when."),
    "started": Label("责任人已经开始整改。", "Work on it has begun."),
    "fixed": Label("写明做了什么。接着由另一个人核验。", "Say what was done. Another person then verifies it."),
    "verified": Label("我看过了，确实已经解决。接着问群众是否满意。", "I have seen that it is solved. The household is asked next."),
    "gate_failed": Label("还没有解决，退回继续整改，写明原因。", "It is not solved; it goes back. Say why."),
    "satisfied": Label("问一问群众：满意才算销号。", "Ask the household: it is closed only when they are satisfied."),
    "explained": Label("政策以外的要求，写明怎样答复的。不算解决。", "Beyond policy: say what was answered. It does not count as solved."),
    "escalated": Label("这一层级解决不了，上交一级，写明原因。", "Beyond this tier: it goes one up. Say why."),
    "extended": Label("给更多时间，原定期限会保留。", "More time; the first deadline stays on record."),
    "duplicate": Label("台账里已经有同一个问题，写那一个的编号。", "It is in the ledger already: give the other one's number."),
    "rejected": Label("不属于台账的事项，写明原因。", "Not for the ledger: say why."),
    "reopened": Label("又出现了，或结错了，重新打开，写明原因。", "It came back, or was ended by mistake: say why."),
}  # fmt: skip
USUAL = {
    "draft": "reported", "reported": "accepted", "accepted": "assigned", "assigned": "started", "in_progress": "fixed",
    "fixed": "verified", "verified": "satisfied", "reopened": "assigned",
}  # fmt: skip
"""The usual next step of each state."""
ENDS = frozenset({"explained", "duplicate", "rejected"})
"""Steps that end a problem without solving it: they are asked about twice."""
_SORTING = frozenset({"accepted", "assigned", "explained", "duplicate", "rejected"})
FOR_THE_TOWNSHIP = Label(
    "由乡镇办公室办理；县里办县级的问题", "For the township desk; the county takes those of its own tier"
)
NO_SUCH_NUMBER = Label("台账里没有这个编号", "No problem has this number")
NOT_OFFERED = Label("这里不能选这一项", "This cannot be chosen here")


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a step's form. `widget`: line, area, lines (one entry a line), day, choice, number (another problem's)."""

    name: str
    label: Label
    widget: str
    must: bool
    value: str = ""
    options: Mapping[str, Label] = field(default_factory=dict)
    error: str = ""


def person_of(sight: Sight, township: str) -> Person:
    """Whoever is signed in, at the desk of this township: a county officer signs for the county, everybody else for the township."""
    account = sight.account
    tier = "county" if "county" in account.roles else "township"
    return Person(frozenset({account.name}), desk_device(township), tier)


def signer_of(person: Person) -> Signer:
    (name,) = person.names
    return Signer(name, person.device, person.tier)


# --- what can be done ----------------------------------------------------------------------------------------------------


def why_not_each(one: Problem, signer: Signer, now: int) -> dict[str, Label | None]:
    """Every step, and why this person cannot take it now; None for those he can."""
    return {step: why_not_one(one, step, signer, now) for step in STEPS}


def why_not_one(one: Problem, step: str, signer: Signer, now: int) -> Label | None:
    why = why_not_now(step, one.standing, one.entry, one.rules, signer, now)
    if why:
        return REASONS[why]
    if signer.tier == "county" and step in _SORTING and one.standing.tier != "county":
        return FOR_THE_TOWNSHIP
    return None


PAST = Label("期限已经过去，请选今天或以后", "That day is over; choose today or a later one")
"""The rules know no such step to be void, for a phone may write it down days later; at the desk it is a slip."""


def rehearse(one: Problem, steps: Sequence[Mapping[str, Any]], device: str) -> Label | None:
    """Why one of these steps, taken after all the others, would have no effect; None when all have."""
    tried = []
    for place, values in enumerate(steps):
        due, said = values.get("due_date"), str(values.get("at") or "")
        if due and said and due < day_named(said):
            return PAST
        last = format_stamp(LATEST_MS, place, device)
        tried.append(Entry(KIND.name, f"{place:04d}", one.entry.village, one.entry.household, values, last, last))
    known = [taken.entry for taken in one.standing.steps]
    whys = [taken.why for taken in stand(one.entry, [*known, *tried], one.rules).steps[len(known) :]]
    return next((REASONS[why] for why in whys if why), None)


def would_ring(one: Problem, values: Mapping[str, Any], ledger: Ledger) -> Label | None:
    """Why a problem cannot be called a duplicate of one that is its own duplicate already; None for every other step."""
    rings = values["step"] == "duplicate" and ledger.would_ring(one.id, values.get("duplicate_of"))
    return WOULD_RING if rings else None


# --- its form ------------------------------------------------------------------------------------------------------------


def form_of(
    one: Problem, step: str, today: str, typed: Mapping[str, str], errors: Mapping[str, str], record: Mapping[str, Any]
) -> list[Asked]:
    """The fields of a step, filled with what was typed, else with what is known. `record` holds the problem's own values."""
    known = _suggested(one, step, today, record) | dict(typed)
    asked = []
    for name, must in ASKS[step].items():
        if name == "witnesses" and not _methods(one) & {"witness", "representatives"}:
            continue  # the household speaks for itself
        label = Label("新期限", "New deadline") if (step, name) == ("extended", "due_date") else KIND.fields[name].label
        asked.append(
            Asked(name, label, _widget(name), must, known.get(name, ""), _options(one, name), errors.get(name, ""))
        )
    return asked


def _widget(name: str) -> str:
    declared = KIND.fields[name]
    if isinstance(declared, Choice):
        return "choice"
    if isinstance(declared, Date):
        return "day"
    if isinstance(declared, List):
        return "lines"
    if isinstance(declared, Text):
        return "area" if declared.length > LINE else "line"
    return "number"


def _options(one: Problem, name: str) -> Mapping[str, Label]:
    """The codes that may be chosen: the tiers of the problem's own policy, and the ways of asking that fit it."""
    declared = KIND.fields[name]
    if name == "tier":
        return one.rules.tiers
    if name == "method":
        return {code: label for code, label in getattr(declared, "choices", {}).items() if code in _methods(one)}
    return getattr(declared, "choices", {})


def _methods(one: Problem) -> frozenset[str]:
    if one.entry.household is None:
        return frozenset({"representatives"})
    reachable = one.standing.unreachable < one.rules.unreachable
    return frozenset({"home", "phone"} | (set() if reachable else {"witness"}))


def _suggested(one: Problem, step: str, today: str, record: Mapping[str, Any]) -> dict[str, str]:
    standing = one.standing
    if step == "assigned":
        days = days_after(today, one.rules.days.get(standing.tier, one.rules.days["village"]))
        wished = str(record.get("due_date") or "")
        return {
            "unit": str(standing.unit or record.get("responsible_unit") or ""),
            "person": str(standing.person or record.get("responsible_person") or ""),
            "due_date": standing.due or (wished if wished >= today else days),
        }
    if step == "satisfied":
        return {"method": "home" if one.entry.household else "representatives"}
    return {}


def values_of(one: Problem, step: str, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values a form says, and what is wrong with them by themselves: field to a sentence (Chinese / English).

    `duplicate_of` is left to whoever knows the ledger. What is missing is for the rules to say.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in ASKS[step]:
        text = typed.get(name, "").replace("\r\n", "\n").strip()
        widget = _widget(name)
        if not text or widget == "number":
            continue
        if widget == "choice" and text not in _options(one, name):
            errors[name] = f"{NOT_OFFERED.zh} / {NOT_OFFERED.en}"
        values[name] = names_in(text) if widget == "lines" else text
    errors |= {name: told[0] for name, told in KIND.errors(values).items()}
    if step == "escalated":
        values["tier"] = one.rules.above(one.standing.tier)
    return values, errors


def names_in(text: str) -> list[str]:
    """Names as they are typed: one a line, or with commas between."""
    for mark in "、，,;；\r\t":
        text = text.replace(mark, "\n")
    return list(dict.fromkeys(name.strip() for name in text.split("\n") if name.strip()))


def by_number(seen: Iterable[Problem], one: Problem, text: str) -> Problem | None:
    """The problem that a number names, among those that are `seen`; of two with the same number the one of the same village."""
    wanted = text.strip().casefold()
    found = [other for other in seen if other.number.casefold() == wanted]
    found.sort(key=lambda other: (other.entry.village != one.entry.village, other.id))
    return found[0] if found else None


# --- what happens next ---------------------------------------------------------------------------------------------------


def next_of(one: Problem) -> tuple[Label, str | None]:
    """What happens next, by whom, and until which day."""
    standing, rules = one.standing, one.rules
    named = [part for part in (standing.unit, standing.person) if part]
    zh, en = "、".join(named) or "责任单位", ", ".join(named) or "the responsible unit"
    state = standing.state
    if state == "reported":
        return Label("乡镇办公室受理", "The township desk takes it up"), one.accept_by
    if state in ("accepted", "reopened"):
        return Label("乡镇办公室交办：单位、责任人、期限", "The township desk assigns unit, person and deadline"), None
    if state == "assigned" and not standing.person:
        return Label("上一层级接手，写明责任人", "The tier above takes it over and names who sees to it"), standing.due
    if state == "assigned":
        return Label(f"{zh}开始整改", f"{en} begins"), standing.due
    if state == "in_progress":
        return Label(f"{zh}整改完成，写明做了什么", f"{en} solves it and says what was done"), standing.due
    if state == "fixed":
        return Label(
            "第二关：由同级或上级的另一个人核验", "Second gate: another person of the same or a higher tier verifies"
        ), standing.due
    if state == "verified":
        if one.entry.household is None:
            n = rules.representatives
            return Label(
                f"第三关：问 {n} 名村民代表是否满意，整改人不能自己问",
                f"Third gate: {n} villagers' representatives are asked, not by who fixed it",
            ), None
        return Label(
            "第三关：问本户是否满意，整改人不能自己问", "Third gate: the household is asked, not by who fixed it"
        ), None
    if state == "draft":
        return Label("还没有上报", "It was not reported yet"), None
    return Label("已经办结，不欠谁办理", "It is over; nobody owes anything"), None  # fmt: skip


def climbs_on(one: Problem) -> tuple[str, Label] | None:
    """The day after which it climbs by itself to the tier above, and that tier; None where it cannot."""
    above = one.rules.above(one.standing.tier)
    if one.late_after is None or above is None or one.standing.due is None:
        return None
    return days_after(one.standing.due, one.rules.climb_days), one.rules.tiers[above]
