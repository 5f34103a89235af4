"""A record's history out of the log: who, when, from what to what, on which phone; nothing is left out."""

from server.acts.desk import move_household
from server.reading.history import History, history_of, refused_of
from shared.record import Key
from tests.console.browser import SECOND_VILLAGE, TOWN, VILLAGE, Office
from tests.console.handset import Handset


def history(office: Office, kind: str, id_: str) -> History:
    with office.database.read(TOWN) as store:
        return history_of(store, office.database.kinds[kind], id_)


def stamp(office: Office, id_: str, name: str) -> str:
    return str(office.record("household", id_).stamps[name])


def test_two_writers_words_stand_with_the_phone_they_were_written_on(office: Office) -> None:
    home = office.write("household", {"hamlet": "那排屯", "head_name": "黄秀英"}, by="韦桌员")
    phone = Handset(office, "韦干部", "红米 7A")
    phone.writes("household", home, {"hamlet": "板布屯"}, base={"hamlet": stamp(office, home, "hamlet")})
    first, second = history(office, "household", home).steps
    assert [(w.field, w.before, w.written, w.stood) for w in first.words] == [
        ("hamlet", None, "那排屯", True), ("head_name", None, "黄秀英", True),
    ]  # fmt: skip
    assert (first.row.by, first.device.is_desk, first.row.via) == ("韦桌员", True, "test")
    assert [(w.field, w.before, w.written) for w in second.words] == [("hamlet", "那排屯", "板布屯")]
    assert (second.row.by, second.device.id, second.device.name) == ("韦干部", phone.id, "红米 7A")


def test_the_fields_of_one_write_stand_in_the_forms_order(office: Office) -> None:
    home = office.write("household", {"remark": "x", "from_newer": 1, "phone": "13877112233", "household_no": "1"})
    (step,) = history(office, "household", home).steps
    assert [word.field for word in step.words] == ["household_no", "phone", "remark", "from_newer"]


def test_a_word_that_came_after_a_newer_one_never_stood_and_is_told_so(office: Office) -> None:
    phone = Handset(office, "韦干部", "旧手机")
    home = office.write("household", {"hamlet": "那排屯"})
    phone.writes("household", home, {"hamlet": "旧屯"}, at=1_500_000_000_000)
    last = history(office, "household", home).steps[-1]
    assert [(w.before, w.written, w.stood) for w in last.words] == [("那排屯", "旧屯", False)]
    told = history(office, "household", home)
    standing = told.standing(office.record("household", home), "hamlet")
    assert standing is not None
    assert standing.device.is_desk


def test_a_list_joined_element_by_element_shows_what_it_became(office: Office) -> None:
    visit = office.write("visit", {"participants": ["甲"], "mode": "home"})
    Handset(office, "韦干部", "p").writes("visit", visit, {"participants": ["乙"]})
    last = history(office, "visit", visit).steps[-1]
    assert [(w.before, w.written) for w in last.words] == [(["甲"], ["甲", "乙"])]


def test_a_clock_that_cannot_be_believed_is_told_of(office: Office) -> None:
    home = office.write("household", {"hamlet": "那排屯"})
    phone = Handset(office, "韦干部", "p")
    phone.writes("household", home, {"address": "1号"}, at=4_000_000_000_000)
    step = history(office, "household", home).steps[-1]
    assert step.said_at.startswith("2096-10-02")
    assert step.at < step.said_at
    assert history(office, "household", home).steps[0].said_at == ""


def test_a_decision_and_a_removal_are_writes_like_any_other(office: Office) -> None:
    home = office.write("household", {"categories": ["key"]})
    office.write("household", {"removed": True}, id=home, by="农桌员")
    told = history(office, "household", home)
    assert [(s.row.by, w.field, w.written) for s in told.steps[1:] for w in s.words] == [("农桌员", "removed", True)]
    assert told.times() == {"categories": 1, "removed": 1}
    assert [s.row.by for s in told.of("removed")] == ["农桌员"]
    assert told.of("hamlet") == []


def test_moving_is_one_event_and_says_from_where_to_where(office: Office) -> None:
    home = office.write("household", {"head_name": "黄秀英"})
    for village in (SECOND_VILLAGE, VILLAGE):
        move_household(office.database, home, village, "韦桌员")
    moves = [step.moved for step in history(office, "household", home).steps if step.moved]
    assert moves == [(VILLAGE, SECOND_VILLAGE), (SECOND_VILLAGE, VILLAGE)]
    assert len(history(office, "household", home).steps) == 3


def test_what_was_refused_is_told_apart_and_without_its_values(office: Office) -> None:
    home = office.write("household", {"hamlet": "那排屯"}, village=SECOND_VILLAGE)
    refusal = Handset(office, "韦干部", "红米").writes("household", home, {"hamlet": "我的屯"})
    assert refusal is not None
    with office.database.read(TOWN) as store:
        (told,) = refused_of(store, Key("household", home))
    assert (told.by, told.device.name, list(told.fields)) == ("韦干部", "红米", ["hamlet"])
    assert "不在您的范围内" in told.why
    assert len(history(office, "household", home).steps) == 1


def test_a_record_that_never_was_has_no_history(office: Office) -> None:
    assert history(office, "household", "00000000-0000-0000-0000-000000000000").steps == []
