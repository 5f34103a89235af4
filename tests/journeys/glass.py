"""The hand on a real window: the same calls as on paper, each a real touch through Kivy's whole chain, or a real key.

What is meant is looked up in the view that was shown, as on paper; what is touched is the piece of that name in the window. Time is moved
by the test. Leaves to others: touches and frames (`tests.ui.driver`).
"""

from pathlib import Path
from typing import Any

from tests.ui.driver import Phone, the_clock  # before anything of Kivy

from kivy.uix.textinput import TextInput  # isort: skip

from mobile.app import RuhuApp
from mobile.pages.blocks import (
    Banner,
    Block,
    Button,
    Choice,
    Filters,
    Item,
    Photos,
    PinPad,
    Points,
    Search,
    TextField,
    View,
)
from tests.journeys.app_phone import AppPhone
from tests.pages.hand import Hand


class GlassHand(Hand):
    """Touches a window."""

    def __init__(self, phone: AppPhone) -> None:
        phone.device.text_dialog.available = False  # notes are typed into the field itself
        self.kivy = RuhuApp(phone.folder, device=phone.device, profiles=phone.profiles())
        self.kivy.build()
        self.glass = Phone(the_clock(), self.kivy.screen)
        self.glass.on_back(lambda: False)  # the app's own way
        self._view: View | None = None
        show = self.kivy.screen.show

        def shown(view: View, page_key: str) -> None:
            self._view = view
            show(view, page_key)

        self.kivy.screen.show = shown  # type: ignore[method-assign]
        self.kivy.on_start()
        self.glass.frames(2)
        super().__init__(self.kivy.pages, self.kivy.screen)  # type: ignore[arg-type]

    # --- seeing ----------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        assert self._view is not None
        return self._view

    def words(self) -> str:
        self.glass.frames(1)
        return "\n".join(self.glass.texts())

    # --- touching --------------------------------------------------------------------------------------------------

    def tap(self, wanted: str, part: str = "") -> None:
        self.taps += 1
        name = self._name(wanted, part)
        if not self.glass.has(name) and isinstance(self._found(wanted), Item):
            raise LookupError(f"{wanted!r} is not in sight")
        self.glass.tap(name)

    def _name(self, wanted: str, part: str) -> str:
        """What the window calls it."""
        if self.kivy.screen.root.above or (
            self.kivy.screen.root.toast and self.glass.has("toast") and not self._found(wanted)
        ):
            return wanted if self.glass.has(wanted) else "toast"
        tab = next((tab for tab in self.view.tabs if wanted in (tab.code, tab.label)), None)
        if tab and not part:
            return f"tab.{tab.code}"
        block = self.block(wanted)
        if isinstance(block, Choice | Filters):
            return f"{block.name}.{next(o.code for o in block.options if part in (o.code, o.label))}"
        if isinstance(block, TextField):
            return f"{block.name}.{block.phrases.index(part)}"
        if isinstance(block, Points):
            return f"{block.name}.{ {'+': 'plus', '-': 'minus', 'full': 'full'}[part] }"
        if isinstance(block, PinPad | Photos):
            return f"{block.name}.{part}"
        assert isinstance(block, Button | Banner | Item), f"{wanted!r} cannot be touched"
        return block.name

    def _found(self, wanted: str) -> Block | None:
        try:
            return self.block(wanted)
        except LookupError:
            return None

    def type(self, wanted: str, text: str) -> None:
        block = self.block(wanted)
        assert isinstance(block, TextField | Search), f"{wanted!r} takes no words"
        field = next(
            piece for piece in self.glass.touchables()
            if isinstance(piece, TextInput) and piece.parent.block.name == block.name
        )  # fmt: skip
        self.glass.tap(field)
        field.select_all()
        field.delete_selection()
        for part in text:
            self.glass.type(part)
        self.glass.frames(12)

    def pin(self, digits: str) -> None:
        for digit in digits:
            self.tap("pin", digit)

    def back(self) -> None:
        self.glass.back()

    # --- time ------------------------------------------------------------------------------------------------------

    def breathe(self) -> None:
        import threading

        threading.Event().wait(0.02)  # other threads work while the window waits for a frame
        self.glass.frames(1)

    def pass_time(self) -> None:
        self.glass.advance(1.1)

    def put_away(self) -> None:
        self.kivy.on_stop()
        self.glass.put_away()

    def has(self, wanted: str) -> bool:
        """Whether there is such a block on the page."""
        return self._found(wanted) is not None

    def still(self, down: float = 0) -> None:
        """Nothing moves any more; the page is scrolled `down` by so many dp."""
        self.glass.frames(30)
        body = self.kivy.screen.root.body
        if body is not None:
            body.offset = down
        self.glass.frames(5)

    def screenshot(self, path: Path) -> Path:
        """A PNG of the window."""
        return self.glass.screenshot(path)


def on_glass(phone: Any) -> Hand:
    """The app in a real window."""
    return GlassHand(phone)
