"""Two records that tell of one thing, side by side: field by field what either says, and what can be chosen for the one that is kept.

Promises: pure; every field of the registry that either record has something in is there, and what only a newer app knows. Leaves to others:
writing what was chosen (`joining`), showing it (`console.joining`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.access import AccessError
from shared.fields import UNION, Choices, Code, Field, Label, List, Text
from shared.kind import POLICY_VERSION, REMOVED, Kind
from shared.merge import same
from shared.ports import Logged
from shared.record import Key, Record

INTO = "joined_into"
KEPT, OTHER, BOTH = "kept", "other", "both"
_TIMES = ("started_at", "ended_at", "started_mono", "ended_mono", "boot_id", "pauses", "clock_flag")
"""What two clocks say of a visit makes sense only together."""
_TIMES_LABEL = Label("时间", "Times")
_OURS = frozenset({REMOVED, INTO, POLICY_VERSION})
_LONG = 500


@dataclass(frozen=True)
class Line:
    """A field of both records (or several that go together). `choices` is empty where there is nothing to choose."""

    name: str
    label: Label
    names: tuple[str, ...]
    field: Field | None
    choices: tuple[str, ...]
    usual: str


def compare(kind: Kind, kept: Record, other: Record) -> list[Line]:
    """Every field that either record has something in, in the form's order; what only a newer app knows comes last."""
    lines = []
    names = [*kind.fields, *sorted((kept.values.keys() | other.values.keys()) - kind.fields.keys())]
    together = _TIMES if "started_at" in kind.fields else ()
    for name in names:
        if name in _OURS or (name in together and name != "started_at"):
            continue
        group = tuple(together) if name in together else (name,)
        if any(not is_blank(record.values.get(one)) for one in group for record in (kept, other)):
            lines.append(_line(kind, name, group, kept, other))
    return lines


def _line(kind: Kind, name: str, names: tuple[str, ...], kept: Record, other: Record) -> Line:
    field = kind.fields.get(name)
    label = _TIMES_LABEL if len(names) > 1 else field.label if field else Label(name, name)
    if all(same(or_none(kept.values.get(one)), or_none(other.values.get(one))) for one in names):
        return Line(name, label, names, field, (), KEPT)
    one, two = ([record.values.get(n) for n in names] for record in (kept, other))
    if all(map(is_blank, two)):
        return Line(name, label, names, field, (), KEPT)
    if all(map(is_blank, one)):
        return Line(name, label, names, field, (), OTHER)
    if len(names) > 1:
        unfinished = is_blank(kept.values.get("ended_at")) and not is_blank(other.values.get("ended_at"))
        return Line(name, label, names, field, (KEPT, OTHER), OTHER if unfinished else KEPT)
    choices = (KEPT, OTHER, BOTH) if _can_be_both(field) else (KEPT, OTHER)
    return Line(name, label, names, field, choices, BOTH if field and field.merge == UNION else KEPT)


def _can_be_both(field: Field | None) -> bool:
    """Free texts one after the other, lists and choices put together."""
    if isinstance(field, List):
        return not field.of_objects
    if isinstance(field, Text) and not isinstance(field, Code):
        return field.length >= _LONG
    return isinstance(field, Choices)


def both(line: Line, kept: Record, other: Record, history: Mapping[Key, Sequence[Logged]]) -> Any:
    """Both words: lists put together, texts one below the other with their writers' names."""
    one, two = kept.values[line.name], other.values[line.name]
    if isinstance(one, list) and isinstance(two, list):
        return list(dict.fromkeys([*one, *two]))
    if str(two) in str(one) or str(one) in str(two):
        return max(one, two, key=len)
    value = "\n".join(
        f"{text}（{writer_of(record, line.name, history.get(record.key, ()))}）"
        for text, record in ((one, kept), (two, other))
    )
    if problem := line.field.check(value) if line.field else None:
        zh, _, en = problem.partition(" / ")
        raise AccessError(f"「{line.label.zh}」两段合起来不行：{zh} / “{line.label.en}” cannot hold both: {en}")
    return value


def writer_of(record: Record, name: str, history: Sequence[Logged]) -> str:
    """Who wrote the value that stands; for a list the first of its writers."""
    stamps = set(_stamps(record.stamps.get(name)))
    return next((row.by for row in history if row.stamp in stamps and row.by), "—")


def _stamps(at: Any) -> Iterator[str]:
    if isinstance(at, str):
        yield at
    elif at:
        for adds in at.values():
            yield from adds


def is_blank(value: Any) -> bool:
    return value is None or value == "" or value == []


def or_none(value: Any) -> Any:
    return None if is_blank(value) else value
