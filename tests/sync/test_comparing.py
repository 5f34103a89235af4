"""A phone that lost something, or was never sent it, finds out by itself and fills that grant anew; its outbox is not touched."""

from collections.abc import Callable

import pytest

from mobile.comparing import differing, mend
from mobile.courier import HttpCourier
from shared.kinds import KINDS
from shared.record import Key, Record
from shared.sync.digest import digest_of, record_hash
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


def test_what_filling_anew_did_not_mend_is_not_downloaded_again_every_day(wei: RealPhone) -> None:
    """A record only the phone has: the township cannot send it, so filling again would change nothing."""
    stray = Record("visit", new_id(), V1, HOME, {"remark": "x"}, {"remark": "0" * 12 + "-0000-other"})
    wei.store.together(lambda: wei.store.keep([stray]))
    assert mend(wei.store, KINDS, courier(wei), lambda: wei.sync()) == [f"village:{V1}"]
    synced: list[object] = []
    assert mend(wei.store, KINDS, courier(wei), lambda: synced.append(wei.sync())) == []
    assert synced == []
    wei.store.together(lambda: wei.store.drop_copy(stray.key))
    assert mend(wei.store, KINDS, courier(wei), lambda: wei.sync()) == []
    wei.store.together(lambda: wei.store.keep([stray]))
    assert mend(wei.store, KINDS, courier(wei), lambda: wei.sync()) == [f"village:{V1}"]


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


def test_a_digest_does_not_depend_on_the_order_of_records_or_fields() -> None:
    stamps = {"remark": "a", "participants": {"韦敏": ["b"], "农队员": ["c"]}}
    turned = {"participants": {"农队员": ["c"], "韦敏": ["b"]}, "remark": "a"}
    one, same = (Record("visit", HOME, V1, None, {}, held) for held in (stamps, turned))
    other = Record("visit", new_id(), V1, None, {}, {"remark": "d"})
    assert digest_of(map(record_hash, (one, other))) == digest_of(map(record_hash, (other, same)))
    assert digest_of([]) == {"count": 0, "hash": "0" * 64}


def test_a_hidden_field_is_not_in_the_hash_and_any_other_stamp_is() -> None:
    told, less, later = (
        Record("visit", HOME, V1, None, {}, held)
        for held in ({"remark": "a", "income": "b"}, {"remark": "a"}, {"remark": "c"})
    )
    assert record_hash(told, frozenset({"income"})) == record_hash(less)
    assert record_hash(told) != record_hash(less) != record_hash(later)


def test_an_id_tells_records_apart() -> None:
    one, other = (Record("visit", new_id(), V1, None, {}, {"remark": "s"}) for _ in range(2))
    assert record_hash(one) != record_hash(other)
