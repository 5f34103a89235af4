"""An environment with the phone's very packages and no others, and the screens' tests run in it (check 6 of KIVY.md 3.4).

    python tests/packaging/phone_env.py [TESTS...]      # all that draws, unless told

Makes `build/phone-env` when the pins have changed: a venv with what the spec ships, without dependencies; pytest stands beside it in a folder
of its own. Needs the package index the first time. First every module is imported without docstrings and asserts, then the tests run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # run as a script
from mobile.android.stage import stage  # noqa: E402

PLACE = ROOT / "build/phone-env"
BESIDE = (
    "attrs",
    "hypothesis",
    "iniconfig",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "pytest-timeout",
    "sortedcontainers",
)
"""What the tests need and the app must not."""
USUAL = ("tests/device", "tests/pages", "tests/ui")
NOT_FOR_DESK = ("python3", "hostpython3", "android", "pyjnius")


def shipped() -> list[str]:
    """What the app ships, with pins: the spec's requirements, and cffi as p4a's recipe has it."""
    text = (ROOT / "mobile/buildozer.spec").read_text("utf-8")
    line = re.search(r"^requirements = ((?:.+\n)(?:[ \t].+\n)*)", text, re.MULTILINE)
    if line is None:
        raise SystemExit("mobile/buildozer.spec: no requirements")
    wanted = [one.strip() for one in line[1].split(",")]
    return [one for one in wanted if one.partition("==")[0] not in NOT_FOR_DESK] + ["cffi==2.0.0"]


def for_tests() -> list[str]:
    """What stands beside, at the versions of the lock."""
    text = (ROOT / "requirements/setup.txt").read_text("utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))
    return [f"{name}=={pins[name]}" for name in BESIDE if name in pins]


def make(place: Path) -> None:
    """The environment, unless it stands there with these pins."""
    mark = hashlib.sha256("\n".join([sys.version, *shipped(), *for_tests()]).encode()).hexdigest()
    if (place / "mark").exists() and (place / "mark").read_text() == mark:
        return
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place / "venv", symlinks=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wanted = ["--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--python", str(place / "venv/bin/python"), "install", *wanted, *shipped()], check=True)
    subprocess.run([*pip, "install", *wanted, "--target", str(place / "beside"), *for_tests()], check=True)
    (place / "mark").write_text(mark)


def run(place: Path, tests: Sequence[str]) -> int:
    """Import everything, then run the tests; the exit code of what failed first, or 0."""
    python = str(place / "venv/bin/python")
    runner = str(ROOT / "tests/packaging/blocker.py")
    stage(ROOT, place / "app")
    imported = subprocess.run([python, "-OO", runner, "import", str(place / "app")], check=False, cwd=place)
    if imported.returncode:
        return imported.returncode
    behind = (
        "import sys, pytest; from tests.packaging.blocker import Blocker; sys.meta_path.insert(0, Blocker());"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{place / 'beside'}"}
    given = tests or [one for one in USUAL if (ROOT / one).exists()]
    return subprocess.run([python, "-c", behind, "-q", *given], check=False, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    make(PLACE)
    raise SystemExit(run(PLACE, sys.argv[1:]))
