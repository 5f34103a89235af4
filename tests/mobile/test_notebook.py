"""What a person can do with the notebook: save, read, search, mend, time a visit."""

import pytest

from mobile.notebook import (
    ChangeTooLarge,
    Doors,
    Invalid,
    NoPlace,
    NoSuchKind,
    NoSuchRecord,
    Notebook,
    NothingWritten,
)
from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.record import Key
from tests.mobile.township import START_MS, VILLAGE, Phone, Township, Watch


def test_a_saved_word_is_shown_at_once_and_waits_in_the_outbox(phone: Phone) -> None:
    written = phone.write("household", None, head_name="韦大山")
    assert phone.notebook.get("household", written.id).unsent
    assert phone.values("household", written.id) == {"head_name": "韦大山"}
    assert [w.number for w in phone.notebook.waiting()] == [1]


def test_only_what_changed_is_written(phone: Phone) -> None:
    first = phone.write("household", None, head_name="韦大山", remark="一")
    second = phone.write("household", first.id, head_name="韦大山", remark="二")
    assert second.set == {"remark": "二"}
    assert second.base == {"remark": first.stamp}
    assert phone.notebook.write("household", first.id, {"remark": "二"}) is None


def test_the_base_of_a_union_field_names_the_adds_looked_at(phone: Phone) -> None:
    first = phone.write("visit", None, participants=["韦一", "黄二"])
    second = phone.write("visit", first.id, participants=["黄二", "农三"])
    assert second.base == {"participants": {"韦一": [first.stamp], "黄二": [first.stamp]}}
    assert phone.values("visit", first.id)["participants"] == ["黄二", "农三"]


def test_the_same_choices_in_another_order_are_no_change(phone: Phone) -> None:
    first = phone.write("visit", None, participants=["韦一", "黄二"])
    assert phone.notebook.write("visit", first.id, {"participants": ["黄二", "韦一"]}) is None


def test_removing_names_every_field_its_writer_saw_and_writing_afterwards_names_the_removal(phone: Phone) -> None:
    first = phone.write("household", None, head_name="韦大山", remark="一")
    gone = phone.write("household", first.id, removed=True)
    assert gone.base == {"head_name": first.stamp, "remark": first.stamp}
    after = phone.write("household", first.id, remark="二")
    assert after.base == {"remark": first.stamp, "removed": gone.stamp}
    assert phone.notebook.records("household") == []


def test_stamps_rise_above_everything_seen_even_when_the_wall_clock_goes_back(phone: Phone, watch: Watch) -> None:
    first = phone.write("household", None, remark="一")
    watch.ms -= 3_600_000
    second = phone.write("household", first.id, remark="二")
    assert second.stamp > first.stamp


def test_a_stamp_is_above_what_others_wrote_by_a_faster_clock(phone: Phone, township: Township, watch: Watch) -> None:
    house = phone.write("household", None, remark="一")
    phone.syncing.once()
    watch.ms += 200_000
    theirs = township.written_by_others("household", house.id, {"remark": "二"}, {"remark": house.stamp})
    watch.ms -= 200_000
    phone.syncing.once()
    assert phone.write("household", house.id, remark="三").stamp > theirs


def test_a_wrong_value_is_answered_with_its_field_and_nothing_is_saved(phone: Phone) -> None:
    with pytest.raises(Invalid) as caught:
        phone.write("household", None, head_name="韦大山", house_area_m2="大")
    assert list(caught.value.fields) == ["house_area_m2"]
    assert phone.notebook.waiting() == []
    assert phone.store.fact("next_number") == 1


def test_a_new_record_needs_a_place_and_something_to_say(phone: Phone, township: Township) -> None:
    with pytest.raises(NoPlace):
        phone.write("household", None, village=None, remark="一")  # no grant is known before the first sync
    with pytest.raises(NothingWritten):
        phone.write("household", None)
    with pytest.raises(NoSuchKind):
        phone.write("palace", None, remark="一")
    phone.syncing.once()
    assert phone.write("household", None, village=None, remark="一").village == VILLAGE
    assert phone.notebook.waiting()[0].household is None


def test_a_record_of_a_household_lies_in_its_village(phone: Phone) -> None:
    house = phone.write("household", None, head_name="韦大山")
    visit = phone.notebook.write("visit", None, {"mode": "home"}, household=house.id)
    assert visit is not None
    assert (visit.village, visit.household) == (VILLAGE, house.id)


def test_a_change_over_256_kib_is_not_saved(phone: Phone) -> None:
    with pytest.raises(ChangeTooLarge):
        phone.write("visit", None, location={"note": "长" * 100_000})
    assert phone.notebook.waiting() == []


def test_unknown_fields_are_kept_as_they_are(phone: Phone) -> None:
    house = phone.write("household", None, from_a_newer_app={"a": 1})
    assert phone.values("household", house.id) == {"from_a_newer_app": {"a": 1}}


def test_a_search_finds_any_word_of_a_record(phone: Phone) -> None:
    house = phone.write("household", None, head_name="韦大山", remark="Needs a Road")
    phone.write("household", None, head_name="黄二")
    assert [s.record.id for s in phone.notebook.records("household", "needs a road")] == [house.id]
    assert len(phone.notebook.records("household")) == 2


def test_a_draft_stays_until_its_record_is_saved(phone: Phone) -> None:
    house = phone.write("household", None, remark="一")
    key = Key("household", house.id)
    phone.store.put_draft(key, {"remark": "半句"})
    assert phone.store.draft(key) == {"remark": "半句"}
    phone.notebook.save("household", house.id, {"remark": "一句"})
    assert phone.store.drafts() == {}
    assert phone.values("household", house.id) == {"remark": "一句"}


def test_a_draft_put_back_over_a_newer_one_joins_what_is_a_set_and_gives_way_in_all_else(phone: Phone) -> None:
    notebook, record = phone.notebook, "0190a6d0-0000-7000-8000-00000000000f"
    notebook.answer("problem", record, {"photos": ["a" * 64], "description": "旧", "category": "water"}, village="1")
    given_up = notebook.discard("problem", record)
    assert given_up
    notebook.answer("problem", record, {"photos": ["b" * 64], "description": "新"}, village="1")
    notebook.put_back(given_up)
    draft = notebook.draft("problem", record)
    assert draft
    assert draft.values == {"photos": ["a" * 64, "b" * 64], "description": "新", "category": "water"}


def test_pausing_a_visit_keeps_what_was_answered_and_not_saved(phone: Phone) -> None:
    house = phone.write("household", None, head_name="韦大山")
    visit = phone.notebook.start_visit(house.id)
    phone.notebook.answer("visit", visit.id, {"remark": "半句"})
    phone.notebook.pause_visit(visit.id)
    phone.notebook.resume_visit(visit.id)
    draft = phone.notebook.draft("visit", visit.id)
    assert draft
    assert draft.values == {"remark": "半句"}


# --- visits


class Body:
    """The phone's two clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall, self.mono, self.boot = START_MS, 500.0, "boot-1"

    def doors(self) -> Doors:
        return Doors(now=lambda: self.wall, mono=lambda: self.mono, boot_id=lambda: self.boot)

    def sit(self, minutes: float, wall: float | None = None) -> None:
        self.mono += minutes * 60
        self.wall += int((minutes if wall is None else wall) * 60_000)


@pytest.fixture
def body() -> Body:
    return Body()


@pytest.fixture
def visitor(phone: Phone, body: Body) -> Notebook:
    return Notebook(phone.store, KINDS, body.doors())


def test_a_visit_is_measured_from_its_stored_start(phone: Phone, visitor: Notebook, body: Body) -> None:
    house = phone.write("household", None, head_name="韦大山")
    visit = visitor.start_visit(house.id)
    body.sit(31)
    _, minutes = visitor.finish_visit(visit.id, {"requests": "修路"})
    values = phone.values("visit", visit.id)
    assert minutes == 31
    assert values["requests"] == "修路"
    assert values["purposes"] == ["campaign"]
    assert "clock_flag" not in values


def test_a_changed_wall_clock_does_not_change_the_length_but_is_marked(
    phone: Phone, visitor: Notebook, body: Body
) -> None:
    visit = visitor.start_visit(phone.write("household", None, head_name="韦大山").id)
    body.sit(12, wall=600)
    _, minutes = visitor.finish_visit(visit.id, {})
    assert minutes == 12
    assert phone.values("visit", visit.id)["clock_flag"] == "drift"


def test_a_restart_in_between_is_marked_and_the_wall_clock_counts(phone: Phone, visitor: Notebook, body: Body) -> None:
    visit = visitor.start_visit(phone.write("household", None, head_name="韦大山").id)
    body.sit(40)
    body.boot, body.mono = "boot-2", 3.0
    _, minutes = visitor.finish_visit(visit.id, {})
    assert minutes == 40
    assert phone.values("visit", visit.id)["clock_flag"] == "reboot"


def test_finishing_twice_does_not_move_the_end(phone: Phone, visitor: Notebook, body: Body) -> None:
    visit = visitor.start_visit(phone.write("household", None, head_name="韦大山").id)
    body.sit(30)
    visitor.finish_visit(visit.id, {})
    ended = phone.values("visit", visit.id)["ended_at"]
    body.sit(30)
    again, minutes = visitor.finish_visit(visit.id, {"remark": "补"})
    assert again is not None
    assert again.set == {"remark": "补"}
    assert minutes == 30
    assert phone.values("visit", visit.id)["ended_at"] == ended


def test_a_visit_to_a_household_the_phone_does_not_hold_is_not_begun(phone: Phone) -> None:
    with pytest.raises(NoSuchRecord):
        phone.notebook.start_visit("0190a8a0-0000-7000-8000-000000000000")


# --- mending and disagreements


def test_refused_words_can_be_mended_and_saved_again(phone: Phone, township: Township) -> None:
    township.refuse = lambda change: (
        {"code": "invalid", "message": "不行", "fields": {"remark": ["太短"]}}
        if change["set"].get("remark") == "一"
        else None
    )
    house = phone.write("household", None, head_name="韦大山")
    phone.write("household", house.id, remark="一")
    phone.syncing.once()
    (mend,) = phone.notebook.mends()
    assert (mend.number, mend.code, mend.fields) == (2, "invalid", {"remark": ["太短"]})
    assert phone.values("household", house.id) == {"head_name": "韦大山"}
    phone.notebook.retry_mend(2, {"remark": "一句话"})
    assert phone.notebook.mends() == []
    phone.syncing.once()
    assert township.record(Key("household", house.id))["values"]["remark"] == "一句话"


def test_a_retry_with_a_wrong_value_keeps_the_entry(phone: Phone, township: Township) -> None:
    township.refuse = lambda change: {"code": "forbidden", "message": "不归您管"}
    phone.write("household", None, head_name="韦大山")
    phone.syncing.once()
    with pytest.raises(Invalid):
        phone.notebook.retry_mend(1, {"house_area_m2": "大"})
    assert len(phone.notebook.mends()) == 1
    phone.notebook.drop_mend(1)
    assert phone.notebook.mends() == []


def test_a_disagreement_is_told_to_those_who_wrote_it(phone: Phone, township: Township) -> None:
    house = phone.write("household", None, remark="我的")
    phone.syncing.once()
    conflict = {
        "about": "household", "record": house.id, "field": "remark", "losing": "我的", "losing_stamp": house.stamp,
        "losing_by": "user-1", "standing": "别人的", "standing_by": "user-2",
        "status": "quiet",
    }  # fmt: skip
    mine, theirs = "0190a8a0-0000-7000-8000-000000000001", "0190a8a0-0000-7000-8000-000000000002"
    township.written_by_others("conflict", mine, conflict)
    stranger = {"losing_by": "user-3", "losing_stamp": format_stamp(1, 0, "x"), "record": theirs}
    township.written_by_others("conflict", theirs, conflict | stranger)
    phone.syncing.once()
    (one,) = phone.notebook.conflicts()
    assert (one.losing, one.standing, one.mine) == ("我的", "别人的", frozenset({"losing"}))
    assert len(phone.notebook.conflicts(everyone=True)) == 2
    reopened = phone.notebook.reopen(mine)
    assert reopened is not None
    assert reopened.set == {"status": "open"}
