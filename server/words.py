"""Values in words, Chinese or English, for pages, prints and exports: labels instead of codes, days and moments as a clerk writes them.

Also the masks: what a page shows of an identity number, a telephone or anything secret before somebody asked for it with a reason.
Promises: pure; a code that no list here holds is shown as it is, never dropped. Leaves to others: escaping (the templates).
"""

from collections.abc import Mapping
from typing import Any

from shared.fields import SECRET, Boolean, Choice, Code, Date, Datetime, Field, Label, Photos
from shared.kinds.choices import PHONE
from shared.moments import SHANGHAI, moment_of

ZH, EN = "zh", "en"
NONE = "—"
MASK = "●●●●"
_PHONE_PATTERN = PHONE[0]


def word(label: Label | Mapping[str, str] | str, language: str = ZH) -> str:
    """A label in one language. A text of two halves, "中文 / English", gives the half asked for."""
    if isinstance(label, Label):
        return label.en if language == EN else label.zh
    if isinstance(label, Mapping):
        return label[language]
    chinese, cut, english = label.partition(" / ")
    return english if cut and language == EN else chinese if cut else label


def told(field: Field | None, value: Any, language: str = ZH) -> str:
    """A field's value as it is read."""
    if value is None or value == "" or value == []:
        return NONE
    if isinstance(value, bool) or isinstance(field, Boolean):
        return word(Label("是", "Yes") if value else Label("否", "No"), language)
    if isinstance(field, Photos) and isinstance(value, list):
        return photos(len(value), language)
    if isinstance(field, Choice):
        codes = value if isinstance(value, list) else [value]
        shown = [word(field.choices[code], language) if code in field.choices else str(code) for code in codes]
        return _joined(shown, language)
    if isinstance(field, Datetime) and isinstance(value, str):
        return moment(value)
    if isinstance(field, Date):
        return str(value)
    if isinstance(value, list):
        return _joined([told(None, one, language) for one in value], language)
    if isinstance(value, dict):
        return _joined([f"{name} {told(None, one, language)}" for name, one in value.items()], language)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def photos(count: int, language: str = ZH) -> str:
    """So many photographs. Their names are hashes, which say nothing to anybody."""
    return word(Label(f"{count} 张照片", f"{count} photo{'' if count == 1 else 's'}"), language)


def _joined(parts: list[str], language: str) -> str:
    return (", " if language == EN else "、").join(parts)


def moment(text: str) -> str:
    """An ISO moment as a clerk in Guangxi writes it, to the minute; what is none stays as it is."""
    try:
        return moment_of(text).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return text


# --- masks ---------------------------------------------------------------------------------------------------------


def is_masked(field: Field | None) -> bool:
    """Whether a field is shown masked until somebody asks: all that is secret, and telephones. A newer app's field too: who knows what it is."""
    return field is None or field.sensitivity == SECRET or is_phone(field)


def is_phone(field: Field | None) -> bool:
    return isinstance(field, Code) and field.pattern == _PHONE_PATTERN


def masked(field: Field | None, value: Any) -> str:
    """What is shown of it before: of a telephone the first three and last four, of an identity number the last four, of the rest nothing."""
    if value is None or value == "" or value == []:
        return NONE
    text = str(value)
    if is_phone(field) and len(text) >= 11:
        return f"{text[:3]}{MASK}{text[-4:]}"
    if isinstance(field, Code) and len(text) >= 15:
        return f"{MASK}{text[-4:]}"
    return MASK
