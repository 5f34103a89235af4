"""One build as far as it goes without an NDK, for all twelve checks of KIVY.md 3.4."""

from pathlib import Path

import pytest
from buildozer.specparser import SpecParser

from mobile.android.stage import ROOT
from tests.packaging.assembly import Assembly, assemble


@pytest.fixture(scope="session")
def spec() -> SpecParser:
    parser = SpecParser()
    parser.read(ROOT / "mobile/buildozer.spec", "utf-8")
    return parser


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return assemble(tmp_path_factory.mktemp("assembly"))


@pytest.fixture(scope="session")
def phone(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the app runs from on a phone."""
    return assembly.unpacked(tmp_path_factory.mktemp("phone"))
