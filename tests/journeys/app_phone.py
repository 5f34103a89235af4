"""A phone with the app on it, for whole stories: its own device, its folder on the disk, a hand to touch it, and power that can fail.

The screen is paper (nothing drawn) or glass (Kivy's own window, real touches); a story is told once for both. Losing power copies the
folder as it lies on the disk at that moment, so nothing a closing app would still write comes along.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile.device.fake import FakeDevice, fake
from mobile.pages.application import Application
from mobile.profiles import Profiles
from mobile.session import Session
from tests.pages.hand import Hand, PaperScreen, at_once

PIN = "204861"
COST = 2**4
"""scrypt's cost: the lock's strength is tried elsewhere."""
PATIENCE_S = 30.0

Surface = Callable[["AppPhone"], Hand]


class AppPhone:
    """One person's phone. `surface` opens the app over it and gives the hand."""

    def __init__(self, folder: Path, surface: Surface, wall: int) -> None:
        self.folder = folder
        self.surface = surface
        self.device: FakeDevice = fake()
        self.device.clocks.wall = wall
        self.lost = 0
        self.hand = self.surface(self)

    @property
    def app(self) -> Application:
        return self.hand.app

    def profiles(self) -> Profiles:
        return Profiles(self.folder / "profiles", self.device.key_store, 0, COST, self.device.clocks.now_ms)

    def enrol(self, invitation: str, look: Callable[[], None] = lambda: None) -> None:
        """Scan the invitation and choose a PIN; `look` comes when the PIN is asked for."""
        self.device.scanner.answers.append(invitation)
        self.hand.tap("start")
        self.hand.tap("scan")
        look()
        self.hand.pin(PIN)
        self.hand.pin(PIN)
        self.wait(lambda: self.app.unlocked and self.app.session.state.last is not None, "the first download")

    def unlock(self) -> None:
        self.hand.pin(PIN)
        self.wait(lambda: self.app.unlocked, "the profile to open")

    def lose_power(self, seconds: float = 60) -> None:
        """The battery is flat; another boot, the app opened anew on what lay on the disk."""
        self.lost += 1
        after = self.folder.with_name(f"{self.folder.name}-{self.lost}")
        shutil.copytree(self.folder, after)
        self.hand.put_away()
        self.folder = after
        self.device.clocks.restart(seconds)
        self.hand = self.surface(self)
        self.unlock()

    def minutes(self, minutes: float) -> None:
        """Time passes."""
        self.device.clocks.advance(minutes * 60)
        self.hand.pass_time()

    def sync(self) -> None:
        """Sync now, and wait until everything has gone out and come in.

        Twice, since the first end that is heard of may be that of a round which began before.
        """
        session = self.app.session
        for _ in range(2):
            session.sync_now()
            self.wait(lambda: _settled(session), "the sync to end")

    def sync_in_vain(self) -> None:
        """Try to sync where there is no signal, until that is said."""
        self.app.session.sync_now()
        self.wait(lambda: self.app.session.state.error, "the sync to fail")

    def wait(self, done: Callable[[], Any], what: str) -> None:
        """Wait, on the screen's own thread, until something is so."""
        until = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < until, f"waited in vain for {what}; on the page:\n{self.hand.words()}"
            self.hand.breathe()


def _settled(session: Session) -> bool:
    state = session.state
    return not state.running and state.error is None and session.store.count_unsent() == 0


def on_paper(phone: AppPhone) -> Hand:
    """The app with a screen that is not drawn."""
    screen = PaperScreen()
    app = Application(screen, phone.folder, phone.device, phone.profiles(), aside=at_once)
    app.start()
    return Hand(app, screen)
