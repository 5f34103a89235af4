"""Makes `initials.txt` beside it from pypinyin's readings: `python shared/pinyin/make_table.py`. Run by hand, never by the app.

Promises: the same pypinyin gives the same file; every reading counts, rare ones too. A line is a letter and the characters of which some
reading begins with it.
"""

import unicodedata
from pathlib import Path
from string import ascii_lowercase

from pypinyin.pinyin_dict import pinyin_dict

TABLE = Path(__file__).with_name("initials.txt")
LACKING = {"谌": "shèn", "费": "bì", "会": "guì", "峝": "dòng"}
"""Readings of surnames and of Guangxi's places that pypinyin's dictionary has not."""


def main() -> None:
    read = {
        chr(point): {_initial(reading) for reading in readings.split(",")} for point, readings in pinyin_dict.items()
    }
    for one, reading in LACKING.items():
        read[one].add(_initial(reading))
    ideographs = sorted(one for one in read if unicodedata.name(one, "").startswith("CJK UNIFIED") or one == "〇")
    head = f"# First letter, and the characters read with it: {len(ideographs)} of them. Made by make_table.py.\n"
    read_with = {letter: "".join(one for one in ideographs if letter in read[one]) for letter in ascii_lowercase}
    lines = [f"{letter} {characters}\n" for letter, characters in read_with.items() if characters]
    TABLE.write_text(head + "".join(lines), "utf-8")
    print(f"{len(ideographs)} characters, {TABLE.stat().st_size} bytes")


def _initial(reading: str) -> str:
    """The letter under the tone mark: è is e, ḿ is m."""
    return unicodedata.normalize("NFD", reading)[0]


if __name__ == "__main__":
    main()
