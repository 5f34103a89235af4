"""One window for all tests of the screen; each has an empty one."""

from collections.abc import Iterator

import pytest

import tests.kivy_environment  # noqa: F401 - before anything of Kivy
from tests.ui.driver import HandClock, Phone, Stage, opened, the_clock


@pytest.fixture(scope="session")
def clock() -> HandClock:
    return the_clock()


@pytest.fixture
def phone(clock: HandClock) -> Iterator[Phone]:
    with opened(clock) as phone:
        yield phone


@pytest.fixture
def stage(phone: Phone) -> Stage:
    return Stage(phone)
