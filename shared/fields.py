"""The field classes a kind is made of: marshmallow's fields with what marshmallow does not know.

Each carries a label (Chinese, English), how two people's words are joined (`merge`), who may see it
(`sensitivity`) and a hint for the form (`widget`). Values stay as they are on the wire: dates and times are ISO 8601
text, so a word comes back exactly as it was written. A field judges one value by itself; rules between fields only warn and
live in `shared.rules`. Null is always a value: it clears the field.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields

LATEST, REVIEW, ONCE, UNION = "latest", "review", "once", "union"
MERGE_RULES = (LATEST, REVIEW, ONCE, UNION)
OPEN, PERSONAL, SECRET = "open", "personal", "secret"

TEXT_LENGTH = 10_000
CODE_LENGTH = 64
LIST_LENGTH = 200
DEPTH = 20
INT64 = 2**63

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PHOTO = r"[0-9a-f]{64}"
_UUID = re.compile(UUID)
_PHOTO = re.compile(PHOTO)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Label(NamedTuple):
    """What a person reads: Chinese first, English beside it."""

    zh: str
    en: str


def is_uuid(value: object) -> bool:
    """Whether `value` is a lower-case canonical UUID."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_date(value: object) -> bool:
    """Whether `value` is a real calendar day, ``YYYY-MM-DD``."""
    if not isinstance(value, str) or not _DATE.fullmatch(value) or not value.isascii():
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_datetime(value: object) -> bool:
    """Whether `value` is a real moment in ISO 8601 with its offset."""
    if not isinstance(value, str) or not _DATETIME.fullmatch(value) or not value.isascii():
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_plain(text: str) -> bool:
    """Whether text can be kept everywhere: PostgreSQL has no NUL, UTF-8 no half surrogate."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))


def is_storable(value: object, depth: int = DEPTH) -> bool:
    """Whether any JSON value can be kept: plain text, finite numbers, at most `depth` levels."""
    if isinstance(value, str):
        return is_plain(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | dict):
        if depth == 0:
            return False
        inner = value.values() if isinstance(value, dict) else value
        keys = value if isinstance(value, dict) else ()
        return all(isinstance(key, str) and is_plain(key) for key in keys) and all(
            is_storable(item, depth - 1) for item in inner
        )
    return value is None or isinstance(value, bool | int)


class Field(fields.Field[Any]):
    """What every field of a kind has. Subclasses say `type_name` and `check`."""

    type_name = ""
    widget = "text"

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        merge: str = LATEST,
        sensitivity: str = OPEN,
        required: bool = False,
        widget: str | None = None,
        hint: Label | None = None,
        indexed: bool = False,
    ) -> None:
        if merge not in MERGE_RULES:
            raise ValueError(f"no such merge rule: {merge}")
        super().__init__(allow_none=True)
        self.label = Label(zh, en)
        self.merge = merge
        self.sensitivity = sensitivity
        self.needed = required  # marshmallow's own `required` would bind the gate; ours binds the form only
        self.widget = widget or type(self).widget
        self.hint = hint
        self.indexed = indexed  # the township looks records up by this field

    def check(self, value: Any) -> str | None:
        """None when the value is fit to keep, else one sentence, Chinese and English, saying what is expected."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        problem = self.check(value)
        if problem:
            raise ValidationError(problem)
        return value


class Text(Field):
    """Free words."""

    type_name = "text"

    def __init__(self, zh: str, en: str, *, length: int = TEXT_LENGTH, **options: Any) -> None:
        super().__init__(zh, en, **options)
        self.length = length

    def check(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return "应为文字 / must be text"
        if len(value) > self.length:
            return f"最多 {self.length} 个字 / at most {self.length} characters"
        return None if is_plain(value) else "含有无法保存的字符 / holds a character that cannot be kept"


class Code(Text):
    """Words with a pattern: a phone number, an identity number, a household number."""

    type_name = "code"

    def __init__(self, zh: str, en: str, pattern: str, expects: Label, **options: Any) -> None:
        super().__init__(zh, en, length=options.pop("length", CODE_LENGTH), **options)
        self.pattern = pattern
        self.expects = expects
        self._compiled = re.compile(pattern)

    def check(self, value: Any) -> str | None:
        problem = super().check(value)
        if problem is None and not self._compiled.fullmatch(value):
            return f"{self.expects.zh} / {self.expects.en}"
        return problem


class Link(Field):
    """The id of another record."""

    type_name = "link"
    widget = "link"

    def __init__(self, zh: str, en: str, to: str, **options: Any) -> None:
        super().__init__(zh, en, **options)
        self.to = to

    def check(self, value: Any) -> str | None:
        return None if is_uuid(value) else "应为记录编号 / must be a record's id (lower-case UUID)"


class Integer(Field):
    """A whole number between `low` and `high`, both included."""

    type_name = "integer"
    widget = "number"

    def __init__(self, zh: str, en: str, *, low: int = -INT64, high: int = INT64 - 1, **options: Any) -> None:
        super().__init__(zh, en, **options)
        self.low, self.high = low, high

    def check(self, value: Any) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "应为整数 / must be a whole number"
        return None if self.low <= value <= self.high else _between(self.low, self.high)


class Number(Field):
    """A number between `low` and `high`, both included."""

    type_name = "number"
    widget = "number"

    def __init__(self, zh: str, en: str, *, low: float = -1e15, high: float = 1e15, **options: Any) -> None:
        super().__init__(zh, en, **options)
        self.low, self.high = low, high

    def check(self, value: Any) -> str | None:
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
            return "应为数字 / must be a number"
        return None if self.low <= value <= self.high else _between(self.low, self.high)


class Boolean(Field):
    """Yes or no."""

    type_name = "boolean"
    widget = "switch"

    def check(self, value: Any) -> str | None:
        return None if isinstance(value, bool) else "应为是或否 / must be true or false"


class Date(Field):
    """A calendar day, ``YYYY-MM-DD``."""

    type_name = "date"
    widget = "date"

    def check(self, value: Any) -> str | None:
        return None if is_date(value) else "应为日期，如 2018-09-03 / must be a date such as 2018-09-03"


class Datetime(Field):
    """A moment in ISO 8601 with its offset."""

    type_name = "datetime"
    widget = "datetime"

    def check(self, value: Any) -> str | None:
        if is_datetime(value):
            return None
        return "应为带时区的时间，如 2018-09-03T10:15:00+08:00 / must be a time with offset such as 2018-09-03T10:15:00+08:00"


class Choice(Field):
    """One code of a list. An unknown code is kept: a newer phone may know more than this server."""

    type_name = "choice"
    widget = "choice"

    def __init__(self, zh: str, en: str, choices: Mapping[str, Label], **options: Any) -> None:
        super().__init__(zh, en, **options)
        self.choices = dict(choices)

    def check(self, value: Any) -> str | None:
        return _check_code(value)

    def unknown(self, value: Any) -> list[str]:
        """The codes of a good value that the list does not hold: worth a warning."""
        return [] if value is None or value in self.choices else [value]


class Choices(Choice):
    """Several codes of a list; joined element by element unless the kind says otherwise."""

    type_name = "choices"
    widget = "chips"

    def __init__(self, zh: str, en: str, choices: Mapping[str, Label], *, merge: str = UNION, **options: Any) -> None:
        super().__init__(zh, en, choices, merge=merge, **options)

    def check(self, value: Any) -> str | None:
        return _check_items(value, _check_code)

    def unknown(self, value: Any) -> list[str]:
        return [code for code in value or [] if code not in self.choices]


class List(Field):
    """A list of short texts (or of JSON values with `of_objects`, which cannot be joined element by element)."""

    type_name = "list"
    widget = "list"

    def __init__(self, zh: str, en: str, *, of_objects: bool = False, **options: Any) -> None:
        super().__init__(zh, en, **options)
        if of_objects and self.merge == UNION:
            raise ValueError("only texts can be joined element by element")
        self.of_objects = of_objects

    def check(self, value: Any) -> str | None:
        return _check_items(value, _check_json if self.of_objects else _check_element)


class Photos(List):
    """Names of photographs: the SHA-256, in 64 hex digits, of the bytes that were sent. The pictures themselves travel by `shared.photos`."""

    widget = "photos"

    def __init__(self, zh: str, en: str, *, hint: Label | None = None, **options: Any) -> None:
        usual = Label("可不拍，最多三张", "optional, at most 3")
        super().__init__(zh, en, merge=UNION, hint=hint or usual, **options)

    def check(self, value: Any) -> str | None:
        return _check_items(value, _check_photo)


class Object(Field):
    """Any JSON value, at most twenty levels deep."""

    type_name = "object"
    widget = "hidden"

    def check(self, value: Any) -> str | None:
        return _check_json(value)


def _between(low: float, high: float) -> str:
    return f"应在 {low} 到 {high} 之间 / must be between {low} and {high}"


def _check_code(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= CODE_LENGTH and is_plain(value):
        return None
    return "应为选项代码 / must be a choice's code"


def _check_element(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= 200 and is_plain(value):
        return None
    return "应为简短文字 / must be a short text"


def _check_photo(value: Any) -> str | None:
    if isinstance(value, str) and _PHOTO.fullmatch(value):
        return None
    return "应为照片的 SHA-256 / must be a photo's SHA-256 in lower-case hex"


def _check_json(value: Any) -> str | None:
    return None if is_storable(value, DEPTH) else "无法保存的内容 / a value that cannot be kept"


def _check_items(value: Any, check: Callable[[Any], str | None]) -> str | None:
    if not isinstance(value, list):
        return "应为列表 / must be a list"
    if len(value) > LIST_LENGTH:
        return f"最多 {LIST_LENGTH} 项 / at most {LIST_LENGTH} items"
    return next((problem for problem in map(check, value) if problem), None)
