"""A cell as a file holds it: labels instead of codes, numbers as numbers, everything else as text that no spreadsheet runs.

Promises: pure. A text counts as a formula when the first character that is seen is = + - @, full-width ones too, or when it begins with a tab or
the end of a line. Leaves to others: quoting and escaping (`files`).
"""

import math
import unicodedata

from server.lists.listing import Column, Row

FORMULA = frozenset("=+-@")
CONTROL = ("\t", "\r", "\n")
LONGEST = 32_767
"""Characters that a cell of a workbook holds; a longer text would be left out whole."""
_EXACT = 2**53
"""From here on a spreadsheet's numbers lose digits."""


def value_of(column: Column, row: Row, whole: bool, language: str) -> str | int | float:
    """What a file holds of a row in this column; '' where there is nothing. Masked unless `whole`."""
    value = row.get(column.key)
    if value is None or value == "" or value == []:
        return ""
    masked = column.masked and not whole
    if column.sort == "number" and not masked and isinstance(value, int | float) and not isinstance(value, bool):
        return value if math.isfinite(value) and abs(value) < _EXACT else str(value)
    text = column.shown(row, whole, language)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run this text."""
    if text[:1].isalnum():  # nearly all are; no letter or digit stands for one of the four
        return False
    if text.startswith(CONTROL):
        return True
    first = next((one for one in text if unicodedata.category(one)[0] not in "ZC"), "")
    return unicodedata.normalize("NFKC", first)[:1] in FORMULA


def disarmed(text: str) -> str:
    """The text as a CSV may hold it: one that might be run begins with an apostrophe."""
    return f"'{text}" if is_formula(text) else text
