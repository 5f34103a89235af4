"""Photos: small squares in rows with a square to take another, and one photo as wide as the page.

Promises: small ones are read one a frame, after the page stands, and never again while the page is kept; the large one is let go when its
page is left. Leaves to others: the textures (`pictures`), the bytes (`blocks.Picture.load`).
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.clock import Clock
from kivy.graphics.texture import Texture
from kivy.metrics import dp

from mobile.pages.blocks import LargePhoto, Photos, Picture
from mobile.ui.theme import (
    BODY,
    BRAND,
    BRAND_TINT,
    CARD,
    EDGE,
    HINT,
    ICON,
    INK,
    INSET,
    MARK,
    NEAR,
    PRESSED,
    QUIET,
    RADIUS_SMALL,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TONE_INK,
    TONE_TINT,
    TOUCH,
    Colour,
)
from mobile.ui.widgets.pictures import Shown, texture_of
from mobile.ui.widgets.piece import BlockPiece, Touchable
from mobile.ui.widgets.shapes import CLEAR, Card, Icon, Plate
from mobile.ui.widgets.text import Text

SMALL_PX = 320
"""Longest side of a small photo's texture."""
LARGE_PX = 1080
"""Width of the large one's."""
EMPTY = 0.6
"""Height by width of a large photo that is not on this phone."""
SIDE_MOST = round(dp(112))
"""A square is no wider, however wide the phone."""
IN_A_ROW = 3
BETWEEN = round(dp(7))
SIGN = round(ICON * 1.3)


class Square(Touchable):
    """A square, and words below it."""

    def __init__(self, sign: str, ink: Colour, fill: Colour, edge: Colour) -> None:
        super().__init__()
        self._colours = fill, edge
        self._plate = Plate(self.canvas, fill, edge, radius=RADIUS_SMALL)
        self._sign = Icon(self.canvas, sign, ink, size=SIGN, thick=THICK * 0.75)
        self._words = Text(
            self.canvas, SMALL if sign == "camera" else MARK, QUIET, bold=sign == "camera", align="center"
        )

    def paint(self, pressed: bool) -> None:
        fill, edge = self._colours
        self._plate.paint(PRESSED if pressed else fill, edge)

    def lay_square(self, width: float, words: str, ink: Colour) -> float:
        """Draw it; the answer is the height it takes."""
        self._plate.put(0, 0, width, width, THIN)
        self._sign.put_middle(0, 0, width, width)
        self._words.say(words, width, lines=2, ink=ink)
        self._words.put((width - self._words.width) / 2, width + NEAR / 2)
        self.paint(self.state == "down")
        return width + (NEAR / 2 + self._words.height if words else 0)


class Add(Square):
    """The square that takes another photo; a low key while there is none, for photos are never asked for."""

    def __init__(self, on_add: Callable[[], None]) -> None:
        super().__init__("camera", BRAND, BRAND_TINT, BRAND)
        self._on_add = on_add
        self.alone = False

    def show(self, name: str, words: str, alone: bool) -> None:
        """Say these words; `alone` where no photo stands beside it."""
        if (words, alone) != (self.says, self.alone):
            self.stale()
        self.name, self.says, self.alone = name, words, alone

    def lay(self, width: float) -> float:
        if not self.alone:
            return self.lay_square(width, self.says, BRAND)
        self._words.say(self.says, width - 2 * INSET - SIGN - NEAR, lines=2, ink=BRAND)
        height = max(TOUCH, self._words.height + 2 * NEAR)
        left = (width - SIGN - NEAR - self._words.width) / 2
        self._plate.put(0, 0, width, height, THIN)
        self._sign.put(left, (height - SIGN) / 2)
        self._words.put_middle(left + SIGN + NEAR, 0, self._words.width, height)
        self.paint(self.state == "down")
        return height

    def tap(self) -> None:
        self._on_add()


class Small(Square):
    """One photo; a quiet sign where it is not on this phone."""

    def __init__(self, picture: Picture, on_pick: Callable[[str], None], wants: Callable[[Small], None]) -> None:
        super().__init__("photo", HINT, TONE_TINT["quiet"], EDGE)
        self.picture = picture
        self.asked = False
        self._on_pick = on_pick
        self._wants = wants
        self.shown = Shown(self.canvas, self._lost)

    def _lost(self, _: object) -> None:
        self.asked = False
        self._wants(self)

    def show(self, picture: Picture, name: str) -> None:
        """Be this photo, as it stands now; `name` is what is touched."""
        if picture != self.picture:
            self.asked = self.shown.texture is not None
            self.stale()
        self.picture, self.name, self.says = picture, name, picture.caption or picture.state or name

    def paint(self, pressed: bool) -> None:
        super().paint(pressed)
        self.shown.paint(pressed)

    def lay(self, width: float) -> float:
        height = self.lay_square(width, self.picture.state, TONE_INK[self.picture.tone])
        self.shown.put(0, 0, width, width)
        if not self.asked:
            self._wants(self)
        return height

    def read(self) -> None:
        """Take its texture."""
        if not self.asked:
            self.asked = True
            side = min(SMALL_PX, round(self.width))
            self.shown.take(texture_of(self.picture, side, side, crop=True))

    def tap(self) -> None:
        self._on_pick(self.picture.name)


class PhotosPiece(BlockPiece[Photos]):
    """The label, the squares in rows of three, and the note, on a card with its neighbours."""

    card = "form"
    reusable = False

    def __init__(self, block: Photos) -> None:
        super().__init__(block)
        self._card = Card(self.canvas)
        self._label = Text(self.canvas, BODY, INK, bold=True)
        self._note = Text(self.canvas, SMALL, QUIET)
        self._squares: dict[str, Small] = {}
        self._add: Add | None = None
        self._unread: list[Small] = []
        self._soon = Clock.create_trigger(self._read_one, 0)

    def _want(self, small: Small) -> None:
        if small not in self._unread:
            self._unread.append(small)
        self._soon()

    def _read_one(self, _: float) -> None:
        if self._unread:
            small = self._unread.pop(0)
            if small.parent is self:
                small.read()
        if self._unread:
            self._soon()

    def leave(self) -> None:
        """What is not read yet waits until the page comes back."""
        self._soon.cancel()
        if self._unread:
            self._unread.clear()
            for small in self._squares.values():
                small.stale()
            self.stale()

    def lay(self, width: float) -> float:
        block, inner = self.block, width - 2 * INSET
        self._label.say(block.label, inner).put(INSET, ROW_PAD)
        down = ROW_PAD + self._label.height + (NEAR if block.label else 0)
        down += self._arrange(self._held(), INSET, down, inner)
        self._note.say(block.note, inner, ink=TONE_INK[block.note_tone]).put(INSET, down + NEAR)
        if block.note:
            down += NEAR + self._note.height
        height = down + ROW_PAD + THICK
        self._card.put(width, height, self.first, self.last)
        return height

    def _held(self) -> list[Square]:
        """A square for each photo of the block, the one to add last; those of photos that are gone are taken away."""
        block = self.block
        names = {picture.name for picture in block.pictures}
        for name in [name for name in self._squares if name not in names]:
            self.remove_widget(self._squares.pop(name))
        for number, picture in enumerate(block.pictures):
            square = self._squares.get(picture.name)
            if square is None:
                square = Small(picture, lambda name: self.block.on_pick(name), self._want)
                self._squares[picture.name] = square
                self.add_widget(square)
            square.show(picture, f"{block.name}.{number}")
        if not block.add and self._add is not None:
            self.remove_widget(self._add)
            self._add = None
        found: list[Square] = [self._squares[picture.name] for picture in block.pictures]
        if not block.add:
            return found
        if self._add is None:
            self._add = Add(lambda: self.block.on_add())
            self.add_widget(self._add)
        self._add.show(f"{block.name}.add", block.add, not found)
        return [*found, self._add]

    def _arrange(self, squares: list[Square], left: float, top: float, width: float) -> float:
        """Place them in rows; the answer is the height they take."""
        if len(squares) == 1 and squares[0] is self._add:
            height = self._add.fit(width)
            self._add.put(left, top)
            return height
        side = round(min(SIDE_MOST, (width - BETWEEN * (IN_A_ROW - 1)) / IN_A_ROW))
        down = 0.0
        for first in range(0, len(squares), IN_A_ROW):
            row, high = squares[first : first + IN_A_ROW], 0.0
            for number, square in enumerate(row):
                high = max(high, square.fit(side))
                square.put(left + number * (side + BETWEEN), top + down)
            down += high + BETWEEN
        return max(0.0, down - BETWEEN)


class LargePhotoPiece(BlockPiece[LargePhoto]):
    """One photo as wide as the page; let go when the page is left."""

    reusable = False

    def __init__(self, block: LargePhoto) -> None:
        super().__init__(block)
        self._plate = Plate(self.canvas, CARD, radius=RADIUS_SMALL)
        self._sign = Icon(self.canvas, "photo", HINT, size=2 * SIGN, thick=THICK)
        self._missing = Text(self.canvas, BODY, QUIET, align="center")
        self._shown = Shown(self.canvas, self._lost)
        self._drawn = ("", 0.0)
        self._again = Clock.create_trigger(lambda _: self._read_again(), 0)

    @property
    def texture(self) -> Texture | None:
        """What is drawn of the photo; None while nothing is."""
        return self._shown.texture

    def _lost(self, _: object) -> None:
        self._again()  # not before the graphics are all back

    def _read_again(self) -> None:
        if self.texture is not None:
            self._drawn = ("", 0.0)
            self.outgrow()

    def leave(self) -> None:
        self._drawn = ("", 0.0)
        self._shown.take(None)
        self.stale()

    def lay(self, width: float) -> float:
        picture = self.block.picture
        if self._drawn != (picture.name, width):
            self._drawn = picture.name, width
            self._shown.take(texture_of(picture, min(LARGE_PX, round(width)), 2 * LARGE_PX, crop=False))
        texture = self._shown.texture
        height = round(width * (texture.height / texture.width if texture else EMPTY))
        self._shown.put(0, 0, width, height)
        self._missing.say("" if texture else self.block.missing, width - 2 * INSET)
        self._plate.put(0, 0, width, height)
        self._sign.paint(CLEAR if texture else HINT)
        top = (height - 2 * SIGN - NEAR - self._missing.height) / 2
        self._sign.put((width - 2 * SIGN) / 2, top)
        self._missing.put((width - self._missing.width) / 2, top + 2 * SIGN + NEAR)
        return height
