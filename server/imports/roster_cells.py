"""Reads the cells of a roster: single ones, a village's name, and all that one row says of a person.

Promises: what can't be read with certainty is None and, for a person, told; a wrong or ruined identity number is left out,
never guessed. Leaves to others: the words (`roster_words`), which household a row belongs to (`roster`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl.utils.datetime import from_excel

from server.imports.roster_words import HEALTH, NOTHING, RELATION, SEX, Findings
from server.imports.workbook import Row, tidy
from shared.rules import identity


@dataclass(frozen=True)
class PersonRow:
    row: int  # as Excel shows it, from 1
    name: str
    relation: str  # a code of RELATIONS
    sex: str | None  # male or female; from the identity number when that is valid
    identity: str | None  # only when valid
    birth_date: str | None  # ISO date
    birth_month: str | None  # YYYY-MM, only when no day is known
    health: tuple[str, ...]
    phone: str | None  # 11 digits
    remark: str | None
    sheet: int = 1


# -------------------------------------------------------------------------------------------------------- single cells


def text_of(value: object) -> str | None:
    """A cell as text, None when it says nothing; a number without a fraction as Excel shows it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = tidy(value)
    return None if text.lower() in NOTHING else text


def key_of(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()


def name_of(value: object) -> str | None:
    """Names are padded to equal width with spaces (张　三); those go, but rare characters are not normalised away."""
    text = text_of(value) if isinstance(value, str) else None
    return re.sub(r"(?<=[\u2e80-\U0003ffff]) (?=[\u2e80-\U0003ffff])", "", text) if text else None


def household_number(value: object) -> str | None:
    text = text_of(value)
    return unicodedata.normalize("NFKC", text).replace(" ", "") if text else None


def relation_code(text: str) -> str | None:
    """The code of 户主之长子 and the like: without 户主, without the order of birth. None when it is not known."""
    word = re.sub(r"\([^()]*\)|[^\w]", "", key_of(text))
    short = re.sub(r"^(是|为)?(户主|本人)?[之的其]?", "", word)
    unnumbered = re.sub(r"^(独生|老?[长大次二三四五六七八九小幼独])", "", short)
    return next((RELATION[form] for form in (word, short, unnumbered) if form in RELATION), None)


def codes_in(text: str, words: Mapping[str, str]) -> tuple[list[str], bool]:
    """The codes in a cell whose words are joined by anything or nothing, and whether a word was not known."""
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    codes: dict[str, None] = {}
    unknown = False
    whole = key_of(text)  # 健　康 is one word padded to the width of the others
    for token in [whole] if whole in words else re.split(r"[\W_]+", unicodedata.normalize("NFKC", text)):
        # Taken apart only when known words cover it whole: 非低保户 must not become 低保户.
        if token in words:
            found = [token]
        elif len(token) < 40 and re.fullmatch(rf"(?:(?:{longest_first})[和及与兼且]?)+", token):
            found = re.findall(longest_first, token)
        else:
            found = []
            unknown = unknown or bool(token)
        codes |= dict.fromkeys(code for word in found for code in words[word].split())
    return list(codes), unknown


def birth_of(value: object, epoch: Any) -> tuple[str | None, str | None] | None:
    """(date, month) of a birth cell, at most one of them given; None when the cell can't be read with certainty."""
    if isinstance(value, datetime):
        return _known(value.year, value.month, value.day)
    if isinstance(value, (int, float)) and 10_000 <= value < 100_000:  # a date that lost its format: 22810
        return birth_of(from_excel(value, epoch), epoch)
    if isinstance(value, float) and not value.is_integer() and repr(value).endswith(".1"):
        return None  # 1980.1 as a number is January, or October that lost its zero
    text = re.sub(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", unicodedata.normalize("NFKC", text_of(value) or ""))
    if not text:
        return None, None
    plain = re.sub(r"[年月./\\,、—–-]+", "-", re.sub(r"\s|(日|号)?(出?生)?$", "", text)).strip("-")
    if re.fullmatch(r"[0-9]{5}", plain):
        return birth_of(int(plain), epoch)
    parts = re.fullmatch(r"([0-9]{4})-?([0-9]{2})(?:-?([0-9]{2}))?|([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?", plain)
    if not parts:
        return None
    year, month, day = parts.groups()[:3] if parts[1] else parts.groups()[3:]
    return _known(int(year), int(month), int(day) if day else None)


def _known(year: int, month: int, day: int | None) -> tuple[str | None, str | None] | None:
    try:
        checked = date(year, month, 1 if day is None else day)
    except ValueError:
        return None
    if not 1850 <= year <= 2100:
        return None
    return (None, f"{checked:%Y-%m}") if day is None else (checked.isoformat(), None)


def phone_of(value: object) -> tuple[str | None, bool]:
    """The first mobile number of a cell, and whether the cell is anything else than that one number."""
    text = unicodedata.normalize("NFKC", text_of(value) or "")
    for form in (text, re.sub(r"[\s-]", "", text)):
        if found := re.findall(r"(?<!\d)(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9]{9})(?!\d)", form):
            return found[0], len(re.sub(r"\D", "", form)) > 15
    return None, bool(text)


class Villages:
    """The villages of one township by any usual form of their names; never a choice between two."""

    def __init__(self, villages: Mapping[str, str]) -> None:
        self._exact: dict[str, set[str]] = {}
        self._loose: dict[str, set[str]] = {}
        self._cores: dict[str, str] = {}
        for name, code in villages.items():
            core, kind = self._parts(key_of(name))
            self._exact.setdefault(key_of(name), set()).add(code)
            self._exact.setdefault(code, set()).add(code)
            for form in {core, core + kind}:
                self._loose.setdefault(form, set()).add(code)
            self._cores[code] = core

    def find(self, text: str) -> str | None:
        """The code a cell means: by its exact name first, then by the name without 村委会, 社区居委会 and the like."""
        core, kind = self._parts(key_of(text))
        codes = self._exact.get(key_of(text)) or self._loose.get(core + kind, set())
        return next(iter(codes)) if len(codes) == 1 else None

    def mentioned(self, texts: Iterable[str]) -> str | None:
        """The one village that titles speak of, when they speak of exactly one."""
        words = key_of(" ".join(texts))
        ending = "(村|社区|居委|居民)"
        found = {code for code, core in self._cores.items() if re.search(re.escape(core) + ending, words)}
        return found.pop() if len(found) == 1 else None

    @staticmethod
    def _parts(name: str) -> tuple[str, str]:
        """桐骨村民委员会 -> (桐骨, 村); a village and a community of the same core name stay two places."""
        if match := re.fullmatch(r"(.+?)(社区|(社区)?(居民委员会|居委会))", name):
            return match[1], "社区"
        if match := re.fullmatch(r"(.+?)(村|行政村|(村|行政村)?(村民委员会|村委会|村委))", name):
            return match[1], "村"
        return name, ""


# ------------------------------------------------------------------------------------------------------------ a person


class Persons:
    """Reads what a row says of one person; what is doubtful goes to the findings."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._identities: dict[str, str] = {}  # number -> where it stood

    def read(self, row: Row, name: str, is_head: bool, epoch: Any) -> PersonRow:
        """The person. `epoch` is the workbook's, for dates that lost their format."""
        relation, remarks = self._relation(row, is_head)
        number, words = self._identity(row.number, row.own.get("identity"))
        born, month = self._born(row, number, epoch)
        phone, doubtful = phone_of(row.own.get("phone"))
        if doubtful:
            self._findings.warn(row.number, "phone_doubtful")
        if remark := text_of(row.own.get("remark")):
            words = [*words, remark]
        return PersonRow(
            row.number,
            name,
            relation,
            self._sex(row, number),
            number,
            born,
            month,
            self._health(row),
            phone,
            "；".join([*remarks, *words]) or None,
            self._findings.sheet,
        )

    def _relation(self, row: Row, is_head: bool) -> tuple[str, list[str]]:
        text = text_of(row.filled.get("relation"))
        code = "head" if is_head else relation_code(text or "")
        if code is None or (code == "head" and not is_head):
            self._findings.warn(row.number, "relation_unknown")
            return "other", [f"与户主关系：{text}"] if text else []
        return code, []

    def _identity(self, row: int, value: object) -> tuple[str | None, list[str]]:
        """The valid number, or None and the words that stood in its place."""
        text = text_of(value)
        if text is None:
            return None, []
        number = identity.normalise(text)
        scientific = re.fullmatch(r"[0-9](\.[0-9]+)?E\+?[0-9]+|[0-9]{15,}\.0*|#.*", number)
        if not isinstance(value, str) or scientific:
            self._findings.warn(row, "identity_ruined")
            return None, []
        if not re.search(r"[0-9*]", number):
            return None, [f"证件：{text}"]
        if (fault := identity.fault(number)) is not None:
            self._findings.warn(row, "identity_check_character" if fault == "check_character" else "number_unclear")
            return None, []
        if number in self._identities:
            self._findings.warn(row, "same_number_twice", other=self._identities[number])
        self._identities.setdefault(number, self._findings.where(row))
        return number, []

    def _born(self, row: Row, number: str | None, epoch: Any) -> tuple[str | None, str | None]:
        read = birth_of(row.filled.get("birth"), epoch)
        if number is None:
            if read is None:
                self._findings.warn(row.number, "date_unclear")
            return read or (None, None)
        born = identity.birth_date(number).isoformat()
        if read and any(part and not born.startswith(part) for part in read):
            self._findings.warn(row.number, "birth_differs")
        return born, None

    def _sex(self, row: Row, number: str | None) -> str | None:
        text = text_of(row.filled.get("sex"))
        read = SEX.get(key_of(text)) if text else None
        if text and read is None:
            self._findings.warn(row.number, "sex_unclear")
        if number is None:
            return read
        if read and read != identity.sex(number):
            self._findings.warn(row.number, "sex_differs")
        return identity.sex(number)

    def _health(self, row: Row) -> tuple[str, ...]:
        codes, unknown = codes_in(text_of(row.filled.get("health")) or "", HEALTH)
        if unknown:
            self._findings.warn(row.number, "health_unknown")
        return tuple(codes)
