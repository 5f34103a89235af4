"""The phone's half of the conversation, against a township in memory: nothing lost, nothing twice, whatever happens."""

import contextlib
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobile.store import Store
from shared.hlc import Clock, device_of, milliseconds_of
from shared.kinds import KINDS
from shared.merge import fold
from shared.record import Change, Key
from shared.sync import taking
from shared.sync.converse import Conversation
from shared.sync.phone import (
    BadCursor,
    BatchTooLarge,
    Busy,
    CutShort,
    NeedsEnrolment,
    NotOurServer,
    Offline,
    OtherOwner,
    OutOfStep,
    ServerFull,
    SyncError,
    TokenRefused,
    UpdateNeeded,
)
from tests.mobile.township import OTHER_VILLAGE, VILLAGE, Line, Phone, Township, Watch

GRANT = f"village:{VILLAGE}"


def remark(phone: Phone, id: str) -> Any:
    return phone.values("household", id)["remark"]


# --- sending


def test_a_sync_sends_what_waits_and_fetches_what_others_wrote(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    theirs = "0190a8a0-0000-7000-8000-00000000000a"
    township.written_by_others("household", theirs, {"remark": "他"})
    summary = phone.syncing.once()
    assert (summary.sent, summary.acknowledged, summary.received, summary.waiting) == (1, 1, 2, 0)
    assert remark(phone, house.id) == "一"
    assert remark(phone, theirs) == "他"
    assert not phone.notebook.get("household", house.id).unsent


def test_a_request_has_the_fields_of_the_contract(phone: Phone, township: Township) -> None:
    written = phone.write("household", None, remark="一")
    phone.syncing.once()
    request = township.requests[0]
    assert request["protocol"] == 1
    assert request["epoch"] == "epoch-1"
    assert request["cursors"] == {}
    assert request["limit"] == 500
    assert request["now"].endswith("+08:00")
    assert request["changes"] == [
        {
            "number": 1,
            "kind": "household",
            "id": written.id,
            "village": VILLAGE,
            "household": None,
            "stamp": written.stamp,
            "set": {"remark": "一"},
            "base": {},
        }
    ]


def test_while_more_than_a_batch_waits_no_records_are_asked_for(phone: Phone, township: Township) -> None:
    for place in range(501):
        phone.write("household", None, remark=str(place))
    phone.syncing.once()
    assert [(len(r["changes"]), r["limit"]) for r in township.requests][:2] == [(500, 0), (1, 500)]
    assert phone.store.count_unsent() == 0
    assert len(phone.notebook.records("household")) == 501


def test_a_request_tells_how_much_the_phone_still_holds_beside_it_and_says_nothing_of_nothing(
    phone: Phone, township: Township
) -> None:
    for n in range(503):
        phone.write("household", None, remark=str(n))
    phone.syncing.once()
    assert [request.get("waiting") for request in township.requests[:2]] == [3, None]


def test_acknowledged_words_stay_visible_before_the_feed_brings_them(phone: Phone, township: Township) -> None:
    first = phone.write("household", None, remark="一")
    for place in range(500):
        phone.write("household", None, remark=str(place))
    township.faults = ["", Offline()]
    with pytest.raises(Offline):
        phone.syncing.once()
    assert phone.store.count_unsent() == 1
    assert remark(phone, first.id) == "一"


def test_a_batch_stays_under_a_megabyte_and_a_half(phone: Phone, township: Township) -> None:
    for _ in range(30):
        phone.write("visit", None, remark="长" * 10_000, summary="长" * 10_000)
    phone.syncing.once()
    assert [len(r["changes"]) for r in township.requests if r["changes"]] == [26, 4]


def test_a_batch_that_is_too_large_is_halved(phone: Phone, township: Township) -> None:
    for place in range(10):
        phone.write("household", None, remark=str(place))
    township.faults = [BatchTooLarge(), BatchTooLarge()]
    phone.syncing.once()
    assert [len(r["changes"]) for r in township.requests][:4] == [10, 5, 2, 2]
    assert phone.store.count_unsent() == 0


def test_a_word_written_during_a_sync_goes_in_the_same_sync(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    written = []

    def refuse(change: dict[str, Any]) -> None:
        if not written:
            written.append(phone.write("household", house.id, remark="二"))

    township.refuse = refuse
    phone.syncing.once()
    assert township.record(house.key)["values"]["remark"] == "二"
    assert phone.store.count_unsent() == 0


# --- what goes wrong on the way


@pytest.mark.parametrize(
    "error",
    [Offline(), CutShort(), NotOurServer(), Busy(retry_after=7), ServerFull(), UpdateNeeded(), TokenRefused("revoked")],
)
def test_an_error_changes_nothing_on_the_phone(phone: Phone, township: Township, error: SyncError) -> None:
    phone.write("household", None, remark="一")
    phone.syncing.once()
    phone.write("household", None, remark="二")
    before = dump(phone.store)
    township.faults = [error]
    with pytest.raises(type(error)):
        phone.syncing.once()
    assert dump(phone.store) == before
    assert " / " in str(error)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"protocol": 1},
        [],
        {"protocol": 1, "next": 2, "epoch": "e", "time": "noon", "grants": [], "records": []},
        {"protocol": 1, "next": 2, "epoch": "e", "time": "2018-09-03T10:15:00+08:00", "grants": [], "records": [1]},
        {"protocol": 1, "next": 2, "epoch": "e", "time": "2018-09-03T10:15:00+08:00", "grants": []}
        | {"records": [{"kind": "visit", "id": "x"}]},
    ],
)
def test_a_reply_that_is_none_changes_nothing(phone: Phone, body: Any) -> None:
    phone.write("household", None, remark="一")
    before = dump(phone.store)

    class Portal:
        def sync(self, request: Any) -> Any:
            return body

    with pytest.raises(NotOurServer):
        Conversation(phone.store, Portal(), KINDS, phone.watch).run()  # type: ignore[arg-type]
    assert dump(phone.store) == before


def test_a_lost_reply_is_made_good_by_sending_again(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    for _ in range(3):
        township.faults = ["lost"]
        with pytest.raises(CutShort):
            phone.syncing.once()
    phone.write("household", house.id, remark="二")
    phone.syncing.once()
    assert [row.number for row in township.log] == [1, 2]
    assert remark(phone, house.id) == "二"


def test_a_refusal_whose_reply_was_lost_still_reaches_the_writer(phone: Phone, township: Township) -> None:
    township.refuse = lambda change: {"code": "forbidden", "message": "不归您管"}
    phone.write("household", None, remark="一")
    township.faults = ["lost"]
    with pytest.raises(CutShort):
        phone.syncing.once()
    phone.syncing.once()
    assert [mend.message for mend in phone.notebook.mends()] == ["不归您管"]
    assert phone.store.count_unsent() == 0


def test_a_reply_is_taken_whole_or_not_at_all_wherever_the_phone_dies(
    township: Township, tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    township.refuse = lambda change: {"code": "invalid"} if change["set"].get("remark") == "坏" else None
    phone = Phone(township, tmp_path / "phone", Watch(skew=86_400_000)).enrol()
    house = phone.write("household", None, remark="一")
    phone.write("household", house.id, remark="坏")
    phone.write("household", house.id, remark="三")
    township.written_by_others("household", "0190a8a0-0000-7000-8000-00000000000a", {"remark": "他"})
    before, honest = dump(phone.store), Store._run
    for deadly in range(1, 1000):
        calls = []

        def run(store: Store, sql: str, *values: Any, calls: list[str] = calls, deadly: int = deadly) -> int:
            calls.append(sql)
            if len(calls) == deadly:
                raise KeyboardInterrupt
            return honest(store, sql, *values)

        monkeypatch.setattr(Store, "_run", run)
        try:
            phone.syncing.once()
        except KeyboardInterrupt:
            assert dump(phone.store) == before
        else:
            break
    assert deadly > 10
    assert [w.set["remark"] for w in phone.store.of_record(house.key)] == ["一", "坏", "三"]
    assert len(phone.notebook.mends()) == 1
    assert phone.notebook.get("household", house.id).record.stamps == township.record(house.key)["stamps"]
    assert len(township.log) == 4


# --- re-stamping and refusing


def test_a_fast_phone_adopts_the_servers_stamps_everywhere_and_its_clock_goes_back(
    township: Township, tmp_path: Path
) -> None:
    watch = Watch(skew=365 * 86_400_000)
    township.now = lambda: watch.ms
    phone = Phone(township, tmp_path / "fast", watch).enrol()
    house = phone.write("household", None, remark="一")
    phone.write("household", house.id, remark="二")
    third = phone.write("household", house.id, remark="三")
    summary = phone.syncing.once()
    assert summary.restamped == 3
    record = township.record(house.key)
    logged = [row.body for row in township.log]
    assert [body["base"].get("remark") for body in logged] == [None, logged[0]["stamp"], logged[1]["stamp"]]
    assert phone.notebook.get("household", house.id).record.stamps == record["stamps"]
    kept = phone.store.of_record(house.key)
    assert [w.stamp for w in kept] == [body["stamp"] for body in logged]
    assert kept[2].base == {"remark": kept[1].stamp}
    watch.skew = 0  # somebody sets the phone's clock right
    fourth = phone.write("household", house.id, remark="四")
    assert milliseconds_of(fourth.stamp) <= watch.ms
    assert fourth.stamp < third.stamp
    assert fourth.base == {"remark": record["stamps"]["remark"]}
    assert phone.syncing.once().restamped == 0
    assert remark(phone, house.id) == "四"


def test_a_fast_phone_never_conflicts_with_itself(township: Township, tmp_path: Path) -> None:
    watch = Watch(skew=86_400_000)
    township.now = lambda: watch.ms
    phone = Phone(township, tmp_path / "fast", watch).enrol()
    house = phone.write("household", None, remark="0", livestock_note="羊")
    for place in range(1, 6):
        phone.write("household", house.id, remark=str(place))
        if place % 2:
            phone.syncing.once()
    phone.syncing.once()
    bodies = [row.body for row in township.log]
    folded = fold(KINDS["household"], [Change(b["stamp"], b["set"], b["base"]) for b in bodies])
    assert folded.lost == []
    assert folded.values["remark"] == "5"


def test_later_words_take_over_the_base_of_a_refused_change(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    bad = phone.write("household", house.id, remark="二")
    township.refuse = lambda change: {"code": "invalid"} if change["stamp"] == bad.stamp else None
    late: list[Any] = []

    def while_syncing(request: dict[str, Any]) -> dict[str, Any]:
        if not late:
            late.append(phone.write("household", house.id, remark="三"))
        return township.sync("token-1", request)

    line = Line(township, "token-1")
    line.sync = while_syncing  # type: ignore[method-assign]
    Conversation(phone.store, line, KINDS, phone.watch).run()
    assert late[0].base == {"remark": bad.stamp}
    assert township.log[-1].body["base"] == {"remark": house.stamp}
    assert remark(phone, house.id) == "三"


def test_a_union_word_on_top_of_a_refused_one_takes_over_its_base(phone: Phone, township: Township) -> None:
    visit = phone.write("visit", None, participants=["韦一"])
    phone.syncing.once()
    bad = phone.write("visit", visit.id, participants=["黄二"])
    late = phone.write("visit", visit.id, participants=["黄二", "农三"])
    assert late.base == {"participants": {"黄二": [bad.stamp]}}
    rebased = taking._rebased(late, bad)
    assert rebased.base == {"participants": {"韦一": [visit.stamp]}}


def test_a_refused_new_record_is_gone_from_view_and_stands_to_be_mended(phone: Phone, township: Township) -> None:
    township.refuse = lambda change: {"code": "forbidden"}
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    assert phone.notebook.shown(house.key) is None
    assert [m.set for m in phone.notebook.mends()] == [{"remark": "一"}]


# --- grants


def test_what_no_grant_gives_is_dropped_once_nothing_of_ours_stands_under_it(phone: Phone, township: Township) -> None:
    quiet = phone.write("household", None, remark="一")
    busy = phone.write("household", None, remark="二")
    phone.syncing.once()
    mine = phone.write("household", busy.id, remark="三")
    township.refuse = lambda change: {"code": "forbidden"} if change["stamp"] == mine.stamp else None
    township.grants = [f"village:{OTHER_VILLAGE}"]
    phone.syncing.once()
    assert phone.notebook.shown(quiet.key) is None
    assert remark(phone, busy.id) == "二"  # refused words wait under it
    phone.notebook.drop_mend(mine.number)
    phone.syncing.once()
    assert phone.notebook.shown(busy.key) is None
    assert phone.store.grants().keys() == {f"village:{OTHER_VILLAGE}"}


def test_a_record_that_left_goes_but_not_from_under_an_unsent_word(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    township.left = {house.key}
    township.written_by_others("household", house.id, {"remark": "他"})
    conversation_with_a_late_word(phone, township, house.id)
    assert phone.notebook.shown(house.key) is None
    assert township.log[-1].body["set"] == {"remark": "晚"}


def conversation_with_a_late_word(phone: Phone, township: Township, id: str) -> None:
    """A word saved while the request is on its way: the reply says the record left, and the word must still be sent."""
    line = Line(township, "token-1")
    seen = []

    def sync(request: dict[str, Any]) -> dict[str, Any]:
        reply = township.sync("token-1", request)
        if not seen:
            seen.append(phone.write("household", id, remark="晚"))
        else:
            assert phone.store.copy(Key("household", id)) is not None, "dropped from under an unsent word"
        return reply

    line.sync = sync  # type: ignore[method-assign]
    Conversation(phone.store, line, KINDS, phone.watch).run()


def test_a_household_grant_keeps_the_household_and_what_belongs_to_it(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    other = phone.write("household", None, remark="二")
    visit = phone.notebook.write("visit", None, {"remark": "三"}, household=house.id)
    assert visit is not None
    phone.syncing.once()
    township.grants = [f"household:{house.id}"]
    phone.syncing.once()
    assert phone.notebook.shown(house.key)
    assert phone.notebook.shown(visit.key)
    assert phone.notebook.shown(other.key) is None


def test_a_first_fill_is_complete_only_when_nothing_more_waits(phone: Phone, township: Township) -> None:
    for place in range(600):
        township.written_by_others("household", f"0190a8a0-0000-7000-8000-{place:012d}", {"remark": "他"})
    township.faults = ["", Offline()]
    with pytest.raises(Offline):
        phone.syncing.once()
    assert len(phone.notebook.records("household")) == 500
    assert not phone.store.filled(GRANT)
    phone.syncing.once()
    assert phone.store.filled(GRANT)
    assert len(phone.notebook.records("household")) == 600


# --- numbers, restores, old copies


def test_a_restored_server_gets_everything_again(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    for word in ("二", "三"):
        phone.write("household", house.id, remark=word)
        phone.syncing.once()
    del township.log[1:]
    township.epoch = "epoch-2"
    phone.syncing.once()
    assert [row.body["set"]["remark"] for row in township.log] == ["一", "二", "三"]
    assert remark(phone, house.id) == "三"
    assert phone.store.fact("epoch") == "epoch-2"


def test_a_restored_server_gets_everything_again_with_a_new_word_waiting(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    phone.write("household", house.id, remark="二")
    phone.syncing.once()
    township.log.clear()
    township.epoch = "epoch-2"
    phone.write("household", house.id, remark="三")
    phone.syncing.once()
    assert [row.number for row in township.log] == [1, 2, 3]
    assert remark(phone, house.id) == "三"


def test_what_a_restored_server_does_not_have_is_marked_and_kept(phone: Phone, township: Township) -> None:
    theirs = "0190a8a0-0000-7000-8000-00000000000a"
    township.written_by_others("household", theirs, {"remark": "他"})
    phone.write("household", None, remark="我")
    phone.syncing.once()
    township.log.clear()
    township.epoch = "epoch-2"
    phone.syncing.once()
    shown = phone.notebook.get("household", theirs)
    assert shown.stale
    assert [s.stale for s in phone.notebook.records("household")].count(True) == 1
    township.written_by_others("household", theirs, {"remark": "他"})
    phone.syncing.once()
    assert not phone.notebook.get("household", theirs).stale


def test_a_refused_change_sent_to_a_restored_server_is_not_listed_twice(phone: Phone, township: Township) -> None:
    township.refuse = lambda change: {"code": "forbidden"} if change["set"] == {"remark": "坏"} else None
    house = phone.write("household", None, remark="一")
    phone.write("household", house.id, remark="坏")
    phone.syncing.once()
    township.log.clear()
    township.epoch = "epoch-2"
    phone.syncing.once()
    assert len(phone.notebook.mends()) == 1
    assert [row.number for row in township.log] == [1, 2]
    township.log.clear()
    township.epoch, township.refuse = "epoch-3", lambda change: None
    phone.syncing.once()
    assert phone.notebook.mends() == []  # this time it was taken


def test_a_server_that_asks_for_less_than_we_keep_needs_a_new_enrolment(phone: Phone, township: Township) -> None:
    for place in range(3):
        phone.write("household", None, remark=str(place))
        phone.syncing.once()
    phone.store.together(lambda: phone.store._run("DELETE FROM changes WHERE number = 1"))
    phone.write("household", None, remark="未发")
    township.log.clear()
    township.epoch = "epoch-2"
    with pytest.raises(NeedsEnrolment):
        phone.syncing.once()
    assert len(phone.store.numbers()) == 3
    phone.enrol()
    phone.syncing.once()
    assert [(row.device, row.number) for row in township.log] == [("phone-2", 1), ("phone-2", 2), ("phone-2", 3)]
    assert township.log[-1].body["set"] == {"remark": "未发"}


def test_a_device_the_server_forgot_keeps_everything_and_enrols_again(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    last = phone.write("household", house.id, remark="二")
    township.devices.clear()
    township.log.clear()
    with pytest.raises(TokenRefused) as caught:
        phone.syncing.once()
    assert caught.value.code == "unknown_token"
    phone.enrol()
    assert [w.number for w in phone.notebook.waiting()] == [1, 2]
    assert [w.stamp for w in phone.notebook.waiting()] == [house.stamp, last.stamp]
    phone.write("household", house.id, remark="三")
    phone.syncing.once()
    assert [row.device for row in township.log] == ["phone-2"] * 3
    assert device_of(township.log[-1].body["stamp"]) == "phone-2"
    assert remark(phone, house.id) == "三"


def test_a_profile_is_not_given_to_another_person(phone: Phone, township: Township) -> None:
    phone.write("household", None, remark="一")
    before = dump(phone.store)
    township.user = "user-2"
    with pytest.raises(OtherOwner):
        phone.enrol()
    assert dump(phone.store) == before


def test_a_phone_restored_from_an_old_copy_of_itself_loses_nothing(
    phone: Phone, township: Township, tmp_path: Path, watch: Watch
) -> None:
    house = phone.write("household", None, remark="一")
    phone.write("household", house.id, remark="二")  # unsent when the copy is made
    phone.store.close()
    shutil.copytree(tmp_path / "phone", tmp_path / "old")
    young = Phone(township, tmp_path / "phone", watch)
    young.syncing.once()
    for word in ("三", "四"):
        young.write("household", house.id, remark=word)
    young.syncing.once()
    old = Phone(township, tmp_path / "old", watch)
    old.write("household", house.id, phone="13800000000")  # number 3, used by the other life for 三
    old.syncing.once()
    assert [row.number for row in township.log] == [1, 2, 3, 4, 5, 6, 7][: len(township.log)]
    values = township.record(house.key)["values"]
    assert values == {"remark": "四", "phone": "13800000000"}
    assert old.values("household", house.id) == values
    assert old.store.count_unsent() == 0
    old.write("household", house.id, remark="五")
    old.syncing.once()
    assert township.record(house.key)["values"]["remark"] == "五"


def test_an_old_copy_that_has_sent_everything_goes_on_from_the_servers_number(
    phone: Phone, township: Township, tmp_path: Path, watch: Watch
) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    phone.store.close()
    shutil.copytree(tmp_path / "phone", tmp_path / "old")
    young = Phone(township, tmp_path / "phone", watch)
    young.write("household", house.id, remark="二")
    young.syncing.once()
    old = Phone(township, tmp_path / "old", watch)
    old.syncing.once()
    assert old.write("household", house.id, remark="三").number == 3


def test_a_server_that_never_agrees_about_numbers_ends_in_words(phone: Phone, township: Township) -> None:
    phone.write("household", None, remark="一")
    township.faults = [OutOfStep("renumber", 5 + turn) for turn in range(100)]
    with pytest.raises(OutOfStep):
        phone.syncing.once()
    assert len(township.requests) < 20
    assert phone.store.count_unsent() == 1


def test_a_cursor_the_server_does_not_know_starts_the_fill_anew(phone: Phone, township: Township) -> None:
    phone.write("household", None, remark="一")
    phone.syncing.once()
    township.faults = [BadCursor()]
    phone.syncing.once()
    assert township.requests[-1]["cursors"] == {}


def test_acknowledged_changes_are_kept_thirty_days(phone: Phone, township: Township, watch: Watch) -> None:
    phone.write("household", None, remark="一")
    phone.syncing.once()
    watch.ms += 29 * 86_400_000
    phone.syncing.once()
    assert phone.store.numbers() == [1]
    watch.ms += 2 * 86_400_000
    phone.syncing.once()
    assert phone.store.numbers() == []
    assert phone.write("household", None, remark="二").number == 2
    phone.syncing.once()


# --- everything at once


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_two_phones_end_with_the_same_words_whatever_happens_on_the_way(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    roll = random.Random(seed)
    watch = Watch()
    township = Township(now=lambda: watch.ms)
    township.refuse = lambda change: {"code": "invalid"} if change["set"].get("remark") == "7" else None
    skews = [Watch(), Watch()]
    folder = tmp_path_factory.mktemp("world")
    phones = [Phone(township, folder / str(n), skews[n]).enrol() for n in range(2)]
    phones[0].township.devices = {"token-1": "phone-1", "token-2": "phone-2"}
    ids = [f"0190a8a0-0000-7000-8000-{n:012d}" for n in range(3)]
    written: set[str] = set()
    for _ in range(40):
        number = roll.randrange(2)
        phone, clock = phones[number], skews[number]
        watch.ms += 1000
        clock.ms = watch.ms
        clock.skew = roll.choice([0, 0, 3_600_000])
        what = roll.random()
        if what < 0.6:
            one = phone.notebook.write("household", roll.choice(ids), {"remark": str(roll.randrange(10))}, VILLAGE)
            if one and one.set["remark"] != "7":
                written.add(one.set["remark"])
            continue
        if what < 0.7:
            phone.store.close()
            phone.__init__(township, folder / str(number), clock)  # type: ignore[misc]
            continue
        if what < 0.75:
            cut = roll.randrange(len(township.log) + 1)
            kept = {d: [r for r in township.log[:cut] if r.device == d] for d in ("phone-1", "phone-2")}
            township.log[:] = [row for row in township.log[:cut] if row in kept[row.device]]
            township.epoch = f"epoch-{roll.random()}"
        township.faults = [roll.choice(["", "lost", Offline()])]
        with contextlib.suppress(SyncError):
            phone.syncing.once()
    township.faults = []
    for phone in phones * 3:
        phone.syncing.once()
    for id_ in ids:
        bodies = [r.body for r in township.log if r.body["id"] == id_ and not r.refused]
        if bodies:
            record = township.record(Key("household", id_))
            for phone in phones:
                shown = phone.notebook.get("household", id_)
                assert (shown.record.values, shown.record.stamps) == (record["values"], record["stamps"])
                assert not shown.unsent
    assert written <= {row.body["set"]["remark"] for row in township.log if not row.refused}
    for phone in phones:
        own = [row.number for row in township.log if row.device in ("phone-1", "phone-2") and row.device == name(phone)]
        assert own == list(range(1, len(own) + 1))
        phone.store.close()


def name(phone: Phone) -> str:
    enrolment = phone.store.enrolment()
    assert enrolment is not None
    return enrolment.device


def dump(store: Store) -> list[str]:
    return list(store._connection.iterdump())


def test_the_clock_kept_on_disk_is_at_or_above_every_stamp_given(phone: Phone) -> None:
    last = [phone.write("household", None, remark=str(n)).stamp for n in range(5)][-1]
    assert Clock("phone-1", lambda: 0, phone.store.fact("clock")).tick() > last
