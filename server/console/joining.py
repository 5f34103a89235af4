"""Two records that tell of one thing on one page, and joining them: what is the same is folded away, what differs is to be chosen.

Promises: what is joined is what the clerk was looking at (`seen`); nothing is lost by it, and it can be undone. Leaves to others: what
joining does (`server.acts.joining`), which records look alike (`review`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from server.access import AccessError
from server.acts.joining import KINDS, Joiner, members_of, pair_up, seen_of, why_not
from server.console.door import Town, act, go, page
from server.console.frame import render, tell, tell_error
from server.console.unmask import note_reading, reason
from server.lists.conflicts import in_words, titles_of
from server.reading.side_by_side import INTO, Line, compare, writer_of
from server.sight import Right
from server.store import TownshipStore
from server.words import is_masked, moment
from shared.fields import Label, Link
from shared.kind import REMOVED
from shared.record import Key, Record
from shared.rules.length import length_of
from shared.sync.gate import Gate

CHOSEN = "choose."
_STALE = "刚刚有人改过其中一条，请看过再合并。 / Somebody has just changed one of them; look again first."
_PATH = "/t/<township>/review/join/<kind>/<record>/<twin>"


@dataclass(frozen=True)
class Two:
    """The record that is kept and the other one."""

    kept: Record
    other: Record


def _two(town: Town, store: TownshipStore, kind: str, record: str, twin: str) -> Two:
    if kind not in KINDS or record == twin:
        abort(404)
    return Two(town.record(store, kind, record), town.record(store, kind, twin))


@page(_PATH, Right.READ)
def twins(town: Town, kind: str, record: str, twin: str) -> str:
    return _shown(town, kind, record, twin)


@act(_PATH + "/unmask", Right.UNMASK)
def unmask_twins(town: Town, kind: str, record: str, twin: str) -> str | Response:
    """The masked fields of both, for a reason."""
    with town.read() as store:
        two = _two(town, store, kind, record, twin)
    try:
        why = reason()
    except AccessError as error:
        tell_error(error)
        return go("console.twins", township=town.code, kind=kind, record=record, twin=twin)
    masked = _masked(compare(town.database.kinds[kind], two.kept, two.other))
    for one in (two.kept, two.other):
        note_reading(town, kind, one.id, masked, why)
    return _shown(town, kind, record, twin, whole=True)


@act(_PATH, Right.SETTLE)
def join_twins(town: Town, kind: str, record: str, twin: str) -> Response | tuple[str, int]:
    """Join the twin into the record, by what was chosen."""
    chosen = {name[len(CHOSEN) :]: value for name, value in request.form.items() if name.startswith(CHOSEN)}

    def work(gate: Gate, store: TownshipStore) -> None:
        two = _two(town, store, kind, record, twin)
        if request.form.get("seen") != seen_of(two.kept, two.other):
            raise AccessError(_STALE)
        done = Joiner(gate, store, town.database.kinds, town.writer()).join(two.kept, two.other, chosen)
        about = {"kept": record, "fields": done.fields, "members": done.members}
        town.note(store, "join", kind=kind, record=twin, details=about)

    try:
        town.at_the_gate(work)
    except AccessError as error:
        return _shown(town, kind, record, twin, problem=str(error), chosen=chosen), 422
    back = url_for("console.part_twin", township=town.code, kind=kind, record=twin)
    tell("已合并，两条的填写都留着。", "Joined; the words of both are kept.", undo=(back, {}))
    return go("console.review", township=town.code, show="duplicates")


@act("/t/<township>/review/part/<kind>/<record>", Right.SETTLE)
def part_twin(town: Town, kind: str, record: str) -> Response:
    """Take a joining back."""
    if kind not in KINDS:
        abort(404)

    def work(gate: Gate, store: TownshipStore) -> None:
        other = town.record(store, kind, record)
        if into := other.values.get(INTO):
            town.record(store, kind, into)
        kept = Joiner(gate, store, town.database.kinds, town.writer()).part(other)
        town.note(store, "part", kind=kind, record=record, details={"kept": kept.id})

    try:
        town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
    else:
        tell("已撤销合并，两条都恢复了。", "The joining is undone; both records are back.")
    return go("console.review", township=town.code, show="duplicates")


# --- the page --------------------------------------------------------------------------------------------------------


def _shown(
    town: Town, kind: str, record: str, twin: str, whole: bool = False, problem: str = "",
    chosen: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    kinds = town.database.kinds
    with town.read() as store:
        two = _two(town, store, kind, record, twin)
        lines = compare(kinds[kind], two.kept, two.other)
        words = _words(town, store, two, lines, whole)
        stays = _stays(town, store, two) if kinds[kind].is_household else {}
    joined = two.other.values.get(REMOVED) is True and two.other.values.get(INTO) == two.kept.id
    return render(
        "review_join.html", town, "review", kind=kind, two=two, seen=seen_of(two.kept, two.other), problem=problem, joined=joined,
        why_not="" if joined else why_not(kinds, two.kept, two.other), chosen=chosen or {}, masked=[] if whole else _masked(lines),
        open_lines=[line for line in lines if line.choices], folded=[line for line in lines if not line.choices], prefix=CHOSEN,
        **words, **stays,
    )  # fmt: skip


def _words(town: Town, store: TownshipStore, two: Two, lines: list[Line], whole: bool) -> dict[str, Any]:
    """What the page says of both: values, and who wrote them."""
    kinds = town.database.kinds
    history = store.history([two.kept.key, two.other.key])
    linked = {
        Key(line.field.to, value)
        for line in lines
        for one in (two.kept, two.other)
        if isinstance(line.field, Link) and isinstance(value := one.values.get(line.name), str)
    }
    homes = {Key(kinds.household, one.household) for one in (two.kept, two.other) if one.household}
    titles = titles_of(store, town.sight, kinds, {two.kept.key, two.other.key, *homes, *linked})

    def said(line: Line, one: Record) -> Label:
        if len(line.names) > 1:
            return _times(one)
        return in_words(line.name, line.field, one.values.get(line.name), titles, whole)

    def by(line: Line, one: Record) -> str:
        return writer_of(one, line.name, history.get(one.key, ()))

    return {"said": said, "by": by, "titles": titles, "villages": store.villages()}


def _times(one: Record) -> Label:
    """When a visit began and ended, and how long it counts."""
    began, ended = (moment(text) if (text := one.values.get(name)) else "—" for name in ("started_at", "ended_at"))
    minutes = length_of(one.values).minutes
    return Label(f"{began} 至 {ended}，{minutes} 分钟", f"{began} to {ended}, {minutes} minutes")


def _stays(town: Town, store: TownshipStore, two: Two) -> dict[str, Any]:
    """Of a household: what becomes of the other's members, what stays where it happened, and the links to be made anew."""
    kinds = town.database.kinds
    around = [
        one
        for one in store.of_household(two.other.id)
        if one.values.get(REMOVED) is not True and town.sight.record(store, one)
    ]
    counts = Counter(one.kind for one in around)
    return {
        "family": pair_up(members_of(store, two.kept.id), members_of(store, two.other.id)),
        "stays": [
            (kinds[name].label, count) for name, count in counts.items() if not kinds[name].follows_household and name != "party_link"
        ],
        "links": [one.values for one in around if one.kind == "party_link"],
    }  # fmt: skip


def _masked(lines: list[Line]) -> list[str]:
    """Names of the fields on the page that are shown masked."""
    return [line.name for line in lines if len(line.names) == 1 and is_masked(line.field)]
