"""Reading what is masked: with a reason, and a row in the audit trail before anything is shown.

Promises: the row is committed before the page with the values leaves; it names the fields and the reason, never a value. Leaves to others:
which fields are masked (`server.words`), and drawing them.
"""

from collections.abc import Sequence

from flask import request

from server.access import AccessError
from server.audit import write
from server.console.door import Town
from server.service import now_ms
from server.store import TownshipStore

SHORTEST_REASON = 4
LONGEST_REASON = 200


def reason() -> str:
    """The reason on the form. AccessError in words when it says nothing."""
    given = " ".join(request.form.get("reason", "").split())
    if len(given) < SHORTEST_REASON:
        raise AccessError(
            f"请写明查看原因，至少 {SHORTEST_REASON} 个字。 / Say why you need to see it, in {SHORTEST_REASON} characters or more."
        )
    return given[:LONGEST_REASON]


def note_reading(town: Town, kind: str, record: str, fields: Sequence[str], why: str) -> None:
    """Write down that somebody reads these fields of a record, in a transaction of its own, before they are shown."""
    with town.database.transaction() as connection:
        store = TownshipStore(town.database, connection, town.code)
        about = {"fields": sorted(fields), "reason": why}
        write(store, town.actor, "unmask", now_ms(), kind=kind, record=record, details=about)
