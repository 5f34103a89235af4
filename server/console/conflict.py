"""One conflict: both words side by side with writer, time and place, and the desk's decision: either, or a third word.

Promises: what was decided upon is what the clerk was looking at (`seen`), so two clerks at one conflict do no harm; after a decision the next
open one comes; a decision can always be made anew; what is masked stays so until somebody says why. Leaves to others: its sides
(`disagreement`), what a decision does (the gate).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.access import AccessError
from server.console import field_input
from server.console.conflicts import decide, filters_of, query_of
from server.console.door import Town, act, go, page
from server.console.frame import render, tell, tell_error
from server.console.unmask import note_reading, reason
from server.lists.conflicts import following, in_words, seen_of, titles_of
from server.reading.disagreement import Disagreement, marked, read
from server.sight import Right
from server.store import TownshipStore
from server.words import is_masked, moment
from shared.fields import Code, Label, Link, Text
from shared.kinds import KINDS
from shared.moments import iso
from shared.record import Key, Record
from shared.sync.conflicts import CONFLICT
from shared.sync.gate import Gate

CHOICES = {
    "losing": Label("采用被替换的", "Take the replaced one"),
    "standing": Label("保留现有的", "Keep the standing one"),
    "other": Label("另写", "Another word"),
}
REMOVAL_CHOICES = CHOICES | {
    "losing": Label("留着，恢复这条记录", "Keep it: bring the record back"),
    "standing": Label("仍然移除", "Let it stay removed"),
}
_CHANGED = "刚刚有人改过或裁定过这一条，请看过再定。 / Somebody has just changed or decided this one; look again first."


@page("/t/<township>/conflicts/<conflict>", Right.READ)
def conflict(town: Town, conflict: str) -> str:
    return _shown(town, conflict)


@act("/t/<township>/conflicts/<conflict>/unmask", Right.UNMASK)
def unmask_conflict(town: Town, conflict: str) -> str | Response:
    """Both values, and the masked ones around them, for a reason."""
    with town.read() as store:
        told = read(store, town.database.kinds, town.record(store, CONFLICT, conflict))
    try:
        note_reading(town, CONFLICT, conflict, _masked(told), reason())
    except AccessError as error:
        tell_error(error)
        return go("console.conflict", township=town.code, conflict=conflict, **filters_of(request.form))
    return _shown(town, conflict, whole=True)


@act("/t/<township>/conflicts/<conflict>/decide", Right.SETTLE)
def decide_conflict(town: Town, conflict: str) -> str | Response | tuple[str, int]:
    """The decision: losing, standing, other (written by hand), blank, or former, which takes the last one back."""
    choice, typed = request.form.get("choice", ""), request.form.getlist("value")

    def work(gate: Gate, store: TownshipStore) -> str:
        told = read(store, town.database.kinds, town.record(store, CONFLICT, conflict))
        if request.form.get("seen") != seen_of(told.conflict, told.about):
            raise AccessError(_CHANGED)
        values = _asked(town, store, told, choice, typed)
        decide(town, gate, store, conflict, values)
        return choice if choice in CHOICES else str(values["decision"])

    try:
        decision = town.at_the_gate(work)
    except AccessError as error:
        return _shown(town, conflict, problem=str(error), typed=typed), 422
    link = filters_of(request.form)
    with town.read() as store:
        told = read(store, town.database.kinds, town.record(store, CONFLICT, conflict))
        after = following(query_of(town, store, link | {"status": "open"}), told.conflict)
    back = {"choice": "former", "seen": seen_of(told.conflict, told.about), **link}
    said, field = _choices(told)[decision], _field_label(told)
    tell(
        f"「{field.zh}」已裁定：{said.zh}。填写人的手机下次同步就会看到。",
        f"“{field.en}” is decided: {said.en.lower()}. The writers' phones learn of it at the next sync.",
        undo=(url_for("console.decide_conflict", township=town.code, conflict=conflict), back) if told.has_former else None,
    )  # fmt: skip
    if after is None:
        return go("console.conflict", township=town.code, conflict=conflict, **link)
    return go("console.conflict", township=town.code, conflict=after, last=conflict, **link)


def _asked(town: Town, store: TownshipStore, told: Disagreement, choice: str, typed: Sequence[str]) -> dict[str, Any]:
    """What the gate is asked for. AccessError in words when that makes no sense."""
    if choice in ("losing", "standing", "former"):
        try:
            return told.values_for(choice)
        except KeyError:
            raise AccessError("以前没有裁定过。 / It was not decided before.") from None
    if choice == "blank":
        return {"decision": "other", "value": None}
    drawn = _input(town, store, told)
    if choice != "other" or drawn is None or told.field is None:
        raise AccessError("请选一个。 / Choose one.")
    value, problem = field_input.read(told.field, drawn, typed)
    if problem:
        raise AccessError(problem)
    if value is None:
        raise AccessError(
            "还没有写内容；都不对又不知道的，请按「留空」。 / Nothing was written; where nobody knows, press “Leave blank”."
        )
    return {"decision": "other", "value": value}


def _input(town: Town, store: TownshipStore, told: Disagreement) -> field_input.Input | None:
    """The input for a third value; none where the two are all there is."""
    if told.is_removal:
        return None
    home = told.about.id if told.kind.is_household else told.about.household
    return field_input.input_of(store, town.sight, town.database.kinds, told.field, home)


def _shown(town: Town, id_: str, whole: bool = False, problem: str = "", typed: Sequence[str] = ()) -> str:
    link = filters_of(request.values)
    with town.read() as store:
        told = read(store, town.database.kinds, town.record(store, CONFLICT, id_))
        query = query_of(town, store, link | {"status": "open"})
        words = _words(town, store, told, whole)
        drawn = _input(town, store, told)
        after, last = following(query, told.conflict), _last(town, store)
    return render(
        "conflict.html", town, "conflicts", told=told, seen=seen_of(told.conflict, told.about), input=drawn, typed=typed,
        problem=problem, link=link, after=after, last=last, choices=_choices(told), label=_field_label(told), masked=() if whole else _masked(told), moment=moment, iso=iso,
        status_field=KINDS[CONFLICT].fields["status"], **words,
    )  # fmt: skip


def _words(town: Town, store: TownshipStore, told: Disagreement, whole: bool) -> dict[str, Any]:
    """Everything the page says of the two sides and around them."""
    kinds = town.database.kinds
    values = [told.losing.value, told.standing.value, told.now.value, *(one.value for one in told.decisions)]
    pairs = [(told.field, value) for value in values] + [(one.field, one.value) for one in told.around]
    pairs += [(told.kind.fields.get(name), value) for name, value in told.wrote.items()]
    linked = {Key(field.to, value) for field, value in pairs if isinstance(field, Link) and isinstance(value, str)}
    home = Key(kinds.household, (told.about.id if told.kind.is_household else told.about.household) or "")
    titles = titles_of(store, town.sight, kinds, {told.about.key, home, *linked})

    def said(name: str, value: Any) -> Label:
        return in_words(name, told.kind.fields.get(name), value, titles, whole)

    parts: tuple[Any, Any] = (None, None)
    free = isinstance(told.field, Text) and not isinstance(told.field, Code) and (whole or not is_masked(told.field))
    sides = told.losing.value, told.standing.value
    if free and all(isinstance(value, str) for value in sides):
        parts = marked(*sides)
    return {
        "title": titles.get(told.about.key, Label("—", "—")), "home": titles.get(home), "household": home.id,
        "village": store.villages().get(told.conflict.village or "", ""), "said": said,
        "losing_parts": parts[0], "standing_parts": parts[1],
    }  # fmt: skip


def _masked(told: Disagreement) -> list[str]:
    """Names of the fields on the page that are shown masked."""
    kept = [(one.name, one.value) for one in told.around] + list(told.wrote.items())
    if not told.is_removal:
        kept += [(told.name, told.losing.value), (told.name, told.standing.value)]
    return sorted(
        {name for name, value in kept if is_masked(told.kind.fields.get(name)) and value not in (None, "", [])}
    )


def _choices(told: Disagreement) -> Mapping[str, Label]:
    return REMOVAL_CHOICES if told.is_removal else CHOICES


def _field_label(told: Disagreement) -> Label:
    if told.is_removal:
        return Label("移除还是留着", "Remove or keep")
    return told.field.label if told.field else Label(told.name, told.name)


def _last(town: Town, store: TownshipStore) -> Record | None:
    """The conflict decided just before, to be decided anew."""
    key = Key(CONFLICT, request.args.get("last", ""))
    return town.sight.record(store, store.load([key]).get(key))
