"""One problem of the ledger: what it is, how far it came, who did what and to what effect, what happens next, and the steps one may take.

Promises: what cannot be taken now is listed with its reason, never hidden; a step is judged again inside the transaction that writes it, so
whoever came first is told of, and what was typed comes back; a step that would have no effect is not written. Leaves to others: how a
problem stands (`standings`), what a step asks (`steps`), the queue (`ledger`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from server.acts.steps import (
    ENDS,
    KIND,
    SAYS,
    USUAL,
    Asked,
    climbs_on,
    form_of,
    next_of,
    person_of,
    signer_of,
    why_not_each,
)
from server.console.door import Town, go, page
from server.console.frame import render, say, shown, t
from server.console.photos import album_of
from server.lists.listing import Query
from server.lists.problems import SYSTEM, category_of, homes_of, tier_of
from server.reading.standings import Ledger, Problem, ledger_of
from server.sight import Right
from server.store import TownshipStore
from server.words import moment
from shared.fields import Label
from shared.kinds import KINDS
from shared.kinds.problem_step import STEPS
from shared.moments import day_of, days_after, iso
from shared.record import Record
from shared.rules.duplicates import RING
from shared.rules.ledger import REASONS, STATES, Taken

MOST_KNOWN = 200
LIKELY = 20
"""Open problems that are named as the one this may repeat."""
GATES = {"fixed": ("fixed", "verified", "closed"), "verified": ("verified", "closed"), "satisfied": ("closed",)}
"""The three gates by the step that passes them, and the states in which they are passed."""
GATE_LABELS = {
    "fixed": Label("一、整改完成", "1. Fixed"),
    "verified": Label("二、核验通过", "2. Verified"),
    "satisfied": Label("三、群众满意", "3. The household is satisfied"),
}


@dataclass(frozen=True)
class Form:
    """The form of a step that can be taken now."""

    step: str
    says: Label
    asked: list[Asked]
    is_usual: bool
    ends: bool


@dataclass
class Typed:
    """A step that was sent and not taken: why, what is wrong with each field, and what was typed."""

    step: str
    why: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


# --- the page --------------------------------------------------------------------------------------------------------------


@page("/t/<township>/ledger/<problem>", Right.READ)
def problem(town: Town, problem: str) -> Any:
    with town.read() as store:
        record = town.record(store, "problem", problem)
        ledger = ledger_of(town.database, store)
        if record.id not in ledger.problems:  # taken off the ledger; its history still tells
            return go("console.record", township=town.code, kind="problem", record=record.id)
        return problem_page(town, store, ledger, record, Typed(""))


def problem_page(town: Town, store: TownshipStore, ledger: Ledger, record: Record, typed: Typed) -> str:
    one = ledger.problems[record.id]
    person, today = person_of(town.sight, town.code), day_of(town.now)
    whys = why_not_each(one, signer_of(person), town.now) if town.may(Right.LEDGER) else {}
    able = [step for step, why in whys.items() if why is None]
    usual = USUAL.get(one.standing.state, "")
    forms = [_form(one, step, today, typed, record, usual) for step in sorted(able, key=lambda step: step != usual)]
    home = homes_of(Query(town.database, store, town.sight, town.now), [one]).get(one.entry.household or "")
    return render(
        "problem.html", town, "ledger", one=one, record=record, typed=typed, forms=forms, home=home,
        unable=[(STEPS[step], why) for step, why in whys.items() if why is not None],
        facts=_facts(one, record, store), gates=[_gate(one, step) for step in GATES],
        timeline=[_told(one, taken, town, ledger) for taken in reversed(one.standing.steps)],
        state=STATES[one.standing.state], category=category_of(one), next_step=next_of(one), climbs=climbs_on(one),
        ring=RING if ledger.in_ring(one.id) else None, seen=len(one.standing.steps), steps=STEPS, above=_above(one),
        field_labels={name: declared.label for name, declared in KIND.fields.items()}, reopen_until=_reopen_until(one),
        likely=_likely(town, ledger, one),  known_duties=known_duties(town, ledger), album=album_of(town, store, record),
    )  # fmt: skip


def _form(one: Problem, step: str, today: str, typed: Typed, record: Record, usual: str) -> Form:
    sent = typed if typed.step == step else Typed("")
    return Form(
        step,
        SAYS[step],
        form_of(one, step, today, sent.values, sent.errors, record.values),
        step == usual,
        step in ENDS,
    )


def _above(one: Problem) -> Label | None:
    """The tier it would be handed up to."""
    above = one.rules.above(one.standing.tier)
    return tier_of(one, above) if above else None


def _reopen_until(one: Problem) -> str | None:
    """The last day on which it may be opened again; None while it is open."""
    over = one.standing.over_written
    return days_after(day_of(over), one.rules.reopen_days) if over is not None else None


def _facts(one: Problem, record: Record, store: TownshipStore) -> list[tuple[str, str]]:
    standing, values = one.standing, record.values
    fields = KINDS["problem"].fields
    counts = [
        (standing.extensions, t("延期 {n} 次", "extended {n} times", n=standing.extensions)),
        (standing.sent_back, t("退回 {n} 次", "sent back {n} times", n=standing.sent_back)),
        (standing.reopened, t("重新打开 {n} 次", "reopened {n} times", n=standing.reopened)),
        (standing.unreachable, t("联系不上 {n} 次", "out of reach {n} times", n=standing.unreachable)),
    ]
    is_named = bool(standing.unit or standing.person)
    comma = t("，", ", ")
    wished = comma.join(str(values[name]) for name in ("responsible_unit", "responsible_person") if values.get(name))
    told = [
        (t("村", "Village"), store.villages().get(record.village or "", record.village or "")),
        (t("解决层级", "Tier"), say(tier_of(one, standing.tier))),
        (t("责任单位", "Unit"), standing.unit or ""),
        (t("责任人", "Person"), standing.person or ""),
        (t("建议责任人", "Suggested"), "" if is_named else wished),
        (t("整改措施", "Measures"), str(values.get("measures") or "")),
        (t("原定期限", "First deadline"), standing.original_due or "" if standing.original_due != standing.due else ""),
        (t("经过", "So far"), comma.join(text for n, text in counts if n)),
        (t("来源", "Source"), shown(fields["source"], values.get("source")) if values.get("source") else ""),
        (t("发现人", "Found by"), str(values.get("found_by") or "")),
        (t("发现时间", "Found at"), moment(values["found_at"]) if values.get("found_at") else ""),
        (t("备注", "Remark"), str(values.get("remark") or "")),
    ]
    return [(name, text) for name, text in told if text]


def _gate(one: Problem, step: str) -> dict[str, Any]:
    passed = one.standing.state in GATES[step]
    taken = [taken for taken in one.standing.steps if taken.effective and taken.entry.values.get("step") == step]
    signed = taken[-1] if passed and taken else None
    return {
        "label": GATE_LABELS[step],
        "passed": passed,
        "by": str(signed.entry.values.get("by_name") or "") if signed else "",
        "on": day_of(signed.at) if signed else "",
    }


def _told(one: Problem, taken: Taken, town: Town, ledger: Ledger) -> dict[str, Any]:
    """A step in words: who, when, what was said with it, and whether it had an effect."""
    values = taken.entry.values
    by, by_system = str(values.get("by_name") or ""), values.get("by_name") == SYSTEM
    lines = []
    for name in ("answer", "method", "witnesses", "tier", "unit", "person", "due_date", "proof_note", "reason"):
        if values.get(name):
            text = say(tier_of(one, values[name])) if name == "tier" else shown(KIND.fields[name], values[name])
            lines.append((say(KIND.fields[name].label), say(text) if by_system else text, ""))
    if values.get("duplicate_of"):
        twin = ledger.problems.get(values["duplicate_of"])
        if twin is not None and town.sight.sees(town.code, twin.entry.village):
            url = url_for("console.problem", township=town.code, problem=twin.id)
            lines.append((say(KIND.fields["duplicate_of"].label), twin.number, url))
    return {
        "id": taken.entry.id,
        "label": say(STEPS[values["step"]]) if values.get("step") in STEPS else str(values.get("step") or ""),
        "by": say(by) if by_system else by,
        "tier": say(tier_of(one, values["by_tier"])) if values.get("by_tier") else "",
        "at": moment(iso(taken.at)) if taken.at else "",
        "why": say(REASONS[taken.why]) if taken.why else "",
        "lines": lines,
    }


def _likely(town: Town, ledger: Ledger, one: Problem) -> list[dict[str, str]]:
    """Open problems of the same village that this one may repeat: of the same household and category first."""
    entry = one.entry
    others = [
        other
        for other in ledger.problems.values()
        if other.standing.open and other.entry.village == entry.village and other.id != one.id
    ]

    def unlike(other: Problem) -> tuple[bool, bool, str]:
        values = other.entry.values
        return (
            other.entry.household != entry.household,
            values.get("category") != entry.values.get("category"),
            other.number,
        )

    return [
        {"id": other.id, "number": other.number, "called": _called(other, one)}
        for other in sorted(others, key=unlike)[:LIKELY]
    ]


def _called(other: Problem, one: Problem) -> str:
    """How a page names another problem beside this one: its category and state, and whether the household is the same."""
    category, state = category_of(other), say(STATES[other.standing.state])
    same = t("同一户", "same household") if one.entry.household and other.entry.household == one.entry.household else ""
    return t("，", ", ").join(text for text in (say(category) if category else "", state, same) if text)


def known_duties(town: Town, ledger: Ledger) -> dict[str, list[str]]:
    """Units and people that problems were assigned to before, to choose from while typing."""
    seen = [(unit, person) for village, unit, person in ledger.duties if town.sight.sees(town.code, village)]
    units, people = {unit for unit, _ in seen if unit}, {person for _, person in seen if person}
    return {"unit": sorted(units)[:MOST_KNOWN], "person": sorted(people)[:MOST_KNOWN]}
