"""One field of a record as an input on a page, made from the registry: how it is drawn, and how what was typed is read back.

Promises: nothing is read that the field's own `check` would not keep, and why not is said in words.
Leaves to others: drawing (`conflict_parts.html`), writing the value (the gate checks it again).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.lists.conflicts import titles_of
from server.sight import Sight
from server.store import TownshipStore
from server.tables import table_name
from shared.fields import (
    Boolean,
    Choice,
    Choices,
    Date,
    Datetime,
    Field,
    Integer,
    Label,
    Link,
    List,
    Number,
    Object,
    Text,
)
from shared.kind import Registry
from shared.record import Key

_SORTS: Sequence[tuple[type[Field], str]] = [
    (Boolean, "choice"), (Choices, "choices"), (Choice, "choice"), (Integer, "number"), (Number, "number"), (Date, "date"),
    (Datetime, "datetime-local"), (List, "lines"),
]  # fmt: skip
LONG = 200
"""Texts that may be longer than this are written in a box of several lines."""
_YES, _NO = "yes", "no"
_MANY = 500


@dataclass(frozen=True)
class Input:
    """How a field is filled in. `sort`: text, area, number, date, datetime-local, lines, choice and choices (with
    `options`)."""

    sort: str
    options: Mapping[str, Label] = field(default_factory=dict)


def input_of(
    store: TownshipStore, sight: Sight, kinds: Registry, one: Field | None, household: str | None
) -> Input | None:
    """The input for a field of a record of this household, empty; None for what cannot be written by hand."""
    if one is None or isinstance(one, Object) or (isinstance(one, List) and one.of_objects):
        return None
    if isinstance(one, Boolean):
        return Input("choice", {_YES: Label("是", "Yes"), _NO: Label("否", "No")})
    if isinstance(one, Link):
        options = _linkable(store, sight, kinds, one.to, household)
        return Input("choice", options) if options else None
    if isinstance(one, Text):
        return Input("area" if one.length > LONG else "text")
    sort = next((name for type_, name in _SORTS if isinstance(one, type_)), "text")
    return Input(sort, one.choices if isinstance(one, Choice) else {})


def _linkable(store: TownshipStore, sight: Sight, kinds: Registry, to: str, household: str | None) -> dict[str, Label]:
    """The records that a link may name: the household's own, as far as the reader sees them, or what the township shares."""
    column, value = ("village", "") if kinds[to].shared else ("household", household or "")
    found = store.sql(
        f"SELECT id FROM {table_name(to)} WHERE township = ? AND {column} = ?"
        f" AND (removed IS NULL OR removed = ?) ORDER BY stamp LIMIT {_MANY}",
        store.code, value, False,
    )  # fmt: skip
    titles = titles_of(store, sight, kinds, [Key(to, id_) for (id_,) in found])
    return {id_: titles[Key(to, id_)] for (id_,) in found if Key(to, id_) in titles}


def read(one: Field, drawn: Input, typed: Sequence[str]) -> tuple[Any, str | None]:
    """(value, None), or (None, why it cannot be kept: Chinese / English). Nothing typed is None."""
    texts = [text.replace("\r\n", "\n").strip() for text in typed]
    texts = [text for text in texts if text]
    if not texts:
        return None, None
    if drawn.options and any(text not in drawn.options for text in texts):
        return None, "没有这个选项 / There is no such choice"
    value = _value(one, texts)
    problem = one.check(value)
    return (None, problem) if problem else (value, None)


def _value(one: Field, texts: list[str]) -> Any:
    text = texts[0]
    if isinstance(one, Boolean):
        return text == _YES
    if isinstance(one, Choices):
        return texts
    if isinstance(one, List):
        return [line.strip() for line in text.split("\n") if line.strip()]
    if isinstance(one, Integer | Number):
        if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
            return int(text)
        return float(text) if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", text, re.ASCII) else text
    if isinstance(one, Datetime) and re.fullmatch(r"[0-9-]{10}T[0-9:]{5,8}", text, re.ASCII):
        return f"{text}:00+08:00" if len(text) == 16 else f"{text}+08:00"
    return text
