"""Taking a step of the ledger at the desk.

Promises: a step is judged inside the transaction that writes it, as it will be, so whoever came first is told of; one that would have no
effect is not written, and what was typed comes back with the reason. Leaves to others: the page (`ledger_problem`), the rules and the
forms (`steps`), several at once (`ledger`).
"""

from collections.abc import Mapping
from typing import Any

from flask import abort, request
from uuid6 import uuid7

from server.access import AccessError
from server.acts.steps import (
    ASKS,
    KIND,
    NO_SUCH_NUMBER,
    by_number,
    person_of,
    rehearse,
    signer_of,
    values_of,
    why_not_one,
    would_ring,
)
from server.console.door import Town, act, go, put
from server.console.frame import tell
from server.console.ledger_problem import Typed, problem_page
from server.reading.standings import Problem, ledger_of
from server.sight import Right
from server.store import TownshipStore
from server.words import EN, ZH, word
from shared.fields import Label
from shared.kinds.problem_step import STEPS
from shared.moments import iso
from shared.rules.ledger import STATES
from shared.sync.gate import Gate


class NotTakenError(Exception):
    """The step was not written. `why` is a sentence (Chinese / English), `errors` are about single fields."""

    def __init__(self, why: Label | None, errors: Mapping[str, str] | None = None, status: int = 422) -> None:
        super().__init__(why.zh if why else "")
        self.why = f"{why.zh} / {why.en}" if why else ""
        self.errors, self.status = errors or {}, status


@act("/t/<township>/ledger/<problem>/steps/<step>", Right.LEDGER)
def take_step(town: Town, problem: str, step: str) -> Any:
    if step not in STEPS:
        abort(404)
    with town.read() as store:
        town.record(store, "problem", problem)
        ledger_of(town.database, store)  # so that nobody waits for it while the township is locked
    typed = Typed(step, values={name: request.form.get(name, "") for name in ASKS[step]})
    seen = request.form.get("seen", "")
    try:
        number = town.at_the_gate(lambda gate, store: _take(town, gate, store, problem, step, typed.values, seen))
    except NotTakenError as error:
        return _again(town, problem, Typed(step, error.why, error.errors, typed.values)), error.status
    except AccessError as error:
        return _again(town, problem, Typed(step, str(error), {}, typed.values)), 422
    tell(f"{number}：{STEPS[step].zh}，已保存", f"{number}: {STEPS[step].en}, saved")
    return go("console.problem", township=town.code, problem=problem)


def _again(town: Town, problem: str, typed: Typed) -> str:
    with town.read() as store:
        record = town.record(store, "problem", problem)
        ledger = ledger_of(town.database, store)
        if record.id not in ledger.problems:
            abort(404)
        return problem_page(town, store, ledger, record, typed)


def _take(
    town: Town, gate: Gate, store: TownshipStore, problem: str, step: str, typed: Mapping[str, str], seen: str
) -> str:
    """Judge a step as it will be and write it; the problem's number. NotTakenError, in words, when it would have no effect."""
    ledger = ledger_of(town.database, store)
    one = ledger.problems.get(problem)
    if one is None:
        raise NotTakenError(Label("这个问题已从台账移除", "The problem was taken off the ledger"), status=409)
    if seen != str(len(one.standing.steps)):
        raise NotTakenError(_meanwhile(one), status=409)
    why = why_not_one(one, step, signer_of(person_of(town.sight, town.code)), town.now)
    if why:
        raise NotTakenError(why)
    values, errors = values_of(one, step, typed)
    if typed.get("duplicate_of", "").strip():
        visible = (other for other in ledger.problems.values() if town.sight.sees(town.code, other.entry.village))
        twin = by_number(visible, one, typed["duplicate_of"])
        if twin is None:
            errors["duplicate_of"] = f"{NO_SUCH_NUMBER.zh} / {NO_SUCH_NUMBER.en}"
        else:
            values["duplicate_of"] = twin.id
    if errors:
        raise NotTakenError(None, errors)
    signed = [sign(town, one, step, values)]
    why = rehearse(one, signed, town.writer().device) or would_ring(one, signed[0], ledger)
    if why:
        raise NotTakenError(why)
    write_steps(town, gate, store, one, signed)
    return one.number


def _meanwhile(one: Problem) -> Label:
    """What somebody else did between the page and the press of the button."""
    state = STATES[one.standing.state]
    if not one.standing.steps:
        return Label("这个问题刚才有改动，请再看一眼", "This problem changed just now; please look again")
    values = one.standing.steps[-1].entry.values
    step, by = STEPS.get(values.get("step") or "", state), str(values.get("by_name") or "")
    return Label(
        f"{word(by, ZH)}已经办了“{step.zh}”，现在是“{state.zh}”，请再看一眼",
        f"{word(by, EN)} has already taken the step '{step.en}'; it is now '{state.en}'. Please look again",
    )


def sign(town: Town, one: Problem, step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A step as it will be written: in the visitor's name, for his own tier, now."""
    person = person_of(town.sight, town.code)
    return {
        "problem": one.id,
        "step": step,
        "at": iso(town.now),
        "by_name": town.account.name,
        "by_tier": person.tier,
        **values,
    }


def write_steps(town: Town, gate: Gate, store: TownshipStore, one: Problem, steps: list[dict[str, Any]]) -> None:
    """Write signed steps of a problem, one after the other, after all that stand there."""
    gate.after(taken.entry.last for taken in one.standing.steps if taken.entry.last)
    for values in steps:
        put(
            gate,
            town.writer(),
            KIND.name,
            str(uuid7()),
            values,
            village=one.entry.village,
            household=one.entry.household,
        )
        town.note(store, "step", kind="problem", record=one.id, details={"step": values["step"]})
