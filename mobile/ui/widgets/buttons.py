"""Buttons: one alone, or two or three side by side.

Promises: the whole label is to be read: it goes on two lines or gets smaller before anything is cut; buttons whose words do not fit side by
side stand one above the other. A button that is off looks so and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from mobile.pages.blocks import Button, Buttons
from mobile.ui.theme import (
    BRAND,
    BRAND_DEEP,
    BUTTON,
    BUTTON_EDGE,
    CARD,
    DANGER,
    DANGER_DEEP,
    GAP,
    INK,
    NAME,
    NEAR,
    OFF,
    ON_BRAND,
    ON_OFF,
    PRESSED,
    SMALL,
    TOUCH,
    Colour,
)
from mobile.ui.widgets.piece import BlockPiece, Piece, Touchable
from mobile.ui.widgets.shapes import CLEAR, Plate
from mobile.ui.widgets.text import Text, width_of


class ButtonPiece(Touchable, BlockPiece[Button]):
    """One button, as wide as it is told to be."""

    filled_danger: ClassVar[bool] = False
    """In a dialog the dangerous answer is filled."""

    def __init__(self, block: Button) -> None:
        super().__init__(block=block)
        self._plate = Plate(self.canvas, BRAND, BRAND)
        self._label = Text(self.canvas, NAME, ON_BRAND, bold=True, align="center")
        self._small = Text(self.canvas, SMALL, ON_BRAND, bold=True, align="center")

    def colours(self, pressed: bool) -> tuple[Colour, Colour, Colour]:
        """Fill, edge and ink."""
        style = self.block.style
        if not self.block.enabled:
            return OFF, OFF, ON_OFF
        if style == "primary":
            fill = BRAND_DEEP if pressed else BRAND
            return fill, fill, ON_BRAND
        if style == "danger" and self.filled_danger:
            fill = DANGER_DEEP if pressed else DANGER
            return fill, fill, ON_BRAND
        ink = DANGER if style == "danger" else BRAND
        return PRESSED if pressed else CARD, ink, ink

    def paint(self, pressed: bool) -> None:
        fill, edge, ink = self.colours(pressed)
        self._plate.paint(fill, edge)
        self._label.paint(ink)
        self._small.paint(ink)

    def lay(self, width: float) -> float:
        self.name = self.block.name
        self.says = self.block.label
        self.disabled = not self.block.enabled
        room = width - 2 * GAP
        big = width_of(self.block.label, NAME, True) <= room
        self._label.say(self.block.label if big else "", room, lines=1)
        self._small.say("" if big else self.block.label, room)
        label = self._label if big else self._small
        height = max(BUTTON, label.height + 2 * NEAR)
        self._plate.put(0, 0, width, height, BUTTON_EDGE if self.block.style != "primary" else 0)
        label.put_middle(0, 0, width, height)
        self.paint(self.state == "down")
        return height

    def tap(self) -> None:
        self.block.on_tap()


class PlainButton(Touchable):
    """Words to touch, without an edge: in banners and toasts."""

    def __init__(self, on_tap: Callable[[], None], ink: Colour = INK, pressed: Colour = PRESSED) -> None:
        self.on_tap = on_tap
        self.ink, self.pressed_fill = ink, pressed
        super().__init__()
        self._plate = Plate(self.canvas, CLEAR)
        self._label = Text(self.canvas, NAME, ink, bold=True, align="center")

    def paint(self, pressed: bool) -> None:
        self._plate.paint(self.pressed_fill if pressed else CLEAR)

    def lay(self, width: float) -> float:
        width = max(width, TOUCH)
        self.width = width
        self._label.say(self.says, width, ink=self.ink)
        height = max(TOUCH, self._label.height + NEAR)
        self._label.put_middle(0, 0, width, height)
        self._plate.put(0, 0, width, height)
        return height

    def tap(self) -> None:
        self.on_tap()


class ButtonRow(Piece):
    """Up to three buttons side by side; one above the other where their words need it."""

    make: ClassVar[type[ButtonPiece]] = ButtonPiece

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[ButtonPiece] = []

    def show(self, buttons: Sequence[Button]) -> None:
        """Hold these."""
        while len(self.buttons) > len(buttons):
            self.remove_widget(self.buttons.pop())
        for number, button in enumerate(buttons):
            if number < len(self.buttons):
                self.buttons[number].show(button)
            else:
                self.buttons.append(self.make(button))
                self.add_widget(self.buttons[number])
        self.stale()

    def lay(self, width: float) -> float:
        if not self.buttons:
            return 0
        across = width - GAP * (len(self.buttons) - 1)
        wanted = [width_of(piece.block.label, SMALL, True) + 2 * GAP for piece in self.buttons]
        each = across / len(self.buttons)
        if all(one <= each for one in wanted):
            shares = [each] * len(wanted)
        elif sum(wanted) <= across:  # the longer words get the wider button
            shares = [one + (across - sum(wanted)) / len(wanted) for one in wanted]
        else:
            return self._stack(width)
        x = 0.0
        for piece, share in zip(self.buttons, shares, strict=True):
            piece.fit(round(x + share) - round(x))
            piece.put(x, 0)
            x += share + GAP
        return max(piece.height for piece in self.buttons)

    def _stack(self, width: float) -> float:
        down = 0.0
        for piece in self.buttons:
            piece.fit(width)
            piece.put(0, down)
            down += piece.height + GAP
        return down - GAP


class ButtonsPiece(BlockPiece[Buttons]):
    """Buttons side by side."""

    def __init__(self, block: Buttons) -> None:
        super().__init__(block)
        self.row = ButtonRow()
        self.row.show(block.buttons)
        self.add_widget(self.row)

    def show(self, block: Buttons) -> None:
        super().show(block)
        self.row.show(block.buttons)

    def lay(self, width: float) -> float:
        height = self.row.fit(width)
        self.row.put(0, 0)
        return height
