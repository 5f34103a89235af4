"""Figures over a whole township, kept in memory and made anew aside: what takes seconds to add up never keeps a page waiting.

`figures_of(database, township).look(store, now)` answers at once with what there is: this month's figures of the campaign that began last,
unless a month ("2018-09") or a campaign's id is given. `Look.figures` is what `reports.overview.gather` made (None: not there yet), `Look.review`
the lists that need all visits judged, by ids: `short_waiting` [visit…], `not_home` [{household, village, times, last_day, visited, arrange}…]
and `double_visits` [[visit, visit]…], empty while nothing is there. They cover all villages: whoever shows them asks `sight` first.

When they are older than the log, or of another day, a renewal runs in a child process (`Aside`): one at a time for each township, two in all,
and not sooner than a few times its own duration after the one before. `Database.compute` is how; None, as in commands and tests, adds up in
place, as does a township where little has happened yet: what `look` gives is then always of now. Promises: safe for threads; writes nothing anywhere. Leaves to others: the adding up.
"""

import os
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from server.kept import Compute
from server.reports.overview import gather
from server.reports.waiting import EMPTY_REVIEW
from shared.moments import day_of

if TYPE_CHECKING:
    from server.config import Config
    from server.store import Database, TownshipStore

log = structlog.get_logger()

QUESTIONS = 12
"""Months and campaigns of a township that are kept; the one not asked for longest goes first."""
REST = 3.0
"""How many times as long as it took a renewal waits before the next: adding up takes a quarter of one core at most."""
AFTER_FAILURE = 60.0
"""Seconds until what failed is tried again."""
SMALL = 1000
"""Changes in a township's log up to which it is added up in place: that takes no longer than a page."""
LONGEST = 900
"""Seconds after which a child is given up."""
_AT_ONCE = BoundedSemaphore(2)
"""Children of this process, whatever their township: a county's thirteen must not all begin together."""


class FiguresError(RuntimeError):
    """The figures could not be added up."""


def figures_of(database: "Database", township: str) -> "Figures":
    """The township's figures in this process. Costs nothing; ask again rather than keep it."""
    return database.kept.of(township, "figures", lambda: Figures(database, township))


@dataclass(frozen=True)
class Look:
    """What there is now. `coming`: newer ones are being made, or will be as soon as it is their turn; `failed`: the last try did not come off."""

    figures: Mapping[str, Any] | None
    fresh: bool
    coming: bool
    failed: bool = False

    @property
    def made_at(self) -> int:
        """As of when they are, ms since 1970; 0 while there are none."""
        return int(self.figures["made_at"]) if self.figures else 0

    @property
    def review(self) -> Mapping[str, Any]:
        return (self.figures or {}).get("review") or EMPTY_REVIEW


Question = tuple[str, str]


class Figures:
    """One township's figures by month and campaign. `start` runs a renewal in the background; `clock` counts seconds."""

    def __init__(
        self,
        database: "Database",
        township: str,
        start: Callable[[Callable[[], None]], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._township = township
        self._start = start or _in_a_thread
        self._clock = clock
        self._made: OrderedDict[Question, Mapping[str, Any]] = OrderedDict()
        self._failed: dict[Question, float] = {}
        self._running = False
        self._rest_until = 0.0
        self._lock = Lock()

    def look(self, store: "TownshipStore", now: int, month: str = "", campaign: str = "") -> Look:
        """What there is of this question; begins a renewal when that is due. `now` in ms since 1970."""
        question = (month or day_of(now)[:7], campaign)
        compute, head, today = self._database.compute, store.head(), day_of(now)
        with self._lock:
            made = self._made.get(question)
            if made is not None:
                self._made.move_to_end(question)
                if made["seq"] >= head and day_of(made["made_at"]) == today:
                    return Look(made, True, False)
        if compute is None or head <= SMALL:
            return Look(self._keep(question, gather(store, self._database.kinds, now, *question)), True, False)
        with self._lock:
            since = self._failed.get(question)
            failed = since is not None and self._clock() < since + AFTER_FAILURE
            rests = made is not None and self._clock() < self._rest_until
            begins = not (failed or rests or self._running) and _AT_ONCE.acquire(blocking=False)
            self._running = self._running or begins
        if begins:
            self._start(lambda: self._renew(compute, question))
            with self._lock:  # it may be done already
                made = self._made.get(question)
                failed = question in self._failed and not self._running
        return Look(made, False, not failed, failed)

    def _renew(self, compute: Compute, question: Question) -> None:
        began = self._clock()
        try:
            self._keep(question, compute(self._township, *question))
        except Exception as error:  # the last net of a thread: whatever it is, the page says that it failed
            log.error("figures_failed", township=self._township, error=type(error).__name__, said=_said(error))
            with self._lock:
                self._failed[question] = self._clock()
        finally:
            with self._lock:
                ended = self._clock()
                self._rest_until = ended + REST * (ended - began)
                self._running = False
            _AT_ONCE.release()

    def _keep(self, question: Question, made: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self._made[question] = made
            self._made.move_to_end(question)
            self._failed.pop(question, None)
            while len(self._made) > QUESTIONS:
                self._made.popitem(last=False)
        return made


def _in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="figures", daemon=True).start()


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, FiguresError) else ""


class Aside:
    """Adds up in a child process, so that this one's threads go on serving: `ruhu report overview --counts` on the same instance."""

    def __init__(self, config: "Config") -> None:
        self._environment = {
            "RUHU_INSTANCE": str(config.instance),
            "RUHU_DATABASE_URL": config.database_url,
            "RUHU_SERVER_NAME": config.server_name,
        }

    def __call__(self, township: str, month: str, campaign: str) -> Mapping[str, Any]:
        command = [sys.executable, "-m", "server.cli", "report", "overview", "--counts", "--json"]
        command += [f"--township={township}", f"--month={month}", *([f"--campaign={campaign}"] if campaign else [])]
        path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | self._environment | {"PYTHONPATH": path}
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            _step_back(child.pid)
            try:
                told, complaint = child.communicate(timeout=LONGEST)
            except subprocess.TimeoutExpired as error:
                child.kill()
                raise FiguresError(f"not done after {LONGEST} seconds") from error
        if child.returncode:
            raise FiguresError(f"exit code {child.returncode}: {_last_words(complaint)}")
        made: Mapping[str, Any] = msgspec.json.decode(told)
        return made


def _step_back(pid: int) -> None:
    """Whoever waits for a page goes before whoever adds up."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, 10)
    except OSError:  # over already, or not allowed: it is a courtesy
        return


def _last_words(complaint: bytes) -> str:
    """What a command said when it failed, in our own words; of a traceback only the error's name, for it may quote people."""
    line = complaint.decode(errors="replace").strip().rpartition("\n")[2]
    try:
        return str(msgspec.json.decode(line)["error"])
    except (msgspec.DecodeError, TypeError, KeyError):
        return line.partition(":")[0][:100]
