"""The shapes are the simplified-Chinese ones, and a label on a screen really shows them."""

from pathlib import Path

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTCollection, TTFont
from kivy.core.text import DEFAULT_FONT
from kivy.core.text import Label as CoreLabel

from mobile.ui import fonts
from tests.ui_fonts.coverage import cmap, face

DEBIAN = Path("/usr/share/fonts/opentype/noto")
DIFFER = "直骨角门底次今令社房写化真置与述差"  # drawn otherwise in China than in Japan
TOFU = chr(0x10FFFD)  # no font has it
FACES = pytest.mark.parametrize("bold", [False, True], ids=["regular", "bold"])


def outline(font: TTFont, character: str) -> list:
    glyphs = font.getGlyphSet()
    pen = RecordingPen()
    glyphs[font.getBestCmap()[ord(character)]].draw(pen)
    return pen.value


@pytest.fixture(scope="module", params=[False, True], ids=["regular", "bold"])
def pair(request: pytest.FixtureRequest) -> tuple[TTFont, dict[str, TTFont]]:
    """Our face, and Debian's faces of that weight by name."""
    file = DEBIAN / f"NotoSansCJK-{'Bold' if request.param else 'Regular'}.ttc"
    if not file.exists():
        pytest.skip("the Debian package fonts-noto-cjk is not installed: nothing to compare with")
    faces = {font["name"].getDebugName(1): font for font in TTCollection(str(file), lazy=True).fonts}
    return face(request.param), faces


def test_our_shapes_are_those_of_the_simplified_chinese_face(pair: tuple[TTFont, dict[str, TTFont]]) -> None:
    ours, faces = pair
    for character in DIFFER + "入户走访韦覃岜咘":
        assert outline(ours, character) == outline(faces["Noto Sans CJK SC"], character), character


def test_our_shapes_are_not_the_japanese_ones(pair: tuple[TTFont, dict[str, TTFont]]) -> None:
    ours, faces = pair
    same = [one for one in DIFFER if outline(ours, one) == outline(faces["Noto Sans CJK JP"], one)]
    assert not same


@FACES
def test_every_ideograph_is_one_em_wide(bold: bool) -> None:
    """Lines are broken by it: `fonts` measures one ideograph for all."""
    widths = face(bold)["hmtx"]
    assert {widths[glyph][0] for point, glyph in cmap(bold).items() if 0x4E00 <= point < 0xA000} == {1000}


# --- on a screen -----------------------------------------------------------------------------------------------------


def pixels(character: str, bold: bool = False) -> bytes:
    label = CoreLabel(text=character, font_size=32, bold=bold)
    label.refresh()
    return label.texture.pixels


@FACES
def test_a_label_without_a_font_name_shows_chinese(window: object, bold: bool) -> None:
    from kivy.uix.label import Label

    label = Label(text="入户走访", font_size=32, bold=bold)
    label.texture_update()
    drawn = label.texture.pixels[3::4]  # how opaque each pixel is
    width, height = label.texture_size
    assert width >= 4 * 32
    assert sum(map(bool, drawn)) > width * height / 20


@FACES
def test_no_character_is_drawn_as_the_box_of_a_missing_one(window: object, bold: bool) -> None:
    box = pixels(TOFU, bold)
    seen = {character: pixels(character, bold) for character in "入户走访Ab3。✓→"}
    assert box not in seen.values()
    assert len(set(seen.values())) == len(seen)


def test_what_the_face_lacks_is_drawn_as_the_box(window: object) -> None:
    """So that the test above can fail."""
    assert not fonts.covers("☑")
    assert pixels("☑") == pixels(TOFU)


def test_bold_is_another_face(window: object) -> None:
    assert pixels("户", bold=True) != pixels("户", bold=False)


def test_kivys_own_name_for_its_font_now_means_ours() -> None:
    label = CoreLabel(font_name=DEFAULT_FONT, bold=True)
    assert Path(label.options["font_name_r"]).name == "RuhuSansSC-Bold.otf"
