"""The overview: what came in and what waits, in charts with the table behind each; and the townships of a county side by side.

Sums over the villages that are the visitor's, out of figures kept in memory; what is open and which phones are silent is read as it is now.
Townships and villages stand in the order of their codes, whatever their figures. Leaves to others: adding up (`server.reading.figures`).
"""

from typing import Any

from flask import url_for

from server.console import as_of, charts
from server.console.door import SIGNED_IN, Town, Visitor, is_part, page
from server.console.frame import render
from server.lists import LISTINGS
from server.lists import conflicts as conflict_list
from server.lists.listing import Query
from server.reading.figures import Look
from server.reports.overview import REPORTS, reports_of
from server.reports.report import Places
from server.sight import Right
from server.store import TownshipStore


@page("/t/<township>/", Right.READ)
def overview(town: Town) -> Any:
    """A township at a glance."""
    with town.read() as store:
        asked = as_of.ask(town, store, ("campaign", "month", "village", "unseen"))
        if asked.problem or not asked.names:
            return render("overview.html", town, "overview", asked=asked)
        found = as_of.look(town, store, asked)
        poll = as_of.poll([found])
        if poll.unchanged:
            return "", 204
        now = _as_it_is_now(town, store, asked["village"], asked["unseen"])
    reports = reports_of(found.figures, asked.places) if found.figures else {}
    drawn = charts.charts_of(found.figures, asked.places, reports) if found.figures else []
    template = "overview_part.html" if is_part() else "overview.html"
    return render(
        template,
        town,
        "overview",
        asked=asked,
        look=found,
        poll=poll,
        reports=reports,
        charts=drawn,
        now=now,
        **as_of.WORDS,
    )


def _as_it_is_now(town: Town, store: TownshipStore, village: str, days: str) -> dict[str, Any]:
    """What costs nothing to count: conflicts that are open, and phones that were not here for so many days."""
    given = {"village": village} if village else {}
    query = Query(town.database, store, town.sight, town.now, given | {"status": "open"})
    where, values = conflict_list.condition(query)
    ((conflicts,),) = store.sql(
        f"SELECT count(*) FROM kind_conflict WHERE township = ? AND {where}", store.code, *values
    )
    phones = LISTINGS["phones"].find(Query(town.database, store, town.sight, town.now, given | {"unseen": days}))
    return {"conflicts": conflicts, "phones": phones.total, "days": days}


@page("/county", SIGNED_IN)
def county(who: Visitor) -> Any:
    """The visitor's townships side by side, each in the sums of the villages that are his."""
    if not who.may(Right.READ):
        return render("county.html", who, rows=[], poll=None)
    with who.database.engine.connect() as connection:
        store = TownshipStore(who.database, connection, "")
        names = dict(map(tuple, store.sql("SELECT code, name FROM area WHERE code IN ??", who.sight.townships)))
    rows, looks = [], []
    for code in who.sight.townships:
        town = Town(who.sight, who.database, who.now, code, names.get(code, code))
        with town.read() as store:
            places = Places(who.sight.places(store), who.sight.is_whole(code))
            found = (
                as_of.look(town, store, as_of.Asked([], {}, {}, places)) if places.names else Look(None, True, False)
            )
            now = _as_it_is_now(town, store, "", as_of.UNSEEN_DAYS)
        looks.append(found)
        reports = reports_of(found.figures, places) if found.figures else {}
        totals = {name: reports[name].total if name in reports else {} for name in REPORTS}
        url = url_for("console.overview", township=code)
        rows.append({"name": town.name, "url": url, "look": found, "now": now, **totals})
    poll = as_of.poll(looks)
    if poll.unchanged:
        return "", 204
    template = "county_part.html" if is_part() else "county.html"
    return render(template, who, rows=rows, poll=poll, **as_of.WORDS)
