"""Shapes drawn on a piece's canvas: plates with round corners, and icons made of lines.

Promises: edges are smooth without multisampling, which cheap phones may not have; measured as the piece is, from its left top corner
downwards. Leaves to others: colours (`theme`).
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Literal

from kivy.graphics import Canvas, Color, Rectangle, SmoothEllipse, SmoothLine, SmoothRoundedRectangle

from mobile.ui.theme import CARD, HAIRLINE, ICON, INSET, RADIUS, THIN, Colour

CLEAR: Colour = (0, 0, 0, 0)


AWAY = (-1e5, 1e5)
"""Where a shape stands that is not to be seen: Kivy's smooth shapes, made of size nought, go on standing as they were."""


class Plate:
    """A filled rectangle with round corners and, where `edge` is given, a line around, drawn inward."""

    def __init__(self, canvas: Canvas, fill: Colour, edge: Colour | None = None, radius: float = RADIUS) -> None:
        self.radius = radius
        self.edged = edge is not None
        self.thick = THIN
        with canvas:
            if self.edged:
                self._edge = Color(*(edge or CLEAR))
                self._outer = SmoothRoundedRectangle(size=(0, 0))
            self._fill = Color(*fill)
            self._inner = SmoothRoundedRectangle(size=(0, 0))

    def paint(self, fill: Colour, edge: Colour | None = None) -> None:
        """Change the colours."""
        self._fill.rgba = fill
        if self.edged and edge is not None:
            self._edge.rgba = edge

    def put(self, x: float, down: float, width: float, height: float, thick: int = THIN) -> None:
        """Place it; `thick` is the line's width."""
        inset = 0
        if self.edged:
            _place(self._outer, x, down, width, height, (self.radius,) * 4)
            inset = thick
        round_by = max(0, min(self.radius, height / 2) - inset)
        _place(self._inner, x + inset, down + inset, width - 2 * inset, height - 2 * inset, (round_by,) * 4)


def _place(shape: SmoothRoundedRectangle, x: float, down: float, width: float, height: float, radius: tuple) -> None:
    x, down, width, height = round(x), round(down), round(width), round(height)
    if width <= 0 or height <= 0:
        shape.pos, shape.size = AWAY, (1, 1)
        return
    shape.pos = x, -down - height
    shape.size = width, height
    most = max(0.0, min(width, height) / 2)
    shape.radius = [min(one, most) for one in radius]


class Card:
    """The white ground of a piece: round where the card begins and ends, a hairline where it goes on from the piece above."""

    def __init__(self, canvas: Canvas) -> None:
        with canvas:
            self._fill = Color(*CARD)
            self._plate = SmoothRoundedRectangle(size=(0, 0))
            self._line_colour = Color(*HAIRLINE)
            self._line = Rectangle(size=(0, 0))

    def paint(self, fill: Colour) -> None:
        """Change the ground."""
        self._fill.rgba = fill

    def put(self, width: float, height: float, first: bool, last: bool) -> None:
        """Fill the piece."""
        above, below = RADIUS if first else 0, RADIUS if last else 0
        lap = 0 if first else THIN  # over the card above, else its smoothed edge shows as a seam
        _place(self._plate, 0, -lap, width, height + lap, (above, above, below, below))
        self._line.size = (0, 0) if first else (width - INSET, THIN)
        self._line.pos = INSET, -THIN


class Bar:
    """A filled rectangle with square corners."""

    def __init__(self, canvas: Canvas, fill: Colour) -> None:
        with canvas:
            self._fill = Color(*fill)
            self._box = Rectangle(size=(0, 0))

    def paint(self, fill: Colour) -> None:
        """Change the colour."""
        self._fill.rgba = fill

    def put(self, x: float, down: float, width: float, height: float) -> None:
        """Place it."""
        self._box.pos = round(x), round(-down) - round(height)
        self._box.size = round(width), round(height)


# --- icons ---------------------------------------------------------------------------------------------------------

IconName = Literal[
    "back",
    "chevron",
    "tick",
    "cross",
    "plus",
    "minus",
    "search",
    "erase",
    "today",
    "households",
    "problems",
    "me",
    "dots",
    "alert",
    "done",
    "note",
    "before",
    "camera",
    "photo",
]


def _circle(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> list[tuple[float, float]]:
    steps = max(8, int(abs(end - start) / 15))
    turns = [pi * (start + (end - start) * step / steps) / 180 for step in range(steps + 1)]
    return [(x + radius * sin(turn), y - radius * cos(turn)) for turn in turns]


ICONS: dict[str, list[list[tuple[float, float]]]] = {
    "back": [[(19.5, 12), (4.5, 12)], [(11, 5), (4, 12), (11, 19)]],
    "chevron": [[(9, 5.5), (15.5, 12), (9, 18.5)]],
    "tick": [[(4.5, 12.5), (10, 18), (19.5, 6.5)]],
    "cross": [[(6, 6), (18, 18)], [(18, 6), (6, 18)]],
    "plus": [[(12, 4.5), (12, 19.5)], [(4.5, 12), (19.5, 12)]],
    "minus": [[(4.5, 12), (19.5, 12)]],
    "search": [_circle(10.5, 10.5, 6.5), [(15.2, 15.2), (20.5, 20.5)]],
    "erase": [
        [(8.5, 5.5), (21, 5.5), (21, 18.5), (8.5, 18.5), (2.5, 12), (8.5, 5.5)],
        [(11, 9), (17, 15)],
        [(17, 9), (11, 15)],
    ],
    "today": [
        [(4, 5.5), (20, 5.5), (20, 20), (4, 20), (4, 5.5)],
        [(8.5, 3), (8.5, 7.5)],
        [(15.5, 3), (15.5, 7.5)],
        [(8, 13.5), (11, 16.5), (16.2, 11)],
    ],
    "households": [
        [(3, 12), (12, 4), (21, 12)],
        [(5.5, 10.2), (5.5, 20), (18.5, 20), (18.5, 10.2)],
        [(10, 20), (10, 14.5), (14, 14.5), (14, 20)],
    ],
    "problems": [
        [(5, 3.5), (19, 3.5), (19, 20.5), (5, 20.5), (5, 3.5)],
        [(8.5, 8.5), (15.5, 8.5)],
        [(8.5, 12.2), (15.5, 12.2)],
        [(8.5, 16), (12.5, 16)],
    ],
    "me": [_circle(12, 8, 4.2), [(4, 20.5), *_circle(12, 21.5, 8, -83, 83), (20, 20.5)]],
    "alert": [_circle(12, 12, 9), [(12, 6.8), (12, 13.2)], _circle(12, 16.6, 0.35)],
    "done": [_circle(12, 12, 9), [(7.8, 12.4), (10.8, 15.4), (16.2, 9)]],
    "note": [_circle(12, 12, 9), [(12, 11), (12, 17)], _circle(12, 7.4, 0.35)],
    "before": [
        _circle(12, 12, 8.5, -60, 250),
        [(2.2, 5), (4.6, 8.2), (8.4, 6.8)],
        [(12, 7.5), (12, 12.5), (15.5, 14.5)],
    ],
    "camera": [
        [(3, 7.5), (7.5, 7.5), (9, 4.8), (15, 4.8), (16.5, 7.5), (21, 7.5), (21, 19.5), (3, 19.5), (3, 7.5)],
        _circle(12, 13.2, 3.9),
    ],
    "photo": [
        [(3.5, 4.5), (20.5, 4.5), (20.5, 19.5), (3.5, 19.5), (3.5, 4.5)],
        _circle(8.5, 9.2, 1.6),
        [(3.5, 17), (9, 12.5), (12.5, 15.2), (16, 11.5), (20.5, 15.5)],
    ],
    "dots": [_circle(6, 12, 1), _circle(12, 12, 1), _circle(18, 12, 1)],
}
"""Polylines in a square of 24 by 24, y downwards."""


class Icon:
    """A drawing of lines. `name` "" draws nothing."""

    def __init__(self, canvas: Canvas, name: str, ink: Colour, size: float = ICON, thick: float | None = None) -> None:
        self.size = size
        self._strokes = ICONS[name] if name else []
        with canvas:
            self._ink = Color(*ink)
            self._lines = [SmoothLine(points=(), width=thick or max(1.0, size / 24)) for _ in self._strokes]

    def paint(self, ink: Colour) -> None:
        """Change the colour; `CLEAR` hides it."""
        self._ink.rgba = ink

    def put(self, x: float, down: float) -> None:
        """Place the left top corner of its square."""
        x, down, by = round(x), round(down), self.size / 24
        for line, stroke in zip(self._lines, self._strokes, strict=True):
            line.points = [number for dx, dy in stroke for number in (x + dx * by, -(down + dy * by))]

    def put_middle(self, x: float, down: float, width: float, height: float) -> None:
        """Place it in the middle of a box."""
        self.put(x + (width - self.size) / 2, down + (height - self.size) / 2)


class Disc:
    """A filled circle."""

    def __init__(self, canvas: Canvas, fill: Colour) -> None:
        with canvas:
            self._fill = Color(*fill)
            self._disc = SmoothEllipse(size=(0, 0))

    def paint(self, fill: Colour) -> None:
        """Change the colour."""
        self._fill.rgba = fill

    def put(self, x: float, down: float, across: float) -> None:
        """Place its middle; `across` is its diameter."""
        if across <= 0:
            self._disc.pos, self._disc.size = AWAY, (1, 1)
            return
        self._disc.pos = x - across / 2, -down - across / 2
        self._disc.size = across, across
