"""What scrolls on a page: blocks turned into pieces, and turned again without building anew what is still there.

Promises: a block keeps its piece while its type and name (or, without a name, its type and turn) stay; one that is equal is not even drawn
again; what is in sight stays where it is. A long list scrolls by itself below the other blocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mobile.pages.blocks import Block, TextField
from mobile.ui.widgets import PIECES
from mobile.ui.widgets.fields import TextDialog, TextFieldPiece
from mobile.ui.widgets.piece import BlockPiece, Column, Piece
from mobile.ui.widgets.rows import ROW, LongListPiece
from mobile.ui.widgets.scroller import Scroller

MOST_SPARE = 24
"""Pieces of a type that are kept for other pages."""


class Maker:
    """Makes pieces, or takes those of pages that are no longer kept: cheaper to draw with, and no rubbish to be collected while a finger
    waits. `text_dialog` is where notes are written.
    """

    def __init__(self, text_dialog: TextDialog | None) -> None:
        self.text_dialog = text_dialog
        self._spare: dict[type[Block], list[BlockPiece]] = defaultdict(list)

    def make(self, block: Block) -> BlockPiece:
        """A piece that draws this block."""
        if isinstance(block, TextField):
            return TextFieldPiece(block, self.text_dialog)
        spare = self._spare[type(block)]
        if not spare:
            return PIECES[type(block)](block)
        piece = spare.pop()
        piece.show(block)
        return piece

    def take_back(self, pieces: Iterable[BlockPiece]) -> None:
        """These are drawn nowhere any more."""
        for piece in pieces:
            spare = self._spare[type(piece.block)]
            if piece.reusable and len(spare) < MOST_SPARE:
                spare.append(piece)

    def forget(self) -> None:
        """Keep no piece, for each still has its block's words."""
        self._spare.clear()


class Body(Piece):
    """The blocks of one page."""

    def __init__(self, maker: Maker) -> None:
        super().__init__()
        self._maker = maker
        self._column = Column()
        self._scroller = Scroller()
        self._scroller.add_widget(self._column)
        self._list: LongListPiece | None = None
        self._room = 0.0
        self.add_widget(self._scroller)

    @property
    def pieces(self) -> list[BlockPiece]:
        """What is drawn, from the top."""
        return [*self._column.pieces, *([self._list] if self._list else [])]

    @property
    def offset(self) -> float:
        """How far it is scrolled, in pixels."""
        return (self._list.scroller if self._list else self._scroller).offset

    @offset.setter
    def offset(self, pixels: float) -> None:
        (self._list.scroller if self._list else self._scroller).offset = pixels

    @property
    def scrolls(self) -> bool:
        """Whether there is more than is in sight."""
        return (self._list.scroller if self._list else self._scroller).spare > 0

    def show(self, blocks: Sequence[Block]) -> None:
        """Draw these from now on."""
        spare: dict[tuple[type, str], list[BlockPiece]] = defaultdict(list)
        for piece in self.pieces:
            spare[type(piece.block), piece.block.name].append(piece)
        pieces = [self._piece(block, spare[type(block), block.name]) for block in blocks]
        long_list = pieces.pop() if pieces and isinstance(pieces[-1], LongListPiece) else None
        if self._list is not None and self._list is not long_list:
            self.remove_widget(self._list)
        if long_list is not None and long_list is not self._list:
            self.add_widget(long_list)
        self._list = long_list if isinstance(long_list, LongListPiece) else None
        self._maker.take_back(self._column.fill(pieces))
        self.stale()

    def _piece(self, block: Block, spare: list[BlockPiece]) -> BlockPiece:
        if not spare:
            return self._maker.make(block)
        piece = next((piece for piece in spare if piece.block == block), spare[0])
        spare.remove(piece)
        piece.show(block)
        return piece

    def empty(self) -> None:
        """The page is no longer kept: its pieces may draw others."""
        self._maker.take_back(self._column.fill(()))

    def leave(self) -> None:
        """Another page is shown."""
        self._scroller.stop()
        for piece in self.pieces:
            piece.leave()

    def fit_into(self, width: float, height: float) -> None:
        """Take this room."""
        if self._room != height:
            self._room = height
            self.stale()
        self.fit(width)

    def lay(self, width: float) -> float:
        offset = self._scroller.offset
        if self._column.room != self._room:
            self._column.room = self._room
            self._column.stale()
        head = self._column.fit(width)
        if self._list is not None:
            head = min(head, max(self._room - 3 * ROW, self._room / 2))
            self._list.fit_into(width, self._room - head)
            self._list.put(0, head)
        else:
            head = self._room
        self._scroller.size = width, head
        self._scroller.pos = 0, -head
        self._scroller.keep(offset)
        return self._room
