"""One widget for each block of the pages' vocabulary.

Promises: every block there is can be drawn. Leaves to others: which stand on a page (`mobile.pages`), putting them there (`mobile.ui.body`).
"""

from typing import Any

from mobile.pages import blocks
from mobile.ui.widgets.buttons import ButtonPiece, ButtonsPiece
from mobile.ui.widgets.chips import ChoicePiece, FiltersPiece
from mobile.ui.widgets.fields import TextFieldPiece
from mobile.ui.widgets.meters import ProgressPiece, RingPiece
from mobile.ui.widgets.photos import LargePhotoPiece, PhotosPiece
from mobile.ui.widgets.piece import BlockPiece
from mobile.ui.widgets.pinpad import PinPadPiece
from mobile.ui.widgets.points import PointsPiece
from mobile.ui.widgets.rows import ItemPiece, LongListPiece
from mobile.ui.widgets.search import SearchPiece
from mobile.ui.widgets.words import BannerPiece, ComparePiece, FactsPiece, HeadingPiece, ParagraphPiece

PIECES: dict[type[blocks.Block], type[BlockPiece[Any]]] = {
    blocks.Heading: HeadingPiece,
    blocks.Paragraph: ParagraphPiece,
    blocks.Banner: BannerPiece,
    blocks.Facts: FactsPiece,
    blocks.Compare: ComparePiece,
    blocks.Button: ButtonPiece,
    blocks.Buttons: ButtonsPiece,
    blocks.Item: ItemPiece,
    blocks.LongList: LongListPiece,
    blocks.Choice: ChoicePiece,
    blocks.Filters: FiltersPiece,
    blocks.TextField: TextFieldPiece,
    blocks.Search: SearchPiece,
    blocks.Points: PointsPiece,
    blocks.PinPad: PinPadPiece,
    blocks.Photos: PhotosPiece,
    blocks.LargePhoto: LargePhotoPiece,
    blocks.Ring: RingPiece,
    blocks.Progress: ProgressPiece,
}
