"""`python -m bench.console`: how fast the township's console is with two years of a township in it, on a real server over HTTP.

Two clerks open every sort of page at once, in mixed order, while a phone sends a batch every second. The aim is the issue's: the median of
each page under 300 ms with 200,000 visits. Prints what was reached and names what was missed; the very first request of each page and the
ones right after a change stand apart. Client and server share the machine. `--keep DIR` builds the township once.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from flask import Flask

from bench import visits
from bench.client import Phone
from bench.days import Size
from bench.machine import cpu_in_front, describe, family, megabytes
from bench.pages import MOST, Browser, Sort, Walk
from bench.township import postgres, serving
from bench.two_years import CLERKS, TOWNSHIP, build
from server import access, accounts
from server.app import create_app
from server.config import Config
from server.demo.season import HOUR, MINUTE
from server.service import Service, now_ms
from server.store import Database
from server.upkeep.upgrade import upgrade
from shared.moments import day_of, iso
from shared.pinyin import letters

AIM_MS = 300
REQUESTS = 30
AFTER_CHANGES = 5
BATCH = 20
BUILT = "built.json"


@dataclass
class Measured:
    """What was found. Times in ms unless named otherwise; `renewals` are seconds the figures took aside, `child` MB that took at most."""

    sorts: list[Sort] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    syncs: list[float] = field(default_factory=list)
    renewals: list[float] = field(default_factory=list)
    child: float = 0.0
    memory: list[tuple[str, float]] = field(default_factory=list)

    @property
    def missed(self) -> list[Sort]:
        return [sort for sort in self.sorts if median(_times(sort)) > AIM_MS]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.console", description="控制台的速度 / the console's speed")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="把建好的数据留在这里 / keep what was built here")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="每页请求次数 / requests of each page")
    parser.add_argument("--only", metavar="WORD", default="", help="只测名称含此词的页面 / only pages named so")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ruhu-console-")))
        if given.keep:  # what is measured is a copy: a phone sends thousands of visits while it is
            kept = given.keep / given.database
            kept.mkdir(parents=True, exist_ok=True)
            with _opened(kept, given.database):
                pass
            subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)
        app, others = stack.enter_context(_opened(folder, given.database))
        told = json.loads((folder / BUILT).read_text(encoding="utf-8"))
        print(f"一乡两年 / two years of a township, through the gate: {told}")
        print(f"机器 / machine: {describe()}; {given.database}")
        found = measure(app, given.requests, given.only, others=others)
    show(found)
    return 0


# --- the township ----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(folder: Path, database: str) -> Iterator[tuple[Flask, list[int]]]:
    """The instance in a folder, built where it is not there yet, and the processes of its database."""
    with ExitStack() as stack:
        url, others = "", []
        if database == "postgres":
            url, first = stack.enter_context(postgres(folder, keep=True))
            others.append(first)
        app = made(folder, url, Size())
        yield app, others
        app.extensions["ruhu"].database.engine.dispose()


def made(folder: Path, url: str, size: Size) -> Flask:
    """The app of an instance with two years in it, built where it is not there yet."""
    app = create_app(Config.at(folder / "instance", url))
    upgrade(app)
    built = folder / BUILT
    if not built.exists():
        seconds = build(app.extensions["ruhu"].database, size)
        built.write_text(json.dumps(asdict(size) | {"seconds": round(seconds, 1)}), encoding="utf-8")
    return app


def _words(database: Database) -> dict[str, str]:
    """What a clerk types: of a household in the middle, its head's initials, number and an identity's last four."""
    with database.read(TOWNSHIP) as store:
        ((_, name, number, identity),) = store.sql(
            "SELECT h.id, h.head_name, h.household_no, m.identity FROM kind_household h JOIN kind_member m"
            " ON m.township = h.township AND m.household = h.id WHERE h.township = ? AND m.identity IS NOT NULL"
            " ORDER BY h.id LIMIT 1 OFFSET 0",
            TOWNSHIP,
        )
    return {
        "initials": "".join(letters(char)[:1] for char in name),
        "number": number,
        "last four": identity[-4:],
        "name": name,
    }


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(app: Flask, times: int, word: str = "", most: int = MOST, others: Sequence[int] = ()) -> Measured:
    """Start a server on the app's instance and measure its console: at most so many sorts of pages, those with the word in their name.

    The cost of the processes `others` counts as the server's.
    """
    service: Service = app.extensions["ruhu"]
    database, found = service.database, Measured()
    passwords = {name: accounts.give_password(database, name, now_ms()) for name in CLERKS}
    with serving(service.config) as (port, process):
        found.memory.append(("at the start", megabytes(process)))
        roots = [process, *others]
        browsers = [Browser(f"http://127.0.0.1:{port}") for _ in CLERKS]
        for browser, (name, password) in zip(browsers, passwords.items(), strict=True):
            browser.sign_in(name, password)
        walk = Walk(app, TOWNSHIP, browsers[0], _words(database), day_of(now_ms())[:7])
        found.sorts = [sort for sort in walk.go(most) if word in sort.name]
        found.failed, found.unseen = walk.failed, walk.unseen()
        found.memory.append(("every page once", megabytes(process)))
        phone = Sender(service, port)
        with _watched(process, found) as computing:
            for sort in found.sorts:
                for _ in range(min(times, AFTER_CHANGES)):
                    phone.send(1)
                    before = cpu_in_front(roots)
                    sort.changed.append(browsers[0].open(sort)[0])
                    sort.cpu += (cpu_in_front(roots) - before) * 1000 / min(times, AFTER_CHANGES)
            with phone.sending() as found.syncs:
                _mix(browsers, found.sorts, times, computing)
        found.memory.append(("after all of it", megabytes(process)))
    database.engine.dispose()
    return found


def _mix(browsers: list[Browser], sorts: list[Sort], times: int, computing: Callable[[], bool]) -> None:
    """Every clerk opens his share of every page, in an order of his own."""
    errors: list[BaseException] = []

    def work(order: int, browser: Browser) -> None:
        pages = [sort for sort in sorts for _ in range(times // len(browsers) + (order < times % len(browsers)))]
        random.Random(order).shuffle(pages)
        try:
            for sort in pages:
                sort.mixed.append((browser.open(sort)[0], computing()))
        except BaseException as error:  # handed to the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=work, args=one) for one in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Sender:
    """A phone of a new cadre that has visits to send."""

    def __init__(self, service: Service, port: int) -> None:
        database, now = service.database, now_ms()
        with database.read(TOWNSHIP) as store:
            villages = sorted(store.villages())
            where = "SELECT id, village FROM kind_household WHERE township = ? AND removed IS NULL ORDER BY id"
            self._homes = store.sql(where, TOWNSHIP)
        name = f"bench {now}"
        access.add_user(database, name, ["cadre"], [f"village:{village}" for village in villages], now)
        made = access.enrol(
            database,
            access.make_code(database, name, TOWNSHIP, now),
            {"name": "", "platform": "", "app": ""},
            now,
        )
        self._phone = Phone(port, made.token, made.device)
        self._first, self._sent = now, 0

    def send(self, count: int) -> float:
        """Send so many visits; ms until they were acknowledged."""
        changes = []
        for _ in range(count):
            self._sent += 1
            now = now_ms()
            home, village = self._homes[self._sent * 7 % len(self._homes)]
            change = visits.change(self._first + self._sent, self._sent, village, self._phone.device, now)
            started = (
                now - self._sent % 600 * HOUR
            )  # nobody is in two houses at once, and no household is called on twice a day
            change["household"] = home
            change["set"] |= {"started_at": iso(started - 40 * MINUTE), "ended_at": iso(started - MINUTE)}
            changes.append(change)
        began = time.perf_counter()
        reply = self._phone.post(self._phone.body(changes, 0))
        assert not reply["refused"], reply["refused"][0]
        return (time.perf_counter() - began) * 1000

    @contextmanager
    def sending(self) -> Iterator[list[float]]:
        """A batch every second, in the background; how long each took."""
        took: list[float] = []
        over = threading.Event()

        def work() -> None:
            while not over.wait(1):
                took.append(self.send(BATCH))

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield took
        finally:
            over.set()
            thread.join()


@contextmanager
def _watched(process: int, found: Measured) -> Iterator[Callable[[], bool]]:
    """Notices when the server has a child that adds up figures, for how long and in how much memory."""
    over, since = threading.Event(), [0.0]

    def look() -> None:
        while not over.wait(0.1):
            children = family(process)[1:]
            if children:
                since[0] = since[0] or time.perf_counter()
                found.child = max(found.child, sum(megabytes(child) for child in children))
            elif since[0]:
                found.renewals.append(time.perf_counter() - since[0])
                since[0] = 0.0

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: since[0] > 0
    finally:
        over.set()
        thread.join()


# --- telling ---------------------------------------------------------------------------------------------------------


def _times(sort: Sort) -> list[float]:
    return sorted(time for time, _ in sort.mixed)


def show(found: Measured) -> None:
    """The table, and what was missed."""
    if not found.sorts:
        print("  没有这样的页面 / no such page")
        return
    print(f"\n  {'page':<58}{'first':>8}{'changed':>9}{'CPU':>6}{'median':>8}{'p95':>8}{'worst':>8}{'KB':>7}")
    for sort in sorted(found.sorts, key=lambda one: -median(_times(one))):
        times = _times(sort)
        figures = (sort.first, median(sort.changed), sort.cpu, median(times), times[int(len(times) * 0.95)], times[-1])
        told = "".join(f"{figure:>{width}.0f}" for figure, width in zip(figures, (8, 9, 6, 8, 8, 8), strict=True))
        print(f"  {sort.name[:57]:<58}{told}{sort.size / 1024:>7.0f}{'  MISSED' if sort in found.missed else ''}")
    print(f"\n  pages measured {len(found.sorts)}, each {len(found.sorts[0].mixed)} times by two clerks at once")
    for busy, what in ((True, "while figures were being added up"), (False, "else")):
        times = [took for sort in found.sorts for took, computing in sort.mixed if computing == busy]
        if times:
            print(f"  all pages {what}: {len(times)} requests, median {median(times):.0f} ms")
    if found.syncs:
        print(
            f"  a batch of {BATCH} from the phone, every second: median {median(found.syncs):.0f} ms, worst {max(found.syncs):.0f}"
        )
    if failed := sum(sort.failed for sort in found.sorts):
        print(
            f"  answers that were no page: {failed}, of {', '.join(sort.name for sort in found.sorts if sort.failed)}"
        )
    if found.renewals:
        print(
            f"  figures added up aside {len(found.renewals)} times: median {median(found.renewals):.1f} s, {found.child:.0f} MB"
        )
    for when, size in found.memory:
        print(f"  memory of the server {when}: {size:.0f} MB")
    for title, names in (("did not open", found.failed), ("nothing led to", found.unseen)):
        if names:
            print(f"  {title}: {', '.join(names)}")
    print("\n没有达到的 / missed:" if found.missed else "\n全部达到 / every page answers in time")
    for sort in found.missed:
        print(f"  MISSED {sort.name}: median {median(_times(sort)):.0f} ms (aim {AIM_MS})  {sort.url}")


if __name__ == "__main__":
    sys.exit(main())
