"""The clock: stamps that sort, never come twice, and never run away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.hlc import Clock, device_of, format_stamp, is_stamp, milliseconds_of, read_stamp

MS = st.integers(0, 2**48 - 1)
COUNTER = st.integers(0, 0xFFFF)
DEVICE = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,20}\Z")


@given(MS, COUNTER, DEVICE, MS, COUNTER, DEVICE)
def test_stamps_sort_by_time_then_counter_then_device(a: int, b: int, c: str, d: int, e: int, f: str) -> None:
    one, other = format_stamp(a, b, c), format_stamp(d, e, f)
    assert (one < other) == ((a, b, c) < (d, e, f))
    assert read_stamp(one) == (a, b, c)
    assert (milliseconds_of(one), device_of(one)) == (a, c)


@given(st.lists(MS, min_size=1, max_size=30))
def test_a_clock_only_climbs_however_the_wall_clock_jumps(times: list[int]) -> None:
    wall = iter(times)
    clock = Clock("wei", lambda: next(wall))
    stamps = [clock.tick() for _ in times]
    assert stamps == sorted(set(stamps))


@given(MS, MS, COUNTER)
def test_a_tick_lies_above_every_stamp_it_was_shown(now: int, seen: int, counter: int) -> None:
    shown = format_stamp(seen, counter, "zz")
    assert Clock("wei", lambda: now).tick([shown])[:17] > shown[:17] or seen == 2**48 - 1


def test_a_clock_goes_on_where_it_was_kept() -> None:
    clock = Clock("wei", lambda: 5)
    first = clock.tick()
    assert Clock("wei", lambda: 5, clock.last).tick() > first


def test_a_full_counter_carries_into_the_next_millisecond() -> None:
    assert Clock("wei", lambda: 7, format_stamp(7, 0xFFFF, "wei")).tick() == format_stamp(8, 0, "wei")


def test_after_a_reset_the_lead_is_forgotten() -> None:
    clock = Clock("wei", lambda: 10, format_stamp(99_999, 3, "wei"))
    clock.reset(format_stamp(9, 0, "wei"))
    assert clock.tick() == format_stamp(10, 0, "wei")


def test_another_device_may_be_signed_for() -> None:
    assert Clock("desk-451422103", lambda: 1).tick(device="wei") == format_stamp(1, 0, "wei")


@pytest.mark.parametrize(
    "text", ["", "x", "016cf4e760a2-0001-", "016CF4E760A2-0001-a", "016cf4e760a2-0001-a\n", None, 5]
)
def test_what_is_no_stamp_is_told(text: object) -> None:
    assert not is_stamp(text)
    with pytest.raises((ValueError, TypeError)):
        read_stamp(text)  # type: ignore[arg-type]
