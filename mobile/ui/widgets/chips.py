"""Options to choose from: big chips in aligned columns, and small ones in a line that narrow a list.

Promises: what is chosen is told by a tint, a thick edge and a drawn tick, never by colour alone, and choosing moves nothing; a chip too long
for a column spans two or takes two lines. Leaves to others: what choosing does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from kivy.metrics import dp

from mobile.pages.blocks import Choice, Filters, Option
from mobile.ui.theme import (
    BODY,
    BRAND,
    BRAND_DEEP,
    BRAND_TINT,
    CARD,
    EDGE,
    INK,
    INSET,
    MARGIN,
    NEAR,
    PRESSED,
    QUIET,
    RADIUS_SMALL,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TONE_INK,
    TOUCH,
)
from mobile.ui.widgets.last_time import LastTime
from mobile.ui.widgets.piece import BlockPiece, Piece, Touchable
from mobile.ui.widgets.scroller import Scroller
from mobile.ui.widgets.shapes import CLEAR, Card, Icon, Plate
from mobile.ui.widgets.text import Text, width_of

MARKER = round(dp(18))
CHIP_PAD = round(dp(10))
BESIDE = round(dp(6))
"""Between a chip's marker and its words."""
BETWEEN = round(dp(7))
"""Between chips. All four so small that three chips of three characters stand side by side."""
LIST_COMMA = "、"
"""Between the labels in `Choice.before`."""


class Chip(Touchable):
    """One option: a circle to fill (or a box, where several may be on) and its words."""

    once = False

    def __init__(self, on_pick: Callable[[str], None], many: bool) -> None:
        super().__init__()
        self._on_pick = on_pick
        self.option = Option("", "")
        self.on = self.faint = False
        self._plate = Plate(self.canvas, CARD, EDGE, radius=RADIUS_SMALL)
        self._marker = Plate(self.canvas, CARD, EDGE, radius=dp(5) if many else MARKER / 2)
        self._tick = Icon(self.canvas, "tick", CLEAR, size=MARKER - dp(4), thick=dp(1.3))
        self._before = Icon(self.canvas, "before", CLEAR, size=MARKER, thick=dp(1))
        self._label = Text(self.canvas, BODY, INK)

    def show(self, option: Option, block_name: str, on: bool, faint: bool) -> None:
        """Be this option, chosen or not; `faint` is last time's answer."""
        if (option, on, faint) != (self.option, self.on, self.faint):
            self.option, self.on, self.faint = option, on, faint
            self.stale()
        self.name, self.says = f"{block_name}.{option.code}", option.label

    def paint(self, pressed: bool) -> None:
        edge = BRAND if self.on else EDGE
        self._plate.paint(PRESSED if pressed else BRAND_TINT if self.on else CARD, edge)
        if self.faint:  # a tick, however pale, would be read as an answer
            self._marker.paint(CLEAR, CLEAR)
        else:
            self._marker.paint(BRAND if self.on else CARD, edge)
        self._tick.paint(CARD if self.on else CLEAR)
        self._before.paint(QUIET if self.faint else CLEAR)

    @staticmethod
    def wanted(label: str) -> int:
        """The width that shows the label on one line."""
        return width_of(label, BODY, False) + MARKER + BESIDE + 2 * CHIP_PAD

    def lay(self, width: float) -> float:
        left = CHIP_PAD + MARKER + BESIDE
        self._label.say(self.option.label, width - left - CHIP_PAD + THIN, ink=BRAND_DEEP if self.on else INK)
        height = max(TOUCH, self._label.height + 2 * NEAR)
        self._plate.put(0, 0, width, height, THICK if self.on else THIN)
        down = (height - MARKER) / 2
        self._marker.put(CHIP_PAD, down, MARKER, MARKER, THICK if self.on else round(dp(1.5)))
        self._tick.put_middle(CHIP_PAD, down, MARKER, MARKER)
        self._before.put(CHIP_PAD, down)
        self._label.put_middle(left, 0, self._label.width, height)
        self.paint(self.state == "down")
        return height

    def tap(self) -> None:
        self._on_pick(self.option.code)


class ChoicePiece(BlockPiece[Choice]):
    """A question and its chips, on a card with its neighbours."""

    card = "form"

    def __init__(self, block: Choice) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        self._label = Text(self.canvas, BODY, INK, bold=True)
        self._before = LastTime(self.canvas)
        self._note = Text(self.canvas, SMALL, QUIET)
        self._chips: list[Chip] = []
        self._many = block.many

    def lay(self, width: float) -> float:
        block = self.block
        if block.many != self._many:  # circles become boxes
            self._many = block.many
            while self._chips:
                self.remove_widget(self._chips.pop())
        while len(self._chips) > len(block.options):
            self.remove_widget(self._chips.pop())
        while len(self._chips) < len(block.options):
            self._chips.append(Chip(lambda code: self.block.on_pick(code), block.many))
            self.add_widget(self._chips[-1])
        inner = width - 2 * INSET
        self._label.say(block.label, inner).put(INSET, ROW_PAD)
        down = ROW_PAD + self._label.height + (NEAR if block.label else 0)
        last_time = set(block.before.split(LIST_COMMA)) if block.before and not block.chosen else set()
        known = {word for option in block.options for word in (option.code, option.label)}
        untold = "" if last_time <= known else block.before  # else the chips themselves tell it
        down += self._before.show(untold, INSET, down - NEAR, inner)
        for chip, option in zip(self._chips, block.options, strict=True):
            chip.show(option, block.name, option.code in block.chosen, bool(last_time & {option.code, option.label}))
        down += self._arrange(INSET, down, inner)
        self._note.say(block.note, inner, ink=TONE_INK[block.note_tone]).put(INSET, down + NEAR)
        if block.note:
            down += NEAR + self._note.height
        height = down + ROW_PAD + THICK
        self._card.put(width, height, self.first, self.last)
        return height

    def _arrange(self, left: float, top: float, width: float) -> float:
        """Place the chips in as many columns as need the fewest rows; the answer is the height they take."""
        if not self._chips:
            return 0
        wanted = [Chip.wanted(chip.option.label) for chip in self._chips]
        columns = min((1, 2, 3), key=lambda count: len(_rows(wanted, width, count)))
        each = (width - BETWEEN * (columns - 1)) / columns
        chips, down = iter(self._chips), 0.0
        for row in _rows(wanted, width, columns):
            x, high = left, 0.0
            for span in row:
                chip = next(chips)
                across = span * each + (span - 1) * BETWEEN
                high = max(high, chip.fit(round(across)))
                chip.put(x, top + down)
                x += across + BETWEEN
            down += high + BETWEEN
        return down - BETWEEN


def _rows(wanted: Sequence[float], width: float, columns: int) -> list[list[int]]:
    """How many columns each chip spans, row by row, where each needs so many pixels."""
    each = (width - BETWEEN * (columns - 1)) / columns
    rows: list[list[int]] = [[]]
    for pixels in wanted:
        span = min(columns, ceil((pixels + BETWEEN) / (each + BETWEEN)))
        if sum(rows[-1]) + span > columns:
            rows.append([])
        rows[-1].append(span)
    return rows


class Filter(Touchable):
    """One small chip: filled where it is on, with a tick."""

    once = False

    def __init__(self, on_pick: Callable[[str], None]) -> None:
        super().__init__()
        self._on_pick = on_pick
        self.option, self.on = Option("", ""), False
        self._plate = Plate(self.canvas, CARD, EDGE, radius=TOUCH / 2)
        self._tick = Icon(self.canvas, "tick", CLEAR, size=MARKER * 0.8, thick=dp(1.2))
        self._label = Text(self.canvas, SMALL, INK)

    def show(self, option: Option, block_name: str, on: bool) -> None:
        """Be this option, on or off."""
        if (option, on) != (self.option, self.on):
            self.option, self.on = option, on
            self.stale()
        self.name, self.says = f"{block_name}.{option.code}", option.label

    def paint(self, pressed: bool) -> None:
        self._plate.paint(PRESSED if pressed else BRAND_TINT if self.on else CARD, BRAND if self.on else EDGE)

    def lay(self, width: float) -> float:
        """The height is a finger's; what is drawn is slimmer."""
        self._label.say(self.option.label, 10 * TOUCH, lines=1, ink=BRAND_DEEP if self.on else INK)
        before = MARKER if self.on else 0
        self.width = max(TOUCH, self._label.width + before + 2 * CHIP_PAD + NEAR)
        slim = NEAR / 2
        self._plate.put(0, slim, self.width, TOUCH - 2 * slim, THICK if self.on else THIN)
        self._tick.paint(BRAND if self.on else CLEAR)
        start = (self.width - self._label.width - before) / 2
        self._tick.put(start, (TOUCH - MARKER * 0.8) / 2)
        self._label.put_middle(start + before, 0, self._label.width, TOUCH)
        self.paint(self.state == "down")
        return TOUCH

    def tap(self) -> None:
        self._on_pick(self.option.code)


class FilterLine(Piece):
    """All filters side by side, as long as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.filters: list[Filter] = []

    def lay(self, width: float) -> float:
        x = float(MARGIN)
        for piece in self.filters:
            piece.fit(0)
            piece.put(x, 0)
            x += piece.width + BETWEEN
        self.width = x - BETWEEN + MARGIN
        return TOUCH


class FiltersPiece(BlockPiece[Filters]):
    """The line of filters, to be moved sideways."""

    reusable = False
    margin = 0
    gap = NEAR

    def __init__(self, block: Filters) -> None:
        super().__init__(block)
        self._line = FilterLine()
        self._scroller = Scroller(sideways=True)
        self._scroller.add_widget(self._line)
        self.add_widget(self._scroller)

    def lay(self, width: float) -> float:
        filters, options = self._line.filters, self.block.options
        while len(filters) > len(options):
            self._line.remove_widget(filters.pop())
        while len(filters) < len(options):
            filters.append(Filter(lambda code: self.block.on_pick(code)))
            self._line.add_widget(filters[-1])
        for piece, option in zip(filters, options, strict=True):
            piece.show(option, self.block.name, option.code in self.block.chosen)
        self._line.stale()
        self._line.fit(width)
        self._scroller.size = width, TOUCH
        self._scroller.pos = 0, -TOUCH
        return TOUCH
