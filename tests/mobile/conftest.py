"""A township and one enrolled phone for every test of the phone."""

from pathlib import Path

import pytest

from tests.mobile.township import Phone, Township, Watch


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def township(watch: Watch) -> Township:
    return Township(now=lambda: watch.ms)


@pytest.fixture
def phone(township: Township, tmp_path: Path, watch: Watch) -> Phone:
    return Phone(township, tmp_path / "phone", watch).enrol()
