"""Check 7 of KIVY.md 3.4: Java and Kivy stay in their rooms, and nothing leans on what p4a takes away."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile.android.stage import ROOT, stays_behind

ON_THE_PHONE = sorted(
    path
    for part in ("mobile", "shared")
    for path in (ROOT / part).rglob("*.py")
    if not stays_behind(path.relative_to(ROOT)) and "__pycache__" not in path.parts
)
JAVA = {"jnius", "android"}
JAVAS_ROOM = ROOT / "mobile/device/android"
KIVYS_ROOMS = (ROOT / "mobile/ui", ROOT / "mobile/app.py", ROOT / "mobile/main.py")
ABSENT = {"multiprocessing", "subprocess", "tkinter", "curses", "dbm", "bz2", "lzma", "readline"}


def imports(tree: ast.AST, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """Top-level names that are imported, and whether inside a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name.partition(".")[0], inside) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0], inside
        yield from imports(node, inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def is_in(path: Path, *rooms: Path) -> bool:
    return any(path == room or room in path.parents for room in rooms)


@pytest.mark.parametrize("path", ON_THE_PHONE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_check_07_java_kivy_and_the_absent_stay_out(path: Path) -> None:
    for name, inside in imports(ast.parse(path.read_text("utf-8"))):
        if name in JAVA:
            assert is_in(path, JAVAS_ROOM), f"{name} outside mobile/device/android"
            assert inside, f"{name} is imported as the file is read, which only a phone can"
        if name == "kivy":
            assert is_in(path, *KIVYS_ROOMS), "kivy outside the screens"
        assert name not in ABSENT, f"Android's Python has no {name}"


@pytest.mark.parametrize("path", ON_THE_PHONE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_check_07_nothing_reads_source_or_docstrings(path: Path) -> None:
    """p4a ships bytecode compiled with -OO: no .py to read, no docstring to show."""
    tree = ast.parse(path.read_text("utf-8"))
    words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
    }
    assert not words & {"getsource", "getsourcelines", "__doc__", "getdoc"}
    if "__file__" in words:
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [text for text in texts if text.endswith(".py")], "there is no .py beside it on a phone"


def test_check_07_there_is_something_to_look_at() -> None:
    assert len(ON_THE_PHONE) > 70
    assert any(is_in(path, JAVAS_ROOM) for path in ON_THE_PHONE)
