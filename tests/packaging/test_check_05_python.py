"""Check 5 of KIVY.md 3.4: the phone's Python can compile every file, and nothing uses what is about to go."""

import subprocess
import sys
import tomllib
import warnings

import pytest

from mobile.android.stage import ROOT

OURS = sorted([*(ROOT / "mobile").rglob("*.py"), *(ROOT / "shared").rglob("*.py")])


def test_check_05_every_file_compiles_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in OURS:
            compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True)


def test_check_05_ruff_and_tests_hold_to_the_phones_python() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert tool["ruff"]["target-version"] == "py311"
    assert tool["mypy"]["python_version"] == "3.11"
    assert any(one.startswith("error::DeprecationWarning") for one in tool["pytest"]["ini_options"]["filterwarnings"])


def test_check_05_no_newer_syntax_or_library_is_used() -> None:
    options = ["--isolated", "--target-version", "py311", "--select", "E9,F,UP", "--ignore", "UP007,UP038"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, *OURS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("word", ["warnings.filterwarnings", "warnings.simplefilter"])
def test_check_05_nobody_turns_warnings_off(word: str) -> None:
    assert [path.name for path in OURS if word in path.read_text("utf-8")] == []
