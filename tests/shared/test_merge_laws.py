"""The laws of merge (DESIGN section 3), over every rule, with changes as awkward as hypothesis can draw them."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fields import LATEST, MERGE_RULES, ONCE, REVIEW, UNION
from shared.hlc import device_of, format_stamp
from shared.kind import REMOVED
from shared.merge import Folded, fold, join, same
from shared.record import Change, Record
from tests.shared.small_kind import SAMPLE

DEVICES = ("phone1", "phone2", "phone3", "desk-451422103")
FIELD_OF = {LATEST: "remark", REVIEW: "status", ONCE: "started", UNION: "people"}
VALUES = st.sampled_from(["a", "b", "c", None])
ELEMENTS = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3, unique=True)


@st.composite
def histories(draw: Any, fields: tuple[str, ...] = (*FIELD_OF.values(), REMOVED), most: int = 6) -> list[Change]:
    """Up to `most` changes to one record. A base names what a writer may have seen, nothing, or a write not yet here."""
    changes: list[Change] = []
    for ms in range(1, 1 + draw(st.integers(1, most))):
        stamp = format_stamp(ms, 0, draw(st.sampled_from(DEVICES)))
        chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3, unique=True))
        change = Change(stamp, {name: draw(_value(name)) for name in chosen})
        for name in fields if change.set.get(REMOVED) else chosen:
            seen = draw(st.sampled_from(["nothing", "standing", "earlier"]))
            _look(draw, change, name, changes, seen)
        if draw(st.integers(0, 9)) == 0:
            _decide(change, changes)
        changes.append(change)
    return changes


def _value(name: str) -> st.SearchStrategy[Any]:
    if name == REMOVED:
        return st.booleans()
    return ELEMENTS if name == "people" else VALUES


def _look(draw: Any, change: Change, name: str, earlier: list[Change], seen: str) -> None:
    writers = [c for c in earlier if name in c.set]
    if seen == "nothing" or not writers:
        return
    known = writers if seen == "standing" else writers[: draw(st.integers(1, len(writers)))]
    view = fold(SAMPLE, known)
    change.base[name] = view.stamps[name] if name == "people" else known[-1].stamp


def _decide(change: Change, earlier: list[Change]) -> None:
    for name in change.set:
        if name == "started":
            change.decides[name] = [c.stamp for c in earlier if name in c.set]
        elif name != "people":
            change.decides[name] = [lost.stamp for lost in fold(SAMPLE, earlier).lost if lost.field == name][:1]


def _told_one_by_one(changes: list[Change]) -> Folded:
    """What a store ends with: the everyday path where it accepts, the log where it declines."""
    record = Record("sample", "1", "v", None)
    lost: list[Any] = []
    heard: dict[str, Change] = {}
    for change in changes:
        if change.stamp in heard:
            continue
        heard[change.stamp] = change
        if not join(SAMPLE, record, change):
            folded = fold(SAMPLE, heard.values())
            record.values, record.stamps, record.tangled = folded.values, folded.stamps, folded.tangled
            lost = folded.lost
    return Folded(record.values, record.stamps, lost, record.tangled)


def _content(folded: Folded) -> tuple[Any, ...]:
    return folded.values, folded.stamps, sorted(folded.lost, key=str)


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repeat_end_with_the_same_record_and_conflicts(
    changes: list[Change], shuffler: random.Random
) -> None:
    expected = _content(fold(SAMPLE, changes))
    assert _content(_told_one_by_one(changes)) == expected
    mixed = changes + [c for c in changes if shuffler.random() < 0.4]
    shuffler.shuffle(mixed)
    assert _content(_told_one_by_one(mixed)) == expected
    assert list(fold(SAMPLE, changes).values.get("people", [])) == list(
        _told_one_by_one(mixed).values.get("people", [])
    )


@pytest.mark.parametrize("rule", MERGE_RULES)
@given(data=st.data())
def test_each_rule_alone_obeys_order_and_repeats(rule: str, data: st.DataObject) -> None:
    changes = data.draw(histories(fields=(FIELD_OF[rule],)))
    order = data.draw(st.permutations(changes + changes[:1]))
    assert _content(_told_one_by_one(order)) == _content(fold(SAMPLE, changes))


@given(histories(fields=("remark", "status")))
def test_a_value_overwritten_unseen_is_never_gone_without_its_conflict(changes: list[Change]) -> None:
    folded = fold(SAMPLE, changes)
    lost = {(entry.field, entry.stamp) for entry in folded.lost}
    decided = {(name, stamp) for c in changes for name, stamps in c.decides.items() for stamp in stamps}
    for change in changes:
        for name, value in change.set.items():
            gone = not same(value, folded.values[name]) and (name, change.stamp) not in lost | decided
            assert not gone or _was_seen(change, name, changes)


def _was_seen(write: Change, name: str, changes: list[Change]) -> bool:
    """Law 3 spelled out the slow way, as an oracle."""
    of_value = {c.stamp for c in changes if name in c.set and same(c.set[name], write.set[name])}
    for later in changes:
        if later.stamp <= write.stamp or name not in later.set:
            continue
        if later.base.get(name) in of_value:
            return True
        device = device_of(later.stamp)
        own = {c.stamp for c in changes if device_of(c.stamp) == device and c.stamp < later.stamp}
        if not device.startswith("desk-") and own & of_value:
            return True
    return False


@given(histories(fields=("remark", "status")))
def test_a_conflict_is_just_an_unseen_undecided_write_of_another_value(changes: list[Change]) -> None:
    folded = fold(SAMPLE, changes)
    decided = {(name, stamp) for c in changes for name, stamps in c.decides.items() for stamp in stamps}
    expected = {
        (name, c.stamp)
        for c in changes
        for name in c.set
        if not same(c.set[name], folded.values[name])
        and (name, c.stamp) not in decided
        and not _was_seen(c, name, changes)
    }
    assert {(entry.field, entry.stamp) for entry in folded.lost} == expected


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6), st.sampled_from([LATEST, REVIEW]))
def test_one_writers_own_line_never_conflicts_with_itself(values: list[str], rule: str) -> None:
    name = FIELD_OF[rule]
    changes = [Change(format_stamp(ms, 0, "phone1"), {name: value}) for ms, value in enumerate(values, 1)]
    assert fold(SAMPLE, changes).lost == []
    assert fold(SAMPLE, changes).values[name] == values[-1]


@given(histories(fields=("people",)))
def test_an_add_survives_every_remove_that_had_not_seen_it(changes: list[Change]) -> None:
    held = fold(SAMPLE, changes).stamps["people"]
    for change in changes:
        base = change.base.get("people") or {}
        for element in change.set["people"] or []:
            if element in base:
                continue
            removed = any(
                change.stamp in (other.base.get("people") or {}).get(element, ())
                and element not in (other.set["people"] or [])
                for other in changes
            )
            assert (change.stamp in held.get(element, ())) is not removed


@given(histories(fields=("started",)))
def test_evidence_keeps_its_earliest_write_until_a_decision(changes: list[Change]) -> None:
    folded = fold(SAMPLE, changes)
    decisions = [c for c in changes if "started" in c.decides]
    standing = decisions[-1] if decisions else changes[0]
    assert folded.stamps["started"] == standing.stamp
    settled = {s for c in decisions for s in [c.stamp, *c.decides["started"]]}
    for change in changes:
        differs = not same(change.set["started"], standing.set["started"])
        is_lost = any(entry.stamp == change.stamp for entry in folded.lost)
        assert is_lost is (differs and change.stamp not in settled)
