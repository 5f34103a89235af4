"""Cuts the phone's two fonts out of Debian's `fonts-noto-cjk`: `python mobile/assets/fonts/build.py /usr/share/fonts/opentype/noto`.

Writes beside itself RuhuSansSC.otf and RuhuSansSC-Bold.otf, for each the `.ranges` of what it can draw, and the licence. All are
committed, so that neither the app nor a test depends on the host's fonts; this script is run by hand when the choice of characters
changes. Promises: the same package and fontTools give the same bytes; it stops when the face or a GB2312 character is missing.
One file holds Latin, Chinese and symbols because Kivy draws a label with one font and falls back to none.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).resolve().parent
FAMILY = "Ruhu Sans SC"  # not "Noto" nor "Source": the licence keeps a maker's names for the maker's own files
SOURCE = (
    "Noto Sans CJK SC"  # by name: face 0 of the collection is the Japanese one, with other shapes for 2,933 of GB2312
)
STYLES = {"Regular": "RuhuSansSC", "Bold": "RuhuSansSC-Bold"}

LATIN = [(0x20, 0x7E), (0xA0, 0x17F), (0x1CD, 0x1DC), (0x1F8, 0x1F9), (0x251, 0x251), (0x261, 0x261), (0x2C7, 0x2CB), (0x1E3E, 0x1E3F)]  # fmt: skip
"""ASCII, Latin-1, Latin Extended-A, and the further letters and tone marks of pinyin."""
SYMBOLS = [
    (0x2010, 0x205E),  # dashes, quotes, … • ‰ ※
    (0x20AC, 0x20AC),
    (0x2100, 0x214F),  # ℃ № ℡
    (0x2160, 0x217B),  # Roman numbers
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # ≤ ≥ ≈
    (0x2460, 0x24FF),  # numbers in circles and brackets
    (0x2500, 0x25FF),  # boxes and shapes
    (0x2605, 0x2606),  # ★ ☆
    (0x260E, 0x260F),  # telephones
    (0x2640, 0x2642),  # ♀ ♂
    (0x26A0, 0x26A0),  # ⚠
    (0x2713, 0x2713),  # ✓
    (0x3000, 0x303F),  # Chinese punctuation
    (0x3220, 0x3229),  # ㈠
    (0x338E, 0x33D5),  # ㎡ ㎏ ㎞
    (0xFF01, 0xFF5E),  # full-width forms
    (0xFFE0, 0xFFE6),  # ￥
]
"""What a screen or a person's words may hold, as far as the face has it."""
IDEOGRAPHS = [(0x4E00, 0x9FFF)]
PLACES = "咘崬峝嵅濛埌塱崀榃"
"""Common in Guangxi's place names, which headings hold, yet outside GB 2312."""

NAMING = """
㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃
䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮𠅤𠙶𠳐𡎚𡐓𣗋𣲗𣲘𣸣𤧛𤩽𤫉𥔲𥕢𥖨𥻗𦈡𦒍𦙶𦝼𦭜𦰡𧿹𨐈𨙸𨚕𨟠𨭉𨱇𨱏𨱑𨱔𨺙𩽾𩾃𩾌𪟝𪣻𪤗𪨰𪨶𪩘𪾢𫄧𫄨𫄷𫄸𫇭𫌀𫍣𫍯
𫍲𫍽𫐄𫐐𫐓𫑡𫓧𫓯𫓶𫓹𫔍𫔎𫔶𫖮𫖯𫖳𫗧𫗴𫘜𫘝𫘦𫘧𫘨𫘪𫘬𫚕𫚖𫚭𫛭𫞩𫟅𫟦𫟹𫟼𫠆𫠊𫠜𫢸𫫇𫭟𫭢𫭼𫮃𫰛𫵷𫶇𫷷𫸩𬀩𬀪𬂩𬃊𬇕𬇙𬇹𬉼𬊈𬊤𬌗𬍛𬍡𬍤𬒈𬒔
𬒗𬕂𬘓𬘘𬘡𬘩𬘫𬘬𬘭𬘯𬙂𬙊𬙋𬜬𬜯𬞟𬟁𬟽𬣙𬣞𬣡𬣳𬤇𬤊𬤝𬨂𬨎𬩽𬪩𬬩𬬭𬬮𬬱𬬸𬬹𬬻𬬿𬭁𬭊𬭎𬭚𬭛𬭤𬭩𬭬𬭯𬭳𬭶𬭸𬭼𬮱𬮿𬯀𬯎𬱖𬱟𬳵𬳶𬳽𬳿𬴂𬴃𬴊𬶋
𬶍𬶏𬶐𬶟𬶠𬶨𬶭𬶮𬷕𬸘𬸚𬸣𬸦𬸪𬹼𬺈𬺓
"""
"""The characters of the national 通用规范汉字表 (2013), by which names are registered, that stand outside `IDEOGRAPHS`."""


def main(folder: Path) -> None:
    """Build everything from the package whose fonts stand in `folder`."""
    bold = _points(LATIN + SYMBOLS) | gb2312() | {ord(one) for one in PLACES}
    wanted = {"Bold": bold, "Regular": bold | _points(IDEOGRAPHS) | {ord(one) for one in NAMING if one != "\n"}}
    for style, name in STYLES.items():
        font = cut(folder, style, wanted[style])
        font.save(HERE / f"{name}.otf")
        points = sorted(font.getBestCmap())
        if missing := gb2312() - set(points):
            raise SystemExit(f"{name}: no glyph for {''.join(map(chr, sorted(missing)))}")
        (HERE / f"{name}.ranges").write_text(_as_ranges(name, points), "utf-8")
        print(f"{name}: {len(points)} characters, {(HERE / f'{name}.otf').stat().st_size} bytes")
    (HERE / "OFL.txt").write_text(_licence(folder), "utf-8")


def cut(folder: Path, style: str, points: Iterable[int]) -> TTFont:
    """The simplified-Chinese face of that style with those of the code points that it has, under our name."""
    faces = TTCollection(str(folder / f"NotoSansCJK-{style}.ttc"), lazy=True).fonts
    font = next((face for face in faces if face["name"].getDebugName(4) in (SOURCE, f"{SOURCE} {style}")), None)
    if font is None:
        raise SystemExit(f"no face {SOURCE} {style} in {folder}")
    font.recalcTimestamp = False
    options = Options(
        layout_features=["kern"],  # nothing else reaches the screen: text runs one way, in one language
        hinting=False,
        legacy_cmap=False,
        name_IDs=[0, 7, 8, 9, 13, 14],
        name_languages=[0x409],
        notdef_outline=True,  # the box that says a character is missing
        drop_tables=["BASE", "DSIG", "VORG", "vhea", "vmtx"],
    )
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    _rename(font, style)
    return font


def gb2312() -> set[int]:
    """Code points of the national standard GB 2312: 6,763 ideographs and 682 other characters, in both readings of two of them."""
    found = {0xB7, 0x2014}  # how phones write its · and —; Python's codec has others
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            found |= set(map(ord, bytes((row, cell)).decode("gb2312", "ignore")))
    return found


def _points(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {point for first, last in ranges for point in range(first, last + 1)}


def _rename(font: TTFont, style: str) -> None:
    names, postscript = font["name"], f"RuhuSansSC-{style}"
    full = FAMILY if style == "Regular" else f"{FAMILY} {style}"
    version = f"{font['head'].fontRevision:.3f}"
    told = f"The simplified-Chinese part of {SOURCE} {version} that the Ruhu app needs: a modified version under a name of its own."
    new = {1: FAMILY, 2: style, 3: f"{version};{postscript}", 4: full, 5: f"Version {version}", 6: postscript, 10: told}
    for number, text in new.items():
        names.setName(text, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [postscript]
    cff.topDictIndex[0].FamilyName, cff.topDictIndex[0].FullName = FAMILY, full
    for number, private in enumerate(cff.topDictIndex[0].FDArray):
        private.FontName = f"{postscript}-{number}"


def _as_ranges(name: str, points: list[int]) -> str:
    """Sorted code points as lines ``4E00-9FEF`` or ``20AC``, hexadecimal; both ends belong to the range."""
    lines = [f"{first:X}-{last:X}" if last > first else f"{first:X}" for first, last in _runs(points)]
    return f"# What {name}.otf can draw: {len(points)} characters. Made by build.py.\n" + "\n".join(lines) + "\n"


def _runs(points: list[int]) -> Iterator[tuple[int, int]]:
    first = last = points[0]
    for point in points[1:]:
        if point != last + 1:
            yield first, last
            first = point
        last = point
    yield first, last


def _licence(folder: Path) -> str:
    """The licence's text as the Debian package has it, under the copyright notice that must go with every copy."""
    about = (folder.parents[2] / "doc" / "fonts-noto-cjk" / "copyright").read_text("utf-8")
    block = about.split("\nLicense: SIL-1.1\n", 2)[-1].split("\n\n")[0]
    text = "\n".join(line.strip().removeprefix(".") for line in block.splitlines())
    head = """\
        Copyright 2014-2021 Adobe (http://www.adobe.com/). Noto is a trademark of Google Inc.

        RuhuSansSC.otf and RuhuSansSC-Bold.otf are modified versions of Noto Sans CJK SC: fewer characters, no hints,
        another name. build.py beside them says how they were made. They are licensed as the original is, under the SIL
        Open Font License, Version 1.1, which follows and is also found at https://openfontlicense.org

        """
    return dedent(head) + text + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
