"""The township's console: pages for a browser, rendered here, with htmx for what changes in place.

Read `door` first (who may open what), then `frame` (what every page shares), then a page. Promises: every route says what it asks for; a GET
changes nothing; every query is scoped by the visitor's grants. Leaves to others: lists and their files (`server.lists`, `server.exports`),
the township's own acts (`server.acts.desk`, …), the rules (`shared.rules`).
"""

from server.console import (
    areas,
    conflict,
    conflicts,
    entry,
    exports,
    feedback,
    hand_over,
    households,
    joining,
    ledger,
    ledger_new,
    ledger_problem,
    ledger_step,
    links,
    lists,
    monthly,
    overview,
    people,
    person_acts,
    phones,
    photos,
    records,
    reports,
    review,
    roster,
    trail,
)
from server.console.door import blueprint
from server.console.errors import register_errors

PAGES = (
    entry,
    overview,
    households,
    records,
    photos,
    conflicts,
    conflict,
    ledger,
    ledger_new,
    ledger_problem,
    ledger_step,
    review,
    joining,
    reports,
    lists,
    exports,
    monthly,
    feedback,
    roster,
    areas,
    people,
    person_acts,
    phones,
    links,
    hand_over,
    trail,
)
"""Importing them registers their routes."""

__all__ = ["PAGES", "blueprint", "register_errors"]
