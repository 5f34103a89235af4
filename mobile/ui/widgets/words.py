"""Blocks that are only read: headings, paragraphs, facts, two values side by side; and the banner, which may hold a button.

Leaves to others: breaking lines (`text`), buttons (`buttons`).
"""

from __future__ import annotations

from kivy.metrics import dp

from mobile.pages.blocks import Banner, Compare, Facts, Heading, Paragraph, Tone
from mobile.ui.theme import (
    BODY,
    BRAND,
    CARD,
    EDGE,
    GAP,
    HEADING,
    ICON,
    INK,
    INSET,
    MARGIN,
    NAME,
    NEAR,
    QUIET,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TONE_INK,
    TONE_TINT,
    TOUCH,
    Colour,
)
from mobile.ui.widgets.buttons import PlainButton
from mobile.ui.widgets.piece import BlockPiece
from mobile.ui.widgets.shapes import CLEAR, Bar, Card, Icon, Plate
from mobile.ui.widgets.text import Text, line_height, width_of


class HeadingPiece(BlockPiece[Heading]):
    """A section's title, on the page's own ground; near to what it is the title of."""

    gap = GAP + NEAR
    below = NEAR

    def __init__(self, block: Heading) -> None:
        super().__init__(block)
        self._title = Text(self.canvas, HEADING, QUIET, bold=True)

    def lay(self, width: float) -> float:
        self._title.say(self.block.text, width - 2 * NEAR).put(NEAR, 0)
        return self._title.height


class ParagraphPiece(BlockPiece[Paragraph]):
    """Running text, on the page's own ground."""

    def __init__(self, block: Paragraph) -> None:
        super().__init__(block)
        self._words = Text(self.canvas, BODY, INK)

    def lay(self, width: float) -> float:
        self._words.say(self.block.text, width - 2 * NEAR, ink=TONE_INK[self.block.tone]).put(NEAR, 0)
        return self._words.height


SIGNS: dict[Tone, str] = {"warn": "alert", "bad": "alert", "good": "done"}
"""A banner's sign, so that it is not told by colour alone."""


class BannerPiece(BlockPiece[Banner]):
    """A tinted strip with a sign; its button stands beside short words and below long ones."""

    def __init__(self, block: Banner) -> None:
        super().__init__(block)
        self._plate = Plate(self.canvas, CARD)
        self._signs = {name: Icon(self.canvas, name, CLEAR, thick=dp(1.1)) for name in ("alert", "done", "note")}
        self._words = Text(self.canvas, BODY, INK)
        self._button = PlainButton(lambda: self.block.on_tap())

    def lay(self, width: float) -> float:
        block, ink = self.block, TONE_INK[self.block.tone]
        left = ROW_PAD + ICON + NEAR + NEAR / 2
        room = width - left - INSET
        self._plate.paint(TONE_TINT[block.tone])
        for name, sign in self._signs.items():
            sign.paint(ink if name == SIGNS.get(block.tone, "note") else CLEAR)
            sign.put(ROW_PAD, ROW_PAD + (line_height(BODY) - ICON) / 2)
        key = width_of(block.button, NAME, True) + 2 * GAP if block.button else 0
        beside = key < room * 0.4
        self._words.say(block.text, room - key if beside else room, ink=ink)
        height = self._words.height + 2 * ROW_PAD
        self._words.put(left, ROW_PAD)
        self._show_button(bool(block.button), ink)
        if block.button:
            self._button.fit(min(key, room))
            if beside:
                height = max(height, TOUCH + NEAR)
                self._button.put(width - key - NEAR / 2, (height - TOUCH) / 2)
                if self._words.height < TOUCH - NEAR:  # one line stands in the middle
                    self._words.put(left, (height - self._words.height) / 2)
                    for sign in self._signs.values():
                        sign.put(ROW_PAD, (height - ICON) / 2)
            else:
                self._button.put(left - GAP, height - ROW_PAD)
                height += self._button.height - NEAR
        self._plate.put(0, 0, width, height)
        return height

    def _show_button(self, wanted: bool, ink: Colour) -> None:
        if wanted and self._button.parent is None:
            self.add_widget(self._button)
        elif not wanted and self._button.parent is not None:
            self.remove_widget(self._button)
        self._button.name, self._button.says, self._button.ink = self.block.name, self.block.button, ink
        self._button.stale()


MOST_LABEL = 0.42
"""How much of a line a label may take; a longer one stands above its value."""


class FactsPiece(BlockPiece[Facts]):
    """Label left, value right of it; a value that does not fit stands below its label."""

    card = "facts"

    def __init__(self, block: Facts) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        self._lines: list[tuple[Bar, Text, Text]] = []

    def lay(self, width: float) -> float:
        rows = self.block.rows
        while len(self._lines) < len(rows):
            bar = Bar(self.canvas, TONE_TINT["plain"])
            self._lines.append((bar, Text(self.canvas, SMALL, QUIET), Text(self.canvas, BODY, INK)))
        inner = width - 2 * INSET
        widths = [width_of(label, SMALL, False) + GAP for label, _ in rows]
        left = max([one for one in widths if one <= inner * MOST_LABEL], default=inner * MOST_LABEL)
        down = float(ROW_PAD - NEAR)
        for number, (bar, label, value) in enumerate(self._lines):
            if number >= len(rows):
                bar.put(0, 0, 0, 0)
                label.say("", inner)
                value.say("", inner)
                continue
            bar.put(INSET, down, inner, THIN if number else 0)
            words, told = rows[number]
            down += NEAR
            label.say(words, inner).put(INSET, down + (line_height(BODY) - line_height(SMALL)) / 2)
            below = label.width + GAP > left or (
                width_of(told, BODY, False) > inner - left and "\n" not in told and len(told) > 24
            )
            if below:
                down += label.height
                value.say(told, inner).put(INSET, down)
            else:
                value.say(told, inner - left).put(INSET + left, down)
            down += max(value.height, line_height(BODY)) + NEAR
        height = down + ROW_PAD - NEAR
        self._card.put(width, height, self.first, self.last)
        return height


class ComparePiece(BlockPiece[Compare]):
    """Two values, one above the other, each on a card of its own; the one that stands has a thick edge and a tick."""

    def __init__(self, block: Compare) -> None:
        super().__init__(block)
        self._sides = [
            (
                Plate(self.canvas, CARD, EDGE),
                Text(self.canvas, SMALL, QUIET, bold=True),
                Text(self.canvas, NAME, INK, bold=True),
                Text(self.canvas, SMALL, QUIET),
                Icon(self.canvas, "tick", CLEAR, thick=dp(1.5)),
            )
            for _ in range(2)
        ]

    def lay(self, width: float) -> float:
        down = 0.0
        for number, (plate, caption, value, who, tick) in enumerate(self._sides):
            stands = self.block.stands == number
            inner = width - 2 * INSET
            top = down + ROW_PAD
            for text, words, room in zip(
                (caption, value, who), self.block.sides[number], (inner - ICON - GAP, inner, inner), strict=True
            ):
                text.say(words, room).put(INSET, top)
                top += text.height + (NEAR / 2 if words else 0)
            height = max(TOUCH, top + ROW_PAD - NEAR / 2 - down)
            tick.paint(BRAND if stands else CLEAR)
            tick.put(width - INSET - ICON, down + ROW_PAD)
            plate.paint(TONE_TINT["brand"] if stands else CARD, BRAND if stands else EDGE)
            plate.put(0, down, width, height, THICK if stands else THIN)
            down += height + (MARGIN - NEAR if number == 0 else 0)
        return down
