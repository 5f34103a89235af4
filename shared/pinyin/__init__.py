"""Finding names by what a thumb types: Chinese characters, the first letters of their pinyin, digits, or all of these mixed.

Promises: a character answers to the first letter of each of its readings, rare ones and those of surnames too (覃 to q and t), so nobody
is missed for being read otherwise; case, full width, spaces and the dot within a name count for nothing. The table is read when first
asked for. Leaves to others: what stands in a name, and showing what was found. `make_table.py` makes `initials.txt`.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

__all__ = ["Matcher", "initials_match", "letters", "search"]

# A roster writes 韦　强 for 韦强, an input method h'x'y for hxy, and some names have a dot: 阿依·古丽.
_APART = re.compile(r"[\s'’·•・‧]+")


def letters(char: str) -> str:
    """The letters one character is found by, a to z: of all its readings; a Latin letter or digit gives itself; else nothing."""
    plain = _plain(char)
    if plain.isascii():
        return plain if plain.isalnum() else ""
    return "".join(letter for letter, characters in _table().items() if plain in characters)


def initials_match(text: str, typed: str) -> bool:
    """Whether what was typed stands for characters next to each other in the text: hxy, xy and 黄xy all do for 黄秀英."""
    return bool(search([text], typed))


def search(names: Sequence[str], typed: str) -> list[int]:
    """Places in `names` of those that fit, as `Matcher.search`; for names asked once."""
    return Matcher(names).search(typed)


class Matcher:
    """Names made ready, to be searched at every letter typed. A name may be several words: a person, a hamlet, a number."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [_plain(name) for name in names]
        self._characters = set("".join(self._names))

    def search(self, typed: str) -> list[int]:
        """Places of the names that fit: first those that begin so, then those that hold it, both in the order given.

        A letter stands for itself and for every character read so, anything else for itself. Nothing typed: all of them.
        """
        fits = re.compile("".join(map(self._meant, _plain(typed)))).search
        begin: list[int] = []
        hold: list[int] = []
        for place, name in enumerate(self._names):
            if found := fits(name):
                (hold if found.start() else begin).append(place)
        return begin + hold

    def _meant(self, char: str) -> str:
        """What one typed character stands for, as a pattern: of the characters in these names only, so it stays short."""
        read_so = _table().get(char)
        if read_so is None:
            return re.escape(char)
        return f"[{char}{''.join(self._characters.intersection(read_so))}]"


def _plain(text: str) -> str:
    """One spelling: half width, small letters, nothing that only keeps characters apart."""
    return _APART.sub("", unicodedata.normalize("NFKC", text).lower())


@cache
def _table() -> dict[str, str]:
    """Letter to the characters read with it."""
    lines = files("shared.pinyin").joinpath("initials.txt").read_text("utf-8").splitlines()
    return {line[0]: line[2:] for line in lines if not line.startswith("#")}
