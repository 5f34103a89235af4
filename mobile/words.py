"""The terminal phone's words: values as they are typed, records as they are told.

Promises: what cannot be read by its field's type stays text, so that `Invalid` can name it. Leaves to others: the commands (`terminal`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mobile.notebook import Disagreement, Notebook, Shown
from mobile.photos import Photo
from shared.fields import Boolean, Field, Integer, List, Number, Object
from shared.fields import Choices as ChoicesField
from shared.kind import Kind
from shared.moments import iso
from shared.sync.phone import PhoneError

Values = dict[str, Any]

_PHOTO_STATES = {
    "taking": ("正在拍", "camera open"),
    "here": ("未上传", "not sent"),
    "sent": ("已上传", "sent"),
    "refused": ("被退回", "refused"),
}


# --- typed ---------------------------------------------------------------------------------------------------------


def read_values(kind: Kind, pairs: Sequence[str]) -> Values:
    """``field=value`` arguments by each field's type; ``field=`` clears. What cannot be read stays text, for `Invalid` to name."""
    values: Values = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise PhoneError(f"应写成 字段=值：{pair!r}。 / Expected field=value, got {pair!r}.")
        values[name] = read_value(kind.fields.get(name), text)
    return values


def read_value(field: Field | None, text: str) -> Any:
    """One value from the command line, by its field's type; an unknown field's stays text unless it is JSON."""
    if text == "":
        return None
    if isinstance(field, Boolean):
        return {"true": True, "false": False}.get(text.lower(), text)
    if isinstance(field, Integer | Number):
        try:
            return int(text) if text.lstrip("+-").isdigit() or isinstance(field, Integer) else float(text)
        except ValueError:
            return text
    if isinstance(field, Object) or (text[0] in "[{" and (field is None or isinstance(field, List | ChoicesField))):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if isinstance(field, List | ChoicesField):
        return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    return text


# --- told ----------------------------------------------------------------------------------------------------------


def body_of(shown: Shown) -> dict[str, Any]:
    """A record as --json gives it: the wire's shape, and what only the phone knows of it."""
    body = {**shown.record.wire(), "unsent": shown.unsent}
    if shown.left:
        body["left"] = True
    if shown.stale:
        body["not_on_server"] = True
    return body


def line_of(kind: Kind, shown: Shown) -> str:
    """A record as one line: id, kind, title, marks."""
    marks = [
        *(["未上传 / unsent"] if shown.unsent else []),
        *(["已移除 / removed"] if shown.removed else []),
        *(["已不归我管 / no longer mine"] if shown.left else []),
        *(["服务器上没有 / not on the server"] if shown.stale else []),
    ]
    title = word_of(shown.record.values.get(kind.title)) if kind.title else ""
    return f"{shown.record.id}  {kind.label.zh} {title}  {' '.join(f'[{mark}]' for mark in marks)}".rstrip()


def word_of(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pairs_of(values: Mapping[str, Any]) -> str:
    """Fields and values on one line."""
    return "  ".join(f"{name}={word_of(value)}" for name, value in values.items())


def line_of_photo(photo: Photo) -> str:
    """A photo as one line: its name's beginning, where it belongs, how far it is."""
    zh, en = _PHOTO_STATES[photo.state]
    part = f" {photo.offset * 100 // photo.bytes}%" if photo.state == "here" and photo.offset else ""
    place = f"{photo.kind} {photo.record} {photo.field}"
    return f"{photo.name[:12] or '—'}  {place}  {photo.bytes} B  [{zh} / {en}{part}] {photo.why}".rstrip()


def tell_conflict(notebook: Notebook, one: Disagreement) -> str:
    """A disagreement in three lines: what it is about, the words that were replaced, the words that stand."""
    kind = notebook.kinds.get(one.about)
    label = kind.fields[one.field].label if kind and one.field in kind.fields else None
    what = f"{kind.label.zh if kind else one.about}·{label.zh if label else one.field} ({one.about}.{one.field})"

    def side(name: str, value: Any, by: str, ms: int | None) -> str:
        who = "我 / me" if name in one.mine else by or "?"
        return f"{word_of(value)}（{who}，{iso(ms) if ms else '?'}）"

    return (
        f"{one.shown.record.id}  [{one.status}]  {what} {one.record}\n"
        f"   被替换 / replaced: {side('losing', one.losing, one.losing_by, one.losing_ms)}\n"
        f"   现有 / stands:     {side('standing', one.standing, one.standing_by, one.standing_ms)}"
    )
