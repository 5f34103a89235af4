"""The made-up county with its server running, and Debian's Chromium.

`county` is one server for all who only look; `own_county` is a copy for a story that writes. `page_as(role)` opens a page for somebody who
is signed in. Where Chromium cannot be, tests skip as those that need root do; where it should be, they fail.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.rig import WIDE, County, Visit, come_in, launch, lay_out_county, why_not

PageAs = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after each module: while one is driven no other test of this process can drive one."""
    missing = why_not()
    if missing.startswith("needs root"):
        pytest.skip(missing)
    assert not missing, missing
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county as it was made, never opened."""
    return lay_out_county(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def county(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """One server for everybody who only looks."""
    with County.copy_of(made, tmp_path_factory.mktemp("county") / "c") as county:
        yield county


@pytest.fixture(scope="module")
def own_county(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """A server of the module's own, for stories that write."""
    with County.copy_of(made, tmp_path_factory.mktemp("own") / "c") as county:
        yield county


def _pages(chromium: Browser, county: County) -> Iterator[PageAs]:
    visits: list[Visit] = []

    def page_as(role: str, size: tuple[int, int] = WIDE, language: str = "zh") -> Visit:
        visits.append(come_in(chromium, county, role, size, language))
        return visits[-1]

    yield page_as
    faults = [fault for visit in visits for fault in visit.faults]
    for visit in visits:
        visit.context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def page_as(chromium: Browser, county: County) -> Iterator[PageAs]:
    """Opens a page for a role at the county that is only looked at; after the test nothing may have gone wrong on any of them."""
    yield from _pages(chromium, county)


@pytest.fixture
def own_page_as(chromium: Browser, own_county: County) -> Iterator[PageAs]:
    """The same at the module's own county."""
    yield from _pages(chromium, own_county)
