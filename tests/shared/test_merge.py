"""Cases of the merge that a person can follow, each a sentence."""

from itertools import permutations
from typing import Any

from shared.hlc import format_stamp
from shared.kind import REMOVED
from shared.merge import Folded, canonical, fold, lay_over, same
from shared.record import Change, Record
from tests.shared.small_kind import SAMPLE


def stamp(ms: int, device: str = "wei") -> str:
    return format_stamp(ms, 0, device)


def write(ms: int, device: str, base: dict[str, Any] | None = None, **values: Any) -> Change:
    return Change(stamp(ms, device), values, base or {})


def lost(folded: Folded) -> set[tuple[str, Any]]:
    return {(entry.field, entry.value) for entry in folded.lost}


def test_two_people_writing_different_fields_both_keep_their_words() -> None:
    folded = fold(SAMPLE, [write(1, "wei", remark="漏雨"), write(2, "nong", status="open")])
    assert folded.values == {"remark": "漏雨", "status": "open"}
    assert not folded.lost


def test_two_people_writing_one_field_unseen_is_a_conflict_and_the_newer_stands() -> None:
    folded = fold(SAMPLE, [write(1, "wei", remark="漏雨"), write(2, "nong", remark="不漏")])
    assert folded.values["remark"] == "不漏"
    assert lost(folded) == {("remark", "漏雨")}


def test_a_writer_who_had_seen_the_other_value_replaces_it_quietly() -> None:
    folded = fold(SAMPLE, [write(1, "wei", remark="漏雨"), write(2, "nong", {"remark": stamp(1)}, remark="已修")])
    assert not folded.lost
    assert not folded.tangled


def test_equal_values_by_two_people_are_no_conflict() -> None:
    assert not fold(SAMPLE, [write(1, "wei", remark="好"), write(2, "nong", remark="好")]).lost


def test_naming_a_write_of_the_same_value_counts_as_having_seen_it() -> None:
    equal = [write(1, "wei", remark="好"), write(2, "nong", remark="好")]
    assert not fold(SAMPLE, [*equal, write(3, "li", {"remark": stamp(1)}, remark="坏")]).lost


def test_three_writers_in_all_orders_give_the_same_conflicts() -> None:
    changes = [write(1, "wei", remark="一"), write(2, "nong", remark="二"), write(3, "li", remark="三")]
    results = {str(fold(SAMPLE, order)) for order in permutations(changes)}
    assert len(results) == 1
    assert lost(fold(SAMPLE, changes)) == {("remark", "一"), ("remark", "二")}


def test_a_change_before_the_one_its_base_names_ends_without_a_conflict_once_that_one_is_here() -> None:
    first, second = write(1, "wei", remark="一"), write(2, "nong", {"remark": stamp(1)}, remark="二")
    alone = fold(SAMPLE, [second])
    assert alone.tangled
    assert not alone.lost
    assert fold(SAMPLE, [second, first]) == fold(SAMPLE, [first, second])


def test_a_decided_conflict_stays_decided() -> None:
    changes = [write(1, "wei", status="甲"), write(2, "nong", status="乙")]
    decision = Change(
        stamp(3, "desk-451422103"), {"status": "甲"}, {"status": stamp(2, "nong")}, {"status": [stamp(1)]}
    )
    assert lost(fold(SAMPLE, [*changes, decision])) == set()
    assert fold(SAMPLE, [*changes, decision]).values["status"] == "甲"


def test_two_clerks_at_the_desk_do_not_count_as_one_writer() -> None:
    changes = [write(1, "desk-451422103", status="甲"), write(2, "desk-451422103", status="乙")]
    assert lost(fold(SAMPLE, changes)) == {("status", "甲")}


def test_the_earliest_evidence_stands_and_a_seen_later_one_is_still_a_conflict() -> None:
    folded = fold(SAMPLE, [write(1, "wei", started="10:00"), write(2, "nong", {"started": stamp(1)}, started="10:05")])
    assert folded.values["started"] == "10:00"
    assert lost(folded) == {("started", "10:05")}


def test_evidence_arriving_after_a_decision_does_not_overturn_it() -> None:
    was_there = [write(5, "wei", started="10:00"), write(6, "nong", started="10:05")]
    decision = Change(stamp(7, "desk-451422103"), {"started": "10:05"}, {}, {"started": [stamp(5), stamp(6, "nong")]})
    folded = fold(SAMPLE, [*was_there, decision, write(1, "li", started="09:00")])
    assert folded.values["started"] == "10:05"
    assert lost(folded) == {("started", "09:00")}


def test_removing_a_record_opens_a_conflict_for_what_the_remover_had_not_seen_before_or_after() -> None:
    seen = write(1, "wei", remark="旧")
    removal = write(5, "nong", {"remark": stamp(1)}, removed=True)
    assert lost(fold(SAMPLE, [seen, removal])) == set()
    for ms in (3, 9):
        unseen = write(ms, "wei", {"remark": stamp(1)}, remark="新")
        folded = fold(SAMPLE, [seen, removal, unseen])
        assert [(e.field, e.stamp) for e in folded.lost] == [(REMOVED, unseen.stamp)]


def test_a_writer_who_knew_of_the_removal_opens_nothing() -> None:
    removal = write(5, "nong", removed=True)
    assert not fold(SAMPLE, [removal, write(9, "wei", {"removed": removal.stamp}, remark="新")]).lost


def test_putting_a_removed_record_back_clears_its_conflicts() -> None:
    removal, unseen = write(5, "nong", removed=True), write(6, "wei", remark="新")
    back = write(7, "li", {"removed": removal.stamp}, removed=False)
    assert fold(SAMPLE, [removal, unseen]).lost
    assert not fold(SAMPLE, [removal, unseen, back]).lost


def test_an_element_added_by_one_survives_a_list_saved_by_another_who_had_not_seen_it() -> None:
    first = write(1, "wei", people=["韦"])
    added = write(2, "nong", {"people": {"韦": [stamp(1)]}}, people=["韦", "农"])
    cleared = write(3, "li", {"people": {"韦": [stamp(1)]}}, people=[])
    assert fold(SAMPLE, [first, added, cleared]).values["people"] == ["农"]


def test_a_remove_that_arrives_before_its_add_still_removes_it() -> None:
    removal = write(2, "nong", {"people": {"韦": [stamp(1)]}}, people=[])
    assert fold(SAMPLE, [removal]).tangled
    assert fold(SAMPLE, [removal, write(1, "wei", people=["韦"])]).values["people"] == []


def test_the_phone_shows_its_unsent_words_over_the_servers_copy() -> None:
    copy = Record(
        "sample", "1", "v", None, {"remark": "旧", "people": ["韦"]}, {"remark": stamp(1), "people": {"韦": [stamp(1)]}}
    )
    unsent = write(2, "nong", {"remark": stamp(1), "people": {"韦": [stamp(1)]}}, remark="新", people=["韦", "农"])
    shown = lay_over(SAMPLE, copy, [unsent])
    assert shown.values == {"remark": "新", "people": ["韦", "农"]}
    assert copy.values["remark"] == "旧"


def test_numbers_booleans_and_text_are_told_apart() -> None:
    assert same(1, 1.0)
    assert same({"a": [1]}, {"a": [1]})
    assert not same(1, True)
    assert not same("1", 1)
    assert canonical("null") != canonical(None)
