"""Check 9 of KIVY.md 3.4: the app runs from what the phone unpacks, and from nothing else.

Buildozer copies, p4a compiles and packs, the test unpacks as the phone does at its first start. No .py is there, no docstring, no assert.
"""

import subprocess
import sys
from pathlib import Path

from mobile.android.stage import ROOT
from tests.packaging.assembly import Assembly
from tests.packaging.blocker import modules_of

RUNNER = ROOT / "tests/packaging/blocker.py"


def run(job: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-OO", str(RUNNER), job, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "LANG": "C.UTF-8"},
    )


def test_check_09_only_bytecode_and_data_are_unpacked(phone: Path) -> None:
    kinds = {path.suffix for path in phone.rglob("*") if path.is_file()}
    assert ".py" not in kinds
    assert kinds <= {".pyc", ".otf", ".ranges", ".toml", ".txt", ".json", ".png"}, (
        "a kind of file that nobody has thought of"
    )
    assert (phone / "main.pyc").exists()


def test_check_09_every_module_is_imported_from_there(phone: Path, assembly: Assembly) -> None:
    done = run("import", phone)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split()[-2:] == [str(len(modules_of(assembly.staged, "shared", "mobile"))), "modules"]


def test_check_09_the_presets_and_tables_are_read_from_there(phone: Path) -> None:
    for name in ("shared/rules/presets", "shared/pinyin", "mobile/assets/fonts"):
        here = {path.name for path in (ROOT / name).iterdir() if path.suffix not in (".py", "") and path.is_file()}
        assert {path.name for path in (phone / name).iterdir()} >= here


def test_check_09_the_app_starts_there_and_shows_its_first_page(phone: Path) -> None:
    done = run("start", phone)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "page welcome" in done.stdout
    assert (phone.parent / "home").stat().st_mode & 0o777 == 0o700


def test_check_09_tests_server_and_tools_stay_behind(assembly: Assembly) -> None:
    copied = {
        path.relative_to(assembly.app).as_posix()
        for path in assembly.app.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    for gone in (
        "mobile/terminal.py",
        "mobile/__main__.py",
        "mobile/buildozer.spec",
        "mobile/android/stage.py",
        "pyproject.toml",
    ):
        assert gone not in copied
    tops = {name.partition("/")[0] for name in copied}
    assert tops == {"main.py", "sitecustomize.py", "mobile", "shared"}
