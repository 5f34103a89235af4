"""Conflicts as a list, and settling many at once: those that were ticked, or all that are alike.

Promises: one transaction for all, a row in the trail for each; what changed since the clerk looked is left alone. Leaves to others: which
conflicts there are (`lists.conflicts`), one of them in full (`conflict`), what a decision does (the gate).
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from server.access import AccessError
from server.console.door import Town, act, go, page
from server.console.frame import listed, render, tell, tell_error
from server.lists.conflicts import LISTINGS, about_of, alike, alike_to, seen_of
from server.lists.listing import BadFilterError, Query
from server.sight import Right
from server.store import TownshipStore
from shared.record import Key
from shared.sync.conflicts import CONFLICT
from shared.sync.gate import Gate

(LISTING,) = LISTINGS
MOST = 500
"""Conflicts that one press decides."""


# --- the list --------------------------------------------------------------------------------------------------------


@page("/t/<township>/conflicts", Right.READ)
def conflicts(town: Town) -> str:
    """Those that wait for the desk, unless another status is asked for."""
    about = listed(town, LISTING, **({} if "status" in request.args else {"status": "open"}))
    link = {name: text for name, text in about["given"].items() if name != "status"}
    for row in about["found"].rows:
        row["_url"] = url_for("console.conflict", township=town.code, conflict=row["_id"], **link)
    with town.read() as store:
        groups = alike(query_of(town, store, {}))
    return render("conflicts.html", town, "conflicts", groups=sum(group.count for group in groups), **about)


@act("/t/<township>/conflicts/settle", Right.SETTLE)
def settle_conflicts(town: Town) -> Response:
    """The ticked ones, all the same way."""
    ticked = dict(one.partition(" ")[::2] for one in request.form.getlist("conflicts"))
    if ticked:
        _settle(town, lambda store: ticked)
    else:
        tell("请先勾选分歧。", "Tick some conflicts first.", "warning")
    return go("console.conflicts", township=town.code, **filters_of(request.form))


@page("/t/<township>/conflicts/same", Right.READ)
def alike_conflicts(town: Town) -> str:
    """Conflicts about one field with the same two values."""
    with town.read() as store:
        groups = alike(query_of(town, store, {}))
    return render("conflicts_alike.html", town, "conflicts", groups=groups)


@act("/t/<township>/conflicts/same", Right.SETTLE)
def settle_alike(town: Town) -> Response:
    """All that are like one of them; the form tells how many the clerk saw."""

    def found(store: TownshipStore) -> dict[str, str | None]:
        sample = town.record(store, CONFLICT, request.form.get("sample", ""))
        ids = alike_to(query_of(town, store, {}), sample.id)
        if str(len(ids)) != request.form.get("count"):
            raise AccessError("条数刚刚变了，请看过再定。 / Their number has just changed; look again first.")
        return dict.fromkeys(ids)

    _settle(town, found)
    return go("console.alike_conflicts", township=town.code)


def _settle(town: Town, ask: Callable[[TownshipStore], Mapping[str, str | None]]) -> None:
    """Decide many in one transaction, each with its row in the trail. `ask` gives ids with what the clerk saw, None where that fits anyhow.

    What changed since is left alone, and so is a second loser of one field: only one value can stand.
    """
    keep = request.form.get("keep", "")
    if keep not in ("losing", "standing"):
        abort(400)

    def work(gate: Gate, store: TownshipStore) -> tuple[int, int]:
        asked = ask(store)
        places: list[tuple[Key, str]] = []
        for id_, seen in list(asked.items())[:MOST]:
            conflict = town.record(store, CONFLICT, id_)
            about = about_of(conflict)
            place = about, conflict.values["field"]
            stale = seen is not None and seen != seen_of(conflict, store.load([about]).get(about))
            if stale or conflict.values["status"] == "decided" or (keep == "losing" and place in places):
                continue
            decide(town, gate, store, id_, {"decision": keep})
            places.append(place)
        return len(places), len(asked) - len(places)

    try:
        decided, left = town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
        return
    zh, en = (
        f"已裁定 {decided} 条，填写人的手机下次同步就会看到。",
        f"{decided} decided; the writers' phones learn of it at the next sync.",
    )
    if left:
        zh += f"{left} 条没有动：刚改过、已裁定，或一次裁定不完。"
        en += f" {left} were left alone: just changed, decided, or too many at once."
    tell(zh, en, "success" if decided else "warning")


# --- what one conflict and many have in common ----------------------------------------------------------------------


def decide(town: Town, gate: Gate, store: TownshipStore, id_: str, values: Mapping[str, Any]) -> None:
    """Decide one, with its row in the trail; AccessError in words when the gate refuses, so that nothing of the transaction is kept."""
    refusal = gate.decide(town.writer(), id_, dict(values))
    if refusal:
        raise AccessError("；".join([refusal.message, *(s for told in refusal.fields.values() for s in told)]))
    town.note(store, "resolve", kind=CONFLICT, record=id_, details={"decision": values["decision"]})


def filters_of(arguments: Mapping[str, str]) -> dict[str, str]:
    """The list's filters, so that whoever works through a list stays in it; without the status."""
    try:
        return {name: text for name, text in LISTING.given(arguments).items() if name != "status"}
    except BadFilterError:
        return {}


def query_of(town: Town, store: TownshipStore, given: Mapping[str, str]) -> Query:
    """A query of the conflicts list."""
    return Query(town.database, store, town.sight, town.now, given)
