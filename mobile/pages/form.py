"""A kind's form as blocks: what the declaration says becomes what is asked, so that no kind needs a form of its own.

Promises: each answer goes to the draft at once; what cannot be read by its field's type stays as it was typed, for the gate's words to
name; fields nobody fills in by hand, and those reserved to other roles, are not asked. Leaves to others: the page around it (`record`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mobile.pages.blocks import Block, Choice, Option, TextField
from mobile.pages.page import COMMON, Page
from mobile.pages.photo_block import photos_block
from mobile.words import read_value
from shared.fields import SECRET, Boolean, Code, Date, Datetime, Field, Integer, Label, Link, List, Number, Photos, Text
from shared.fields import Choice as ChoiceField
from shared.fields import Choices as ChoicesField
from shared.grants import Grant, sight
from shared.kind import Kind
from shared.moments import SHANGHAI, days_after, moment_of

BY_HAND = frozenset({"text", "choice", "chips", "switch", "date", "datetime", "number", "list", "link"})
"""The widget hints of what is chosen or typed; photos stand on a form too, the rest has its own ways."""
SHORT_TEXT = 200
"""A text field that holds no more than this is one line."""

PHRASES: Mapping[tuple[str, str], tuple[Label, ...]] = {
    ("visit", "short_reason"): (
        Label("户主有事外出", "The head had to go out"),
        Label("户主身体不适", "The head was unwell"),
        Label("情况清楚，已谈完", "All was said"),
        Label("另约时间再来", "We agreed on another time"),
    ),
    ("visit", "requests"): (
        Label("希望介绍务工", "Would like a job away"),
        Label("房屋漏雨，希望维修", "The roof leaks"),
        Label("看病负担重", "Treatment costs much"),
        Label("没有困难", "No difficulties"),
    ),
    ("visit", "remark"): (Label("情况稳定", "All steady"), Label("外出务工人员已返乡", "Those working away are back")),
    ("contact_visit", "summary"): (
        Label("宣讲政策，了解近况", "Explained policy, asked how things are"),
        Label("帮助解决困难", "Helped with a difficulty"),
        Label("情况稳定", "All steady"),
    ),
    ("cleanup_check", "remark"): (Label("已当场清理", "Cleaned up on the spot"), Label("限期整改", "To be put right")),
    ("problem_step", "reason"): (
        Label("需上级解决", "Beyond our tier"),
        Label("群众不满意", "The household is not satisfied"),
        Label("材料不全", "Papers are missing"),
    ),
    ("problem_step", "proof_note"): (
        Label("已现场解决", "Solved on the spot"),
        Label("已联系有关部门落实", "Settled with the department"),
    ),
}
"""Common remarks that one touch puts in, by kind and field."""
NOTE_PHRASES: tuple[Label, ...] = (
    Label("需要维修", "Needs repair"),
    Label("资料没有更新", "Papers are out of date"),
    Label("政策没有落实到位", "A policy has not arrived"),
    Label("对政策不了解", "Does not know the policies"),
)
_DAYS_AHEAD = (0, 7, 15, 30)
_NOTHING = object()


def may_see_secrets(page: Page, village: str | None, household: str | None) -> bool:
    """Whether this person's grants show the secret fields of this place: a single household's does not."""
    return sight(map(Grant.read, page.session.store.grants()), village, household) == "whole"


def asked(page: Page, kind: Kind, secrets: bool) -> list[str]:
    """The fields of a kind that this person fills in by hand, its photos among them, in the form's order."""
    roles = set(page.session.user().get("roles") or ())
    return [
        name
        for name, field in kind.fields.items()
        if (field.widget in BY_HAND or isinstance(field, Photos))
        and (secrets or field.sensitivity != SECRET)
        and (name not in kind.reserved or _may_write(kind, name, roles))
        and not (isinstance(field, Link) and field.to != "member")
    ]


def _may_write(kind: Kind, name: str, roles: set[str]) -> bool:
    codes = kind.reserved[name]
    return any(roles & set(allowed) for allowed in codes.values()) or "*" not in codes


class FormBlocks:
    """The blocks of some fields of one record. `values` is what is shown, `before` what stood last time, `errors` field to sentence."""

    def __init__(
        self,
        page: Page,
        kind: Kind,
        id: str,
        values: Mapping[str, Any],
        *,
        village: str | None = None,
        household: str | None = None,
        before: Mapping[str, Any] | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        self.page = page
        self.kind = kind
        self.id = id
        self.values = values
        self.village = village
        self.household = household
        self.before = before or {}
        self.errors = errors or {}

    def of(self, names: Iterable[str]) -> list[Block]:
        """The blocks for these fields, in this order."""
        return [self.block(name) for name in names]

    def block(self, name: str, label: str = "", note: str = "") -> Block:
        """The block for one field."""
        field = self.kind.fields[name]
        shown = label or self.page.word(field.label) + ("" if not field.hint else f"（{self.page.word(field.hint)}）")
        if isinstance(field, Photos):
            return photos_block(self, name, shown)
        options = self._options(name, field)
        if options is not None:
            return self._choice(name, field, shown, options, note)
        return self._text(name, field, shown)

    # --- choices ---------------------------------------------------------------------------------------------------

    def _options(self, name: str, field: Field) -> tuple[Option, ...] | None:
        if isinstance(field, ChoiceField):
            roles = set(self.page.session.user().get("roles") or ())
            given = [code for code in field.choices if roles & self.kind.may_set(name, code)]
            extra = [code for code in _codes(self.values.get(name)) if code not in field.choices]
            labels = {code: self.page.word(field.choices[code]) for code in given} | {code: code for code in extra}
            return tuple(Option(code, label) for code, label in labels.items())
        if isinstance(field, Boolean):
            return Option("true", self.page.say("yes")), Option("false", self.page.say("no"))
        if isinstance(field, Link):
            members = self.page.session.notebook.records(field.to, household=self.household or "")
            names = {m.record.id: str(m.record.values.get("name") or "?") for m in members}
            gone = [code for code in _codes(self.values.get(name)) if code not in names]
            labels = names | {code: self.page.say("not_there", name=told(self.page, field, code)) for code in gone}
            return tuple(Option(code, label) for code, label in labels.items())
        return None

    def _choice(self, name: str, field: Field, label: str, options: tuple[Option, ...], note: str) -> Choice:
        many = isinstance(field, ChoicesField)
        value, before = self.values.get(name), self.before.get(name)
        labels = {option.code: option.label for option in options}

        def pick(code: str) -> None:
            if many:
                held = _codes(self.values.get(name))
                news: Any = [c for c in held if c != code] if code in held else [*held, code]
            elif code in _codes(value):
                news = None
            else:
                news = {"true": True, "false": False}[code] if isinstance(field, Boolean) else code
            self.answer(name, news)
            self.page.redraw()

        return Choice(
            label,
            options,
            frozenset(_codes(value)),
            many,
            "、".join(labels.get(code, code) for code in _codes(before)) if value in (None, []) else "",
            self.errors.get(name) or note,
            "bad" if name in self.errors else "quiet",
            pick,
            name=name,
        )

    # --- words and numbers -----------------------------------------------------------------------------------------

    def _text(self, name: str, field: Field, label: str) -> TextField:
        number = isinstance(field, Integer | Number)
        digits = isinstance(field, Code) and field.pattern.startswith("1[3-9]")
        moment = isinstance(field, Date | Datetime)
        one_line = number or moment or isinstance(field, Code | List) or getattr(field, "length", 0) <= SHORT_TEXT
        return TextField(
            label,
            self._letters(name, field),
            hint=self._hint(name, field),
            lines=1 if one_line else 4,
            keyboard="tel" if digits else "decimal" if isinstance(field, Number) else "number" if number else "text",
            phrases=self._phrases(name, field),
            error=self.errors.get(name, ""),
            on_text=lambda text: self._hear(name, field, text),
            name=name,
        )

    def _letters(self, name: str, field: Field) -> str:
        """What stands in a line: as it was typed, while its value is still the one that was kept of it."""
        value = self.values.get(name)
        text, kept = self.page.letters.get(self._at(name), ("", _NOTHING))
        return text if kept is not _NOTHING and kept == value else as_text(field, value)

    def _hear(self, name: str, field: Field, text: str) -> None:
        """Keep what was typed; a value that was not kept (the storage is full) leaves the letters standing, and is said."""
        value = from_text(field, text)
        self.page.letters[self._at(name)] = text, self.values.get(name)
        if self.answer(name, value):
            self.page.letters[self._at(name)] = text, value

    def _at(self, name: str) -> str:
        return f"{self.kind.name}/{self.id}/{name}"

    def _hint(self, name: str, field: Field) -> str:
        before = as_text(field, self.before.get(name))
        if before:
            return before
        if isinstance(field, Datetime):
            return "2018-09-03 10:15"
        return "2018-09-03" if isinstance(field, Date) else ""

    def _phrases(self, name: str, field: Field) -> tuple[str, ...]:
        if isinstance(field, Date):
            today = self.page.session.notebook.today()
            return tuple(days_after(today, ahead) for ahead in _DAYS_AHEAD)
        phrases = PHRASES.get((self.kind.name, name)) or (NOTE_PHRASES if name.endswith("_note") else ())
        return tuple(self.page.word(phrase) for phrase in phrases)

    def answer(self, name: str, value: Any) -> bool:
        """Keep one answer, at once; False when it could not be kept, which is said."""

        def work() -> bool:
            self.keep({name: value})
            return True

        return bool(self.page.app.attempt(work))

    def begin(self) -> None:
        """Before the first answer is there: keep what the page knows from the start, where it does."""

    def keep(self, values: Mapping[str, Any]) -> None:
        """Put answers into the draft."""
        self.page.session.notebook.answer(self.kind.name, self.id, values, self.village, self.household)


def _codes(value: Any) -> list[str]:
    """What is chosen, as codes."""
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(code) for code in value] if isinstance(value, list) else [str(value)]


# --- values as text ------------------------------------------------------------------------------------------------


def as_text(field: Field | None, value: Any) -> str:
    """A value as it stands in a line to type in."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "、".join(str(item) for item in value)
    if isinstance(field, Datetime) and isinstance(value, str) and "T" in value:
        return value[:16].replace("T", " ")
    return str(value)


_DAY = re.compile(r"(\d{4})(?:[-./年](\d{1,2})[-./月](\d{1,2})日?|(\d{2})(\d{2}))")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2})[:：](\d{2})")


def from_text(field: Field, text: str) -> Any:
    """What was typed, by its field's type: 20180903 is a day, 、 separates. What cannot be read stays text."""
    text = text.strip() if not isinstance(field, Text) or isinstance(field, Code) else text
    if not text:
        return None
    if isinstance(field, Date):
        day = _DAY.fullmatch(text)
        return f"{day[1]}-{int(day[2] or day[4]):02d}-{int(day[3] or day[5]):02d}" if day else text
    if isinstance(field, Datetime):
        moment = _MOMENT.fullmatch(text)
        if not moment:
            return text
        said = f"{moment[1]}T{int(moment[2]):02d}:{moment[3]}:00+08:00"
        try:
            return moment_of(said).astimezone(SHANGHAI).isoformat()
        except ValueError:
            return text
    if isinstance(field, List):
        return [part.strip() for part in re.split(r"[、,，;；\n]", text) if part.strip()]
    return read_value(field, text)


def told(page: Page, field: Field | None, value: Any) -> str:
    """A value as it is read: labels instead of codes, in the reader's language."""
    if value in (None, "", []):
        return page.word(COMMON["none"])
    if isinstance(value, bool):
        return page.say("yes") if value else page.say("no")
    if isinstance(field, Photos):  # their names are no words
        return page.say("photos", n=len(value)) if isinstance(value, list) else str(value)
    if isinstance(field, ChoiceField):
        return "、".join(page.word(field.choices[c]) if c in field.choices else c for c in _codes(value))
    if isinstance(field, Link):
        shown = page.session.notebook.shown_or_none(field.to, str(value))
        title = page.session.kinds[field.to].title
        return str(shown.record.values.get(title) or "…") if shown else "…"
    return as_text(field, value)
