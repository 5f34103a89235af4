"""A line of a score sheet: minus, the points, plus, and a button with a tick for the full mark.

Promises: points stay between nothing and the full mark; whole points go up and down by one, where the full mark is no whole number by a half.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.metrics import dp

from mobile.pages.blocks import Points
from mobile.ui.theme import (
    BODY,
    BRAND,
    BRAND_DEEP,
    BRAND_TINT,
    CARD,
    EDGE,
    GAP,
    HINT,
    ICON,
    INK,
    INSET,
    NAME,
    NEAR,
    OFF,
    ON_OFF,
    PRESSED,
    QUIET,
    RADIUS_SMALL,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TITLE,
    TOUCH,
)
from mobile.ui.widgets.last_time import LastTime
from mobile.ui.widgets.piece import BlockPiece, Touchable
from mobile.ui.widgets.shapes import Card, Icon, Plate
from mobile.ui.widgets.text import Text

KEY = round(dp(52))


def told(points: float) -> str:
    """Points without needless noughts: 5, 2.5."""
    return f"{points:g}"


class Step(Touchable):
    """A square key with an icon, and words beside it where it has some."""

    once = False

    def __init__(self, icon: str, on_tap: Callable[[], None]) -> None:
        super().__init__()
        self._on_tap = on_tap
        self.on = False
        self._plate = Plate(self.canvas, CARD, EDGE, radius=RADIUS_SMALL)
        self._icon = Icon(self.canvas, icon, BRAND, size=ICON * (0.75 if icon == "tick" else 0.9), thick=THICK * 0.75)
        self._label = Text(self.canvas, NAME, BRAND, bold=True)

    def show(self, words: str, enabled: bool, on: bool = False) -> None:
        """What stands on it, whether it does anything, whether it is the one that holds."""
        if (words, not enabled, on) != (self._label.said, self.disabled, self.on):
            self.disabled, self.on = not enabled, on
            self._label.say(words, 3 * KEY, lines=1)
            self.stale()

    def paint(self, pressed: bool) -> None:
        if self.disabled:
            fill, edge, ink = OFF, OFF, ON_OFF
        else:
            fill = PRESSED if pressed else BRAND_TINT if self.on else CARD
            edge, ink = BRAND if self.on else EDGE, BRAND_DEEP if self.on else BRAND
        self._plate.paint(fill, edge)
        self._icon.paint(ink)
        self._label.paint(ink)

    def lay(self, width: float) -> float:
        side = self._icon.size
        words = self._label.width + NEAR if self._label.said else 0
        left = (width - side - words) / 2
        self._plate.put(0, 0, width, TOUCH, THICK if self.on else THIN)
        self._icon.put(left, (TOUCH - side) / 2)
        self._label.put_middle(left + side + NEAR, 0, self._label.width, TOUCH)
        self.paint(self.state == "down")
        return TOUCH

    def tap(self) -> None:
        self._on_tap()


class PointsPiece(BlockPiece[Points]):
    """The label above, the keys below, on a card with its neighbours."""

    card = "form"

    def __init__(self, block: Points) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        self._label = Text(self.canvas, BODY, INK, bold=True)
        self._before = LastTime(self.canvas)
        self._value = Text(self.canvas, TITLE, INK, bold=True, align="center")
        self._of = Text(self.canvas, SMALL, QUIET)
        self._minus = Step("minus", lambda: self._step(-1))
        self._plus = Step("plus", lambda: self._step(1))
        self._full = Step("tick", lambda: self.block.on_value(self.block.full))
        for key in (self._minus, self._plus, self._full):
            self.add_widget(key)

    def _step(self, way: int) -> None:
        block = self.block
        by = 1.0 if float(block.full).is_integer() else 0.5
        # Unscored, minus begins from the full mark: most is lost point by point.
        start = block.value if block.value is not None else (block.full if way < 0 else 0.0)
        block.on_value(max(0.0, min(block.full, start + way * by)))

    def lay(self, width: float) -> float:
        block, inner = self.block, width - 2 * INSET
        self._label.say(block.label, inner).put(INSET, ROW_PAD)
        down = ROW_PAD + self._label.height
        down += self._before.show(block.before, INSET, down, inner) + NEAR
        self._minus.show("", block.value is None or block.value > 0)
        self._plus.show("", block.value is None or block.value < block.full)
        self._full.show(told(block.full), True, on=block.value == block.full)
        for key, name in ((self._minus, "minus"), (self._plus, "plus"), (self._full, "full")):
            key.name = f"{block.name}.{name}"
        self._full.fit(round(KEY * 1.6))
        self._full.put(width - INSET - self._full.width, down)
        self._minus.fit(KEY)
        self._minus.put(INSET, down)
        middle = inner - self._full.width - GAP - 2 * KEY
        self._plus.fit(KEY)
        self._plus.put(INSET + KEY + middle, down)
        self._value.say(
            "–" if block.value is None else told(block.value), middle, ink=HINT if block.value is None else INK
        )
        self._of.say(f"/ {told(block.full)}", middle)
        left = round(INSET + KEY + (middle - self._value.width - NEAR - self._of.width) / 2)
        self._value.put_middle(left, down, self._value.width, TOUCH)
        self._of.put_middle(left + self._value.width + NEAR, down + THIN, self._of.width, TOUCH)
        height = down + TOUCH + ROW_PAD + THICK
        self._card.put(width, height, self.first, self.last)
        return height
