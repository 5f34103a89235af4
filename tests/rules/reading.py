"""How a case is read: its name in a report, its record made directly, its records among many.

Leaves to others: what a case says (`cases_*`), where it is laid (`conftest`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.rules.entry import Entry
from tests.rules.records import Write, record_of, stamped


def english(case: Any) -> str:
    """The English half of a case's name: pytest cannot print the Chinese."""
    name = case[0] if isinstance(case, tuple) else case.name
    return str(name).rpartition(" / ")[2]


def entry_of(*writes: Write) -> Entry:
    """One record made directly."""
    return Entry.of(record_of(writes[0].id, stamped(writes)))


def in_order(entries: Iterable[Entry], wrote: Sequence[Write]) -> list[Entry]:
    """The entries in the order in which a case names their records."""
    found = {entry.id: entry for entry in entries}
    return [found[id_] for id_ in dict.fromkeys(one.id for one in wrote) if id_ in found]
