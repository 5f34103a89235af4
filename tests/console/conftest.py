"""The county's console for its tests: one office with people of every role, and a browser without a screen for each of them.

`office` is made once and copied for each test that writes (`desk` and the others sign in to the copy). Everything goes through the real app:
routes, sessions, tokens against forgery.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.browser import Office, make_office


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_office(tmp_path_factory.mktemp("console"))


@pytest.fixture
def office(_made: Path, tmp_path: Path) -> Iterator[Office]:
    """An office of its own, as it was made."""
    folder = tmp_path / "office"
    shutil.copytree(_made, folder)
    office = Office(folder)
    yield office
    office.close()


@pytest.fixture(scope="session")
def still(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests that only look."""
    folder = tmp_path_factory.mktemp("still") / "office"
    shutil.copytree(_made, folder)
    office = Office(folder)
    yield office
    office.close()
