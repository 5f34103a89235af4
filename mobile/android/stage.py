"""Puts together what goes into the app: `build/app/` with a `main.py`, `mobile/` and `shared/`, where buildozer takes it from.

Run it before buildozer (`mobile/android/build.sh` does). Promises: all that the phone runs or reads is there, nothing else. Buildozer itself
leaves nothing out, so there is one list of what stays behind, and it is this one.
"""

import shutil
import sys
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAYS_BEHIND = (
    "mobile/android/*",  # this
    "mobile/buildozer.spec",
    "mobile/bin/*",
    "mobile/__main__.py",  # the terminal phone
    "mobile/terminal*.py",
    "mobile/assets/*.py",  # what made the assets
    "shared/pinyin/make_table.py",
)
MAIN = '''"""Where the phone starts: python-for-android runs the main.py at the root of the app."""

import sys

from mobile.main import main

sys.exit(main())
'''


def stage(root: Path, into: Path) -> None:
    """Fill `into` anew from the project at `root`."""
    shutil.rmtree(into, ignore_errors=True)
    for path in sorted(path for part in ("mobile", "shared") for path in (root / part).rglob("*") if path.is_file()):
        name = path.relative_to(root)
        if any(part.startswith(".") or part == "__pycache__" for part in name.parts) or stays_behind(name):
            continue
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into / name)
    (into / "main.py").write_text(MAIN, "utf-8")


def stays_behind(name: Path) -> bool:
    """Whether a file, by its path in the project, is no part of the app. A * reaches over folders."""
    return any(fnmatchcase(name.as_posix(), pattern) for pattern in STAYS_BEHIND)


if __name__ == "__main__":
    stage(ROOT, Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "app")
