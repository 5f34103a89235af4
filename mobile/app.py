"""The app on a screen: Kivy's life cycle joined to the pages, and nothing else.

Promises: what takes long to import or to open waits until the first page is drawn; leaving and coming back are told to the pages. Leaves
to others: pages (`pages.application`), drawing (`ui.screen`), the device (`device`), profiles and their locks (`profiles`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.core.window import Window

from mobile.device import here
from mobile.pages.application import Application
from mobile.pages.blocks import TextField
from mobile.profiles import Profiles
from mobile.ui.screen import KivyScreen

BACK_KEY = 27
TEXT_DIALOG = "text_dialog"


class RuhuApp(App):
    """`folder` holds the profiles and settings; `given` overrides what an Application is made with, for tests."""

    title = "入户 Ruhu"

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__()
        self._folder = folder
        self._given = given

    def build(self) -> Any:
        self.screen = KivyScreen()
        device = self._given.pop("device", None) or here(self._folder, self.screen.soon)
        profiles = self._given.pop("profiles", None) or Profiles(self._folder / "profiles", device.key_store)
        self.pages = Application(self.screen, self._folder, device, profiles, **self._given)
        self.screen.on_back = self.pages.back
        self.screen.on_tab = self.pages.go
        if device.text_dialog.available:
            self.screen.text_dialog = self._write_note
        Window.bind(on_keyboard=self._key)
        return self.screen.root

    def on_start(self) -> None:
        self.pages.start()
        self.screen.after(1.0, _settle)

    def on_pause(self) -> bool:
        self.pages.paused()
        return True

    def on_resume(self) -> None:
        self.pages.resumed()
        self.screen.root.canvas.ask_update()

    def on_stop(self) -> None:
        Window.unbind(on_keyboard=self._key)
        self.pages.stopped()

    def _key(self, window: Any, key: int, *args: Any) -> bool:
        if key != BACK_KEY:
            return False
        self.pages.back()
        return True

    def _write_note(self, block: TextField, text: str, heard: Callable[[str], None]) -> None:
        """A note goes to the system's own text box, where every input method works, unless the person prefers ours."""
        if not self.pages.settings.get(TEXT_DIALOG, True):
            self.screen.sheet(block, text, heard)
            return

        def done(said: str | None) -> None:
            if said is not None:
                heard(said)

        self.pages.device.text_dialog.ask(block.label, text, block.lines > 1, block.hint, done)


def _settle() -> None:
    """What was imported stays for good: the collector need not look through it again at every pause."""
    gc.collect()
    gc.freeze()
