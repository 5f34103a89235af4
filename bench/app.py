"""The phone's app as a person feels it: opening, unlocking, a page, a saved answer, a search (`python -m bench.app`).

A sealed profile with 2,000 households visited once, in Kivy's window off-screen. Starting is the whole process, from nothing to the lock's
first frame; the rest is from the touch to the frame that shows it, medians with their minimum and maximum. A cheap phone is four to eight
times slower (an estimate: no phone was used). With KIVY_GL_BACKEND=mock nothing is painted and only Python's part is timed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.due import DAY, ME, START, VILLAGES, fill
from bench.machine import describe
from mobile.device.desktop import FileKeyStore
from mobile.profiles import Profiles
from shared.sync.phone import Enrolment

PIN = "204861"
COST = 2**15
NOW = START + 26 * DAY
MARK = "first frame"


def prepare(folder: Path, households: int) -> str:
    """A sealed profile in mid-campaign; its id."""
    profiles = Profiles(folder / "profiles", FileKeyStore(folder / "keys"), 0, COST)

    def begin(store: Any) -> str:
        fill(store, households, 1)

        def enrol() -> None:
            user = {"id": "1", "name": ME, "roles": ["cadre"]}
            store.set_enrolment(Enrolment("http://127.0.0.1:9", "phone1", "", "451422103", user, {}, ["phone1"]))
            names = {f"village:{village}": 1 for village in VILLAGES}
            store.set_grants(names, names)

        store.together(enrol)
        return ME

    store = profiles.enrol(PIN, begin)
    profiles.lock()
    return str(store.folder.name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.app", description="手机应用的速度 / the speed of the app")
    parser.add_argument("--households", type=int, default=2000, help="户数 / households")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--first-frame", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.first_frame:
        return _first_frame(Path(given.first_frame))
    print(f"机器 / machine: {describe()}; GL {os.environ.get('KIVY_GL_BACKEND', 'llvmpipe')}")
    with tempfile.TemporaryDirectory(prefix="ruhu-app-") as name:
        folder = Path(name)
        prepare(folder, given.households)
        told("process start to the lock, ready to touch", [_start(folder) for _ in range(given.runs)])
        _measure(folder, given.runs)
    return 0


def told(what: str, seconds: list[float]) -> None:
    """One figure, in ms."""
    ms = [one * 1000 for one in seconds]
    print(f"  {what:<52}{median(ms):8.1f} ms   (min {min(ms):.1f}, max {max(ms):.1f}, {len(ms)} runs)", flush=True)


# --- starting ------------------------------------------------------------------------------------------------------


def _start(folder: Path) -> float:
    """Seconds from starting a process to its first frame."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.app", "--first-frame", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == MARK:
                return time.perf_counter() - began
    raise RuntimeError("no first frame")


def _first_frame(folder: Path) -> int:
    from tests import kivy_environment  # noqa: F401 - before Kivy

    from kivy.base import EventLoop, runTouchApp  # isort: skip
    from kivy.core.window import Window

    from mobile.app import RuhuApp

    app = RuhuApp(folder)
    Window.add_widget(app.build())
    app.on_start()
    runTouchApp(embedded=True)
    EventLoop.idle()
    print(MARK, flush=True)
    app.on_stop()
    return 0


# --- using ---------------------------------------------------------------------------------------------------------


def _measure(folder: Path, runs: int) -> None:
    from tests.ui.driver import HandClock, Phone  # isort: skip - before anything of Kivy

    from mobile.app import RuhuApp
    from mobile.device.desktop import desktop
    from mobile.notebook import Doors

    app = RuhuApp(
        folder,
        device=desktop(folder, lambda work: work()),
        profiles=Profiles(folder / "profiles", FileKeyStore(folder / "keys"), 0, COST),
        doors=Doors(now=lambda: NOW),
    )
    app.build()
    app.pages.quiet = True
    glass = Phone(HandClock(), app.screen)
    app.on_start()
    glass.frames(3)
    pages = app.pages
    profile = pages.profiles.list()[0].id

    def timed(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> list[float]:
        found = []
        for _ in range(runs):
            before()
            glass.frames(2)
            began = time.perf_counter()
            work()
            glass.frames(1)
            found.append(time.perf_counter() - began)
        return found

    told("the PIN itself (scrypt n=32768, r=8)", timed(lambda: pages.profiles.open(profile, PIN), pages.profiles.lock))
    pages.profiles.lock()
    told("unlocked to today's list", timed(lambda: pages.opened(pages.profiles.open(profile, PIN)), pages.lock))
    home = next(place.household for place in pages.session.due().places if place.household)
    told("households tab, 2,000 rows", timed(lambda: pages.go("households"), lambda: pages.go("today")))
    pages.go("households")
    typed = iter(["h", "h1", "户", "户1", "户19", ""] * runs)
    page: Any = pages.page
    told("a search key, to the redrawn list", timed(lambda: page._typed(next(typed))))
    page._typed("")
    told("a household", timed(lambda: pages.go("household", id=home), lambda: pages.go("today")))
    visit = pages.session.begin_visit(str(home)).id
    told("opening a visit's form", timed(lambda: pages.go("visit", id=visit), lambda: pages.go("today")))
    pages.go("visit", id=visit)
    answers = iter(["ok", "issue"] * runs)
    session = pages.session
    save = lambda: session.notebook.answer("visit", visit, {"morale_status": next(answers)})  # noqa: E731
    told("an answer on the disk (sealed, fsync)", timed(save))
    told("a touched answer, kept and redrawn", timed(lambda: (save(), pages.redraw()), lambda: None))
    glass.put_away()
    app.on_stop()


if __name__ == "__main__":
    raise SystemExit(main())
