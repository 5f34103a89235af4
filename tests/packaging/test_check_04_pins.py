"""Check 4 of KIVY.md 3.4: one version of each package, in the spec, in pyproject, in the lock and in p4a's recipes."""

import re
import sys
import tomllib

import pythonforandroid
from buildozer.specparser import SpecParser
from packaging.requirements import Requirement
from pythonforandroid.build import Context
from pythonforandroid.recipe import Recipe

from mobile.android.stage import ROOT
from tests.packaging.blocker import SHIPPED
from tests.packaging.test_check_02_graph import BY_PIP, RECIPES

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def plain(name: str) -> str:
    return name.lower().replace("-", "_")


def pins(spec: SpecParser) -> dict[str, str]:
    """Package to version, as the spec has it; empty for none."""
    return {plain(name): pin for name, _, pin in (one.partition("==") for one in spec.getlist("app", "requirements"))}


def locked(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text("utf-8")
    return {plain(name): pin for name, pin in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)}


def test_check_04_the_recipes_are_those_of_the_pinned_versions(spec: SpecParser) -> None:
    context = Context()
    for name in RECIPES & set(pins(spec)) - {"python3", "hostpython3", "android"}:
        assert Recipe.get_recipe(name, context)._version == pins(spec)[name], name


def test_check_04_python_is_the_one_that_tests_run_on(spec: SpecParser) -> None:
    assert pins(spec)["python3"] == pins(spec)["hostpython3"], "p4a stops unless both are the same"
    minor = ".".join(pins(spec)["python3"].split(".")[:2])
    assert Requirement(f"python{PYPROJECT['requires-python']}").specifier.contains(pins(spec)["python3"])
    assert (ROOT / ".github/workflows/android.yml").read_text("utf-8").count(f'python-version: "{minor}"') == 1
    assert sys.version_info >= tuple(int(part) for part in minor.split("."))


def test_check_04_pyproject_allows_what_the_phone_has(spec: SpecParser) -> None:
    for line in [*PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"]["mobile"]]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pins(spec)[plain(wanted.name)]), line


def test_check_04_the_lock_has_what_the_phone_has(spec: SpecParser) -> None:
    lock = locked("mobile.txt")
    for name in BY_PIP & set(lock):
        assert pins(spec)[name] == lock[name], name
    assert BY_PIP - set(lock) == {"chardet", "six"}, "wanted by recipes alone"


def test_check_04_the_tools_are_those_that_the_checks_read() -> None:
    lock = locked("setup.txt")
    for line in PYPROJECT["optional-dependencies"]["dev"]:
        wanted = Requirement(line)
        if plain(wanted.name) in ("buildozer", "python_for_android"):
            assert str(wanted.specifier) == f"=={lock[plain(wanted.name)]}"
    assert f"buildozer=={lock['buildozer']}" in (ROOT / "mobile/android/Dockerfile").read_text("utf-8")
    assert pythonforandroid.__version__.replace(".0", ".") == lock["python_for_android"]


def test_check_04_what_counts_as_shipped_is_what_the_spec_ships() -> None:
    by_recipe = {"kivy", "cryptography", "cffi", "_cffi_backend", "pycparser"}
    assert by_recipe | BY_PIP | {"mobile", "shared"} == SHIPPED
