"""What every drawn thing is: a piece with its own corner to measure from, that a finger may or may not touch, and a column of them.

Kivy's layouts settle over several frames and are costly to build; these settle at once: `fit(width)` sets the height, in one pass from the
top. Inside a piece x runs right from its left edge and y runs **down to minus its height** from its top edge, so a piece that grows or moves
draws nothing anew. Promises: a piece whose block and width are the same is not laid out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from kivy.clock import Clock
from kivy.graphics import PopMatrix, PushMatrix, Translate
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.widget import Widget

from mobile.pages.blocks import Block
from mobile.ui.theme import GAP, MARGIN

B = TypeVar("B", bound=Block)

TWICE_S = 0.3
"""Two touches of one button within this time are one: a thick finger trembles."""


class Piece(Widget):
    """A rectangle that draws itself. Subclasses say `lay`."""

    disabled: bool  # Kivy's

    def __init__(self) -> None:
        super().__init__(size_hint=(None, None))
        self._fitted: float | None = None
        with self.canvas.before:
            PushMatrix()
            self._corner = Translate()
        with self.canvas.after:
            PopMatrix()

    # --- size and place --------------------------------------------------------------------------------------------

    def lay(self, width: float) -> float:
        """Draw all there is for this width; the answer is the height it takes."""
        raise NotImplementedError

    def fit(self, width: float) -> float:
        """Lay out where anything changed; the answer is the height."""
        if self._fitted != width:
            self._fitted = width
            self.width = width
            self.height = self.lay(width)
        return self.height

    def stale(self) -> None:
        """What is drawn is no longer right: the next `fit` draws anew."""
        self._fitted = None

    def outgrow(self) -> None:
        """Its height has changed by itself: all that holds it is laid out again."""
        piece: Any = self
        while piece is not None and piece is not piece.parent:
            if isinstance(piece, Piece):
                piece.stale()
            if hasattr(piece, "refit"):
                piece.refit()
                return
            piece = piece.parent

    def put(self, x: float, down: float) -> None:
        """Place the left top corner `x` to the right and `down` below the corner of what holds this piece."""
        self.pos = round(x), round(-down - self.height)

    def on_pos(self, *_: object) -> None:
        self._corner.xy = self.x, self.y + self.height  # `top` may not be reckoned yet

    on_height = on_pos

    # --- Kivy's way of measuring, with the corner at the top ---------------------------------------------------------

    def to_parent(self, x: float, y: float, **_: Any) -> tuple[float, float]:
        return x + self.x, y + self.top

    def to_local(self, x: float, y: float, **_: Any) -> tuple[float, float]:
        return x - self.x, y - self.top

    def _apply_transform(self, m: Any, pos: Any = None) -> Any:
        m.translate(self.x, self.top, 0)
        return super()._apply_transform(m, (0, 0))

    def on_touch_down(self, touch: Any) -> bool:
        if not self.collide_point(*touch.pos):
            return False
        return self.disabled or self._inside(super().on_touch_down, touch)

    def on_touch_move(self, touch: Any) -> bool:
        return self._inside(super().on_touch_move, touch)

    def on_touch_up(self, touch: Any) -> bool:
        return self._inside(super().on_touch_up, touch)

    def dispatch_children(self, event_type: str, *rest: Any) -> bool:
        """How a ScrollView asks whether one inside it wants the touch."""
        return self._inside(lambda touch: super(Piece, self).dispatch_children(event_type, touch), rest[0])

    def _inside(self, pass_on: Callable[[Any], bool | None], touch: Any) -> bool:
        touch.push()
        touch.apply_transform_2d(self.to_local)
        taken = pass_on(touch)
        touch.pop()
        return bool(taken)


class BlockPiece(Piece, Generic[B]):
    """A piece that draws one block of a page."""

    card: ClassVar[str] = ""
    """Neighbours of the same card stand on one white card, with a line between."""
    gap: ClassVar[int] = GAP
    """What is left free above it."""
    below: ClassVar[int | None] = None
    """What is left free below it, where that is not the next one's to say."""
    reusable: ClassVar[bool] = True
    """Remembers nothing of its block but what it draws, so that another block may have it."""
    spread: ClassVar[bool] = False
    """Takes the height the page has left."""
    margin: ClassVar[int] = MARGIN
    """What is left free beside it."""

    def __init__(self, block: B) -> None:
        super().__init__()
        self.block = block
        self.first = self.last = True
        self.spare = 0.0

    def show(self, block: B) -> None:
        """Draw this block from now on. One that is equal only brings its fresh callbacks."""
        if block != self.block:
            self.stale()
        self.block = block

    def leave(self) -> None:
        """The page is left, or the block is no longer on it."""

    def stand(self, first: bool, last: bool) -> None:
        """Whether its card begins and ends with it."""
        if (first, last) != (self.first, self.last):
            self.first, self.last = first, last
            self.stale()


class Touchable(ButtonBehavior, Piece):
    """A piece that does something when a finger goes down and up on it. `says` is what stands on it, `name` what it is called."""

    once: ClassVar[bool] = True

    def __init__(self, **block: Any) -> None:
        super().__init__(**block)
        self.name = ""
        self.says = ""
        self._tapped_at = float("-inf")

    def tap(self) -> None:
        """What a touch does."""
        raise NotImplementedError

    def paint(self, pressed: bool) -> None:
        """Show whether a finger is on it."""

    def on_state(self, _: object, state: str) -> None:
        self.paint(state == "down")

    def on_release(self) -> None:
        now = Clock.get_time()
        if self.once and now - self._tapped_at < TWICE_S:
            return
        self._tapped_at = now
        self.tap()


class Column(Piece):
    """Block pieces one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[BlockPiece] = []
        self.room = 0.0
        """The height there is to fill, where a piece spreads."""

    def fill(self, pieces: Sequence[BlockPiece]) -> list[BlockPiece]:
        """Hold exactly these, in this order; the answer is those it holds no longer."""
        kept = set(pieces)
        gone = [piece for piece in self.pieces if piece not in kept]
        for piece in gone:
            piece.leave()
            self.remove_widget(piece)
        for piece in pieces:
            if piece.parent is None:
                self.add_widget(piece)
        self.pieces = list(pieces)
        for piece, above, below in zip(pieces, [None, *pieces], [*pieces[1:], None], strict=False):
            piece.stand(not _one_card(above, piece), not _one_card(piece, below))
        self.stale()
        return gone

    def lay(self, width: float) -> float:
        height = self._stack(width)
        for piece in self.pieces:
            if piece.spread and piece.spare != max(0.0, self.room - height + piece.spare):
                piece.spare = max(0.0, self.room - height + piece.spare)
                piece.stale()
                return self._stack(width)
        return height

    def _stack(self, width: float) -> float:
        down = 0.0
        for above, piece in zip([None, *self.pieces], self.pieces, strict=False):
            if not _one_card(above, piece):
                down += piece.gap if above is None or above.below is None else above.below
            height = piece.fit(width - 2 * piece.margin)
            piece.put(piece.margin, down)
            down += height
        return down + GAP


def _one_card(above: BlockPiece | None, below: BlockPiece | None) -> bool:
    return above is not None and below is not None and bool(below.card) and above.card == below.card
