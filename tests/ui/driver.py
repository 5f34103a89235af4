"""A hand on the phone's screen: real touches, real key and keyboard events, one window, a clock that only the test moves.

Promises: a touch goes through Kivy's whole chain, so what a test taps a finger can tap; `tap` refuses what is not in sight. A stage draws a
view without the app. Leaves to others: the app itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tests import kivy_environment  # noqa: F401 - before Kivy

from kivy.base import EventLoop  # isort: skip
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.input.motionevent import MotionEvent
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from mobile.pages.blocks import Block, View
from mobile.ui.screen import KivyScreen
from mobile.ui.widgets.piece import Piece, Touchable
from mobile.ui.widgets.rows import ROW, LongListPiece
from mobile.ui.widgets.scroller import Scroller
from mobile.ui.widgets.text import Text


class Finger(MotionEvent):
    """A touch at a place of the window, in pixels from its left bottom corner."""

    count = 0

    def __init__(self, x: float, y: float) -> None:
        Finger.count += 1
        place = x / Window.width, y / Window.height
        super().__init__("finger", Finger.count, place, is_touch=True, type_id="touch")

    def depack(self, args: Any) -> None:
        self.profile = ["pos"]
        self.sx, self.sy = args
        super().depack(args)

    def go(self, kind: str, x: float | None = None, y: float | None = None) -> None:
        """`kind` is begin, update or end."""
        if x is not None and y is not None:
            self.move((x / Window.width, y / Window.height))
        EventLoop.post_dispatch_input(kind, self)


class HandClock:
    """Kivy's time, moved by hand. There is one Kivy, so there is one time: every HandClock shows and moves the same."""

    _now: ClassVar[float] = 1_000_000.0

    def __init__(self) -> None:
        Clock.time = lambda: HandClock._now
        Clock._max_fps = 0
        Clock._last_tick = HandClock._now

    def move(self, seconds: float) -> None:
        """Time passes."""
        HandClock._now += seconds


@cache
def the_clock() -> HandClock:
    """The one clock of this process: Kivy has one, so tests share one."""
    return HandClock()


class Phone:
    """The window and a hand. `screen` is what is drawn in it."""

    def __init__(self, clock: HandClock, screen: KivyScreen) -> None:
        self.clock = clock
        self.screen = screen
        Window.add_widget(screen.root)
        self._on_back: Callable[[], bool] = screen.back_in_dialog
        Window.bind(on_keyboard=self._keyboard)
        self.frames(2)

    def _keyboard(self, _: object, key: int, *rest: object) -> bool:
        return key == 27 and bool(self._on_back())

    def on_back(self, work: Callable[[], bool]) -> None:
        """What the back key does; the screen's own closing unless told otherwise."""
        self._on_back = work

    def put_away(self) -> None:
        """Leave an empty window for the next test."""
        for widget in self.screen.root.walk(restrict=True):
            if isinstance(widget, TextInput):
                widget.focus = False
        Window.unbind(on_keyboard=self._keyboard)
        Window.remove_widget(self.screen.root)
        for event in list(Clock.get_events()):
            event.cancel()

    # --- time ------------------------------------------------------------------------------------------------------

    def frames(self, count: int = 1, seconds: float = 1 / 60) -> None:
        """So many frames pass."""
        for _ in range(count):
            self.clock.move(seconds)
            EventLoop.idle()

    def advance(self, seconds: float) -> None:
        """Time passes at one blow."""
        self.clock.move(seconds)
        self.frames(2)

    # --- looking ---------------------------------------------------------------------------------------------------

    def pieces(self) -> Iterator[Widget]:
        """Everything that is drawn, page and what lies above it."""
        return self.screen.root.walk(restrict=True)

    def touchables(self) -> list[Widget]:
        """Everything a finger may touch: buttons of any kind, and fields; what lies under a dialog left out."""
        above = self.screen.root.above
        root = above[-1] if above else self.screen.root
        return [
            piece for piece in root.walk(restrict=True)
            if isinstance(piece, Touchable) or (isinstance(piece, TextInput) and piece.is_focusable)
        ]  # fmt: skip

    def texts(self) -> list[str]:
        """All words on the page (in sight or to be scrolled to) and above it, as they were meant; fields with what is in them."""
        words = []
        for piece in self.pieces():
            if isinstance(piece, TextInput):
                words += [piece.text or piece.hint_text]
            words += [text.said for text in letters(piece) if text.said]
        return words

    def find(self, wanted: str) -> Widget:
        """The touchable of this name, or with these words on it; a field by its block's name or label. LookupError names what there is."""
        found = self._named(wanted)
        if len(found) != 1:
            there = sorted({f"{names(piece)}" for piece in self.touchables()})
            raise LookupError(f"{len(found)} touchables answer to {wanted!r}; there are {', '.join(there)}")
        return found[0]

    def has(self, wanted: str) -> bool:
        """Whether there is such a touchable."""
        return bool(self._named(wanted))

    def _named(self, wanted: str) -> list[Widget]:
        by_name = [piece for piece in self.touchables() if wanted == names(piece)[0]]
        return by_name or [piece for piece in self.touchables() if wanted == names(piece)[1]]

    # --- touching --------------------------------------------------------------------------------------------------

    def tap(self, wanted: Widget | str) -> None:
        """Touch and let go; what is further down its page is scrolled to before."""
        if isinstance(wanted, str) and not self.has(wanted):
            self.bring(wanted)
        widget = self.find(wanted) if isinstance(wanted, str) else wanted
        self.reveal(widget)
        x, y = middle(widget)
        seen = 0 <= x <= Window.width and 0 <= y <= Window.height
        assert seen, f"{names(widget)} is not in sight: {x:.0f}, {y:.0f}"
        self.touch(x, y)

    def touch(self, x: float, y: float) -> None:
        """Touch and let go at a place of the window."""
        finger = Finger(x, y)
        finger.go("begin")
        self.frames(6)
        finger.go("end")
        self.frames(20)

    def swipe(self, x: float, y: float, to_x: float, to_y: float, steps: int = 8, wait: int = 60) -> None:
        """Move a finger from one place to another, and wait some frames until what it moved stands still."""
        finger = Finger(x, y)
        finger.go("begin")
        self.frames(1)
        for step in range(1, steps + 1):
            part = step / steps
            finger.go("update", x + (to_x - x) * part, y + (to_y - y) * part)
            self.frames(1)
        finger.go("end")
        self.frames(wait)

    def bring(self, wanted: str) -> None:
        """Scroll a long list to the row of this name or title, if it has one."""
        for piece in self.pieces():
            if isinstance(piece, LongListPiece):
                names_and_titles = [(row.name, row.title) for row in piece.block.rows]
                number = next((at for at, both in enumerate(names_and_titles) if wanted in both), None)
                if number is not None:
                    piece.scroller.offset = (number - 1) * ROW
                    self.frames(2)

    def reveal(self, widget: Widget) -> None:
        """Scroll until it is in sight, if it stands in something that scrolls."""
        for scroller in [parent for parent in parents(widget) if isinstance(parent, Scroller)]:
            scroller.scroll_to(widget, animate=False)
        self.frames(2)

    # --- typing ----------------------------------------------------------------------------------------------------

    def type(self, text: str) -> None:
        """A keyboard gives committed text."""
        Window.dispatch("on_textinput", text)
        self.frames(12)

    def compose(self, text: str) -> None:
        """A keyboard shows what is composed and not yet committed."""
        Window.dispatch("on_textedit", text)
        self.frames(1)

    def key(self, code: int) -> None:
        """A key goes down and up: 8 erases, 13 is Enter."""
        Window.dispatch("on_key_down", code, 0, None, [])
        Window.dispatch("on_key_up", code, 0)
        self.frames(2)

    def back(self) -> bool:
        """The back key; whether anybody took it."""
        taken = Window.dispatch("on_key_down", 27, 0, None, []) or Window.dispatch("on_keyboard", 27, 0, None, [])
        self.frames(2)
        return bool(taken)

    # --- pictures --------------------------------------------------------------------------------------------------

    def screenshot(self, path: Path) -> Path:
        """A PNG of the window."""
        self.frames(3)
        made = Path(Window.screenshot(name=str(path)))
        return made.rename(path)


class Stage:
    """Draws views without the app."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.view = View("")

    def show(self, *blocks: Block, key: str = "page", **view: Any) -> None:
        """Draw a page of these blocks; `view` is anything else of it."""
        self.show_view(View(view.pop("title", "标题"), blocks=blocks, **view), key)

    def show_view(self, view: View, key: str = "page") -> None:
        """Draw this page."""
        self.view = view
        self.phone.screen.show(view, key)
        self.phone.frames(2)


@contextmanager
def opened(clock: HandClock, screen: KivyScreen | None = None) -> Iterator[Phone]:
    """A phone with this screen; the window is empty afterwards."""
    phone = Phone(clock, screen or KivyScreen())
    try:
        yield phone
    finally:
        phone.put_away()


def letters(piece: Widget) -> list[Text]:
    """The words a piece draws itself."""
    return [text for value in vars(piece).values() for text in _texts(value)] if isinstance(piece, Piece) else []


def _texts(value: Any) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(getattr(value, "text", None), Text):  # a badge
        yield value.text


def names(piece: Widget) -> tuple[str, str]:
    """Name and words of a touchable; a field's are its block's."""
    if isinstance(piece, TextInput):
        block = piece.parent.block
        return block.name, getattr(block, "label", "") or block.hint
    return piece.name, piece.says


def parents(widget: Widget) -> Iterator[Widget]:
    """What it stands in, from the inside."""
    above = widget.parent
    while above is not None and above is not above.parent:
        yield above
        above = above.parent


def box(widget: Widget) -> tuple[float, float, float, float]:
    """Left, bottom, width and height in the window."""
    left, bottom = widget.to_window(widget.x, widget.y)
    return left, bottom, widget.width, widget.height


def middle(widget: Widget) -> tuple[float, float]:
    """Its middle in the window."""
    left, bottom, width, height = box(widget)
    return left + width / 2, bottom + height / 2
