"""The app without a screen: who is unlocked, which page is open, the back key, what comes back after a kill.

Promises: every step forward and back is on the disk, so that a killed app opens where it was; five minutes away ask for the PIN again;
the back key never discards. Leaves to others: drawing (a `Screen`), what a page says (its module), sealing (`profiles`).
"""

from __future__ import annotations

import importlib
import json
import logging
import platform
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mobile.disk import StorageFailed, replace_file
from mobile.notebook import Doors
from mobile.pages.blocks import Banner, Button, Tap, View, nothing
from mobile.pages.page import EN, ZH, Page, half, told_error
from mobile.pages.photo_block import said
from mobile.session import Session
from mobile.syncing import fault
from shared.fields import Label
from shared.kind import Registry
from shared.kinds import KINDS
from shared.sync.phone import Courier, Enrolment, PhoneError

if TYPE_CHECKING:
    from mobile.device.ports import Device
    from mobile.profiles import Profiles

AWAY_S = 5 * 60.0
"""Seconds away after which the PIN is asked for again."""
PLACE = "place"
TABS = ("today", "households", "problems", "me")
FIRST = TABS[0]
OUTSIDE = ("welcome", "unlock", "enrol")
"""Pages that need no unlocked profile."""
LOCK = Label("锁定、换人", "Lock, or somebody else")

log = logging.getLogger(__name__)


class Screen(Protocol):
    """What draws. Every call is made in the screen's own thread, but `soon`."""

    def show(self, view: View, page_key: str) -> None:
        """Draw a page; the same key as before means the same page, drawn in place."""
        ...

    def toast(self, text: str, button: str = "", on_tap: Tap = nothing) -> None:
        """A word in passing, with one button at most."""
        ...

    def ask(self, title: str, text: str, buttons: Sequence[Button]) -> None:
        """A question that must be answered; a button closes it, then does its work."""
        ...

    def back_in_dialog(self) -> bool:
        """Close what lies above the page, if anything does."""
        ...

    def forget(self) -> None:
        """Throw away every page but the open one: another person may hold the phone."""
        ...

    def soon(self, work: Callable[[], None]) -> None:
        """Run work in the screen's thread; callable from any thread."""
        ...

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        """Run work once, later; the answer cancels it."""
        ...


Aside = Callable[[Callable[[], Any], Callable[[Any], None]], None]
"""Runs the first in another thread and gives its result, or its PhoneError, to the second in the screen's."""


def in_thread(screen: Screen) -> Aside:
    """Work beside the screen, so that it does not freeze."""

    def aside(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        def run() -> None:
            try:
                result = work()
            except PhoneError as error:
                result = error
            except Exception as error:  # else whoever waits for it would wait for ever
                result = fault("aside", error)
            screen.soon(lambda: done(result))

        threading.Thread(target=run, name="aside", daemon=True).start()

    return aside


class Application:
    """The whole app. `folder` holds the profiles and the phone's settings."""

    def __init__(
        self,
        screen: Screen,
        folder: Path,
        device: Device,
        profiles: Profiles,
        *,
        kinds: Registry = KINDS,
        doors: Doors | None = None,
        courier_for: Callable[[Enrolment], Courier] | None = None,
        aside: Aside | None = None,
    ) -> None:
        self.screen = screen
        self.folder = folder
        self.device = device
        self.profiles = profiles
        self.kinds = kinds
        self.doors = doors or Doors(device.clocks.now_ms, device.clocks.mono, device.clocks.boot_id)
        self.courier_for = courier_for
        self.aside = aside or in_thread(screen)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.name = device_name()
        self.settings: dict[str, Any] = _read_settings(folder / "settings.json")
        self.stack: list[Page] = []
        self.quiet = False
        """Whether syncing waits to be asked for, rather than running by itself."""
        self._session: Session | None = None
        self._place: list[Any] = []
        self._cancel_tick: Callable[[], None] = nothing
        self._away_since: float | None = None

    # --- who is there ----------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The unlocked profile. There is one whenever a page is open that needs it."""
        assert self._session is not None
        return self._session

    @property
    def unlocked(self) -> bool:
        return self._session is not None

    def start(self) -> None:
        """Open the app: the welcome where nobody is enrolled yet, else the lock."""
        self._only("unlock" if self.profiles.list() else "welcome")

    def opened(self, store: Any) -> None:
        """A profile was unlocked: go on where its owner was."""
        self._session = Session(
            store, self.kinds, self.doors, self.screen.soon, self._heard, self.courier_for, self.profiles.carry
        )
        self.device.secure_window.protect(True)
        if store.enrolment() is None:
            self._only("enrol")
            return
        settled = self.attempt(lambda: self.session.photos.settle(self.device.camera)) or []
        place = self.session.noted(PLACE)
        self._return_to(place if isinstance(place, list) else [])
        if settled:
            self.screen.toast(said(self.page, "settled", n=len(settled)))
        if not self.quiet:
            self.session.start_syncing()

    def lock(self) -> None:
        """Close the profile; its key is forgotten. A sync under way is not waited for."""
        try:
            self._close()
            self.profiles.lock()
        finally:  # whatever happens, nothing of anybody stays in sight
            self.start()
            self.screen.forget()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()

    # --- where we are ----------------------------------------------------------------------------------------------

    @property
    def page(self) -> Page:
        return self.stack[-1]

    def go(self, name: str, **where: str) -> Page:
        """Open a page above this one; a main tab takes the place of all. One that cannot be made says why, and this one stays."""
        return self._open(name, where, [] if name in TABS else self.stack)

    def instead(self, name: str, **where: str) -> Page:
        """Open a page in this one's place."""
        return self._open(name, where, [] if name in TABS else self.stack[:-1])

    def _open(self, name: str, where: dict[str, str], below: Sequence[Page]) -> Page:
        page = self.attempt(lambda: self._make(name, where))
        if page is None:
            return self.page
        self.stack = [*below, page]
        return self._arrived()

    def back(self) -> None:
        """The back key or arrow. On the last page the app steps aside, running on."""
        if self.screen.back_in_dialog() or (self.stack and self.page.back()):
            return
        if len(self.stack) > 1:
            self.done()
        elif self.unlocked and self.page.name not in (FIRST, *OUTSIDE):
            self.go(FIRST)
        else:
            self.device.back.leave()

    def done(self) -> None:
        """The open page has done its work: show the one below."""
        self.stack.pop()
        if not self.stack:
            self.stack = [self._make(FIRST, {})]
        self._arrived()

    def _only(self, name: str) -> None:
        self.stack = [self._make(name, {})]
        self._arrived()

    def _make(self, name: str, where: dict[str, str]) -> Page:
        page: Page = importlib.import_module(f"mobile.pages.{name}").PAGE(self, **where)
        page.name = name
        return page

    def _arrived(self) -> Page:
        page = self.page
        self._keep_place()
        self.attempt(page.entered)
        if page is self.page:  # it may have gone on by itself
            self.redraw()
        return self.page

    def _keep_place(self) -> None:
        """Where we are, on the disk: the pages that are open, each with what it was narrowed to or asks."""
        if self._session and self.page.name not in OUTSIDE:
            place = [[one.name, dict(one.where)] for one in self.stack if one.name not in OUTSIDE]
            if place != self._place:
                self._place = place
                self._session.note(PLACE, place)

    def _return_to(self, place: Sequence[Any]) -> None:
        """Open the pages that were open. A page that cannot be opened any more (its record is gone) is left out."""
        self.stack, self._place = [], []
        for one in place:
            try:
                name, where = one
                page = self._make(str(name), dict(where))
                page.view()
            except (PhoneError, ImportError, LookupError, TypeError, ValueError):
                continue
            self.stack.append(page)
        if not self.stack:
            self.stack = [self._make(FIRST, {})]
        self._arrived()

    # --- drawing ---------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw the open page as it is now, and again each second where it shows the time."""
        self._cancel_tick()
        self._cancel_tick = nothing
        page = self.page
        try:
            view = page.view()
        except PhoneError as error:
            if len(self.stack) > 1:
                self.complain(error)
                self.stack.pop()
                self.redraw()
                return
            view = self._instead_of_a_view(error)
        self._keep_place()
        self.screen.show(view, f"{page.name}:{json.dumps(page.where, sort_keys=True)}")
        self._tell_notice()
        if page.every_second and self._away_since is None:
            self._cancel_tick = self.screen.after(1.0, lambda: self.redraw() if self.page is page else None)

    def _instead_of_a_view(self, error: PhoneError) -> View:
        """What stands where the last page cannot be drawn: why, and the ways that are left."""
        label = LOCK.en if self.language == EN else LOCK.zh
        lock = (Button(label, self.lock, name="lock"),) if self.unlocked else ()
        from mobile.pages.tabs import tabs  # it needs us first

        return View("", "", (Banner(told_error(error, self.language), "bad"),), lock, tabs=tabs(self.page), back=False)

    def _tell_notice(self) -> None:
        """Say once what the store has to say, as that its reserve was used up."""
        if self._session and self._session.store.notice:
            notice, self._session.store.notice = self._session.store.notice, None
            self.screen.toast(half(notice, self.language))

    def complain(self, error: PhoneError) -> None:
        """Say what went wrong and what to do."""
        self.screen.toast(told_error(error, self.language))

    def attempt(self, work: Callable[[], Any]) -> Any:
        """Do something that may be refused; the refusal is said, and None comes back."""
        try:
            return work()
        except PhoneError as error:
            self.complain(error)
            return None

    def _heard(self) -> None:
        """Syncing has news: what is shown may have changed."""
        if self.stack and self.unlocked and self.page.name not in OUTSIDE:
            self.redraw()

    # --- coming and going ------------------------------------------------------------------------------------------

    def paused(self) -> None:
        """The app went out of sight. Everything typed is on the disk already."""
        if self._away_since is None:
            self._away_since = self.doors.mono()
        self._cancel_tick()

    def resumed(self) -> None:
        """The app is back: the PIN after five minutes, else where we were, drawn anew."""
        away = self.doors.mono() - self._away_since if self._away_since is not None else 0.0
        self._away_since = None
        if self.unlocked and not 0 <= away < AWAY_S:  # less than nothing: another start of the phone
            self.lock()
            return
        if self.unlocked:
            self.session.syncing.nudge()
        if self.stack:
            self.page.entered()
            self.redraw()

    def stopped(self) -> None:
        """The app ends."""
        self._cancel_tick()
        self._close()

    # --- settings of the phone, known before anybody unlocks it --------------------------------------------------------

    @property
    def language(self) -> str:
        return EN if self.settings.get("language") == EN else ZH

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting of this phone; nothing of any person belongs here. On a full disk that is said, and it holds until the app ends."""
        self.settings[name] = value
        try:
            replace_file(self.folder / "settings.json", json.dumps(self.settings).encode())
        except PhoneError as error:
            self.complain(error)
        except OSError as error:
            self.complain(StorageFailed(error.strerror or ""))


def device_name() -> str:
    """What this phone is called in the township's list."""
    return platform.node() or platform.system() or "phone"


def _read_settings(path: Path) -> dict[str, Any]:
    """The phone's settings; a file that cannot be read gives none, for nothing in it is anybody's word."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
