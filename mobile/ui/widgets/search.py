"""The search line above a list.

Promises: it is heard a moment after the last key, at once on Enter, and never with half-typed pinyin. Leaves to others: finding.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.clock import Clock
from kivy.metrics import dp

from mobile.pages.blocks import Search
from mobile.ui.theme import BODY, BRAND, CARD, EDGE, FIELD, ICON, MARGIN, NEAR, QUIET, THICK, THIN, TOUCH
from mobile.ui.widgets.ime import ImeTextInput
from mobile.ui.widgets.piece import BlockPiece, Touchable
from mobile.ui.widgets.shapes import Icon, Plate
from mobile.ui.widgets.text import line_height

PAUSE_S = 0.15
"""How long after the last key it is heard."""


class Cross(Touchable):
    """Empties the search line."""

    def __init__(self, on_tap: Callable[[], None]) -> None:
        super().__init__()
        self._on_tap = on_tap
        self._icon = Icon(self.canvas, "cross", QUIET, size=ICON * 0.8, thick=dp(1.2))

    def lay(self, width: float) -> float:
        self._icon.put_middle(0, 0, width, FIELD)
        return FIELD

    def tap(self) -> None:
        self._on_tap()


class SearchPiece(BlockPiece[Search]):
    """A round line with a magnifier; the cross empties it."""

    reusable = False

    def __init__(self, block: Search) -> None:
        super().__init__(block)
        self._box = Plate(self.canvas, CARD, EDGE, radius=FIELD / 2)
        self._lens = Icon(self.canvas, "search", QUIET, thick=dp(1.3))
        self.input = ImeTextInput(self._typed, multiline=False)
        self.input.tell(block.text)
        self.input.bind(focus=self._focused, on_text_validate=lambda _: self._say())
        self.add_widget(self.input)
        self._cross = Cross(self._empty)
        self._waiting = Clock.create_trigger(lambda _: self._say(), PAUSE_S)

    def show(self, block: Search) -> None:
        super().show(block)
        self.input.tell(block.text)
        self._show_cross()

    def leave(self) -> None:
        self._waiting.cancel()
        self.input.focus = False

    def _typed(self, _: str) -> None:
        self._show_cross()
        self._waiting.cancel()
        self._waiting()

    def _say(self) -> None:
        self._waiting.cancel()
        self.block.on_text(self.input.committed)

    def _empty(self) -> None:
        self.input.drop_preedit()
        self.input.text = ""
        self._say()

    def _show_cross(self) -> None:
        wanted = bool(self.input.text)
        if wanted and self._cross.parent is None:
            self.add_widget(self._cross)
        elif not wanted and self._cross.parent is not None:
            self.remove_widget(self._cross)

    def _focused(self, _: object, focused: bool) -> None:
        self._box.paint(CARD, BRAND if focused else EDGE)
        self._box.put(0, 0, self.width, FIELD, THICK if focused else THIN)

    def lay(self, width: float) -> float:
        self._lens.put(MARGIN, (FIELD - ICON) / 2)
        left = MARGIN + ICON
        field = self.input
        field.hint_text = self.block.hint
        pad = (FIELD - line_height(BODY)) / 2
        field.padding = [NEAR, pad, NEAR, 0]
        field.size = width - left - TOUCH - NEAR, FIELD
        field.pos = left, -FIELD
        self._cross.name = f"{self.block.name}.clear"
        self._cross.fit(TOUCH)
        self._cross.put(width - TOUCH - NEAR, 0)
        self._show_cross()
        self._focused(None, field.focus)
        return FIELD
