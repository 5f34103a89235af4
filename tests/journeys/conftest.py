"""A township's office with its server running, and the two surfaces a story with the app is told on: paper and glass."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo import DATA, Office
from tests.journeys.app_phone import Surface, on_paper

VILLAGE = "451422103201"


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office's folder before its first day: the county's villages, two people in charge of one village, a campaign."""
    folder = tmp_path_factory.mktemp("office")
    office = Office(folder)
    office("upgrade")
    office("areas", "import", str(DATA / "ningming_areas.csv"))
    for name in ("韦干部", "农队员"):
        office("user", "add", name, "--role", "cadre", "--grant", f"village:{VILLAGE}")
    office("campaign", "add", "大走访", "--township", VILLAGE[:9], "--from", "2018-01-01", "--to", "2099-12-31")
    return folder


@pytest.fixture
def office(set_up: Path, tmp_path: Path) -> Iterator[Office]:
    """The office on its first day, its server running."""
    folder = tmp_path / "office"
    shutil.copytree(set_up, folder)
    office = Office(folder)
    office.open()
    yield office
    office.kill()


@pytest.fixture(params=["paper", "glass"])
def surface(request: pytest.FixtureRequest) -> Surface:
    if request.param == "paper":
        return on_paper
    from tests.journeys.glass import on_glass  # Kivy only for whoever asks for it

    return on_glass
