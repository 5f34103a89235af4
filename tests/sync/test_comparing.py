"""A phone that lost something, or was never sent it, finds out by itself and fills that grant anew; its outbox is not touched."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile.comparing import differing, mend
from mobile.courier import HttpCourier
from shared.kinds import KINDS
from shared.record import Key, Record
from shared.sync.digest import record_hash
from tests.sync.phones import RealPhone
from tests.sync.world import V1, World, new_id

HOME = "0190a6d0-0000-7000-8000-000000000001"


def courier(phone: RealPhone) -> HttpCourier:
    enrolment = phone.store.enrolment()
    assert enrolment
    return HttpCourier(enrolment.url, enrolment.token)


@pytest.fixture
def wei(world: World, pocket: Callable[..., RealPhone]) -> RealPhone:
    """A cadre's phone with a household, its member and visits, in step with the township."""
    world.cadre("wei")
    phone = pocket("wei")
    phone.write("household", HOME, head_name="覃秀英", poverty_causes=["illness"], categories=["key", "disabled"])
    phone.write("member", None, household=HOME, name="小明", relation="son")
    for _ in range(3):
        phone.write("visit", None, household=HOME, remark="在家", participants=["韦敏", "农队员"])
    phone.sync()
    phone.sync()
    return phone


def test_a_phone_in_step_finds_no_difference(wei: RealPhone) -> None:
    assert differing(wei.store, KINDS, courier(wei)) == []


def test_who_holds_a_single_household_is_in_step_without_its_secrets(
    world: World, wei: RealPhone, pocket: Callable[..., RealPhone]
) -> None:
    world.cadre("nong", f"household:{HOME}")
    nong = pocket("nong")
    nong.sync()
    assert "poverty_causes" not in nong.values("household", HOME)
    assert differing(nong.store, KINDS, courier(nong)) == []


def test_a_phone_that_lost_a_record_fills_that_grant_anew_and_keeps_what_is_unsent(wei: RealPhone) -> None:
    lost = wei.notebook.records("visit")[0].record.id
    wei.store.together(lambda: wei.store.drop_copy(Key("visit", lost)))
    unsent = wei.write("visit", None, household=HOME, remark="还没有上传")
    assert differing(wei.store, KINDS, courier(wei)) == [f"village:{V1}"]
    synced: list[int] = []

    def sync() -> None:
        synced.append(wei.sync().sent)

    assert mend(wei.store, KINDS, courier(wei), sync) == [f"village:{V1}"]
    assert wei.values("visit", lost)["remark"] == "在家"
    assert wei.values("visit", unsent.id)["remark"] == "还没有上传"
    assert synced == [1, 0]
    assert differing(wei.store, KINDS, courier(wei)) == []


def test_words_of_others_that_only_came_meanwhile_are_no_difference(
    world: World, wei: RealPhone, pocket: Callable[..., RealPhone]
) -> None:
    world.cadre("nong")
    nong = pocket("nong")
    nong.sync()
    nong.write("visit", None, household=HOME, remark="后来的")
    nong.sync()
    assert differing(wei.store, KINDS, courier(wei)) == [f"village:{V1}"]
    assert mend(wei.store, KINDS, courier(wei), lambda: wei.sync()) == []


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
stamps = st.one_of(names, st.dictionaries(names, st.lists(names, max_size=3), max_size=3))


@given(
    id_=names, village=st.none() | names, household=st.none() | names, held=st.dictionaries(names, stamps, max_size=5)
)
def test_both_ends_hash_alike_whatever_stands_in_a_record(
    id_: str, village: str | None, household: str | None, held: dict[str, object]
) -> None:
    """The township encodes with msgspec for speed, the phone with the standard library: the bytes must be the same."""
    from server.service import record_hash as at_the_township

    record = Record("visit", id_, village, household, {}, held)  # type: ignore[arg-type]
    assert at_the_township(record) == record_hash(record)
    assert msgspec.json.encode(held, order="deterministic")


def test_an_id_tells_records_apart() -> None:
    one, other = (Record("visit", new_id(), V1, None, {}, {"remark": "s"}) for _ in range(2))
    assert record_hash(one) != record_hash(other)
