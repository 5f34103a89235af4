"""One record of any kind: what stands in each field and who wrote it, and the whole history of it.

Promises: driven by the registry, so a new field or kind needs no line here; what is masked is masked in the history too, on either side of
an arrow, until somebody says why. Leaves to others: reading the log (`history`), conflicts and problems (their own pages).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.access import AccessError
from server.console.door import RULES, Town, act, go, page
from server.console.frame import render, say, shown, t, tell_error
from server.console.photos import album_of, last_check_of
from server.console.unmask import note_reading, reason
from server.lists.calls import VERDICTS
from server.reading.history import VIAS, Device, History, Step, Word, history_of, refused_of
from server.sight import Right
from server.store import TownshipStore
from server.words import is_masked, masked, moment
from shared.fields import Field, Label, Link, List, Photos
from shared.kind import Kind, Registry
from shared.record import Key, Record
from shared.sync.conflicts import CONFLICT

STEPS = 20
"""Writes of a history that a page shows."""
OWN_PAGES = {
    "household": "console.household",
    "conflict": "console.conflict",
    "problem": "console.problem",
    "party_link": "console.party_link",
}
"""Kinds that have a page of their own; its argument carries the kind's word."""
SIDES = frozenset({"losing", "standing", "value"})

Titles = Mapping[Key, tuple[str, str]]
"""What a record is called, and where its page is."""


@dataclass(frozen=True)
class Fact:
    """A field as a page shows it."""

    name: str
    label: str
    text: str
    is_masked: bool = False
    links: Sequence[tuple[str, str]] = ()


# --- words -------------------------------------------------------------------------------------------------------------


def field_of(kinds: Registry, record: Record, name: str) -> Field | None:
    """What a value is read by. The sides of a conflict are of the field that it is about, and as secret as that is."""
    if record.kind == CONFLICT and name in SIDES:
        about = kinds.get(record.values.get("about") or "")
        return about.fields.get(record.values.get("field") or "") if about else None
    return kinds[record.kind].fields.get(name)


def in_words(field: Field | None, value: Any, whole: bool) -> str:
    """A value in the reader's language, masked unless `whole`."""
    return masked(field, value) if is_masked(field) and not whole else shown(field, value)


def label_of(field: Field | None, name: str) -> str:
    return say(field.label) if field else name


def fact(field: Field | None, name: str, value: Any, whole: bool, titles: Titles) -> Fact:
    """One field; where it names other records, with their titles."""
    links = [titles[key] for key in keys_in(field, value) if key in titles]
    hidden = is_masked(field) and not whole and value not in (None, "", [])
    return Fact(name, label_of(field, name), in_words(field, value, whole), hidden, () if hidden else links)


def keys_in(field: Field | None, value: Any) -> list[Key]:
    """The records that a value names."""
    if isinstance(field, Link) and isinstance(value, str) and value:
        return [Key(field.to, value)]
    if isinstance(field, List) and field.widget == "links" and isinstance(value, list):
        return [Key("problem", one) for one in value if isinstance(one, str)]
    return []


def titles_of(town: Town, store: TownshipStore, keys: Iterable[Key]) -> Titles:
    """Those of these records that are the visitor's to see."""
    found = store.load(dict.fromkeys(keys))
    return {
        key: (title_of(town.database.kinds[key.kind], record), record_url(town, *key))
        for key, record in found.items()
        if town.sight.record(store, record)
    }


def title_of(kind: Kind, record: Record) -> str:
    """What a record is called in a word: its title field, else its kind."""
    text = in_words(kind.fields.get(kind.title), record.values.get(kind.title), whole=False)
    text = text if len(text) <= 40 else f"{text[:39]}…"
    return text if kind.is_household or kind.follows_household else f"{say(kind.label)} {text}"


def record_url(town: Town, kind: str, id_: str) -> str:
    """Where a record is looked at: on its kind's own page, where there is one."""
    own = OWN_PAGES.get(kind)
    if own in RULES:
        arguments: dict[str, Any] = {kind: id_}
        return url_for(own, township=town.code, **arguments)
    return url_for("console.record", township=town.code, kind=kind, record=id_)


def masked_names(kinds: Registry, record: Record, history: History | None = None) -> list[str]:
    """The fields of a record that are masked and hold something, now or in its history."""
    words = [word for step in history.steps for word in step.words] if history else []
    told = {**record.values}
    for word in words:
        told[word.field] = told.get(word.field) or word.before or word.written
    return [
        name for name, value in told.items() if value not in (None, "", []) and is_masked(field_of(kinds, record, name))
    ]


def device_words(device: Device, via: str) -> str:
    """On which phone; of the township's own writes by which door."""
    if device.is_desk:
        return say(VIAS.get(via, Label(via, via)))
    return f"{device.name} · {device.id}" if device.name else t("手机 {id}", "phone {id}", id=device.id)


# --- the page ----------------------------------------------------------------------------------------------------------


@page("/t/<township>/records/<kind>/<record>", Right.READ)
def record(town: Town, kind: str, record: str) -> str:
    return _shown(town, kind, record)


@act("/t/<township>/records/<kind>/<record>/unmask", Right.UNMASK)
def unmask_record(town: Town, kind: str, record: str) -> str | Response:
    """The page once more with everything in clear, for a reason."""
    with town.read() as store:
        found = town.record(store, kind, record)
        kinds = town.database.kinds
        names = masked_names(kinds, found, history_of(store, kinds[kind], record))
    try:
        note_reading(town, kind, record, names, reason())
    except AccessError as error:
        tell_error(error)
        return go("console.record", township=town.code, kind=kind, record=record)
    return _shown(town, kind, record, whole=True)


def _shown(town: Town, kind_name: str, id_: str, whole: bool = False) -> str:
    kinds = town.database.kinds
    with town.read() as store:
        found = town.record(store, kind_name, id_)
        kind = kinds[kind_name]
        history = history_of(store, kind, id_)
        titles = titles_of(town, store, _keys(kinds, found, history))
        conflicts = [one for one in store.conflicts([found.key]).get(found.key, []) if town.sight.record(store, one)]
        refused = refused_of(store, found.key) if town.may(Right.SETTLE) else []
        places = store.villages()
        album, last = album_of(town, store, found), last_check_of(town, store, found)
    only = request.args.get("field", "")
    steps = (history.of(only) if only else list(history.steps))[::-1]
    number, pages = _page_number(len(steps))
    begin = (number - 1) * STEPS
    times = history.times()
    return render(
        "record.html", town, "households", kind=kind, record=found, whole=whole, title=title_of(kind, found),
        rows=[_standing(kinds, found, history, name, times, whole, titles) for name in _names(kind, found)],
        steps=[_step(kinds, found, step, whole, titles, places) for step in (steps if whole else steps[begin : begin + STEPS])],
        only=only, only_label=label_of(kind.fields.get(only), only), number=number, pages=1 if whole else pages,
        total=len(steps), conflicts=[_conflict(town, kinds, one, whole) for one in conflicts],
        refused=[(one, device_words(one.device, one.via), [label_of(kind.fields.get(n), n) for n in one.fields]) for one in refused],
        masked=masked_names(kinds, found, history), village=places.get(found.village or "", found.village or ""),
        home=titles.get(Key(kinds.household, found.household or "")), own_page=_own_page(town, found), moment=moment,
        album=album, last=last, verdicts=VERDICTS,
    )  # fmt: skip


def _page_number(total: int) -> tuple[int, int]:
    pages = max(1, -(-total // STEPS))
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1
    return min(max(1, number), pages), pages


def _own_page(town: Town, found: Record) -> str:
    url = record_url(town, *found.key)
    return "" if url == url_for("console.record", township=town.code, kind=found.kind, record=found.id) else url


def _names(kind: Kind, record: Record) -> list[str]:
    """Every field that holds something or ever did: the form's in its order, then those that a newer app brought."""
    known = [name for name in kind.fields if name in record.values]
    return [*known, *sorted(record.values.keys() - kind.fields.keys())]


def _keys(kinds: Registry, record: Record, history: History) -> set[Key]:
    values = [
        *record.values.items(),
        *((w.field, v) for s in history.steps for w in s.words for v in (w.before, w.written)),
    ]
    found = {key for name, value in values for key in keys_in(field_of(kinds, record, name), value)}
    if record.household and not kinds[record.kind].is_household:
        found.add(Key(kinds.household, record.household))
    return found


def _standing(
    kinds: Registry, record: Record, history: History, name: str, times: Mapping[str, int], whole: bool, titles: Titles
) -> dict[str, Any]:
    """A field as it stands: its words, who wrote them, and how often it was written."""
    step = history.standing(record, name)
    return {
        "fact": fact(field_of(kinds, record, name), name, record.values[name], whole, titles),
        "by": step.row.by if step else "", "at": step.at if step else "", "times": times.get(name, 0),
        "where": device_words(step.device, step.row.via) if step else "",
    }  # fmt: skip


def _step(
    kinds: Registry, record: Record, step: Step, whole: bool, titles: Titles, places: Mapping[str, str]
) -> dict[str, Any]:
    """A write in words."""
    return {
        "step": step, "by": step.row.by, "where": device_words(step.device, step.row.via),
        "via": say(VIAS.get(step.row.via, Label(step.row.via, step.row.via))), "moved": step.moved and [places.get(v, v) for v in step.moved],
        "words": [_word(kinds, record, word, whole, titles) for word in step.words],
    }  # fmt: skip


def _word(kinds: Registry, record: Record, word: Word, whole: bool, titles: Titles) -> dict[str, Any]:
    field = field_of(kinds, record, word.field)
    if isinstance(field, Photos):
        more = Fact(word.field, label_of(field, word.field), _more_and_fewer(word.before or [], word.written or []))
        return {"label": more.label, "stood": word.stood, "first": True, "before": more, "after": more}
    return {
        "label": label_of(field, word.field), "stood": word.stood, "first": word.before is None,
        "before": fact(field, word.field, word.before, whole, titles), "after": fact(field, word.field, word.written, whole, titles),
    }  # fmt: skip


def _more_and_fewer(before: Collection[str], after: Collection[str]) -> str:
    """What a write did to a field's photographs."""
    more, fewer = len(set(after) - set(before)), len(set(before) - set(after))
    told = [t("＋{n} 张", "+{n}", n=more)] if more else []
    told += [t("－{n} 张", "−{n}", n=fewer)] if fewer else []
    return t("，", ", ").join(told) or t("没有变化", "no change")


def _conflict(town: Town, kinds: Registry, conflict: Record, whole: bool) -> dict[str, Any]:
    values, kind = conflict.values, kinds[CONFLICT]
    field = field_of(kinds, conflict, "losing")
    return {
        "url": record_url(town, CONFLICT, conflict.id), "label": label_of(field, str(values["field"])),
        "losing": in_words(field, values["losing"], whole), "losing_by": values.get("losing_by") or "",
        "standing": in_words(field, values["standing"], whole), "standing_by": values.get("standing_by") or "",
        "status": shown(kind.fields["status"], values["status"]), "is_open": values["status"] == "open",
    }  # fmt: skip


def facts_of(kind: Kind, values: Mapping[str, Any], names: Collection[str], whole: bool, titles: Titles) -> list[Fact]:
    """Some fields of a record, in the order given."""
    return [fact(kind.fields.get(name), name, values.get(name), whole, titles) for name in names]
