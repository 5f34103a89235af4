"""The lane of the photos: after a sync that worked, one photo after the other, a chunk at a time, giving way to every sync.

Promises: only photos that the township's record names are sent; after any cut it goes on at the byte the township has, on any day; chunks
fit the line; what the township will never take is not sent again; a photo that the server stumbles over is in nobody's way; a server that
says Retry-After is left alone that long. Leaves to others: which photo is next (`photos`), HTTP (`photo_courier`), syncing itself
(`syncing`).
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mobile.photo_courier import GaveWay, NotNamed, NoUpload, PhotoCourier, PhotoRefused, WrongOffset, over_http
from mobile.photos import Photo, Photos
from mobile.syncing import fault, wait_after
from shared.sync.phone import Busy, Enrolment, NotEnrolled, PhoneError, RequestRefused, ServerFailed, SyncError

FIRST_CHUNK, LEAST_CHUNK, MOST_CHUNK = 16 * 1024, 4 * 1024, 512 * 1024
AIM_S = 3.0
"""How long a chunk should take: longer, and a cut costs much; shorter, and the answers cost more than the bytes."""
STUMBLES = 3
"""How often a photo's upload may be lost or stand elsewhere in a run, without a byte more than it ever reached, before it is set aside."""
LOOK_S = 1.0
"""How often who waits for a sync to end looks whether it is still wanted: a sync that was stopped may say nothing."""

DAMAGED = "手机里的这张照片已损坏，请移除后重拍。 / This photo is damaged on the phone: remove it and take it again."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """How the lane stands: photos that arrived since its last run began, and that wait still; `error` is what keeps it."""

    running: bool = False
    arrived: int = 0
    waiting: int = 0
    error: PhoneError | None = None


class Sending:
    """Sends one profile's photos. `idle` is set while no sync wants the line; `mono` tells seconds."""

    def __init__(
        self,
        photos: Photos,
        idle: threading.Event,
        courier_for: Callable[[Enrolment], PhotoCourier] | None = None,
        mono: Callable[[], float] = time.monotonic,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._photos = photos
        self._idle = idle
        self._courier_for = courier_for or over_http
        self._mono = mono
        self._roll = roll
        self._courier: tuple[Enrolment, PhotoCourier] | None = None
        self._chunk = FIRST_CHUNK
        self._certain = ""  # the photo whose offset is the township's last word
        self._arrived = 0
        self._has_moved = False  # since the last failure
        self._stumbles: dict[str, int] = {}  # by photo, in this run
        self._highest: dict[
            str, int
        ] = {}  # what the township ever had of a photo: bytes that come anew are no progress
        self._held: set[str] = set()  # not asked about again in this run
        self._failed: SyncError | None = None  # what the server last stumbled over in this run
        self._not_before = 0.0  # as `mono`: until then the server wants to be left alone
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._paused = False
        self._thread: threading.Thread | None = None
        self._tell: Callable[[Lane], None] = lambda lane: None
        self.lane = Lane()

    # --- driven ----------------------------------------------------------------------------------------------------

    def run(self, tell: Callable[[Lane], None] | None = None) -> Lane:
        """Send all that can be sent now. SyncError when the line or the server fails, GaveWay when a sync wants the line; what arrived
        stays arrived. What the server stumbled over alone is raised once all the others are through. `tell` hears of every one that is.
        """
        self._arrived = 0
        self._held.clear()
        self._stumbles.clear()
        self._failed = None
        self._certain = ""
        self._stand(True)
        try:
            self._photos.sweep()  # what left the phone with this sync
            while self.step():
                if self._stand(True):
                    (tell or self._tell)(self.lane)
            self._photos.sweep()
        finally:
            self._stand(False)
        if self._failed:
            raise self._failed
        return self.lane

    def _stand(self, running: bool) -> bool:
        """Where the lane stands now; whether a photo came through since."""
        before = self.lane
        self.lane = Lane(running, self._arrived, self._photos.waiting())
        return (self.lane.arrived, self.lane.waiting) != (before.arrived, before.waiting)

    def step(self) -> bool:
        """One request. False when nothing is left that can be sent now."""
        if not self._idle.is_set() or self._paused or self._stopped.is_set():
            raise GaveWay
        gone = self._photos.to_withdraw(self._held)
        if gone:
            self._ask(gone, self._withdraw)
            return True
        photo = self._photos.next_to_send(self._held)
        if photo is None:
            return False
        self._ask(photo, self._send)
        return True

    def _ask(self, photo: Photo, act: Callable[[PhotoCourier, Photo], None]) -> None:
        """One request, and what an answer that is no success means for this photo."""
        try:
            act(self._line(), photo)
        except (ServerFailed, RequestRefused) as error:
            self._set_aside(photo, error)
        except NoUpload as error:
            self._photos.progress(photo.id, "", 0)
            self._stumble(photo, error)
        except WrongOffset as error:
            self._stumble(photo, error)
        except NotNamed as error:
            self._not_named(photo, error)
        except PhotoRefused as error:
            if error.refusal == "wrong_hash" and not photo.again:
                self._photos.once_more(photo.id)
            else:
                self._photos.refused(photo.id, error.why)
        except (SyncError, GaveWay):
            self._certain = ""
            raise

    def _withdraw(self, line: PhotoCourier, photo: Photo) -> None:
        line.withdraw(photo.url)
        self._photos.withdrawn(photo.id)

    def _send(self, line: PhotoCourier, photo: Photo) -> None:
        """The next request of a photo's way: begin, ask where it stands, or a chunk."""
        if not photo.url:
            url, offset = line.create(photo.name, photo.kind, photo.record, photo.bytes)
            self._reached(photo, url, offset)
            return
        if self._certain != photo.id:
            self._reached(photo, photo.url, line.offset(photo.url))
            return
        data = self._photos.bytes_of(photo)
        if data is None:
            self._photos.refused(photo.id, DAMAGED)
            return
        chunk = data[photo.offset : photo.offset + self._chunk]
        began = self._mono()
        try:
            offset = line.send(photo.url, photo.offset, chunk, self._is_unwanted)
        except SyncError:
            self._chunk = max(LEAST_CHUNK, self._chunk // 2)
            raise
        if photo.offset + len(chunk) < photo.bytes:  # the last one also waits for the township's look at the picture
            self._fit(len(chunk), self._mono() - began)
        self._reached(photo, photo.url, offset)

    def _reached(self, photo: Photo, url: str, offset: int) -> None:
        """The township's word on how much it has."""
        if offset > photo.bytes:
            raise ServerFailed(f"Upload-Offset {offset} of {photo.bytes}")
        if offset > max(photo.offset, self._highest.get(photo.id, 0)):
            self._stumbles.pop(photo.id, None)
            self._has_moved = True
        self._highest[photo.id] = max(offset, photo.offset, self._highest.get(photo.id, 0))
        if offset == photo.bytes:
            self._photos.arrived(photo.id)
            self._arrived += 1
            self._certain = ""
            self._highest.pop(photo.id, None)
        else:
            self._photos.progress(photo.id, url, offset)
            self._certain = photo.id

    def _fit(self, size: int, seconds: float) -> None:
        """The next chunk's size by how long this one took; at most four times as much, since the first bytes of a line say little."""
        fitting = int(size / max(seconds, 0.001) * AIM_S)
        self._chunk = max(LEAST_CHUNK, min(MOST_CHUNK, fitting, 4 * self._chunk))

    def _stumble(self, photo: Photo, error: SyncError) -> None:
        self._certain = ""
        self._stumbles[photo.id] = self._stumbles.get(photo.id, 0) + 1
        if self._stumbles[photo.id] > STUMBLES:
            self._set_aside(photo, ServerFailed(error.code))

    def _set_aside(self, photo: Photo, error: SyncError) -> None:
        """The server fails at this one: the others go on without it, until the next run."""
        self._certain = ""
        self._held.add(photo.id)
        self._failed = error

    def _not_named(self, photo: Photo, error: NotNamed) -> None:
        """The record changed at the township meanwhile: the next sync tells. One whose record has left the phone hears of nothing more."""
        if self._photos.notebook.shown_or_none(photo.kind, photo.record) is None:
            log.info("let go: %s", error.code)
            self._photos.give_up(photo)
        self._held.add(photo.id)

    def _line(self) -> PhotoCourier:
        enrolment = self._photos.notebook.store.enrolment()
        if enrolment is None:
            raise NotEnrolled
        if self._courier is None or self._courier[0] != enrolment:
            self._courier = enrolment, self._courier_for(enrolment)
        return self._courier[1]

    def _is_unwanted(self) -> bool:
        return not self._idle.is_set() or self._paused or self._stopped.is_set()

    # --- in the background -----------------------------------------------------------------------------------------

    def synced(self, tell: Callable[[Lane], None]) -> None:
        """A sync worked: send what its record names now. `tell` is called in the lane's own thread."""
        self._tell = tell
        if self._thread is None and not self._stopped.is_set():
            self._thread = threading.Thread(target=self._keep_at_it, name="photos", daemon=True)
            self._thread.start()
        self._wake.set()

    def hurry(self) -> None:
        """The person wants it now: the next sync that works wakes the lane, whatever the server asked for."""
        self._not_before = 0.0

    def pause(self) -> None:
        """Stop between two blocks, until `resume`."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._wake.set()

    def stop(self, timeout: float | None = 5.0) -> None:
        """Stop between two blocks and tell nobody of it; as `Syncing.stop`."""
        self._stopped.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout)

    def _keep_at_it(self) -> None:
        failures, wait = 0, None
        while True:
            is_woken = self._wake.wait(wait)
            self._wake.clear()
            if self._stopped.is_set():  # asked after clearing, or a stop just before it would be forgotten
                return
            if self._paused:
                wait = None
                continue
            left = self._not_before - self._mono()
            if is_woken and left > 0:  # a sync that worked is no leave to press a server that wants to be left alone
                wait = left
                continue
            if not self._has_line():
                return
            trouble: PhoneError | None = None
            try:
                self.run()
                failures, wait = 0, None
            except GaveWay:
                wait = 0.0
                continue
            except PhoneError as error:
                trouble = error
            except Exception as error:  # a fault of ours must not end the lane for good
                trouble = fault("photos", error)
            if self._stopped.is_set():
                return
            if trouble:
                failures = (
                    1 if self._has_moved else failures + 1
                )  # a line that breaks but brings bytes is worth trying soon
                self._has_moved = False
                wait = wait_after(trouble, failures, self._roll())
                if isinstance(trouble, Busy) and trouble.retry_after:
                    self._not_before = self._mono() + wait
                self.lane = Lane(False, self.lane.arrived, self.lane.waiting, trouble)
            try:
                self._tell(self.lane)
            except Exception as error:  # nor one of whoever listens
                fault("after photos", error)

    def _has_line(self) -> bool:
        """Wait until no sync wants the line. False when the lane was stopped meanwhile."""
        while not self._idle.wait(LOOK_S):
            if self._stopped.is_set():
                return False
        return not self._stopped.is_set()
