"""The clean-up check before a check: of the same household, hamlet or village.

Promises: what lies in a village that is not the reader's is no check before; the one that the form names counts when it is of the same place
and earlier, else the newest of those that are. Leaves to others: scores and verdicts (`shared.rules.cleanup`), the page.
"""

from server.reports.book import read_policies
from server.sight import Sight
from server.store import TownshipStore
from shared.moments import milliseconds
from shared.record import Record
from shared.rules.cleanup import Checked, lines, target_of
from shared.rules.due import NEEDS
from shared.rules.entry import Entry

CHECK = "cleanup_check"


def last_check(store: TownshipStore, sight: Sight, check: Record, now: int) -> tuple[Checked, Checked | None] | None:
    """(the check of the same place that came before this one, this one), both scored; None for the first.

    This one's score is None where its own date cannot be (`cleanup.lines`). `now` in ms since 1970.
    """
    own = Entry.of(check)
    target = target_of(own)
    if target is None:
        return None
    seen = [one for one in _around(store, own) if sight.sees(store.code, one.village)]
    line = lines(seen, read_policies(store.entries("policy", NEEDS["policy"])), now).get(target, [])
    earlier = [one for one in line if one.entry.id != own.id and _when(one.entry) < _when(own)]
    linked = next((one for one in earlier if one.entry.id == check.values.get("prior")), None)
    if not earlier:
        return None
    return linked or earlier[-1], next((one for one in line if one.entry.id == own.id), None)


def _when(entry: Entry) -> tuple[int, str]:
    checked = entry.values.get("checked_at")
    return (milliseconds(checked) if checked else entry.written_at, entry.id)


def _around(store: TownshipStore, own: Entry) -> list[Entry]:
    """The checks among which those of the same place are: of a household by its index, else of the village and the same sort of place."""
    if own.values.get("target") == "household":
        where, values = "household = ?", [own.household]
    else:
        where, values = "village = ? AND target = ?", [own.village, own.values.get("target")]
    rows = store.sql(
        f"SELECT id FROM kind_{CHECK} WHERE township = ? AND {where} AND (removed IS NULL OR removed = ?)",
        store.code, *values, False,
    )  # fmt: skip
    return store.entries(CHECK, NEEDS[CHECK], ids=[id_ for (id_,) in rows])
