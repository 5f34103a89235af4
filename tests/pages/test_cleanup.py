"""Clean-up checks on their pages: what to check, the sheet with last time's points, a rebound said plainly, a problem offered once."""

import re
from typing import Any

from mobile.pages.blocks import Choice, LongList, Points, Ring
from shared.moments import DAY_MS, iso
from shared.rules.cleanup import rebound_problem
from tests.mobile.township import VILLAGE
from tests.pages.conftest import HOME, OTHER, Stage

YARD = {
    "e1_house": 20,
    "e2_yard": 18,
    "e3_weeds": 15,
    "e4_rubbish": 20,
    "e5_kitchen": 5,
    "e6_toilet": 5,
    "e7_animals": 5,
}


def checked_before(stage: Stage, household: str | None = HOME, days: int = 20, **values: Any) -> str:
    """Somebody checked a household's yard (88 points) and that was so many days ago."""
    phone = stage.phone
    sheet = {"target": "household", "rubric_version": "household-2018.1", "checker": "韦一", **YARD, **values}
    written = phone.notebook.write(
        "cleanup_check", None, {**sheet, "checked_at": iso(phone.watch.ms)}, VILLAGE, household
    )
    phone.watch.ms += days * DAY_MS
    stage.app.session.heard_of_sync()
    return written.id


def sheet(stage: Stage) -> dict[str, float | None]:
    return {block.name: block.value for block in stage.hand.view.blocks if isinstance(block, Points)}


def total(stage: Stage) -> Ring:
    block = stage.hand.block("total")
    assert isinstance(block, Ring)
    return block


def rows(stage: Stage) -> dict[str, tuple[str, ...]]:
    listed = next(block for block in stage.hand.view.blocks if isinstance(block, LongList))
    return {row.name: (row.title, *row.lines) for row in listed.rows}


# --- the sheet ---------------------------------------------------------------------------------------------------------


def test_the_sheet_asks_the_items_of_the_policy_and_counts_while_it_is_filled_in(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME)
    assert list(sheet(stage)) == list(YARD)
    for field, points in YARD.items():
        block = stage.hand.block(field)
        assert isinstance(block, Points)
        block.on_value(float(points))
    assert (total(stage).inside, total(stage).line) == ("88", "合格")
    stage.hand.tap("red_lines", "露天粪坑")
    assert total(stage).line == "有红线，不合格"
    stage.hand.tap("save")
    values = stage.last("cleanup_check")
    assert (values["target"], values["rubric_version"], values["checker"]) == ("household", "household-2018.1", "韦一")
    assert values["checked_at"].startswith("2018-09-04")
    assert {name: values[name] for name in YARD} == YARD
    assert "total" not in values


def test_a_hamlet_is_checked_by_the_villages_sheet(stage: Stage) -> None:
    stage.app.go("cleanup", village=VILLAGE, hamlet="那桃屯")
    assert stage.hand.view.title == "环境检查：那桃屯"
    stage.hand.tap("w1_rules", "full")
    assert stage.hand.block("w1_rules").value == 9
    stage.hand.tap("save")
    values = stage.last("cleanup_check")
    assert (values["target"], values["hamlet"], values["rubric_version"]) == ("hamlet", "那桃屯", "village-2018.1")


def test_last_times_points_stand_beside_the_new_ones(stage: Stage) -> None:
    checked_before(stage, red_lines=["burning"])
    stage.app.go("cleanup", household=HOME)
    assert stage.hand.block("e2_yard").before == "18"
    red = stage.hand.block("red_lines")
    assert isinstance(red, Choice)
    assert red.before == "焚烧垃圾或秸秆"
    assert total(stage).caption == "上次 88 分，2018-09-04"


def test_points_by_another_sheet_are_not_put_beside_and_not_compared(stage: Stage) -> None:
    checked_before(stage, rubric_version="household-2016")
    stage.app.go("cleanup", household=HOME)
    assert stage.hand.block("e2_yard").before == ""
    assert total(stage).caption == "这里第一次检查"


def test_one_touch_puts_last_times_points_where_there_are_none_yet(stage: Stage) -> None:
    before = checked_before(stage)
    stage.app.go("cleanup", household=HOME)
    assert set(sheet(stage).values()) == {None}  # nothing is scored before somebody touches it
    stage.hand.tap("e2_yard", "+")
    stage.hand.tap("as_before")
    assert sheet(stage) == {**YARD, "e2_yard": 1}
    stage.hand.tap("e2_yard", "full")
    stage.hand.tap("save")
    values = stage.last("cleanup_check")
    assert (values["e2_yard"], values["e5_kitchen"], values["prior"], values["rebound"]) == (20, 5, before, False)


def test_a_rebound_is_said_while_filling_in_with_its_reasons(stage: Stage) -> None:
    checked_before(stage)
    stage.app.go("cleanup", household=HOME)
    stage.hand.tap("as_before")
    stage.hand.block("e1_house").on_value(3.0)
    assert stage.hand.sees("上次 88 分，这次 71 分：反弹（上次合格，这次不合格、分数明显下降）")
    stage.hand.block("e1_house").on_value(20.0)
    assert not stage.hand.sees("反弹")
    stage.hand.tap("red_lines", "sewage")
    assert stage.hand.sees("出现新的红线问题")


def test_missing_items_are_said_and_never_block(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME)
    stage.hand.tap("e1_house", "full")
    assert total(stage).line == "还有 6 项没打分"
    stage.hand.tap("save")
    assert stage.hand.sees("已存在手机里；还有 6 项没打分")
    assert stage.last("cleanup_check")["e1_house"] == 20


def test_a_half_filled_sheet_is_there_after_a_kill_with_the_same_points_and_the_same_hour(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME, id=stage.app.doors.new_id())
    stage.hand.tap("e1_house", "full")
    stage.hand.type("remark", "院里有柴")
    before = stage.hand.words()
    stage.pass_minutes(90)
    hand = stage.again()
    assert stage.app.page.name == "cleanup"
    assert hand.words() == before
    hand.back()
    assert hand.sees("草稿已保留")
    stage.app.go("cleanup", household=HOME, id=stage.app.doors.new_id())  # opened anew: the same sheet goes on
    assert hand.sees("院里有柴")
    stage.app.go("cleanups")
    assert hand.sees("有一次检查没写完：覃秀英")
    hand.tap("接着写")
    assert hand.sees("院里有柴")


def test_only_looking_at_the_sheet_leaves_no_draft(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME)
    stage.hand.back()
    assert stage.phone.store.drafts() == {}


def test_giving_a_sheet_up_can_be_undone(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME)
    stage.hand.tap("e1_house", "full")
    stage.hand.tap("give_up")
    assert sheet(stage)["e1_house"] is None
    stage.hand.tap("撤销")
    assert sheet(stage)["e1_house"] == 20


def test_an_hour_that_is_none_stays_on_the_sheet_beside_the_reason(stage: Stage) -> None:
    stage.app.go("cleanup", household=HOME)
    stage.hand.type("checked_at", "昨天下午")
    stage.hand.tap("save")
    assert stage.hand.sees("应为带时区的时间")
    assert stage.hand.sees("昨天下午")
    assert stage.notebook.records("cleanup_check") == []


# --- after a rebound ---------------------------------------------------------------------------------------------------


def slip(stage: Stage) -> None:
    """The household's yard scores 71 after 88."""
    stage.app.go("household", id=HOME)
    stage.hand.tap("cleanup")
    stage.hand.tap("as_before")
    stage.hand.block("e1_house").on_value(3.0)
    stage.hand.tap("save")


def test_after_a_rebound_a_problem_is_offered_once_for_a_target(stage: Stage) -> None:
    checked_before(stage)
    slip(stage)
    assert stage.hand.sees("覃秀英还没有记问题，现在记一个吗？")
    stage.hand.tap("note")
    assert stage.app.page.name == "new_problem"
    assert stage.hand.sees("环境反弹（上次合格，这次不合格、分数明显下降）：2018-09-24检查71分，上次88分")
    stage.hand.tap("save")
    problem = stage.notebook.records("problem")[0].record
    assert problem.id == rebound_problem(("household", HOME))  # the one the township would open
    assert (problem.values["category"], problem.values["source"], problem.household) == ("env", "cleanup_check", HOME)
    checked_before(stage)
    slip(stage)
    assert stage.hand.sees("覃秀英已有问题")
    stage.hand.tap("note")
    assert stage.app.page.where == {"id": problem.id}


def test_the_question_after_a_rebound_may_be_left_for_later(stage: Stage) -> None:
    checked_before(stage)
    slip(stage)
    stage.hand.tap("later")
    assert stage.app.page.name == "household"
    assert stage.notebook.records("problem") == []


# --- the list ----------------------------------------------------------------------------------------------------------


def test_rechecks_that_are_due_stand_first_then_the_village_and_its_hamlets(stage: Stage) -> None:
    failed = checked_before(stage, e1_house=0, e2_yard=0)
    stage.app.go("cleanups")
    assert list(rows(stage)) == [
        f"like/{failed}",
        f"village/{VILLAGE}",
        f"hamlet/{VILLAGE}/弄怀屯",
        f"hamlet/{VILLAGE}/那桃屯",
    ]
    assert rows(stage)[f"like/{failed}"] == ("覃秀英", "环境复查：上次不合格（50分）")
    stage.hand.tap(f"like/{failed}")
    assert stage.hand.view.title == "环境检查：覃秀英"
    assert stage.app.page.where.keys() == {"household", "id", "opened"}


def test_a_place_shows_what_it_scored_last_and_the_order_is_by_name_not_by_score(stage: Stage) -> None:
    village = {"target": "hamlet", "rubric_version": "village-2018.1", "w1_rules": 9}
    checked_before(stage, None, hamlet="那桃屯", red_lines=["burning"], **village)
    stage.app.go("cleanups")
    listed = [name for name in rows(stage) if not name.startswith("like/")]
    assert listed == [f"village/{VILLAGE}", f"hamlet/{VILLAGE}/弄怀屯", f"hamlet/{VILLAGE}/那桃屯"]
    assert rows(stage)[f"hamlet/{VILLAGE}/那桃屯"][1] == "上次 9 分，不合格，2018-09-04"
    assert not re.search(r"排名|第.名", stage.hand.words())


def test_the_due_list_leads_to_the_sheet_of_the_same_hamlet(stage: Stage) -> None:
    village = {"target": "hamlet", "rubric_version": "village-2018.1"}
    checked_before(stage, None, hamlet="那桃屯", red_lines=["burning"], **village)
    stage.app.go("today")
    stage.hand.tap(f"place/{VILLAGE}")
    assert stage.hand.view.title == "环境检查：那桃屯"
    hand = stage.again()
    assert hand.view.title == "环境检查：那桃屯"


def test_another_households_checks_are_not_compared(stage: Stage) -> None:
    checked_before(stage, OTHER)
    stage.app.go("cleanup", household=HOME)
    assert total(stage).caption == "这里第一次检查"
