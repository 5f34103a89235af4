"""Lines of a list: a title, smaller lines below, a badge at the end; short lists as blocks, long ones as a window on thousands of rows.

Promises: words never reach the badge; a long list builds only the rows that are in sight and draws no others, however many it has (Kivy's
RecycleView lays out all of them on each change: 20 ms for 2,000 here against under 1). Leaves to others: where a touch leads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.graphics import Canvas
from kivy.metrics import dp

from mobile.pages.blocks import Badge, Item, LongList
from mobile.ui.theme import (
    BODY,
    CARD,
    GAP,
    HAIRLINE,
    ICON,
    INK,
    INSET,
    MARK,
    NAME,
    NEAR,
    PRESSED,
    QUIET,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TONE_INK,
    TONE_TINT,
    TOUCH,
    TRACK,
)
from mobile.ui.widgets.piece import BlockPiece, Piece, Touchable
from mobile.ui.widgets.scroller import Scroller
from mobile.ui.widgets.shapes import CLEAR, Bar, Card, Icon, Plate
from mobile.ui.widgets.text import Text, line_height

ROW = ROW_PAD + line_height(NAME) + line_height(SMALL) + ROW_PAD
"""Height of a long list's rows."""
BADGE = line_height(MARK) + NEAR
NOTHING = round(dp(56))
"""Side of the sign of an empty list."""
SOME_BADGE = Badge("")


class Pill:
    """A badge, drawn from its right end."""

    def __init__(self, canvas: Canvas) -> None:
        self._plate = Plate(canvas, CLEAR, radius=BADGE / 2)
        self.text = Text(canvas, MARK, QUIET, bold=True)
        self.width = 0

    def show(self, badge: Badge | None, room: float) -> None:
        """Take the badge's words and colours; None takes no room."""
        badge = badge or SOME_BADGE
        self.text.say(badge.text, room - 2 * GAP, lines=1, ink=TONE_INK[badge.tone])
        self._plate.paint(TONE_TINT[badge.tone])
        self.width = self.text.width + round(1.6 * GAP) if badge.text else 0

    def put(self, right: float, down: float) -> None:
        """Place it so that it ends at `right`."""
        self._plate.put(right - self.width, down, self.width, BADGE if self.width else 0)
        self.text.put_middle(right - self.width, down, self.width, BADGE)


class ItemPiece(Touchable, BlockPiece[Item]):
    """A line of a short list, on a card with its neighbours; a title too long for one line takes two."""

    card = "items"

    def __init__(self, block: Item) -> None:
        super().__init__(block=block)
        self._card = Card(self.canvas)
        self._title = Text(self.canvas, NAME, INK, bold=True)
        self._pill = Pill(self.canvas)
        self._chevron = Icon(self.canvas, "chevron", CLEAR, size=ICON * 0.8, thick=THICK * 0.7)
        self._lines: list[Text] = []

    def show(self, block: Item) -> None:
        if (block.on_tap is None) != (self.block.on_tap is None):
            self.stale()
        super().show(block)

    def paint(self, pressed: bool) -> None:
        self._card.paint(PRESSED if pressed else CARD)

    def lay(self, width: float) -> float:
        block = self.block
        self.name, self.says = block.name, block.title
        self.disabled = block.on_tap is None
        right = width - INSET
        if block.on_tap is not None:
            self._chevron.paint(QUIET)
            right -= ICON * 0.8 - NEAR / 2
        else:
            self._chevron.paint(CLEAR)
        self._pill.show(block.badge, (width - 2 * INSET) * 0.5)
        room = right - INSET
        beside = room - (self._pill.width + GAP if self._pill.width else 0)
        self._title.say(block.title, beside, lines=2, ink=TONE_INK[block.tone])
        while len(self._lines) < len(block.lines):
            self._lines.append(Text(self.canvas, SMALL, QUIET))
        needed = self._title.height
        for text, words in zip(self._lines, [*block.lines, *[""] * len(self._lines)], strict=False):
            text.say(words, beside, lines=3)
            needed += text.height
        height = max(TOUCH + NEAR, needed + 2 * ROW_PAD)
        down = (height - needed) / 2
        self._title.put(INSET, down)
        self._pill.put(right, (height - BADGE) / 2)
        down += self._title.height
        for text in self._lines:
            text.put(INSET, down)
            down += text.height
        self._chevron.put(right + NEAR / 4, (height - ICON * 0.8) / 2)
        self._card.put(width, height, self.first, self.last)
        return height

    def tap(self) -> None:
        if self.block.on_tap is not None:
            self.block.on_tap()


class Row(Touchable):
    """A row of a long list: always `ROW` high, one line each."""

    def __init__(self, on_pick: Callable[[str], None]) -> None:
        super().__init__()
        self._on_pick = on_pick
        self.item: Item | None = None
        self._ground = Bar(self.canvas, CARD)
        self._line = Bar(self.canvas, HAIRLINE)
        self.title = Text(self.canvas, NAME, INK, bold=True)
        self.below = Text(self.canvas, SMALL, QUIET)
        self.pill = Pill(self.canvas)

    def show(self, item: Item) -> None:
        """Be this row from now on."""
        if item != self.item:
            self.item = item
            self.stale()

    def paint(self, pressed: bool) -> None:
        self._ground.paint(PRESSED if pressed else CARD)

    def lay(self, width: float) -> float:
        item = self.item
        assert item is not None
        self.name, self.says = item.name, item.title
        room = width - 2 * INSET
        self.pill.show(item.badge, room * 0.5)
        if self.pill.width:
            self.pill.put(width - INSET, (ROW - BADGE) / 2)
            room -= self.pill.width + GAP
        else:
            self.pill.put(0, 0)
        self.title.say(item.title, room, lines=1, ink=TONE_INK[item.tone])
        self.below.say(item.lines[0] if item.lines else "", room, lines=1)
        down = (ROW - self.title.height - self.below.height) / 2
        self.title.put(INSET, down)
        self.below.put(INSET, down + self.title.height)
        self._ground.put(0, 0, width, ROW)
        self._line.put(INSET, ROW - THIN, width - INSET, THIN)
        return ROW

    def tap(self) -> None:
        if self.item is not None:
            self._on_pick(self.item.name)


class Sheet(Piece):
    """The whole length of a long list, of which only the rows in sight exist."""

    def __init__(self, on_pick: Callable[[str], None]) -> None:
        super().__init__()
        self._on_pick = on_pick
        self.rows: Sequence[Item] = ()
        self.shown: dict[int, Row] = {}
        self._spare: list[Row] = []

    def lay(self, width: float) -> float:
        return len(self.rows) * ROW

    def look(self, offset: float, height: float) -> None:
        """Draw what is in sight: `height` pixels from `offset` below the list's top."""
        first = max(0, int(offset // ROW))
        last = min(len(self.rows), int((offset + height) // ROW) + 1)
        for number in [number for number in self.shown if not first <= number < last]:
            self._spare.append(self.shown.pop(number))
        for number in range(first, last):
            row = self.shown.get(number)
            if row is None:
                row = self._spare.pop() if self._spare else Row(self._on_pick)
                self.shown[number] = row
            row.show(self.rows[number])
            row.fit(self.width)
            row.put(0, number * ROW)
            if row.parent is None:
                self.add_widget(row)
        for row in self._spare:
            if row.parent is not None:
                self.remove_widget(row)


class LongListPiece(BlockPiece[LongList]):
    """A list that scrolls by itself. The page gives it what height is left (`fit_into`)."""

    reusable = False
    margin = 0

    def __init__(self, block: LongList) -> None:
        super().__init__(block)
        self.scroller = Scroller()
        self.sheet = Sheet(lambda name: self.block.on_pick(name))
        self.scroller.add_widget(self.sheet)
        self.scroller.bind(scroll_y=self._look)
        self._nothing = Icon(self.canvas, "search", CLEAR, size=NOTHING, thick=dp(2))
        self._empty = Text(self.canvas, BODY, QUIET, align="center")
        self.add_widget(self.scroller)
        self._room = 0.0

    def leave(self) -> None:
        self.scroller.stop()

    def fit_into(self, width: float, height: float) -> None:
        """Take this room."""
        if self._room != height:
            self._room = height
            self.stale()
        self.fit(width)

    def lay(self, width: float) -> float:
        offset = self.scroller.offset
        self.sheet.rows = self.block.rows
        self.sheet.stale()
        self.sheet.fit(width)
        self.scroller.size = width, self._room
        self.scroller.pos = 0, -self._room
        self.scroller.keep(offset)
        self._look()
        self._empty.say("" if self.block.rows else self.block.empty, width - 4 * INSET)
        self._nothing.paint(CLEAR if self.block.rows else TRACK)
        down = max(0, (self._room - NOTHING - GAP - self._empty.height) * 0.35)
        self._nothing.put((width - NOTHING) / 2, down)
        self._empty.put((width - self._empty.width) / 2, down + NOTHING + GAP)
        return self._room

    def _look(self, *_: object) -> None:
        self.sheet.look(self.scroller.offset, self.scroller.height)
