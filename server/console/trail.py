"""The audit trail, to be searched; its head, to be written down."""

from typing import Any

from flask import url_for

from server import audit
from server.console.door import Town, Visitor, page
from server.console.frame import listed, render
from server.lists import LISTINGS
from server.lists.listing import Found
from server.sight import Right
from shared.fields import Label


@page("/t/<township>/audit", Right.AUDIT)
def audit_trail(town: Town) -> str:
    with town.read() as store:
        head = audit.head(store)
    shown = listed(town, LISTINGS["audit"])
    found: Found = shown["found"]
    shown["found"] = Found([_linked(town, row) for row in found.rows], found.total)
    return render("audit.html", town, "audit", head=head, whole=town.sight.is_whole(town.code), **shown)


@page("/audit", Right.ACCOUNTS)
def server_trail(who: Visitor) -> str:
    """What concerns no township: accounts, signing in, areas."""
    server = Town(who.sight, who.database, who.now, audit.SERVER, "")
    with server.read() as store:
        head = audit.head(store)
    return render("audit.html", who, head=head, whole=True, **listed(server, LISTINGS["audit"]))


def _linked(town: Town, row: Any) -> dict[str, Any]:
    """A row with the way to its record, whose id stands short on the page and whole in a file."""
    kind, record = row["_kind"], row["record"]
    opens = kind in town.database.kinds and record and town.may(Right.READ)
    url = url_for("console.record", township=town.code, kind=kind, record=record) if opens else ""
    said: Label = row["details"]
    short = f"…{record[-8:]}" if len(record) > 12 else record  # ids begin with the time: their ends tell them apart
    return {**row, "record": short, "_url": url, "_narrow": said}
