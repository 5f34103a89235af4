"""The township's console: pages for a browser, rendered here, with htmx for what changes in place.

Read `door` first (who may open what), then `frame` (what every page shares), then a page. Promises: every route says what it asks for; a GET
changes nothing; every query is scoped by the visitor's grants. Leaves to others: lists and their files (`server.lists`, `server.exports`),
the township's own acts (`server.desk`, …), the rules (`shared.rules`).
"""

from server.console import (
    conflicts,
    entry,
    exports,
    households,
    ledger,
    overview,
    people,
    records,
    reports,
    review,
    roster,
    trail,
)
from server.console.door import blueprint
from server.console.errors import register_errors

PAGES = (entry, overview, households, records, conflicts, ledger, review, reports, exports, roster, people, trail)
"""Importing them registers their routes."""

__all__ = ["PAGES", "blueprint", "register_errors"]
