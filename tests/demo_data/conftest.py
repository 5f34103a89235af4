"""Made-up counties to look at: a small one that every test shares, and databases to make others in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.demo import Made, make_county
from server.store import Database
from shared.moments import milliseconds
from shared.rules.entry import Entry
from tests.sync.world import Backend, sqlite_backend

TOWN = "451422103"
END = milliseconds("2018-10-31T00:00:00+08:00")
"""When the campaign of sixty days from 1 September is over."""


@dataclass
class County:
    """A county that was made, and a way to look at it."""

    database: Database
    made: Made

    def entries(self, kind: str, township: str = TOWN) -> list[Entry]:
        """Every record of a kind, the removed too, with when the township first had it."""
        with self.database.read(township) as store:
            first = store.sql("SELECT record, min(at) FROM changes WHERE township = ? GROUP BY record", township)
            received = dict(map(tuple, first))
            found = store.fill(f"township:{township}", kind, "", 1_000_000)
        return [Entry.of(record, received[record.id]) for record in found]

    def sql(self, statement: str, *parameters: Any) -> list[Any]:
        with self.database.read(TOWN) as store:
            return [tuple(row) for row in store.sql(statement, *parameters)]


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A migrated database that holds Ningming's areas; `renew` empties it."""
    made = sqlite_backend(tmp_path_factory.mktemp("demo"))
    yield made
    made.forget()


@pytest.fixture
def database(backend: Backend) -> Database:
    """An empty database of Ningming's areas."""
    backend.renew()
    return backend.service.database


@pytest.fixture
def bare(database: Database) -> Database:
    """An empty database without any area."""
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM area")
    return database


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """Five villages of about 120 households, to be looked at and left alone."""
    made = sqlite_backend(Path(tmp_path_factory.mktemp("county")))
    database = made.service.database
    yield County(database, make_county(database, villages=5, seed=11, households=120))
    made.forget()
