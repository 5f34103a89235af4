"""The ledger's queue: by state, tier and deadline; taking up and assigning several at once; the printed form.

Promises: counts, list and print follow the same filters; what several problems are given at once is judged one by one, and what does not fit
is left alone and told. Leaves to others: which problems there are (`lists.problems`), one problem and its steps (`ledger_problem`).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, request, url_for

from server.access import AccessError
from server.acts.steps import Asked, person_of, rehearse, signer_of, values_of, why_not_one
from server.console.door import Town, act, page
from server.console.frame import language, listed, render, say, t, tell
from server.console.ledger_problem import known_duties
from server.console.ledger_step import sign, write_steps
from server.lists import LISTINGS
from server.lists.listing import BadFilterError, Found, Query
from server.lists.problems import GROUPS
from server.reading.standings import Problem, ledger_of
from server.sight import Right
from server.store import TownshipStore
from shared.fields import Label
from shared.kinds import KINDS
from shared.kinds.choices import TIERS
from shared.kinds.problem_step import STEPS
from shared.moments import day_of, days_after
from shared.rules.ledger import STATES
from shared.sync.gate import Gate

LONGEST_PRINT = 2000
"""Rows on one print; a township's office prints a village or a month."""
SORTABLE = ("reported", "accepted", "reopened")
"""States in which several problems may be given to one person at once."""
_CHANGED = Label("刚才已有人办理", "somebody else was first")


# --- the queue -------------------------------------------------------------------------------------------------------------


@page("/t/<township>/ledger", Right.READ)
def ledger(town: Town) -> str:
    return _queue(town)


def _queue(town: Town, sent: Mapping[str, str] | None = None, ticked: frozenset[str] = frozenset()) -> str:
    """The page; `sent` is what was typed for several at once and not taken."""
    about = listed(town, LISTINGS["problems"], **_default())
    given = about["given"]
    may = town.may(Right.LEDGER)
    signer = signer_of(person_of(town.sight, town.code))
    with town.read() as store:
        known = ledger_of(town.database, store)
    for row in about["found"].rows:
        one = known.problems.get(row["_id"])
        row["_url"] = url_for("console.problem", township=town.code, problem=row["_id"])
        row["_ticks"] = may and one is not None and _may_sort(one, signer, town.now)
        row["_ticked"] = f"{row['_id']}:{row['_steps']}" in ticked
    return render(
        "ledger.html", town, "ledger", tabs=_tabs(town, about["found"], given), may=may,
        tiers=_tiers(town, about["found"], given), states=_states(town, about["found"], given),
        print_url=_url(town, given, "console.print_ledger"),
        asked=_asked_of_many(town, sent or {}), known_duties=known_duties(town, known), **about,
    )  # fmt: skip


def _default() -> dict[str, str]:
    """What is shown before anybody asks: what is open. A blank `group` asks for all."""
    return {} if {"group", "state"} & request.args.keys() else {"group": "open"}


def _may_sort(one: Problem, signer: Any, now: int) -> bool:
    return one.standing.state in SORTABLE and any(
        why_not_one(one, step, signer, now) is None for step in ("accepted", "assigned")
    )


def _url(town: Town, given: Mapping[str, str], to: str = "console.ledger", **change: Any) -> str:
    """The queue as it is filtered now, but for what changes. A blank group says that all are meant."""
    asked: dict[str, Any] = {"group": "", **given, **change}
    return url_for(to, township=town.code, **{name: text for name, text in asked.items() if text is not None})


def _tabs(town: Town, found: Found, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups, and how many there are in each under the other filters."""
    counts: Mapping[str, int] = getattr(found, "groups", {})
    everything = sum(getattr(found, "states", {}).values())
    names = [(name, say(label), counts.get(name, 0)) for name, label in GROUPS.items()]
    return [
        {
            "label": label,
            "count": count,
            "url": _url(town, given, group=name, state=None),
            "active": given.get("group", "") == name and not given.get("state"),
            "late": name == "overdue" and count > 0,
        }
        for name, label, count in [*names, ("", t("全部", "All"), everything)]
    ]


def _states(town: Town, found: Found, given: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "label": say(STATES[state]),
            "count": count,
            "url": _url(town, given, group="", state=state),
            "active": given.get("state") == state,
        }
        for state, count in getattr(found, "states", {}).items()
        if count or given.get("state") == state
    ]


def _tiers(town: Town, found: Found, given: Mapping[str, str]) -> list[dict[str, Any]]:
    counts: Mapping[str, int] = getattr(found, "tiers", {})
    names = [(code, say(TIERS[code]) if code in TIERS else code, count) for code, count in counts.items()]
    return [
        {
            "label": label,
            "count": count,
            "url": _url(town, given, tier=code or None),
            "active": given.get("tier", "") == code,
        }
        for code, label, count in [("", t("各层级", "All tiers"), sum(counts.values())), *names]
    ]


# --- several at once -------------------------------------------------------------------------------------------------------


def _asked_of_many(town: Town, sent: Mapping[str, str]) -> list[Asked]:
    fields = KINDS["problem_step"].fields
    due = days_after(day_of(town.now), 15)
    values = {"due_date": due, **sent}
    widgets = {"unit": "line", "person": "line", "due_date": "day"}
    return [Asked(name, fields[name].label, widget, True, values.get(name, "")) for name, widget in widgets.items()]


@act("/t/<township>/ledger", Right.LEDGER)
def take_steps(town: Town) -> Any:
    """Take up the ticked problems, or give them all to one unit and person until one day."""
    step, ticked = request.form.get("step", ""), request.form.getlist("problem")
    if step not in ("accepted", "assigned"):
        abort(400)
    typed = {name: request.form.get(name, "") for name in ("unit", "person", "due_date")} if step == "assigned" else {}
    with town.read() as store:
        ledger_of(town.database, store)
    if not ticked:
        tell("请先勾选问题。", "Tick some problems first.", "warning")
        return _queue(town, typed), 422
    try:
        done, left = town.at_the_gate(lambda gate, store: _take_many(town, gate, store, step, ticked, typed))
    except AccessError as error:
        tell(*str(error).partition(" / ")[::2], "danger")
        return _queue(town, typed, frozenset(ticked)), 422
    _tell_many(step, done, left)
    if not done:
        return _queue(town, typed, frozenset(ticked)), 422
    return redirect(request.full_path.rstrip("?"), 303)


def _take_many(
    town: Town, gate: Gate, store: TownshipStore, step: str, ticked: list[str], typed: Mapping[str, str]
) -> tuple[int, Counter[Label]]:
    """How many were given the step, and why the others were left alone."""
    book, signer, done = ledger_of(town.database, store), signer_of(person_of(town.sight, town.code)), 0
    left: Counter[Label] = Counter()
    for text in dict.fromkeys(ticked):
        id_, _, seen = text.partition(":")
        one = book.problems.get(id_)
        if one is None or not town.sight.sees(town.code, one.entry.village):
            abort(404)
        if seen != str(len(one.standing.steps)):
            left[_CHANGED] += 1
            continue
        values, errors = values_of(one, step, typed)
        if errors:
            raise AccessError(next(iter(errors.values())))
        chain = ["accepted", "assigned"] if step == "assigned" and one.standing.state == "reported" else [step]
        signed = [sign(town, one, name, values if name == step else {}) for name in chain]
        why = why_not_one(one, chain[0], signer, town.now) or rehearse(one, signed, signer.device)
        if why:
            left[why] += 1
        else:
            write_steps(town, gate, store, one, signed)
            done += 1
    return done, left


def _tell_many(step: str, done: int, left: Counter[Label]) -> None:
    zh = "；".join(f"{n} 个没有办：{why.zh}" for why, n in left.items())
    en = "; ".join(f"{n} left alone: {why.en}" for why, n in left.items())
    if done:
        label = STEPS[step]
        zh, en = f"{label.zh} {done} 个问题。{zh}", f"{label.en}: {done} problems. {en}"
    tell(zh, en, "warning" if left else "success")


# --- on paper --------------------------------------------------------------------------------------------------------------


@page("/t/<township>/ledger/print", Right.READ)
def print_ledger(town: Town) -> str:
    """The form that offices keep, of all that the filters let through."""
    listing = LISTINGS["problem_form"]
    problem, given, found = "", {}, Found([], 0)
    with town.read() as store:
        places = town.sight.places(store)
        try:
            given = listing.given({**request.args.to_dict(), **_default()})
            found = listing.find(Query(town.database, store, town.sight, town.now, given, 0, LONGEST_PRINT))
        except BadFilterError as error:
            problem = str(error)
    named_filters = [
        (say(one.label), places.get(given[one.name], say(one.choices.get(given[one.name], given[one.name]))))
        for one in listing.filters
        if one.name in given
    ]
    tongue = language()  # once, not for each of twenty thousand cells
    printed = [
        (
            row["_late"],
            [(c.key, "" if row[c.key] is None else c.shown(row, False, tongue)) for c in listing.columns],
        )
        for row in found.rows
    ]
    return render(
        "ledger_print.html", town, "ledger", listing=listing, found=found, printed=printed, problem=problem, most=LONGEST_PRINT,
        chosen=named_filters, today=day_of(town.now), back=_url(town, given),
    )  # fmt: skip
