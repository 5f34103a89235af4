"""What waits for the township's judgement: short visits, duplicates, households where nobody was home. Three tabs, each with its count.

Promises: a visit that somebody reviewed meanwhile is left alone; accepting and declining can be undone. Leaves to others: which they are
(`lists.review`, `lists.duplicates`), what a visit counts (the rules), joining two records (`joining`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from server import audit
from server.access import AccessError
from server.acts.joining import KINDS
from server.console.door import Town, act, go, page, put
from server.console.frame import listed, render, tell, tell_error
from server.lists.conflicts import titles_of
from server.lists.duplicates import REASONS, Pair, like_households, like_visits
from server.lists.listing import PAGE, BadFilterError, Query
from server.lists.review import LISTINGS, look, not_home_rows, short_ids
from server.reading.side_by_side import INTO
from server.sight import Right
from server.store import TownshipStore
from shared.fields import Label
from shared.kind import REMOVED
from shared.record import Key
from shared.sync.gate import Gate

SHORT, NOT_HOME = LISTINGS
SHOWS = {
    "short": Label("时间不足", "Short visits"),
    "duplicates": Label("疑似重复", "Duplicates"),
    "not_home": Label("家中无人", "Nobody home"),
}
RECENT = 20
"""Joinings, newest first, that can be undone from the page."""
REVIEWED = {"accepted": Label("认可", "accepted"), "declined": Label("不认可", "not accepted")}


@page("/t/<township>/review", Right.READ)
def review(town: Town) -> str:
    show = request.args.get("show", "short")
    if show not in SHOWS:
        abort(404)
    about = {} if show == "duplicates" else listed(town, SHORT if show == "short" else NOT_HOME)
    with town.read() as store:
        query = Query(town.database, store, town.sight, town.now)
        now = look(query)
        pairs = {"household": like_households(query), "visit": like_visits(query, now.review["double_visits"])}
        counted = show == "short" and not about["given"] and not about["problem"]
        counts = {
            "short": about["found"].total if counted else len(short_ids(query)),
            "duplicates": sum(map(len, pairs.values())),
            "not_home": len(not_home_rows(replace(query, given={"arrange": "yes"}))),
        }
        if show == "duplicates":
            about = _duplicates(town, store, pairs)
    if show != "duplicates":
        for row in about["found"].rows:
            row["_url"] = _url_of(town, row)
    return render(f"review_{show}.html", town, "review", show=show, shows=SHOWS, counts=counts, figures=now, **about)


def _url_of(town: Town, row: Mapping[str, Any]) -> str:
    if "_id" in row:
        return url_for("console.record", township=town.code, kind="visit", record=row["_id"])
    return url_for("console.household", township=town.code, household=row["_household"])


# --- short visits ----------------------------------------------------------------------------------------------------


@act("/t/<township>/review/short", Right.SETTLE)
def review_short(town: Town) -> Response:
    """Accept or decline the ticked visits; `to` blank takes back what the form says was said (`was`)."""
    ids = list(dict.fromkeys(" ".join(request.form.getlist("visits")).split()))
    to, was = request.form.get("to", ""), request.form.get("was", "")
    if to not in ("", *REVIEWED) or was not in ("", *REVIEWED) or len(ids) > PAGE:
        abort(400)

    def work(gate: Gate, store: TownshipStore) -> list[str]:
        done = []
        for id_ in ids:
            values = town.record(store, "visit", id_).values
            if (values.get("short_review") or "") != was or values.get(REMOVED) is True:
                continue
            put(gate, town.writer(), "visit", id_, {"short_review": to or None})
            told = {"accepted": to == "accepted"} if to else {"undone": was}
            town.note(store, "review", kind="visit", record=id_, details=told)
            done.append(id_)
        return done

    try:
        done = town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
    else:
        _tell_reviewed(town, done, len(ids) - len(done), to)
    return go("console.review", township=town.code, show="short", **_given(request.form))


def _tell_reviewed(town: Town, done: Sequence[str], left: int, to: str) -> None:
    if not done and not left:
        tell("请先勾选走访。", "Tick some visits first.", "warning")
        return
    more = (
        (f"{left} 次刚被别人认定过，没有动。", f" {left} were reviewed by somebody else just now and left alone.")
        if left
        else ("", "")
    )
    if not done:
        tell(more[0], more[1].strip(), "warning")
    elif not to:
        tell(f"已撤销 {len(done)} 次认定。{more[0]}", f"{len(done)} taken back.{more[1]}")
    else:
        back = {"visits": " ".join(done), "to": "", "was": to}
        tell(
            f"{len(done)} 次走访：{REVIEWED[to].zh}。{more[0]}", f"{len(done)} visits {REVIEWED[to].en}.{more[1]}",
            undo=(url_for("console.review_short", township=town.code), back),
        )  # fmt: skip


def _given(arguments: Mapping[str, str]) -> dict[str, str]:
    """The list's filters, to come back to."""
    try:
        return SHORT.given(arguments)
    except BadFilterError:
        return {}


# --- duplicates ------------------------------------------------------------------------------------------------------


def _duplicates(town: Town, store: TownshipStore, pairs: Mapping[str, Sequence[Pair]]) -> dict[str, Any]:
    """A page of what looks entered twice, households before visits, and what was joined lately."""
    every = [(kind, pair) for kind in KINDS for pair in pairs[kind]]
    number = request.args.get("page", "1")
    offset = (int(number) - 1) * PAGE if number.isascii() and number.isdigit() and 0 < len(number) < 8 else 0
    offset = max(0, offset)
    rows = every[offset : offset + PAGE]
    recent = _recent(town, store)
    keys = {Key(kind, id_) for kind, pair in rows for id_ in (pair.kept, pair.other)}
    keys |= {Key(kind, id_) for kind, *ids in recent for id_ in ids}
    return {
        "rows": rows, "records": store.load(keys), "titles": titles_of(store, town.sight, town.database.kinds, keys), "reasons": REASONS,
        "places": town.sight.places(store), "recent": recent, "total": len(every), "page_number": offset // PAGE + 1,
        "pages": max(1, -(-len(every) // PAGE)), "Key": Key, "fields": town.database.kinds["visit"].fields,
    }  # fmt: skip


def _recent(town: Town, store: TownshipStore) -> list[tuple[str, str, str]]:
    """(kind, record, record it went into) of what was joined last and still is, as far as the visitor may see it."""
    acts = audit.read(store, f"action = 'join' ORDER BY seq DESC LIMIT {RECENT}")
    keys = list(dict.fromkeys(Key(one.kind, one.record) for one in acts if one.kind in KINDS))
    found = store.load(keys)
    into = {key: Key(key.kind, one.values[INTO]) for key, one in found.items() if one.values.get(INTO)}
    found |= store.load(into.values())
    return [
        (key.kind, key.id, into[key].id)
        for key in keys
        if key in into and all(town.sight.record(store, found.get(one)) for one in (key, into[key]))
    ]
