"""How a case is read: its name in a report, its records among many, and the faults that are known and not mended yet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from shared.rules.entry import Entry
from tests.rules.records import Write, record_of, stamped

KNOWN: Mapping[str, tuple[str, ...]] = {}
"""Case (the English half of its name) to the shelves on which the code disagrees with DOMAIN; each must fail there."""


def english(case: Any) -> str:
    """The English half of a case's name: pytest cannot print the Chinese."""
    name = case[0] if isinstance(case, tuple) else case.name
    return str(name).rpartition(" / ")[2]


def known_faults(request: pytest.FixtureRequest, name: str, shelf: str) -> None:
    """Mark the running test as failing for a known reason; it goes red when the fault is mended."""
    if shelf in KNOWN.get(name.rpartition(" / ")[2], ()):
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"DOMAIN and the rules disagree: {name}"))


def entry_of(*writes: Write) -> Entry:
    """One record made directly."""
    return Entry.of(record_of(writes[0].id, stamped(writes)))


def in_order(entries: Iterable[Entry], wrote: Sequence[Write]) -> list[Entry]:
    """The entries in the order in which a case names their records."""
    found = {entry.id: entry for entry in entries}
    return [found[id_] for id_ in dict.fromkeys(one.id for one in wrote) if id_ in found]
