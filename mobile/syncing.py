"""When to sync: one at a time per profile, in a daemon thread of its own, with jittered backoff when it does not work.

Promises: a person may write while a sync runs; a failed sync is tried again without a new word; a server that says
Retry-After is left alone that long. Leaves to others: what is said (`shared.sync.converse`) and showing it (`tell`).
"""

import logging
import random
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobile.comparing import mend
from mobile.courier import HttpCourier, check_url
from mobile.store import Store
from shared.kind import Registry
from shared.sync import converse
from shared.sync.converse import Conversation, Summary
from shared.sync.invitation import clean_fingerprint
from shared.sync.phone import Busy, Courier, Enrolment, NotEnrolled, PhoneError

EVERY_S = 15 * 60.0
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 30 * 60.0
LONGEST_ASKED_S = 24 * 3600.0
"""Whatever a Retry-After says: a date far away must not end syncing."""
APP = "0.1.0"

log = logging.getLogger(__name__)


class AlreadySyncing(PhoneError):
    code = "already_syncing"
    words = "正在同步，请等它结束。 / A sync is under way; wait for it to end."


class Paused(PhoneError):
    code = "paused"
    words = "同步已暂停，已收到的都存好了。 / Syncing is paused; what came is kept."


class Fault(PhoneError):
    """A fault of the app's own. `detail` names its type alone: its message may hold people's words."""

    code = "fault"
    words = (
        "应用出错了，已存的内容都在；请再试一次，仍不行请把“诊断”存成文件交给乡镇办公室。"
        " / The app failed; what was saved is kept. Try again; if it stays so, give the desk the file of Diagnostics."
    )


def fault(where: str, error: Exception) -> Fault:
    """Write a fault of ours into the log, without its message, and make of it what a person can be told."""
    frames = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
    log.error("%s: %s at %s", where, type(error).__name__, " ".join(frames))
    return Fault(type(error).__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a background sync ended: its summary, or the error in words and the seconds until it is tried again."""

    summary: Summary | None
    error: PhoneError | None = None
    next_in: float = 0.0


class Syncing:
    """Syncs one profile. `courier_for` makes a courier for an enrolment; `now` is the wall clock in ms since 1970."""

    def __init__(
        self,
        store: Store,
        kinds: Registry,
        now: Callable[[], int],
        courier_for: Callable[[Enrolment], Courier] | None = None,
        roll: Callable[[], float] = random.random,
        progress: Callable[[Summary], None] = lambda summary: None,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._now = now
        self._courier_for = courier_for or _http
        self._roll = roll
        self._progress = progress
        self._one = threading.Lock()
        self.idle = threading.Event()
        """Set while no sync is under way or asked for: what is slower than records may use the line."""
        self.idle.set()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._paused = False
        self._thread: threading.Thread | None = None

    def enrol(
        self, url: str, code: str, name: str, platform: str, insecure: bool = False, fingerprint: str = ""
    ) -> Enrolment:
        """Spend an enrolment code; on a profile enrolled before, everything it keeps is sent again.

        `fingerprint`: of the certificate that the server must show, now and at every sync; empty for public authorities.
        """
        fingerprint = clean_fingerprint(fingerprint)
        fresh = Enrolment(check_url(url, insecure), "", "", "", {}, {}, insecure=insecure, fingerprint=fingerprint)
        device = {"name": name, "platform": platform, "app": APP}
        with self._alone():
            courier = self._courier_for(fresh)
            return converse.enrol(self._store, courier, fresh.url, code, device, insecure, fingerprint)

    def once(self) -> Summary:
        """One whole sync, now. PhoneError in words when it does not work; AlreadySyncing when one is under way."""
        with self._alone():
            enrolment = self._store.enrolment()
            if enrolment is None:
                raise NotEnrolled
            courier = self._courier_for(enrolment)
            talk = Conversation(self._store, courier, self._kinds, self._now, APP, self._between)
            return talk.run()

    def compare(self) -> list[str]:
        """Find out whether this phone lacks something, and fill anew what differs; the grants that were. PhoneError as `once`."""
        enrolment = self._store.enrolment()
        if enrolment is None:
            raise NotEnrolled
        return mend(self._store, self._kinds, self._courier_for(enrolment), self.once)

    def _between(self, summary: Summary) -> None:
        """Between two pages: what came so far is kept, so here one may stop."""
        self._progress(summary)
        if self._paused or self._stopped.is_set():
            raise Paused

    def _alone(self) -> "_Alone":
        return _Alone(self._one, self.idle)

    # --- in the background -----------------------------------------------------------------------------------------

    def start(self, tell: Callable[[Outcome], None]) -> None:
        """Sync now and again until `stop`. `tell` is called in the sync's own thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_at_it, args=(tell,), name="sync", daemon=True)
            self._thread.start()

    def nudge(self) -> None:
        """Something was saved, or signal came back: do not wait any longer."""
        if self._thread and not (self._paused or self._stopped.is_set()):
            self.idle.clear()
        self._wake.set()

    def pause(self) -> None:
        """Stop after the page that is under way, until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on where it stopped."""
        self._paused = False
        self._wake.set()

    def stop(self, timeout: float | None = 5.0) -> None:
        """Stop after the page that is under way, and tell nobody of it; wait so many seconds for that, None for as long as it takes.

        A request without signal takes a minute to end. Who cannot wait may close the store meanwhile: its answer then goes nowhere, and the
        next sync asks again.
        """
        self._stopped.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout)

    def _keep_at_it(self, tell: Callable[[Outcome], None]) -> None:
        try:
            self._go_on(tell)
        finally:
            self.idle.set()  # a nudge that came before the stop

    def _go_on(self, tell: Callable[[Outcome], None]) -> None:
        failures = 0
        while True:
            self._wake.clear()
            if self._stopped.is_set():  # asked after clearing, or a stop just before it would be forgotten
                return
            if self._paused:
                self.idle.set()  # a nudge that came before the pause
                self._wake.wait()
                continue
            try:
                outcome = Outcome(self.once(), None, EVERY_S)
                failures = 0
            except Paused:
                continue
            except PhoneError as error:
                failures += 1
                outcome = Outcome(None, error, self.wait_after(error, failures))
            except Exception as error:  # a fault of ours must not end syncing for good
                failures += 1
                trouble = fault("sync", error)
                outcome = Outcome(None, trouble, self.wait_after(trouble, failures))
            if self._stopped.is_set():
                return
            try:
                tell(outcome)
            except Exception as error:  # nor one of whoever listens
                fault("after a sync", error)
            self._wake.wait(outcome.next_in)

    def wait_after(self, error: PhoneError, failures: int) -> float:
        """Seconds to wait after that many failures in a row: doubling, half of it by chance, so phones do not march in step."""
        return wait_after(error, failures, self._roll())


def wait_after(error: PhoneError, failures: int, roll: float) -> float:
    """Seconds to wait after that many failures in a row; `roll` is by chance, 0 to 1. A Retry-After is obeyed, within a day."""
    whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 20))
    asked = error.retry_after if isinstance(error, Busy) and error.retry_after else 0.0
    return max(min(asked, LONGEST_ASKED_S), whole / 2) + whole / 2 * roll


class _Alone:
    """Holds the sync lock, or says that somebody else does; meanwhile the line is not idle."""

    def __init__(self, lock: threading.Lock, idle: threading.Event) -> None:
        self._lock = lock
        self._idle = idle

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise AlreadySyncing
        self._idle.clear()

    def __exit__(self, *exc: object) -> None:
        self._idle.set()
        self._lock.release()


def _http(enrolment: Enrolment) -> Courier:
    return HttpCourier(enrolment.url, enrolment.token or None, enrolment.insecure, enrolment.fingerprint)
