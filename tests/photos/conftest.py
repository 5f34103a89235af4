"""The township under test, as in `tests.sync`: on SQLite and on a real PostgreSQL, and without a photo as each test begins."""

import shutil

import pytest

from tests.photos.sender import Sender
from tests.sync.conftest import backends, pg_server, world
from tests.sync.world import World

__all__ = ["backends", "pg_server", "sender", "world"]


@pytest.fixture(autouse=True)
def no_photo_yet(request: pytest.FixtureRequest) -> None:
    """The database is a test's own, and so are its photos."""
    if "world" in request.fixturenames:
        found: World = request.getfixturevalue("world")
        shutil.rmtree(found.service.config.instance / "photos", ignore_errors=True)


@pytest.fixture
def sender(world: World) -> Sender:
    """A cadre's phone that sends photos."""
    return Sender(world.cadre("wei"))
