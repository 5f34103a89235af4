"""Where two people wrote otherwise: both words, who and when, and asking the township once more."""

from typing import Any

from mobile.pages.blocks import Badge, Compare, LongList
from shared.hlc import format_stamp
from tests.mobile.township import VILLAGE, Row
from tests.pages.conftest import HOME, Stage

ROW = "0190a6d0-0000-7000-8000-00000000c001"


def disagree(
    stage: Stage, status: str = "quiet", field: str = "phone", losing: Any = "13800138000", **more: Any
) -> None:
    """The township made a row: what this phone wrote was replaced by somebody else's."""
    notebook, township = stage.notebook, stage.phone.township
    if field not in notebook.get("household", HOME).record.values:
        notebook.write("household", HOME, {field: losing})
    stamp = notebook.get("household", HOME).record.stamps[field]
    values = {
        "about": "household", "record": HOME, "field": field, "losing": losing, "losing_stamp": stamp, "losing_by": "韦一",
        "standing": "13900139000", "standing_by": "黄二", "status": status, **more,
    }  # fmt: skip
    at = format_stamp(stage.phone.watch.ms, len(township.log) + 1, "desk-451422103")
    body = {
        "number": 0, "kind": "conflict", "id": ROW, "village": VILLAGE, "household": HOME, "stamp": at, "set": values, "base": {},
    }  # fmt: skip
    township.log.append(Row("desk", 0, at, body, None))
    stage.sync()


def compare(stage: Stage) -> Compare:
    return next(block for block in stage.hand.view.blocks if isinstance(block, Compare))


def test_nobody_wrote_otherwise_is_said(stage: Stage) -> None:
    stage.app.go("conflicts")
    assert stage.hand.sees("没有与别人不一样的内容。")


def test_what_i_wrote_and_what_stands_are_side_by_side_with_who_and_when(stage: Stage) -> None:
    disagree(stage)
    stage.app.go("conflicts")
    assert stage.hand.sees("农户 · 联系电话")
    stage.hand.tap(ROW)
    (mine, theirs), stands = compare(stage).sides, compare(stage).stands
    assert mine[:2] == ("我写的，被替换了", "13800138000")
    assert mine[2].startswith("我 · 2018-09-04")
    assert theirs[:2] == ("现在的", "13900139000")
    assert theirs[2].startswith("黄二")
    assert stands == 1
    assert stage.hand.sees("覃秀英")


def test_opening_one_marks_it_as_looked_at(stage: Stage) -> None:
    disagree(stage)
    stage.app.go("today")
    stage.hand.tap("conflicts")
    listed = next(block for block in stage.hand.view.blocks if isinstance(block, LongList))
    assert listed.rows[0].badge == Badge("没看过", "brand")
    stage.hand.tap(ROW)
    stage.hand.back()
    listed = next(block for block in stage.hand.view.blocks if isinstance(block, LongList))
    assert listed.rows[0].badge is None
    assert listed.rows[0].lines == ("覃秀英 · 后写的先用着",)
    stage.app.go("today")
    assert not stage.hand.sees("1 处与别人写的不一样")


def test_codes_are_told_in_words(stage: Stage) -> None:
    disagree(stage, field="house_status", losing="new", standing="existing")
    stage.app.go("conflict", id=ROW)
    assert [side[1] for side in compare(stage).sides] == ["新建房", "原有房"]


def test_one_touch_asks_the_township_to_look_again(stage: Stage) -> None:
    disagree(stage)
    stage.app.go("conflict", id=ROW)
    stage.hand.tap("reopen")
    assert stage.hand.sees("已请乡镇再看一看")
    assert stage.notebook.get("conflict", ROW).record.values["status"] == "open"
    assert stage.hand.view.bottom == ()
    assert stage.hand.sees("已请乡镇办公室看，等它裁定。")
    assert stage.app.session.unseen_conflicts() == []


def test_a_decision_says_who_decided_and_which_word_stands(stage: Stage) -> None:
    disagree(
        stage,
        "decided",
        decision="losing",
        value="13800138000",
        decided_by="镇办 陆",
        decided_at="2018-09-04T09:00:00+08:00",
    )
    stage.app.go("conflict", id=ROW)
    assert compare(stage).stands == 0
    assert stage.hand.sees("镇办 陆 · 2018-09-04")
    assert stage.hand.sees("采用被替换的值")
    stage.hand.tap("reopen")  # even then one may ask again
    assert stage.notebook.get("conflict", ROW).record.values["status"] == "open"


def test_another_word_than_both_stands_on_neither_side(stage: Stage) -> None:
    disagree(stage, "decided", decision="other", value="13700137000", decided_by="镇办 陆")
    stage.app.go("conflict", id=ROW)
    assert compare(stage).stands is None
    assert stage.hand.sees("13700137000")


def test_a_secret_fields_words_are_hidden_from_who_holds_only_the_household(stage: Stage) -> None:
    disagree(stage, field="risk_note", losing="因病", standing="因灾")
    stage.app.go("conflict", id=ROW)
    assert compare(stage).sides[0][1] == "因病"
    store = stage.phone.store
    store.together(lambda: store.set_grants({f"household:{HOME}": None}, [f"household:{HOME}"]))
    stage.app.redraw()
    assert [side[1] for side in compare(stage).sides] == ["（保密，不显示）"] * 2


def test_from_a_disagreement_one_gets_to_its_record_and_a_kill_comes_back_to_it(stage: Stage) -> None:
    disagree(stage)
    stage.app.go("conflict", id=ROW)
    before = stage.hand.words()
    assert stage.again().words() == before
    stage.hand.tap("record")
    assert stage.app.page.where == {"id": HOME}
