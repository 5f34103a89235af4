"""A list's rows as a file takes them: page after page out of one consistent view of the township, so that memory stays flat.

Promises: the count that is told before the first row is of the same view as the rows. Leaves to others: what the rows are (`lists`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from server.lists.listing import Found, Listing, Query, Row
from server.sight import Sight
from server.store import Database

PAGE = 5000
"""Rows that are in memory at a time."""


@dataclass(frozen=True)
class Reading:
    """A list that is being read. `total` counts its rows, `named` the persons in them."""

    listing: Listing
    query: Query
    first: Found

    @property
    def total(self) -> int:
        return self.first.total

    @property
    def named(self) -> int:
        return self.first.named if self.listing.names_people else 0

    def rows(self) -> Iterator[Row]:
        """All rows, in the list's order."""
        found, offset = self.first, 0
        while found.rows:
            yield from found.rows
            offset += len(found.rows)
            if offset >= found.total:
                return
            found = self.listing.find(replace(self.query, offset=offset))


@contextmanager
def reading(
    database: Database,
    sight: Sight,
    township: str,
    listing: Listing,
    given: Mapping[str, str],
    now: int,
    *,
    whole: bool = False,
    page: int = PAGE,
) -> Iterator[Reading]:
    """The list as this reader sees it, with these filters. `whole`: with what is masked otherwise. `now` in ms since 1970."""
    with database.read(township) as store:
        query = Query(database, store, sight, now, given, 0, page, whole)
        yield Reading(listing, query, listing.find(query))
