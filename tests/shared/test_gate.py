"""The gate, on a township in memory: what one batch may do to itself."""

import uuid
from typing import Any

from shared.grants import Grant
from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.record import Key
from shared.sync.gate import Admitted, Gate, Writer
from shared.sync.wire import UNKNOWN_KIND, Sent
from tests.stores import MemoryTownship

VILLAGE, NOW = "451422103201", 1_535_940_900_000
WEI = Writer("wei1", "wei", "韦敏", frozenset({"cadre"}), (Grant("village", VILLAGE),))
HOME = str(uuid.UUID(int=1))


def town() -> MemoryTownship:
    return MemoryTownship("451422103", {VILLAGE: "正街"})


def sent(number: int, ms: int, base: dict[str, Any] | None = None, **values: Any) -> Sent:
    stamp = format_stamp(NOW + ms, 0, "wei1")
    return Sent(number, stamp, "household", HOME, VILLAGE, None, values, base or {})


def admit(place: MemoryTownship, *batch: Sent) -> Admitted:
    def work(store: MemoryTownship) -> Admitted:
        gate = Gate(KINDS, store, lambda: NOW)
        admitted = gate.admit(batch, WEI)
        gate.close()
        return admitted

    return place.write(work)


def value(place: MemoryTownship, field: str) -> Any:
    return place.load([Key("household", HOME)])[Key("household", HOME)].values.get(field)


def test_the_same_write_twice_in_one_batch_counts_once() -> None:
    place = town()
    admitted = admit(place, sent(1, -9, remark="漏雨"), sent(2, -9, remark="漏雨"))
    assert (admitted.next, admitted.refused, admitted.restamped) == (3, {}, {})
    assert [row.repeats for row in place.log] == [False, True]


def test_one_stamp_for_two_different_writes_is_refused_not_guessed() -> None:
    place = town()
    admitted = admit(place, sent(1, -9, remark="漏雨"), sent(2, -9, remark="不漏"))
    assert admitted.refused[2].code == "invalid"
    assert value(place, "remark") == "漏雨"


def test_a_phone_whose_clock_went_back_inside_a_batch_keeps_its_latest_word() -> None:
    place = town()
    admitted = admit(place, sent(1, -9, remark="旧"), sent(2, -99, remark="新"))
    assert list(admitted.restamped) == [2]
    assert value(place, "remark") == "新"
    assert not place.conflicts([Key("household", HOME)])


def test_a_chain_from_a_phone_ten_years_ahead_ends_with_its_last_word_and_no_conflict() -> None:
    place = town()
    decade = 10 * 365 * 86_400_000
    stamps = [format_stamp(NOW + decade + ms, 0, "wei1") for ms in range(3)]
    batch = [sent(1, decade, remark="一"), sent(2, decade + 1, {"remark": stamps[0]}, remark="二")]
    admit(place, *batch)
    admitted = admit(place, sent(3, decade + 2, {"remark": stamps[1]}, remark="三"))
    assert list(admitted.restamped) == [3]
    assert value(place, "remark") == "三"
    assert not place.conflicts([Key("household", HOME)])


def test_a_refused_change_leaves_room_for_what_comes_after_it() -> None:
    place = town()
    bad = sent(2, -8, remark="二")
    bad.refusal = UNKNOWN_KIND
    admitted = admit(place, sent(1, -9, remark="一"), bad, sent(3, -7, hamlet="屯"))
    assert (admitted.next, set(admitted.refused)) == (4, {2})
    assert value(place, "hamlet") == "屯"
