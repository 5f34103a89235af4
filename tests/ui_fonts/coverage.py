"""What the committed font files cannot draw, asked of the files themselves, for every test that has words a screen shows."""

import logging
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)  # Kivy lets everybody speak
FONTS = Path(__file__).resolve().parents[2] / "mobile" / "assets" / "fonts"


def missing(text: str, bold: bool = False) -> set[str]:
    """The characters of the text for which the face has no glyph; line ends are not drawn and are never missing."""
    return {one for one in text if ord(one) not in cmap(bold)} - {"\n"}


@cache
def face(bold: bool = False) -> TTFont:
    """The committed font, open."""
    return TTFont(FONTS / ("RuhuSansSC-Bold.otf" if bold else "RuhuSansSC.otf"), lazy=True)


@cache
def cmap(bold: bool = False) -> dict[int, str]:
    """Code point to glyph name."""
    return face(bold).getBestCmap()
