"""Both faces have a glyph for whatever the app itself says, and the regular one for whatever a name may hold."""

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import mobile
import shared
from mobile.ui import fonts
from server.demo import names
from shared.fields import Choice, Label
from shared.kinds import KINDS
from shared.rules.policy import PRESETS, preset_text
from shared.sync.phone import PhoneError
from tests.ui_fonts.coverage import FONTS, cmap, face, missing

ROOT = Path(__file__).resolve().parents[2]
FACES = pytest.mark.parametrize("bold", [False, True], ids=["regular", "bold"])
PINYIN = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ"
NOT_HERE = re.compile(r"android|__main__|make_table|^mobile\.(ui|app|main)\b")
"""What needs a telephone, a screen or a tool to be imported."""
SCREEN = "•·…—–×÷±≥≤≈→←↑↓●○◆◇▲▼★☆✓⚠℃㎡№①⑩ⅠⅫ￥€“”‘’«»「」『』【】〔〕《》〈〉、。，；：！？（）％～　"


def gb2312() -> str:
    cells = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return "".join(cell.decode("gb2312", "ignore") for cell in cells)


@FACES
def test_all_of_gb2312_can_be_drawn(bold: bool) -> None:
    assert len(gb2312()) == 7445
    assert not missing(gb2312(), bold)


def test_the_regular_face_has_every_ideograph_that_names_are_written_with() -> None:
    assert not missing("".join(map(chr, range(0x4E00, 0x9FF0))))
    assert not missing("〇䶮㛃㬎㵐𬒗𬘭𬤊𬭎𬸣𫖯𬍛")  # registered names hold these, outside the main block


@FACES
def test_latin_pinyin_and_the_screens_symbols_can_be_drawn(bold: bool) -> None:
    assert not missing("".join(map(chr, range(0x20, 0x7F))) + PINYIN + PINYIN.upper() + SCREEN, bold)


# --- what the app says -----------------------------------------------------------------------------------------------


def labels_of_kinds() -> Iterator[str]:
    """Everything a declaration says in words: labels of kinds, fields and choices, hints, sentences about patterns."""
    for kind in KINDS.values():
        yield from kind.label
        for field in kind.fields.values():
            yield from strings(vars(field))
            if isinstance(field, Choice):
                yield from strings(field.choices)


def strings(value: object) -> Iterator[str]:
    """Every text in nested lists, tables and labels, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(key)
            yield from strings(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from strings(one)


def errors() -> dict[str, str]:
    """Every error of the phone and its words, once all that works without a screen is imported."""
    for package in (shared, mobile):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not NOT_HERE.search(module.name):
                importlib.import_module(module.name)
    return {error.__name__: error.words for error in below(PhoneError)}


def below(error: type[PhoneError]) -> Iterator[type[PhoneError]]:
    """The class and every class made from it."""
    yield error
    for one in error.__subclasses__():
        yield from below(one)


@FACES
def test_every_word_of_the_kinds_can_be_drawn(bold: bool) -> None:
    said = "".join(labels_of_kinds())
    assert KINDS["household"].label.zh in said
    assert not missing(said, bold)


@FACES
@pytest.mark.parametrize("preset", PRESETS)
def test_every_word_of_the_presets_can_be_drawn(preset: str, bold: bool) -> None:
    written = tomllib.loads((ROOT / "shared" / "rules" / "presets" / f"{preset}.toml").read_text("utf-8"))
    assert not missing("".join(strings(written)) + "".join(strings(preset_text(preset))), bold)


@FACES
def test_every_error_can_be_told(bold: bool) -> None:
    said = errors()
    assert said.keys() >= {"Offline", "NoPlace", "StorageFull"}
    assert not missing("".join(said.values()), bold)


@FACES
def test_every_sentence_written_in_the_phones_code_can_be_drawn(bold: bool) -> None:
    """Whatever Chinese stands in mobile/ and shared/, comments too: cheaper than knowing which of it reaches a screen."""
    chinese = re.compile("[^\x00-\x7f]+")
    for folder in ("mobile", "shared"):
        for file in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.kv")]:
            if file.parent.name not in ("fonts", "pinyin"):  # lists of characters
                assert not missing("".join(chinese.findall(file.read_text("utf-8"))), bold), file.name


@FACES
def test_the_demo_countys_names_can_be_drawn(bold: bool) -> None:
    syllables = [value for name, value in vars(names).items() if name.isupper()]
    assert not missing("".join(strings(syllables)), bold)


# --- what the app knows of it ----------------------------------------------------------------------------------------


@FACES
def test_the_ranges_say_what_the_file_has(bold: bool) -> None:
    drawable = cmap(bold)
    for point in (
        *range(0x20, 0x3400),
        *range(0x4DB0, 0x4E01),
        *range(0x4E00, 0xA010),
        *range(0xF900, 0x10010),
        0x20164,
    ):
        if not 0xD800 <= point < 0xE000:
            assert fonts.covers(chr(point), bold) == (point in drawable), hex(point)
    assert sum(end - start for start, end in zip(*[iter(fonts._bounds(bold))] * 2, strict=True)) == len(drawable)


def test_a_name_is_bold_only_when_the_bold_face_has_all_of_it() -> None:
    assert fonts.font_for("韦秀英", True)
    assert not fonts.font_for("韦秀英", False)
    assert not fonts.font_for("韦䶮", True)  # 䶮: in the regular face only
    assert fonts.covers("韦䶮")
    assert not fonts.covers("☑")


def test_a_line_end_needs_no_glyph() -> None:
    assert fonts.covers("两行\n字", bold=True)
    assert not missing("两行\n字")


def test_the_licence_goes_with_the_fonts_and_no_reserved_name_is_used() -> None:
    licence = (FONTS / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Copyright 2014-2021 Adobe" in licence
    for bold in (False, True):
        for number in (1, 3, 4, 6):
            name = face(bold)["name"].getDebugName(number)
            assert "Ruhu" in name
            assert "Noto" not in name
            assert "Source" not in name


def test_labels_are_texts() -> None:
    assert list(strings({"a": [Label("中", "b")]})) == ["a", "中", "b"]
