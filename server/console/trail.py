"""The audit trail, to be searched; its head, to be written down."""

from server import audit
from server.console.door import Town, page
from server.console.frame import listed, render
from server.lists import LISTINGS
from server.sight import Right


@page("/t/<township>/audit", Right.AUDIT)
def audit_trail(town: Town) -> str:
    with town.read() as store:
        head = audit.head(store)
    return render("audit.html", town, "audit", head=head, **listed(town, LISTINGS["audit"]))
