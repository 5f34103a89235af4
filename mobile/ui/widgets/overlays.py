"""What lies above a page: a word in passing, a question, and a note that is written on a sheet of its own.

Promises: while a question or a sheet is open nothing below it can be touched. Leaves to others: when they open and close (`screen`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from kivy.metrics import dp

from mobile.pages.blocks import Button, TextField
from mobile.ui.theme import (
    BODY,
    CARD,
    GAP,
    INK,
    INSET,
    MARGIN,
    NAME,
    NEAR,
    ON_TOAST,
    ON_TOAST_BUTTON,
    PAPER,
    QUIET,
    ROW_PAD,
    SHADE,
    TITLE,
    TOAST,
)
from mobile.ui.widgets.buttons import ButtonPiece, ButtonRow, PlainButton
from mobile.ui.widgets.chrome import Header
from mobile.ui.widgets.fields import TextFieldPiece
from mobile.ui.widgets.piece import Column, Piece
from mobile.ui.widgets.scroller import Scroller
from mobile.ui.widgets.shapes import Bar, Plate
from mobile.ui.widgets.text import Text, width_of

PRESSED_TOAST = (0.24, 0.30, 0.27, 1.0)
WIDEST = round(dp(420))


class Toast(Piece):
    """A dark strip above the bottom."""

    def __init__(self, text: str, button: str, on_tap: Callable[[], None]) -> None:
        super().__init__()
        self._said, self._button = text, button
        self._plate = Plate(self.canvas, TOAST)
        self._words = Text(self.canvas, BODY, ON_TOAST)
        self._key = PlainButton(on_tap, ON_TOAST_BUTTON, PRESSED_TOAST)
        self._key.name, self._key.says = "toast", button
        if button:
            self.add_widget(self._key)

    def lay(self, width: float) -> float:
        key = width_of(self._button, NAME, True) + 2 * GAP if self._button else 0
        beside = key < width * 0.4
        self._words.say(self._said, width - 2 * INSET - (key if beside else 0))
        height = self._words.height + 2 * ROW_PAD
        if self._button:
            self._key.fit(key)
            if beside:
                height = max(height, self._key.height + 2 * NEAR)
                self._key.put(width - key - NEAR, (height - self._key.height) / 2)
            else:
                self._key.put(width - key - NEAR, height - NEAR)
                height += self._key.height
        words = height if beside or not self._button else height - self._key.height
        self._words.put_middle(INSET, 0, self._words.width, words)
        self._plate.put(0, 0, width, height)
        return height


class Overlay(Piece):
    """Covers the whole window and takes every touch."""

    def __init__(self) -> None:
        super().__init__()
        self._room = 0.0

    def cover(self, width: float, height: float) -> None:
        """Take the window's size."""
        if self._room != height:
            self._room = height
            self.stale()
        self.fit(width)
        self.put(0, 0)

    def leave(self) -> None:
        """It is closed."""

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True


class AnswerPiece(ButtonPiece):
    """A button of a dialog: the dangerous one is filled, so that it is seen for what it is."""

    filled_danger: ClassVar[bool] = True


class Answers(ButtonRow):
    """A dialog's buttons."""

    make = AnswerPiece


class Words(Piece):
    """What a dialog says, to be scrolled where it is long."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._said = text
        self._text = Text(self.canvas, BODY, QUIET)

    def lay(self, width: float) -> float:
        self._text.say(self._said, width).put(0, 0)
        return self._text.height


class Dialog(Overlay):
    """A question in the middle of the window."""

    def __init__(self, title: str, text: str, buttons: Sequence[Button]) -> None:
        super().__init__()
        self._shade = Bar(self.canvas, SHADE)
        self._plate = Plate(self.canvas, CARD, radius=dp(18))
        self._asked = title
        self._title = Text(self.canvas, TITLE, INK, bold=True)
        self._words = Words(text)
        self._scroller = Scroller()
        self._scroller.add_widget(self._words)
        self._answers = Answers()
        self._answers.show(buttons)
        self.add_widget(self._scroller)
        self.add_widget(self._answers)

    def lay(self, width: float) -> float:
        height = self._room
        self._shade.put(0, 0, width, height)
        across = min(width - 2 * MARGIN - NEAR, WIDEST)
        inner = across - 2 * INSET - NEAR
        self._title.say(self._asked, inner, lines=3)
        answers = self._answers.fit(inner)
        spare = height - 4 * INSET - self._title.height - answers - 3 * INSET
        words = min(self._words.fit(inner), spare)
        head = INSET + NEAR / 2 + self._title.height + (NEAR if self._title.height else 0)
        whole = head + words + INSET + NEAR + answers + INSET + NEAR / 2
        left, down = (width - across) / 2, (height - whole) / 2
        self._plate.put(left, down, across, whole)
        left = round(left + INSET + NEAR / 2)
        self._title.put(left, down + INSET + NEAR / 2)
        self._scroller.size = inner, words
        self._scroller.pos = left, round(-down - head - words)
        self._answers.put(left, down + head + words + INSET + NEAR)
        return height


class Sheet(Overlay):
    """A note on a sheet of its own, high enough to see what was said; each letter is told at once, so closing it needs no saving."""

    def __init__(
        self, block: TextField, text: str, on_text: Callable[[str], None], on_close: Callable[[], None]
    ) -> None:
        super().__init__()
        self._ground = Bar(self.canvas, PAPER)
        self._header = Header(on_close)
        self._header.show(block.label, "", True, None)
        self.field = TextFieldPiece(
            replace(block, label="", text=text, lines=6, on_text=on_text, name=f"{block.name}.sheet")
        )
        self._column = Column()
        self._column.fill([self.field])
        self._scroller = Scroller()
        self._scroller.add_widget(self._column)
        self.add_widget(self._header)
        self.add_widget(self._scroller)

    def leave(self) -> None:
        self.field.leave()

    def refit(self) -> None:
        """The note has grown."""
        self.fit(self.width)

    def lay(self, width: float) -> float:
        self._ground.put(0, 0, width, self._room)
        top = self._header.fit(width)
        self._header.put(0, 0)
        offset = self._scroller.offset
        self._column.fit(width)
        self._scroller.size = width, self._room - top
        self._scroller.pos = 0, -self._room
        self._scroller.keep(offset)
        return self._room
