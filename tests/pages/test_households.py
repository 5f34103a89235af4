"""The list of households, and one household: found quickly, open problems first, nothing started unseen."""

from mobile.pages.blocks import Heading, LongList
from tests.mobile.township import VILLAGE
from tests.pages.conftest import HOME, OTHER, Stage


def names(stage: Stage) -> list[str]:
    """The names of the households that are listed."""
    return [row.title for block in stage.hand.view.blocks if isinstance(block, LongList) for row in block.rows]


def test_all_households_are_listed_by_hamlet_with_what_is_due(stage: Stage) -> None:
    stage.hand.tap("households")
    assert sorted(names(stage)) == ["覃秀英", "黄华大"]
    assert stage.hand.sees("共 2 户")


def test_a_household_is_found_by_name_initials_hamlet_and_number(stage: Stage) -> None:
    stage.hand.tap("households")
    for typed, found in (
        ("秀英", "覃秀英"),
        ("qxy", "覃秀英"),
        ("弄怀", "黄华大"),
        ("002", "黄华大"),
        ("HHD", "黄华大"),
    ):
        stage.hand.type("search", typed)
        assert names(stage) == [found], typed


def test_nothing_found_says_what_to_try(stage: Stage) -> None:
    stage.hand.tap("households")
    stage.hand.type("search", "没有这个人")
    assert names(stage) == []
    assert stage.hand.sees("没有找到")


def test_the_list_narrows_to_what_is_due_and_to_a_category(stage: Stage) -> None:
    stage.hand.tap("households")
    stage.hand.tap("filters", "该办")
    assert names(stage) == ["覃秀英"]
    stage.hand.tap("filters", "全部")
    stage.hand.tap("filters", "一般农户")
    assert names(stage) == ["黄华大"]


def test_what_was_searched_for_is_still_there_after_coming_back(stage: Stage) -> None:
    stage.hand.tap("households")
    stage.hand.type("search", "秀")
    stage.hand.tap("覃秀英")
    stage.hand.back()
    assert names(stage) == ["覃秀英"]


def test_open_problems_stand_above_everything_else_of_a_household(stage: Stage) -> None:
    found = "2018-09-01T08:00:00+08:00"
    stage.notebook.write(
        "problem", None, {"description": "屋顶漏雨", "category": "house", "found_at": found}, household=HOME
    )
    stage.app.go("household", id=HOME)
    first = next(block for block in stage.hand.view.blocks if isinstance(block, Heading))
    assert first.text.startswith("未办结的问题")
    assert stage.hand.sees("屋顶漏雨")


def test_the_timeline_shows_visits_by_anyone(stage: Stage) -> None:
    visit = {
        "participants": ["黄队长"],
        "started_at": "2018-08-12T09:00:00+08:00",
        "ended_at": "2018-08-12T09:40:00+08:00",
    }
    stage.phone.township.written_by_others("visit", OTHER.replace("2", "9"), visit | {"mode": "home"})
    body = stage.phone.township.log[-1].body
    body["household"] = HOME
    stage.sync()
    stage.app.go("household", id=HOME)
    assert stage.hand.sees("黄队长")
    assert stage.hand.sees("40 分钟")


def test_a_village_whose_first_download_is_not_complete_has_no_due_list_and_says_so(stage: Stage) -> None:
    store = stage.phone.store
    store.together(lambda: store.set_grants({f"village:{VILLAGE}": 1, "village:451422103299": None}, []))
    store.together(lambda: store.set_grants({"village:451422103299": None}, []))
    stage.app.session.heard_of_sync()
    stage.app.go("today")
    assert not stage.hand.sees("还没有走访")
    assert stage.hand.sees("正在下载 451422103299")


def test_a_linked_household_shows_this_months_count_and_a_contact_visit_is_saved_in_three_taps(stage: Stage) -> None:
    stage.notebook.write("party_link", None, {"party_member": "韦一", "from_date": "2018-01-01"}, household=HOME)
    stage.app.session.heard_of_sync()
    stage.app.go("today")
    stage.hand.taps = 0
    stage.hand.tap("contacts")
    assert stage.hand.sees("0/2")
    stage.hand.tap("覃秀英")
    stage.hand.tap("topics", "宣讲政策")
    stage.hand.tap("save")
    assert stage.hand.taps == 4
    assert stage.hand.sees("1/2")
    values = stage.last("contact_visit")
    assert (values["mode"], values["participants"], values["topics"]) == ("home", ["韦一"], ["policy"])


def test_a_contact_visit_that_was_begun_is_there_after_a_kill(stage: Stage) -> None:
    link = stage.notebook.write("party_link", None, {"party_member": "韦一", "from_date": "2018-01-01"}, household=HOME)
    stage.app.go("contact", link=link.id, id=stage.app.doors.new_id())
    stage.hand.type("summary", "问了收成")
    stage.again()
    assert stage.app.page.name == "contact"
    assert stage.hand.sees("问了收成")


def test_a_visit_to_a_linked_household_counts_as_a_contact_visit_too(stage: Stage) -> None:
    stage.notebook.write("party_link", None, {"party_member": "韦一", "from_date": "2018-01-01"}, household=HOME)
    stage.app.go("household", id=HOME)
    stage.hand.tap("start")
    assert sorted(stage.last("visit")["purposes"]) == ["campaign", "party_link"]


def test_syncing_is_told_in_plain_words(stage: Stage) -> None:
    stage.notebook.write("household", HOME, {"remark": "一"})
    stage.app.go("today")
    assert stage.hand.sees("1 条未上传")
    stage.app.session._told(_offline())
    assert stage.hand.sees("没有信号也能写")
    stage.hand.tap("sync_state")
    stage.app.session.syncing.stop()


def _offline() -> object:
    from mobile.syncing import Outcome
    from shared.sync.phone import Offline

    return Outcome(None, Offline(), 5.0)
