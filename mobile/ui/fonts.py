"""The app's own fonts: registered over Kivy's, asked what they can draw, and Chinese paragraphs broken into lines with them.

Promises: after `register` every label is Chinese without naming a font; bold is used only where the bold face has every character,
as it holds GB 2312 and the regular face all of U+4E00-9FFF; a wrapped line begins with no 。 and ends with no 《. Leaves to others:
sizes and colours (`theme`), and making the files (`mobile/assets/fonts/build.py`).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from kivy.core.text import DEFAULT_FONT, LabelBase
from kivy.core.text import Label as CoreLabel

FONTS = Path(__file__).resolve().parent.parent / "assets" / "fonts"
REGULAR, BOLD = "RuhuSansSC", "RuhuSansSC-Bold"


def register() -> None:
    """Make both faces what Kivy draws with unless told otherwise. Call once, before any widget. OSError when a file is missing."""
    LabelBase.register(DEFAULT_FONT, fn_regular=str(FONTS / f"{REGULAR}.otf"), fn_bold=str(FONTS / f"{BOLD}.otf"))


# --- what can be drawn -----------------------------------------------------------------------------------------------


def covers(text: str, bold: bool = False) -> bool:
    """Whether the face has every character of the text; line ends are not drawn and count as had."""
    bounds = _bounds(bold)
    return all(bisect_right(bounds, ord(one)) % 2 or one == "\n" for one in text)


def font_for(text: str, bold: bool) -> bool:
    """Whether to draw this text bold, where bold is wished: ``Label(text=name, bold=font_for(name, True))``."""
    return bold and covers(text, bold=True)


@cache
def _bounds(bold: bool) -> list[int]:
    """Code points where a run of drawable ones begins and, by turns, where it is over: after an odd number of bounds we are inside."""
    bounds = []
    for line in (FONTS / f"{BOLD if bold else REGULAR}.ranges").read_text("utf-8").splitlines()[1:]:
        first, _, last = line.partition("-")
        bounds += [int(first, 16), int(last or first, 16) + 1]
    return bounds


# --- paragraphs ------------------------------------------------------------------------------------------------------
# Kivy breaks at spaces only, so a Chinese paragraph moves to the next line whole and punctuation stands anywhere.

_OPENING = "（《【「『〈〔［｛“‘￥"  # never ends a line
_CLOSING = "，。；：！？、）》】」』〉〕］｝”’…·％‰℃"  # never begins one
_CHINESE = (
    "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"  # stands alone, unlike a Latin word
)
_LATIN = rf"[^\s—{_CHINESE}{_OPENING}{_CLOSING}]+"
_PIECE = re.compile(
    rf"""\s+ | (?: [{_OPENING}(\[{{] \s* )*  (?: {_LATIN} (?: ’ {_LATIN} )* | —+ | \S )  (?: [,.;:!?)\]}}%] | \s* [{_CLOSING}] )*""",
    re.VERBOSE,
)
"""Spaces; or a Latin word, a dash or one character, with the punctuation on both sides that may not leave it."""
_ONE_EM = re.compile("[\u4e00-\u9fff]")


def wrap_cjk(text: str, width: float, font_size: float, bold: bool = False) -> str:
    """The text with a line end wherever a line of `width` pixels is full; `font_size` in pixels too. For text that is only read.

    Breaks between Chinese characters, at spaces and around Latin words; own line ends stay. What is too long for a line by itself,
    such as an address of the web, is broken anywhere.
    """
    return "\n".join(line for own in text.split("\n") for line in _lines(own, width, font_size, bold))


def _lines(text: str, width: float, font_size: float, bold: bool) -> Iterator[str]:
    line, used = "", 0.0
    for piece in _pieces(text, width, font_size, bold):
        needed = _width(piece, font_size, bold)
        if line and used + needed > width:
            yield line.rstrip()
            line, used = "", 0.0
            if piece.isspace():
                continue
        line, used = line + piece, used + needed
    yield line.rstrip()


def _pieces(text: str, width: float, font_size: float, bold: bool) -> Iterator[str]:
    """What stays together, in the text's order; what fills more than a line comes apart."""
    for piece in _PIECE.findall(text):
        if _width(piece, font_size, bold) > width:
            yield from piece
        else:
            yield piece


def _width(piece: str, font_size: float, bold: bool) -> float:
    # Every ideograph is one em wide: measured once, not once each.
    return _measure(_ONE_EM.sub("国", piece), font_size, bold)


@lru_cache(maxsize=4096)
def _measure(piece: str, font_size: float, bold: bool) -> float:
    return _ruler(font_size, bold).get_extents(piece)[0]


@lru_cache(maxsize=16)
def _ruler(font_size: float, bold: bool) -> CoreLabel:
    return CoreLabel(font_size=font_size, bold=bold)
