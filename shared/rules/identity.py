"""Chinese 18-character identity numbers (GB 11643): tidy, judge, read and mask them.

Promises: pure functions on text; a number is never guessed or mended, only its spelling is tidied (full-width digits,
spaces, a small x). Leaves to others: whether a number must be given, what to say to the person when it is wrong, and
whether the birth date lies in the future (there is no clock here).
"""

import re
import unicodedata
from datetime import date
from typing import Literal

Fault = Literal["length", "check_character", "birth_date"]
Sex = Literal["male", "female"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_OLDEST_YEAR = 1850  # nobody alive was born earlier, so an earlier year is a slip of the pen
# Excel users type an apostrophe before a number to keep it as text, and copies of the sheet keep it as a character.
_TEXT_MARKS = "'’‘`"


def normalise(text: str) -> str:
    """The same number in one spelling: ASCII digits, capital X, no spaces, no invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    # C* are control and invisible characters (zero-width, direction marks, byte order mark), Z* all sorts of spaces.
    visible = "".join(character for character in plain if unicodedata.category(character)[0] not in "CZ")
    # Once more, as what stood apart may now join: tidying a tidy number must change nothing.
    return unicodedata.normalize("NFKC", visible.lstrip(_TEXT_MARKS).upper())


def check_character(first17: str) -> str:
    """The 18th character that belongs to 17 ASCII digits (ISO 7064 mod 11-2). ValueError for anything else."""
    if not re.fullmatch(r"[0-9]{17}", first17):
        raise ValueError("17 digits are needed")
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def fault(number: str) -> Fault | None:
    """What is wrong with a normalised number, the first fault in this order: length, check character, birth date."""
    if not _SHAPE.fullmatch(number):
        return "length"
    if check_character(number[:17]) != number[17]:
        return "check_character"
    if _date_in(number) is None:
        return "birth_date"
    return None


def is_valid(number: str) -> bool:
    """Whether a normalised number has 18 characters, the right check character and a birth date that exists."""
    return fault(number) is None


def birth_date(number: str) -> date:
    """The birth date a valid number carries. ValueError when the number is not valid."""
    born = _date_in(number) if is_valid(number) else None
    if born is None:
        raise ValueError("not a valid identity number")
    return born


def sex(number: str) -> Sex:
    """The sex a valid number carries: its 17th digit is odd for men. ValueError when the number is not valid."""
    if not is_valid(number):
        raise ValueError("not a valid identity number")
    return "male" if int(number[16]) % 2 else "female"


def mask(number: str) -> str:
    """The number as it may be shown: 451***********123X, first three and last four (DOMAIN section 9).

    A phone number comes out as 138****1234. What has seven characters or fewer is covered whole.
    """
    if len(number) <= 7:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]


def _date_in(number: str) -> date | None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if born.year >= _OLDEST_YEAR else None
