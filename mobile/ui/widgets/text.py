"""Words drawn straight onto a piece's canvas: one picture of letters each, no widget.

A Label of Kivy's costs some thirty properties and a kv rule; a page has a hundred of them. The picture of letters itself is Kivy's own (it
comes back by itself after the phone has lost its graphics), and the same words in the same size share one. Promises: words never reach
beyond the width they were given: they break into lines, or end in an ellipsis.
"""

from functools import lru_cache
from typing import Literal

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Canvas, Color, Rectangle

from mobile.ui import fonts
from mobile.ui.fonts import font_for, wrap_cjk
from mobile.ui.theme import Colour

fonts.register()  # before the first measuring: heights of rows are reckoned when their modules are read

Align = Literal["left", "center", "right"]
ELLIPSIS = "…"
LATIN_ELLIPSIS = "..."
"""Our font's ellipsis stands at half height, as Chinese has it."""


@lru_cache(maxsize=200)
def picture(words: str, size: int, bold: bool, align: Align) -> CoreLabel:
    """The letters, white, to be tinted; a line end begins a new line."""
    label = CoreLabel(text=words, font_size=size, bold=font_for(words, bold), halign=align)
    label.refresh()
    return label


@lru_cache(maxsize=2000)
def width_of(words: str, size: int, bold: bool) -> int:
    """How wide one line is, in pixels."""
    return int(_ruler(size, font_for(words, bold)).get_extents(words)[0]) if words else 0


@lru_cache(maxsize=32)
def line_height(size: int) -> int:
    """How high one line is, in pixels."""
    return int(_ruler(size, False).get_extents("国")[1])


@lru_cache(maxsize=32)
def _ruler(size: int, bold: bool) -> CoreLabel:
    return CoreLabel(font_size=size, bold=bold)


@lru_cache(maxsize=2000)
def shortened(words: str, width: float, size: int, bold: bool) -> str:
    """The words, or as many of them as fit into a line with an ellipsis behind."""
    if width_of(words, size, bold) <= width:
        return words
    end = LATIN_ELLIPSIS if words.replace("·", "").isascii() else ELLIPSIS
    low, high = 0, len(words)
    while low < high:  # the most letters that fit
        middle = (low + high + 1) // 2
        if width_of(words[:middle].rstrip() + end, size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return words[:low].rstrip() + end


@lru_cache(maxsize=1000)
def broken(words: str, width: float, size: int, bold: bool, lines: int) -> str:
    """The words in as many lines as they need, or in `lines` at most, the last one shortened; 0 is as many as needed."""
    words = words.replace(" · ", "·")  # our font's dot is an em wide: spaces beside it would be a hole
    if lines == 1:
        return shortened(words.replace("\n", " "), width, size, bold)
    found = wrap_cjk(words, width, size, font_for(words, bold)).split("\n")
    if lines and len(found) > lines:
        rest = " ".join(found[lines - 1 :])
        found = [*found[: lines - 1], shortened(rest, width, size, bold)]
    return "\n".join(found)


def forget() -> None:
    """Keep no words of anybody's in the caches."""
    for cached in (picture, width_of, shortened, broken):
        cached.cache_clear()


class Text:
    """Words on a canvas. `say` them, then `put` them; `width` and `height` are what they take, in pixels."""

    def __init__(self, canvas: Canvas, size: int, ink: Colour, bold: bool = False, align: Align = "left") -> None:
        self.size, self.bold, self.align = size, bold, align
        self.said = self.drawn = ""
        self.x = self.down = 0
        self.width = self.height = 0
        with canvas:
            self._ink = Color(*ink)
            self._box = Rectangle(size=(0, 0))

    def say(self, words: str, width: float, lines: int = 0, ink: Colour | None = None) -> "Text":
        """Draw these words within a width, on `lines` lines at most (0: on as many as they need)."""
        if ink is not None:
            self.paint(ink)
        drawn = broken(words, width, self.size, self.bold, lines) if words else ""
        if drawn != self.drawn:
            label = picture(drawn, self.size, self.bold, self.align) if drawn else None
            self._box.texture = label.texture if label else None
            self._box.size = label.texture.size if label else (0, 0)
            self.width, self.height = self._box.size
            self._label = label  # else its picture could not come back after the graphics were lost
        self.said, self.drawn = words, drawn
        return self

    def paint(self, ink: Colour) -> None:
        """Change the colour."""
        self._ink.rgba = ink

    def put(self, x: float, down: float) -> None:
        """Place the left top corner, measured in the piece."""
        self.x, self.down = round(x), round(down)
        self._box.pos = self.x, -self.down - self.height

    def put_right(self, right: float, down: float) -> None:
        """Place it so that it ends at `right`."""
        self.put(right - self.width, down)

    def put_middle(self, x: float, down: float, width: float, height: float) -> None:
        """Place it in the middle of a box. Letters stand a little low in their line, so it is lifted by that."""
        self.put(x + (width - self.width) / 2, down + (height - self.height) / 2 - self.size * 0.04)
