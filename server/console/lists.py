"""Lists: an index of those one may read, each of them as a page, and what asks for which right.

Promises: a list opens to whoever has its own right, and leaves only with the right to export where it names persons. Leaves to others: the lists
(`server.lists`), lists with a page of their own, files (`exports`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import abort, url_for

from server.access import AccessError
from server.console.as_of import FIRST_MONTH
from server.console.door import SIGNED_IN, Town, page
from server.console.frame import listed, render
from server.exports import requests
from server.exports.requests import Asked
from server.lists import LISTINGS, review
from server.lists.listing import Listing, Row
from server.reading.figures import figures_of
from server.sight import Right
from shared.kinds import KINDS
from shared.moments import day_of

JUDGED = frozenset(one.name for one in review.LISTINGS)
"""Lists that take a judgement on all visits: they are made aside, and empty until that is done."""


@page("/t/<township>/lists", Right.READ)
def lists(town: Town) -> str:
    """Every list that one may read, and what waits for a second person."""
    with town.read() as store:
        others = requests.waiting(store, town.account.person, town.now) if may_decide(town) else []
    known = [listing for listing in LISTINGS.values() if town.may(listing.right)]
    return render(
        "lists.html",
        town,
        "lists",
        listings=known,
        waits=sum(decidable(town, one) and one.decision is None for one in others),
        month=day_of(town.now)[:7],
        first_month=FIRST_MONTH,
    )


@page("/t/<township>/lists/<name>", SIGNED_IN)
def listing(town: Town, name: str) -> str:
    """One list, as it is filtered. Each asks for a right of its own: an administrator may read the trail and no household."""
    wanted = readable(town, name)
    with town.read() as store:
        coming = name in JUDGED and figures_of(town.database, town.code).look(store, town.now).figures is None
    given = listed(town, wanted)
    given["found"] = replace(
        given["found"], rows=[{**row, "_url": _url(town, name, row)} for row in given["found"].rows]
    )
    return render("listing.html", town, "lists", coming=coming, may_whole=may_whole(town, wanted), **given)


def figures_there(town: Town, month: str = "", campaign: str = "") -> Mapping[str, Any]:
    """A month's figures as they are now. While there are none their making is begun, and AccessError says to come again:
    a thread that waits for them would be one that phones cannot sync with."""
    with town.read() as store:
        look = figures_of(town.database, town.code).look(store, town.now, month, campaign)
    if look.figures is not None:
        return look.figures
    raise AccessError(
        "统计没有完成，请过一分钟再导出。 / Adding up failed; try again in a minute."
        if look.failed
        else "正在统计，请过几秒再导出。 / Being added up; try again in a few seconds."
    )


_OWN_PAGES = {"problems": "problem", "problem_form": "problem", "conflicts": "conflict"}
"""Lists whose rows have a page of their own: what it is called, and so is its argument."""
_KINDS = {"short_visits": "visit"}
"""Lists whose rows are records of one kind."""


def _url(town: Town, name: str, row: Row) -> str:
    """Where a row leads to: its own page, its household, or the record with its history."""
    kind, id_, household = (str(row.get(key) or "") for key in ("_kind", "_id", "_household"))
    kind = kind or _KINDS.get(name, "")
    if own := _OWN_PAGES.get(name):
        values: dict[str, Any] = {"township": town.code, own: id_}
        return url_for(f"console.{own}", **values) if id_ else ""
    if household and (not id_ or kind in ("", KINDS.household, "member")):
        return url_for("console.household", township=town.code, household=household)
    return url_for("console.record", township=town.code, kind=kind, record=id_) if kind and id_ else ""


# --- who may -------------------------------------------------------------------------------------------------------


def readable(town: Town, name: str) -> Listing:
    found = LISTINGS.get(name)
    if found is None:
        abort(404)
    if not town.may(found.right):
        abort(403)
    return found


def exportable(town: Town, name: str) -> Listing:
    found = readable(town, name)
    if found.names_people and not town.may(Right.EXPORT):
        abort(403)
    return found


def may_whole(town: Town, wanted: Listing) -> bool:
    return town.may(Right.UNMASK) and town.may(Right.EXPORT) and any(column.masked for column in wanted.columns)


def may_decide(town: Town) -> bool:
    """Who answers for the whole township."""
    return town.may(Right.EXPORT) and town.sight.is_whole(town.code)


def decidable(town: Town, asked: Asked) -> bool:
    """Whether the list is one's to read at all."""
    found = LISTINGS.get(asked.listing)
    return found is not None and town.may(found.right)
