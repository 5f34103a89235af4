"""Sharp corners of the merge that a review found: words kept from before an upgrade, and what is built on a refused change.

A field may have been written while no declaration knew it; once one does, such words may not fit it. The record must still be made.
"""

from itertools import permutations
from typing import Any

import pytest

from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.merge import fold, join, lay_over
from shared.record import Change, Record, rebase
from tests.shared.small_kind import SAMPLE

AT = "2018-09-03T10:15:00+08:00"


def stamp(ms: int, device: str = "wei") -> str:
    return format_stamp(ms, 0, device)


def alike_in_every_order(kind: str, changes: list[Change]) -> Any:
    """What the changes fold to; it must be the same in every order."""
    results = [fold(KINDS[kind], order) for order in permutations(changes)]
    assert all(result.values == results[0].values for result in results)
    assert all((r.stamps, r.lost) == (results[0].stamps, results[0].lost) for r in results)
    return results[0]


def test_a_decision_whose_value_no_longer_fits_its_declaration_does_not_stop_the_fold() -> None:
    decision = Change(
        stamp(3, "desk-451422103"), {"started_at": "上午"}, {"started_at": stamp(1)}, {"started_at": [stamp(2, "nong")]}
    )
    changes = [Change(stamp(1), {"started_at": AT}), Change(stamp(2, "nong"), {"started_at": "上午"}), decision]
    assert alike_in_every_order("visit", changes).values == {"started_at": AT}


@pytest.mark.parametrize(
    ("kind", "field", "fits", "unfit"),
    [
        ("household", "exit_year", 2018, "很久以前"),
        ("visit", "participants", ["韦"], "韦"),
        ("visit", "started_at", AT, 7),
    ],
)
def test_words_that_no_longer_fit_give_way_to_those_that_do(kind: str, field: str, fits: Any, unfit: Any) -> None:
    changes = [
        Change(stamp(1), {field: unfit}),
        Change(stamp(2, "nong"), {field: fits}),
        Change(stamp(3, "lan"), {field: unfit, "remark": "好"}, {field: stamp(1)}),
        Change(stamp(4, "desk-451422103"), {field: unfit}, {field: stamp(2, "nong")}, {field: [stamp(1)]}),
    ]
    assert alike_in_every_order(kind, changes).values == {field: fits, "remark": "好"}


def test_a_record_of_which_no_word_fits_is_made_empty() -> None:
    decision = Change(stamp(2), {"started_at": "上午"}, {}, {"started_at": [stamp(1)]})
    folded = fold(KINDS["visit"], [Change(stamp(1), {"started_at": "早上"}), decision])
    assert folded.values == {}
    assert folded.lost == []


def test_a_phone_shows_a_record_whose_unsent_word_no_longer_fits() -> None:
    record = Record("visit", "a", "451422103201", None, {"started_at": AT}, {"started_at": stamp(1)})
    shown = lay_over(KINDS["visit"], record, [Change(stamp(2), {"started_at": "上午", "remark": "好"})])
    assert shown.values == {"started_at": AT, "remark": "好"}


@pytest.mark.parametrize(
    ("field", "value", "base"), [("remark", "二", {"甲": [stamp(1)]}), ("people", ["乙"], stamp(1))]
)
def test_a_base_of_the_other_shape_counts_as_having_seen_nothing(field: str, value: Any, base: Any) -> None:
    first = Change(stamp(1), {field: ["甲"] if field == "people" else "一"})
    folded = fold(SAMPLE, [first, Change(stamp(2, "nong"), {field: value}, {field: base})])
    plain = fold(SAMPLE, [first, Change(stamp(2, "nong"), {field: value})])
    assert (folded.values, folded.stamps, folded.lost) == (plain.values, plain.stamps, plain.lost)


def test_what_is_built_on_a_refused_change_looks_at_what_that_one_looked_at() -> None:
    refused = Change(stamp(2), {"remark": "一", "people": ["乙"]}, {"remark": stamp(1), "people": {"甲": [stamp(1)]}})
    later = Change(
        stamp(3), {"remark": "二", "people": ["乙", "丙"]}, {"remark": stamp(2), "people": {"乙": [stamp(2)]}}
    )
    assert rebase(later, refused) == {"remark": stamp(1), "people": {"甲": [stamp(1)]}}
    record = Record("sample", "a", None, None)
    assert join(SAMPLE, record, Change(stamp(1), {"remark": "零", "people": ["甲"]}))
    assert join(SAMPLE, record, Change(later.stamp, later.set, rebase(later, refused)))
    assert record.values == {"remark": "二", "people": ["乙", "丙"]}
