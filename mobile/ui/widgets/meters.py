"""Time and progress: a ring that fills, and a bar.

Promises: nothing moves by itself; a ring that is shown anew each second costs one picture of letters and one arc.
"""

from __future__ import annotations

from math import cos, pi, sin

from kivy.graphics import Color, SmoothLine
from kivy.metrics import dp

from mobile.pages.blocks import Progress, Ring
from mobile.ui.theme import BODY, CLOCK, GAP, INK, INSET, NAME, NEAR, QUIET, ROW_PAD, SMALL, TONE_INK, TONE_MARK, TRACK
from mobile.ui.widgets.piece import BlockPiece
from mobile.ui.widgets.shapes import Card, Disc, Plate
from mobile.ui.widgets.text import Text, width_of

ACROSS = round(dp(128))
STROKE = dp(11)
BAR = round(dp(10))


class RingPiece(BlockPiece[Ring]):
    """The ring at the left, its caption and line at the right."""

    def __init__(self, block: Ring) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        with self.canvas:
            Color(*TRACK)
            self._track = SmoothLine(width=STROKE / 2)
            self._ink = Color(*INK)
            self._arc = SmoothLine(width=STROKE / 2)
        self._ends = [Disc(self.canvas, INK) for _ in range(2)]
        self._big = Text(self.canvas, CLOCK, INK, bold=True, align="center")
        self._small = Text(self.canvas, NAME, INK, bold=True, align="center")
        self._caption = Text(self.canvas, SMALL, QUIET)
        self._line = Text(self.canvas, NAME, INK, bold=True)

    def lay(self, width: float) -> float:
        block, mark = self.block, TONE_MARK[self.block.tone]
        height = ACROSS + 2 * INSET
        self._card.put(width, height, True, True)
        radius, x, down = (ACROSS - STROKE) / 2, INSET + ACROSS / 2, height / 2
        self._track.circle = (x, -down, radius, 0, 360, 90)
        part = max(0.0, min(1.0, block.part))
        self._ink.rgba = mark
        self._arc.circle = (x, -down, radius, 0, 360 * part, max(3, int(90 * part)))
        for end, turn in zip(self._ends, (0.0, 2 * pi * part), strict=True):
            end.paint(mark)
            end.put(x + radius * sin(turn), down - radius * cos(turn), STROKE if part else 0)
        room = ACROSS - 2 * STROKE - NEAR
        big = width_of(block.inside, CLOCK, True) <= room
        self._big.say(block.inside if big else "", room)
        self._small.say("" if big else block.inside, room, lines=2)
        inside = self._big if big else self._small
        inside.put_middle(INSET, 0, ACROSS, height)
        left = INSET + ACROSS + INSET
        self._caption.say(block.caption, width - left - ROW_PAD)
        self._line.say(block.line, width - left - ROW_PAD, ink=TONE_INK[block.tone])
        top = (height - self._caption.height - self._line.height - NEAR) / 2
        self._caption.put(left, top)
        self._line.put(left, top + self._caption.height + NEAR)
        return height


class ProgressPiece(BlockPiece[Progress]):
    """Words, and a bar below; without a known end the bar is a third, in the middle."""

    def __init__(self, block: Progress) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        self._words = Text(self.canvas, BODY, INK)
        self._percent = Text(self.canvas, BODY, QUIET, bold=True)
        self._track = Plate(self.canvas, TRACK, radius=BAR / 2)
        self._bar = Plate(self.canvas, INK, radius=BAR / 2)

    def lay(self, width: float) -> float:
        block, inner = self.block, width - 2 * INSET
        part = None if block.part is None else max(0.0, min(1.0, block.part))
        self._percent.say("" if part is None else f"{part:.0%}", inner)
        self._percent.put_right(width - INSET, ROW_PAD)
        self._words.say(block.text, inner - self._percent.width - (GAP if part is not None else 0)).put(INSET, ROW_PAD)
        down = ROW_PAD + self._words.height + NEAR
        self._track.put(INSET, down, inner, BAR)
        self._bar.paint(TONE_MARK[block.tone])
        if part is None:
            self._bar.put(INSET + inner / 3, down, inner / 3, BAR)
        else:
            self._bar.put(INSET, down, max(BAR, inner * part) if part else 0, BAR)
        height = down + BAR + INSET
        self._card.put(width, height, True, True)
        return height
