"""A problem entered at the desk: handed down, told in a chat group, found by research. It is reported in the same breath.

Promises: sent twice it is one problem, for its id came with the form; what was typed comes back with what is wrong. Leaves to others: its
steps (`ledger_step`), its number (the gate).
"""

from collections.abc import Mapping
from typing import Any

from flask import abort, request
from uuid6 import uuid7

from server.acts.steps import Asked, person_of
from server.console.door import Town, act, go, page, put
from server.console.frame import render, tell
from server.reading.standings import ledger_of
from server.sight import Right
from server.store import TownshipStore
from server.tables import table_name
from shared.fields import Label, is_uuid
from shared.kinds import KINDS
from shared.kinds.problem import SOURCES
from shared.moments import day_of, iso
from shared.record import Key
from shared.rules.policy import ProblemRules
from shared.sync.gate import Gate

AT_THE_DESK = ("upper", "online", "research")
"""Where a problem comes from that nobody found at a door."""
Question = tuple[str, Label, str, bool, Mapping[str, Label]]
"""Name, label, widget (as in `Asked`), whether it must be answered, choices."""
_FIELDS = KINDS["problem"].fields


@page("/t/<township>/ledger/new", Right.LEDGER)
def new_problem(town: Town) -> str:
    """An empty form; `household` in the URL begins one about that household."""
    typed: dict[str, str] = {"source": "online"}
    with town.read() as store:
        if request.args.get("household"):
            home = town.record(store, KINDS.household, request.args["household"])
            typed |= {"village": home.village or "", "household_no": str(home.values.get("household_no") or "")}
        return _new(town, store, str(uuid7()), typed, {})


def _new(town: Town, store: TownshipStore, id_: str, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    rules = ledger_of(town.database, store).policies.on(day_of(town.now)).problems
    asked = [
        Asked(name, label, widget, must, typed.get(name, ""), options, errors.get(name, ""))
        for name, label, widget, must, options in _asked_of_new(town, store, rules)
    ]
    return render("ledger_new.html", town, "ledger", id=id_, asked=asked, failed=bool(errors))


def _asked_of_new(town: Town, store: TownshipStore, rules: ProblemRules) -> list[Question]:
    places = {code: Label(name, name) for code, name in town.sight.places(store).items()}
    return [
        ("source", _FIELDS["source"].label, "choice", True, {code: SOURCES[code] for code in AT_THE_DESK}),
        ("village", Label("村", "Village"), "choice", True, places),
        ("household_no", Label("户编号（可不填）", "Household's number (optional)"), "line", False, {}),
        ("category", _FIELDS["category"].label, "choice", True, rules.categories),
        ("description", _FIELDS["description"].label, "area", True, {}),
        ("tier", _FIELDS["tier"].label, "choice", False, rules.tiers),
    ]


@act("/t/<township>/ledger/new", Right.LEDGER)
def save_problem(town: Town) -> Any:
    """Enter a problem and report it in one go. Sent twice, it is one problem: its id came with the form."""
    id_ = request.form.get("id", "")
    if not is_uuid(id_):
        abort(400)
    with town.read() as store:
        rules = ledger_of(town.database, store).policies.on(day_of(town.now))
        asked = _asked_of_new(town, store, rules.problems)
        typed = {name: request.form.get(name, "").replace("\r\n", "\n").strip() for name, *_ in asked}
        values = {name: typed[name] for name in ("source", "category", "description", "tier") if typed[name]}
        household, why = _household(store, typed["village"], typed["household_no"])
        errors = _wrong(asked, typed) | {name: told[0] for name, told in KINDS["problem"].errors(values).items()}
        if why and "village" not in errors:
            errors["household_no"] = why
        if errors:
            return _new(town, store, id_, typed, errors), 422
    values |= {"found_at": iso(town.now), "found_by": town.account.name, "policy_version": rules.version}
    signed = {"problem": id_, "step": "reported", "at": iso(town.now), "by_name": town.account.name}
    signed["by_tier"] = person_of(town.sight, town.code).tier
    place = {"village": typed["village"], "household": household}

    def work(gate: Gate, store: TownshipStore) -> None:
        if store.load([Key("problem", id_)]):
            return  # the button was pressed twice
        put(gate, town.writer(), "problem", id_, values, **place)
        put(gate, town.writer(), "problem_step", str(uuid7()), signed, **place)
        town.note(store, "step", kind="problem", record=id_, details={"step": "reported", "fields": sorted(values)})

    town.at_the_gate(work)
    tell("已登记并上报，编号见下", "Entered and reported; its number stands below")
    return go("console.problem", township=town.code, problem=id_)


def _wrong(asked: list[Question], typed: Mapping[str, str]) -> dict[str, str]:
    """What is missing, or is none of the choices."""
    missing = {name: "请填写 / Please fill this in" for name, _, _, must, _ in asked if must and not typed[name]}
    strange = {
        name: "请从列表里选 / Choose one of the list"
        for name, _, widget, _, options in asked
        if widget == "choice" and typed[name] and typed[name] not in options
    }
    return missing | strange


def _household(store: TownshipStore, village: str, number: str) -> tuple[str | None, str]:
    """The household of this number in the village, or why there is none to be named."""
    if not number:
        return None, ""
    found = store.sql(
        f"SELECT id FROM {table_name(KINDS.household)} WHERE township = ? AND village = ? AND household_no = ?"
        " AND (removed IS NULL OR removed = ?)",
        store.code, village, number, False,
    )  # fmt: skip
    if len(found) == 1:
        return str(found[0][0]), ""
    if found:
        return (
            None,
            "这个村有两户用这个编号，请先查重 / Two households of this village have this number; settle that first",
        )
    return None, "这个村没有这个户编号 / No household of this village has this number"
