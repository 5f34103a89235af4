"""Fields to type in: a line, or a note that grows with its words, with phrases to put in by one touch.

Promises: each change is said at once; what is wrong stands below the field, which says so by more than its colour. Leaves to others:
Chinese keyboards (`ime`), the phone's own text dialog (`TextDialog`), when a text is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.metrics import dp

from mobile.pages.blocks import Keyboard, TextField
from mobile.ui.theme import (
    BODY,
    BRAND,
    BRAND_TINT,
    CARD,
    EDGE,
    FIELD,
    ICON,
    INK,
    INSET,
    NEAR,
    PRESSED,
    RADIUS_SMALL,
    ROW_PAD,
    SMALL,
    THICK,
    THIN,
    TONE_INK,
    TOUCH,
)
from mobile.ui.widgets.ime import ImeTextInput
from mobile.ui.widgets.piece import BlockPiece, Touchable
from mobile.ui.widgets.shapes import Card, Icon, Plate
from mobile.ui.widgets.text import Text, line_height

TextDialog = Callable[[TextField, str, Callable[[str], None]], None]
"""Writes a note in a place of its own: gets the block, the text so far and whom to tell the new text."""

KEYBOARDS: dict[Keyboard, str] = {"text": "text", "number": "number", "decimal": "number", "tel": "tel"}
MOST_LINES = 8
SENTENCE_ENDS = "，。；：！？、,.;:!? \n"


class Phrase(Touchable):
    """A remark to put in with one touch."""

    def __init__(self, words: str, on_pick: Callable[[str], None]) -> None:
        super().__init__()
        self._on_pick = on_pick
        self.says = words
        self._plate = Plate(self.canvas, BRAND_TINT, radius=TOUCH / 2)
        self._plus = Icon(self.canvas, "plus", BRAND, size=ICON * 0.55, thick=dp(1))
        self._label = Text(self.canvas, SMALL, BRAND)

    def paint(self, pressed: bool) -> None:
        self._plate.paint(PRESSED if pressed else BRAND_TINT)

    def lay(self, width: float) -> float:
        left = ROW_PAD + ICON * 0.55 + NEAR / 2
        self._label.say(self.says, width - left - ROW_PAD, lines=2)
        self.width = max(TOUCH, left + self._label.width + ROW_PAD)
        height = max(TOUCH, self._label.height + NEAR)
        self._plate.put(0, NEAR / 2, self.width, height - NEAR)
        self._plus.put(ROW_PAD, (height - ICON * 0.55) / 2)
        self._label.put_middle(left, 0, self._label.width, height)
        return height

    def tap(self) -> None:
        self._on_pick(self.says)


class Opener(Touchable):
    """Lies over a note that is written in a dialog: a touch opens it."""

    def __init__(self, on_tap: Callable[[], None]) -> None:
        super().__init__()
        self._on_tap = on_tap

    def lay(self, width: float) -> float:
        return self.height

    def tap(self) -> None:
        self._on_tap()


class TextFieldPiece(BlockPiece[TextField]):
    """Label above, box, error below, phrases; on a card with its neighbours."""

    reusable = False
    card = "form"

    def __init__(self, block: TextField, dialog: TextDialog | None = None) -> None:
        """`dialog` is where a note is written, when not in the field itself."""
        super().__init__(block)
        self._dialog = dialog
        self._card = Card(self.canvas)
        self._label = Text(self.canvas, BODY, INK, bold=True)
        self._box = Plate(self.canvas, CARD, EDGE, radius=RADIUS_SMALL)
        self._error = Text(self.canvas, SMALL, TONE_INK["bad"])
        self._phrases: list[Phrase] = []
        self._opener: Opener | None = None
        self.input = ImeTextInput(
            lambda text: self.block.on_text(text),
            input_type=KEYBOARDS[block.keyboard],
            multiline=block.lines > 1,
            password=block.secret,
            keyboard_suggestions=not block.secret,
        )
        self.input.tell(block.text)
        self.input.bind(focus=self._focused, minimum_height=self._grown)
        self.add_widget(self.input)
        if block.lines > 1 and dialog is not None:
            self._opener = Opener(self._open)
            self.input.is_focusable = False
            self.add_widget(self._opener)

    def show(self, block: TextField) -> None:
        super().show(block)
        self.input.tell(block.text)

    def leave(self) -> None:
        self.input.focus = False

    def _open(self) -> None:
        if self._dialog is not None:
            self._dialog(self.block, self.input.committed, self._written)

    def _written(self, text: str) -> None:
        self.input.text = text

    def _focused(self, _: object, focused: bool) -> None:
        self._edge(focused)

    def _grown(self, *_: object) -> None:
        if self.block.lines > 1 and self._height() != self.input.height:
            self.outgrow()

    def _height(self) -> float:
        line = line_height(BODY)
        if self.block.lines == 1:
            return FIELD
        needed = max(self.block.lines * line, min(len(self.input._lines), MOST_LINES) * line)
        return needed + 2 * NEAR + 2 * THICK

    def _edge(self, focused: bool) -> None:
        bad = bool(self.block.error)
        self._box.paint(CARD, TONE_INK["bad"] if bad else BRAND if focused else EDGE)
        self._box.put(*self._box_at, THICK if focused or bad else THIN)

    def _pick(self, phrase: str) -> None:
        before = self.input.committed
        self.input.drop_preedit()
        link = ("；" if not phrase.isascii() else "; ") if before and before[-1] not in SENTENCE_ENDS else ""
        self.input.text = before + link + phrase

    def lay(self, width: float) -> float:
        block, inner = self.block, width - 2 * INSET
        self._label.say(block.label, inner).put(INSET, ROW_PAD)
        down = ROW_PAD + self._label.height + (NEAR if block.label else 0)
        field = self.input
        field.hint_text = block.hint
        field.multiline, field.password = block.lines > 1, block.secret
        field.input_type = KEYBOARDS[block.keyboard]
        # The height first: a note's lines are reckoned with its width.
        pad = (FIELD - line_height(BODY)) / 2 if block.lines == 1 else NEAR + THICK
        field.padding = [ROW_PAD, pad, ROW_PAD, 0 if block.lines == 1 else pad]
        field.width = inner
        height = self._height()
        field.height = height
        field.pos = INSET, round(-down - height)
        self._box_at = INSET, down, inner, height
        self._edge(field.focus)
        if self._opener is not None:
            self._opener.name, self._opener.says = block.name, block.label
            self._opener.size = inner, height
            self._opener.put(INSET, down)
        down += height
        self._error.say(block.error, inner).put(INSET, down + NEAR / 2)
        down += self._error.height + (NEAR / 2 if block.error else 0)
        down += self._lay_phrases(down, inner)
        height = down + ROW_PAD + THICK
        self._card.put(width, height, self.first, self.last)
        return height

    def _lay_phrases(self, top: float, inner: float) -> float:
        if tuple(phrase.says for phrase in self._phrases) != self.block.phrases:
            for phrase in self._phrases:
                self.remove_widget(phrase)
            self._phrases = [Phrase(words, self._pick) for words in self.block.phrases]
            for phrase in self._phrases:
                self.add_widget(phrase)
        x, down, row = 0.0, float(NEAR), 0.0
        for number, phrase in enumerate(self._phrases):
            phrase.name = f"{self.block.name}.{number}"
            height = phrase.fit(inner)
            if x and x + phrase.width > inner:
                x, down, row = 0.0, down + row, 0.0
            phrase.put(INSET + x, top + down)
            x += phrase.width + NEAR
            row = max(row, height)
        return down + row if self._phrases else 0
