"""A PIN pad: dots above, ten digits and an eraser below.

Promises: no digit is drawn when it is touched but by the key's own shade; while it is off, no key does anything.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.metrics import dp

from mobile.pages.blocks import PinPad
from mobile.ui.theme import (
    BODY,
    BRAND,
    CARD,
    DIGIT,
    EDGE,
    GAP,
    ICON,
    INK,
    INSET,
    NEAR,
    OFF,
    ON_OFF,
    PAPER,
    PRESSED,
    THICK,
    TONE_INK,
)
from mobile.ui.widgets.piece import BlockPiece, Touchable
from mobile.ui.widgets.shapes import CLEAR, Disc, Icon, Plate
from mobile.ui.widgets.text import Text, line_height

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "erase")
HIGH = round(dp(60))
DOT = round(dp(16))


class Key(Touchable):
    """One key."""

    once = False

    def __init__(self, key: str, on_tap: Callable[[str], None]) -> None:
        super().__init__()
        self._on_tap = on_tap
        self.key = key
        self.says = key if key != "erase" else ""
        self._plate = Plate(self.canvas, CARD)
        self._label = Text(self.canvas, DIGIT, INK, bold=True)
        self._icon = Icon(self.canvas, "erase" if key == "erase" else "", INK, size=ICON * 1.25, thick=THICK * 0.6)

    def paint(self, pressed: bool) -> None:
        rest = CLEAR if self.key == "erase" else OFF if self.disabled else CARD
        self._plate.paint(PRESSED if pressed else rest)

    def lay(self, width: float) -> float:
        ink = ON_OFF if self.disabled else INK
        self._plate.put(0, 0, width, HIGH)
        self._label.say(self.says, width, ink=ink)
        self._label.put_middle(0, 0, width, HIGH)
        self._icon.paint(ink)
        self._icon.put_middle(0, 0, width, HIGH)
        self.paint(self.state == "down")
        return HIGH

    def tap(self) -> None:
        self._on_tap(self.key)


class PinPadPiece(BlockPiece[PinPad]):
    """The whole pad; on a high page the keys stand low, where the thumb is."""

    spread = True

    def __init__(self, block: PinPad) -> None:
        super().__init__(block)
        self._message = Text(self.canvas, BODY, INK, align="center")
        self._dots: list[tuple[Disc, Disc]] = []
        self._keys = [Key(key, self._typed) for key in KEYS if key]
        for key in self._keys:
            self.add_widget(key)

    def _typed(self, key: str) -> None:
        if key == "erase":
            self.block.on_erase()
        else:
            self.block.on_digit(key)

    def lay(self, width: float) -> float:
        block = self.block
        while len(self._dots) < block.length:
            self._dots.append((Disc(self.canvas, EDGE), Disc(self.canvas, PAPER)))
        down = GAP + self.spare * 0.3
        step = DOT + INSET
        left = (width - step * (block.length - 1)) / 2
        for number, (dot, hole) in enumerate(self._dots):
            there, filled = number < block.length, number < block.typed
            dot.paint(BRAND if filled else EDGE)
            dot.put(left + number * step, down + DOT / 2, DOT if there else 0)
            hole.put(left + number * step, down + DOT / 2, DOT - 2 * THICK if there and not filled else 0)
        down += DOT + GAP
        # Two lines are always kept, so that the keys stay where the thumb knows them.
        self._message.say(block.message, width, ink=TONE_INK[block.tone])
        self._message.put_middle(0, down, width, max(self._message.height, 2 * line_height(BODY)))
        down += max(self._message.height, 2 * line_height(BODY)) + NEAR + self.spare * 0.5
        across = min(width, round(dp(320)))
        each = round((across - 2 * GAP) / 3)
        for key in self._keys:
            at = KEYS.index(key.key)
            key.name = f"{block.name}.{key.key}" if block.name else key.key
            if key.disabled == block.enabled:
                key.disabled = not block.enabled
                key.stale()
            key.fit(each)
            key.put((width - across) / 2 + (at % 3) * (each + GAP), down + (at // 3) * (HIGH + GAP))
        return down + 4 * (HIGH + GAP) - GAP + self.spare * 0.2
