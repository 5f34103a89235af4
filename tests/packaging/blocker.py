"""What a phone has not, made absent here too: an import hook, and a runner that starts Python behind it.

Promises: refused modules are refused by name; with `only`, whatever comes from site-packages and is not named there is refused as well, so
that a library of the desk cannot stand in for one that the app forgot. Run as a script: blocker.py JOB PATH, jobs below.
"""

import importlib
import importlib.abc
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

REFUSED = {
    *("PIL", "docutils", "pygments", "numpy"),  # optional for Kivy, and not shipped
    *("bz2", "lzma", "_bz2", "_lzma"),  # p4a builds them only when asked
    *(
        "tkinter",
        "curses",
        "_curses",
        "dbm",
        "readline",
        "idlelib",
        "lib2to3",
        "ensurepip",
    ),  # p4a strips or cannot build them
    *("multiprocessing.pool", "_multiprocessing", "_posixshmem"),  # Android has no shared semaphores
}
SHIPPED = {
    *("kivy", "cryptography", "cffi", "_cffi_backend", "pycparser"),  # by recipe
    *(
        "certifi",
        "chardet",
        "charset_normalizer",
        "filetype",
        "idna",
        "marshmallow",
        "requests",
        "six",
        "urllib3",
        "uuid6",
    ),
    *("mobile", "shared"),
}
"""Top-level names that the app brings along (a test compares with the requirements of the spec)."""


class Blocker(importlib.abc.MetaPathFinder):
    def __init__(self, only: Iterable[str] | None = None) -> None:
        self._only = None if only is None else set(only)
        self._looking = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        top = name.partition(".")[0]
        if top in REFUSED or name in REFUSED:
            raise ModuleNotFoundError(f"{name} is not on a phone", name=name)
        if self._only is None or path is not None or self._looking:
            return None
        self._looking = True
        try:
            found = importlib.util.find_spec(name)
        finally:
            self._looking = False
        origin = str(getattr(found, "origin", "") or "")
        if found is not None and "site-packages" in origin and top not in self._only:
            raise ModuleNotFoundError(f"{name} is not shipped with the app", name=name)
        return None


def modules_of(folder: Path, *packages: str) -> list[str]:
    """Every module of these packages, found as files, whether .py or .pyc."""
    files = sorted(path.relative_to(folder) for name in packages for path in (folder / name).rglob("*.py*"))
    names = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in files
        if path.parent.name != "__pycache__"
    }
    return sorted(names)


def import_all(folder: Path) -> None:
    """Import every module of mobile and shared from this folder, and say how many."""
    os.environ.update(
        KIVY_NO_ARGS="1", KIVY_NO_CONFIG="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1", SDL_VIDEODRIVER="offscreen"
    )
    os.environ.pop("DISPLAY", None)
    names = modules_of(folder, "shared", "mobile")
    for name in names:
        place = str(importlib.import_module(name).__file__)
        if not place.startswith(str(folder)):  # no assert: this runs with them stripped
            raise ImportError(f"{name} came from {place}")
    print(f"{len(names)} modules")


def start(folder: Path) -> None:
    """Start the app as a phone does, by the main at the root, and stop it a second after its first frame."""
    import runpy

    os.environ.update(KIVY_NO_CONSOLELOG="1", SDL_VIDEODRIVER="offscreen", RUHU_HOME=str(folder.parent / "home"))
    os.environ.pop("DISPLAY", None)
    from kivy.app import App
    from kivy.clock import Clock

    import mobile.main  # noqa: F401 - it sets what Kivy must know before it is imported

    def stop(_seconds: float) -> None:
        app = App.get_running_app()
        print(f"page {app.pages.stack[-1].name if app.pages.stack else 'none'}")
        app.stop()

    Clock.schedule_once(stop, 1)
    runpy.run_path(str(next(folder.glob("main.py*"))), run_name="__main__")


if __name__ == "__main__":
    job, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    sys.path[0] = str(folder)
    sys.meta_path.insert(0, Blocker(SHIPPED))
    try:
        {"import": import_all, "start": start}[job](folder)
    except Exception:
        traceback.print_exc(file=sys.__stderr__)  # Kivy takes sys.stderr for its log
        raise SystemExit(1) from None
