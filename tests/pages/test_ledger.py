"""The ledger on its pages: noting a problem, moving it through its gates, and what cannot be done now, with the reason."""

import re
from typing import Any

import pytest

from mobile.pages.blocks import Button, Choice, Item, LongList, TextField
from mobile.pages.step import ASKS, StepPage
from shared.hlc import format_stamp
from shared.kinds.problem_step import STEPS
from shared.moments import DAY_MS
from shared.rules.duplicates import RING
from shared.rules.ledger import REASONS
from tests.mobile.township import VILLAGE, Row
from tests.pages.conftest import HOME, OTHER, Stage


def note(stage: Stage, household: str = HOME, category: str = "water", words: str = "水管坏了") -> str:
    """A problem noted through the pages; its id."""
    stage.app.go("problems")
    stage.hand.tap("new")
    stage.hand.tap(f"household/{household}" if household else f"village/{VILLAGE}")
    id_ = stage.app.page.where["id"]
    stage.hand.tap("category", category)
    stage.hand.type("description", words)
    stage.hand.tap("save")
    return id_


def by_others(stage: Stage, problem: str, step: str, days: int = 0, **values: Any) -> None:
    """A step by somebody else, as it comes with a sync."""
    stage.phone.watch.ms += 60_000 + days * DAY_MS
    said = {"problem": problem, "step": step, "by_name": "镇办 陆", "by_tier": "township", **values}
    township, home = stage.phone.township, stage.notebook.get("problem", problem).record.household
    stamp = format_stamp(stage.phone.watch.ms, len(township.log) + 1, "desk-451422103")
    body = {
        "number": 0, "kind": "problem_step", "id": stage.app.doors.new_id(), "village": VILLAGE, "household": home,
        "stamp": stamp, "set": said, "base": {},
    }  # fmt: skip
    township.log.append(Row("desk", 0, stamp, body, None))
    stage.sync()


def assign(stage: Stage, problem: str, person: str = "韦一", due: str = "2018-09-20") -> None:
    by_others(stage, problem, "accepted")
    by_others(stage, problem, "assigned", unit="那桃村委会", person=person, due_date=due)


def rows(stage: Stage) -> list[Item]:
    return list(next(block for block in stage.hand.view.blocks if isinstance(block, LongList)).rows)


def become(stage: Stage, *roles: str) -> None:
    """The person has other roles from now on."""
    store = stage.phone.store
    enrolment = store.enrolment()
    enrolment.user["roles"] = list(roles)
    store.together(lambda: store.set_enrolment(enrolment))
    stage.app.session.heard_of_sync()


# --- noting one --------------------------------------------------------------------------------------------------------


def test_a_problem_is_noted_and_reported_in_one_go(stage: Stage) -> None:
    id_ = note(stage)
    values = stage.notebook.get("problem", id_).record.values
    assert (values["category"], values["description"], values["found_by"]) == ("water", "水管坏了", "韦一")
    assert values["found_at"].startswith("2018-09-04")
    assert [one.record.values["step"] for one in stage.notebook.records("problem_step")] == ["reported"]
    assert stage.notebook.get("problem", id_).record.household == HOME
    assert stage.hand.sees("已存在手机里，临时编号")
    assert stage.app.page.name == "problems"
    assert stage.hand.sees("饮水 · 覃秀英")
    assert stage.hand.sees("已上报")


def test_noting_a_problem_takes_five_touches_and_a_phrase(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.taps = 0
    stage.hand.tap("new_problem")
    stage.hand.tap("category", "住房")
    stage.hand.tap("description", "屋顶漏雨")
    stage.hand.tap("save")
    assert stage.hand.taps == 4
    assert stage.last("problem")["description"] == "屋顶漏雨"


def test_a_chosen_category_makes_room_and_is_changed_by_touching_it_again(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.tap("category", "water")
    assert [option.code for option in stage.hand.block("category").options] == ["water"]
    stage.hand.tap("category", "water")
    stage.hand.tap("category", "house")
    assert stage.hand.block("category").chosen == {"house"}


def test_a_problem_of_the_village_belongs_to_no_household(stage: Stage) -> None:
    id_ = note(stage, household="", category="infra", words="桥断了")
    record = stage.notebook.get("problem", id_).record
    assert (record.village, record.household) == (VILLAGE, None)


def test_a_household_is_found_by_the_initials_of_its_name(stage: Stage) -> None:
    stage.app.go("problems")
    stage.hand.tap("new")
    stage.hand.type("search", "hhd")
    assert [row.title for row in rows(stage)] == ["黄华大"]


def test_a_half_written_problem_is_there_after_a_kill_on_the_same_page_with_the_same_words(stage: Stage) -> None:
    stage.app.go("problems")
    stage.hand.tap("new")
    stage.hand.tap(f"household/{HOME}")
    stage.hand.tap("category", "water")
    stage.hand.type("description", "水管坏")
    stage.hand.tap("spot")
    stage.hand.type("proof_note", "换了管")
    before = stage.hand.words()
    hand = stage.again()
    assert stage.app.page.name == "new_problem"
    assert hand.words() == before
    hand.back()
    assert hand.sees("草稿已保留")
    assert hand.sees("有一个问题没写完：水管坏")
    hand.tap("接着写")
    assert hand.sees("水管坏")
    assert hand.sees("换了管")


def test_only_looking_at_the_form_leaves_no_draft(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.back()
    assert stage.phone.store.drafts() == {}
    assert not stage.hand.sees("草稿已保留")


def test_a_problem_without_category_or_words_is_not_saved_and_it_says_so(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.tap("save")
    assert stage.hand.sees("请选类别，或写一句问题。")
    assert stage.notebook.records("problem") == []


def test_a_day_that_is_none_keeps_everything_on_the_form_with_the_reason(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.tap("category", "water")
    stage.hand.type("due_date", "下个月")
    stage.hand.tap("save")
    assert stage.app.page.name == "new_problem"
    assert stage.hand.sees("应为日期")
    assert stage.hand.sees("下个月")
    assert stage.notebook.records("problem") == []
    assert stage.notebook.records("problem_step") == []


def test_giving_a_problem_up_can_be_undone(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.type("description", "水管坏了")
    stage.hand.tap("give_up")
    assert stage.phone.store.drafts() == {}
    stage.hand.tap("撤销")
    assert stage.hand.sees("水管坏了")


def test_what_was_solved_on_the_spot_is_saved_as_fixed_and_still_waits_for_its_gates(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    id_ = stage.app.page.where["id"]
    stage.hand.tap("category", "env")
    stage.hand.tap("spot")
    stage.hand.tap("proof_note", "已现场解决")
    stage.hand.tap("spot_save")
    standing = stage.app.session.duties.problem(id_).standing
    assert (standing.state, [taken.why for taken in standing.steps]) == ("fixed", ["", ""])
    assert stage.phone.store.drafts() == {}


def test_solved_on_the_spot_without_saying_how_saves_nothing_and_says_why(stage: Stage) -> None:
    stage.app.go("new_problem", id=stage.app.doors.new_id(), village=VILLAGE, household=HOME)
    stage.hand.tap("category", "env")
    stage.hand.tap("spot")
    stage.hand.tap("spot_save")
    assert stage.hand.sees("没有保存：没有写整改情况")
    assert (stage.notebook.records("problem"), stage.notebook.records("problem_step")) == ([], [])
    assert stage.app.page.name == "new_problem"


def test_the_visit_a_problem_was_found_on_knows_of_it(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.tap("start")
    visit = stage.app.page.where["id"]
    stage.hand.tap("documents_status", "有问题")
    stage.hand.type("documents_note", "明白卡没有更新")
    stage.hand.tap("problem/documents")
    assert stage.hand.sees("明白卡没有更新")  # what was noted on the visit is not typed again
    stage.hand.tap("save")
    assert stage.app.page.where["id"] == visit
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    stage.hand.tap("先结束")
    problem = stage.notebook.records("problem")[0].record
    assert problem.values["category"] == "book_cards"
    assert stage.last("visit")["found_problems"] == [problem.id]


# --- the list ----------------------------------------------------------------------------------------------------------


def test_what_waits_for_this_person_stands_first_then_by_deadline(stage: Stage) -> None:
    late, mine, soon = note(stage, OTHER, "house"), note(stage, HOME), note(stage, OTHER, "medical")
    assign(stage, late, person="别人", due="2018-09-12")
    assign(stage, mine, due="2018-10-01")
    assign(stage, soon, person="别人", due="2018-09-10")
    stage.app.go("problems")
    assert [row.name for row in rows(stage)] == [mine, soon, late]


def test_the_filters_show_mine_overdue_and_done(stage: Stage) -> None:
    mine, other, done = note(stage, HOME), note(stage, OTHER), note(stage, OTHER, "house")
    assign(stage, mine, due="2018-09-05")
    by_others(stage, done, "rejected", reason="重复")
    stage.phone.watch.ms += 3 * DAY_MS
    stage.app.session.heard_of_sync()
    stage.app.go("problems")
    shown = {}
    for code in ("mine", "open", "late", "over"):
        stage.hand.tap("filters", code)
        shown[code] = [row.name for row in rows(stage)]
    assert shown == {"mine": [mine], "open": [mine, other], "late": [mine], "over": [done]}
    stage.hand.tap("filters", "late")
    assert stage.hand.sees("逾期2天")
    stage.hand.tap("filters", "over")
    assert not stage.hand.sees("逾期2天")


def test_a_problem_that_is_done_shows_no_deadline_any_more(stage: Stage) -> None:
    id_ = note(stage)
    assign(stage, id_, due="2018-09-05")
    by_others(stage, id_, "explained", days=5, reason="政策以外的要求")
    stage.app.go("problems")
    stage.hand.tap("filters", "over")
    assert [(row.name, row.badge) for row in rows(stage)] == [(id_, None)]


def test_who_holds_only_a_household_is_offered_only_that_one(stage: Stage) -> None:
    store = stage.phone.store
    store.together(lambda: store.set_grants({f"household:{HOME}": None}, [f"household:{HOME}"]))
    stage.app.go("place", then="new_problem")
    assert [row.name for row in rows(stage) if row.name.startswith("village")] == []


def test_an_empty_ledger_says_so_for_each_filter(stage: Stage) -> None:
    stage.app.go("problems")
    for code, words in [
        ("mine", "没有等您办的问题"),
        ("late", "没有逾期"),
        ("over", "还没有办结"),
        ("open", "没有未办结"),
    ]:
        stage.hand.tap("filters", code)
        assert stage.hand.sees(words)


def test_the_order_of_the_list_does_not_follow_from_who_did_how_much(stage: Stage) -> None:
    """No page ranks people: with other names the order stays."""
    first, second = note(stage, HOME), note(stage, OTHER)
    assign(stage, first, person="甲", due="2018-09-20")
    assign(stage, second, person="乙", due="2018-09-21")
    stage.app.go("problems")
    assert [row.name for row in rows(stage)] == [first, second]
    by_others(stage, first, "assigned", unit="村", person="丁", due_date="2018-09-20")
    by_others(stage, second, "assigned", unit="村", person="丙", due_date="2018-09-21")
    stage.app.go("problems")
    assert [row.name for row in rows(stage)] == [first, second]
    assert not re.search(r"排名|第.名|最多|最少", stage.hand.words())


# --- one problem -------------------------------------------------------------------------------------------------------


def test_a_temporary_number_says_that_it_is_one_until_the_township_gives_its_own(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    assert stage.hand.view.title == f"临{id_[-4:].upper()}"
    assert stage.hand.sees("编号是临时的")
    stage.phone.township.written_by_others("problem", id_, {"number_text": "201-2018-0001"})
    stage.sync()
    assert stage.hand.view.title == "201-2018-0001"
    assert not stage.hand.sees("编号是临时的")


def test_a_problem_goes_through_its_three_gates_and_each_says_who_and_when(stage: Stage) -> None:
    id_ = note(stage)
    assign(stage, id_)
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/started")
    stage.hand.tap("save")
    stage.hand.tap("step/fixed")
    stage.hand.type("proof_note", "水管换好了")
    stage.hand.tap("save")
    gate = stage.hand.block("gate/fixed")
    assert isinstance(gate, Item)
    assert gate.badge
    assert gate.badge.text == "✓ 通过"
    assert gate.lines[0].startswith("韦一 · 2018-09-04")
    assert stage.hand.block("gate/verified").lines == ("还没有",)
    assert stage.hand.block("gate/verified").badge.text == "—"
    by_others(stage, id_, "verified")
    by_others(stage, id_, "satisfied", answer="yes", method="phone")
    assert stage.hand.block("gate/satisfied").lines[0].startswith("镇办 陆")
    assert stage.hand.sees("已销号")


def test_what_cannot_be_done_now_is_listed_with_its_reason_behind_one_touch(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    assert not stage.hand.sees(REASONS["state"].zh)
    stage.hand.tap("not_now")
    assert stage.hand.block("not/verified").lines == (REASONS["state"].zh,)
    assert stage.hand.block("not/accepted").lines == ("由乡镇办公室办理",)
    offered = {block.name for block in stage.hand.view.blocks if isinstance(block, Button)}
    told = {block.name for block in stage.hand.view.blocks if isinstance(block, Item)}
    for step in STEPS:
        assert (f"step/{step}" in offered) != (f"not/{step}" in told), step


def test_the_fixer_is_told_why_he_cannot_verify_his_own_work(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/fixed")
    stage.hand.tap("proof_note", "已现场解决")
    stage.hand.tap("save")
    stage.hand.tap("not_now")
    assert stage.hand.block("not/verified").lines == (REASONS["fixer"].zh,)


def test_the_desk_is_offered_the_desks_steps_and_a_leader_none(stage: Stage) -> None:
    id_ = note(stage)
    become(stage, "desk")
    stage.app.go("problem", id=id_)
    assert stage.hand.view.bottom[0].name == "step/accepted"
    become(stage, "leader")
    stage.app.go("problem", id=id_)
    assert stage.hand.view.bottom == ()
    assert stage.hand.sees("现在没有要您办的环节")


def test_a_step_without_effect_stays_in_the_timeline_with_its_reason(stage: Stage) -> None:
    id_ = note(stage)
    by_others(stage, id_, "verified")
    stage.app.go("problem", id=id_)
    assert stage.hand.sees(f"没有生效：{REASONS['state'].zh}")
    assert stage.hand.sees("镇办 陆")


def test_words_with_a_slash_of_a_persons_own_are_told_whole(stage: Stage) -> None:
    id_ = note(stage)
    by_others(stage, id_, "rejected", reason="水管 / 电线")
    stage.app.go("problem", id=id_)
    assert stage.hand.sees("水管 / 电线")


def test_from_a_problem_one_gets_to_its_household(stage: Stage) -> None:
    stage.app.go("problem", id=note(stage))
    stage.hand.tap("household")
    assert stage.app.page.where == {"id": HOME}


# --- one step ----------------------------------------------------------------------------------------------------------


def test_a_half_written_step_is_there_after_a_kill_and_whenever_it_is_opened_again(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/fixed")
    stage.hand.type("proof_note", "换了一半")
    stage.hand.screen.toasts.clear()
    before = stage.hand.words()
    hand = stage.again()
    assert stage.app.page.name == "step"
    assert hand.words() == before
    hand.back()
    assert hand.sees("草稿已保留")
    hand.tap("step/fixed")
    assert hand.sees("换了一半")
    hand.tap("save")
    assert stage.last("problem_step")["proof_note"] == "换了一半"
    assert stage.phone.store.drafts() == {}


def test_a_step_that_would_have_no_effect_stays_on_the_form_with_the_reason(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/escalated")
    stage.hand.type("unit", "镇水利站")
    stage.hand.tap("save")
    assert stage.hand.sees("没有保存：没有写原因")
    assert stage.hand.sees("镇水利站")
    stage.hand.tap("reason", "需上级解决")
    stage.hand.tap("save")
    values = stage.last("problem_step")
    assert (values["step"], values["tier"], values["unit"]) == ("escalated", "township", "镇水利站")


def test_a_step_that_a_sync_made_impossible_is_refused_in_words_and_nothing_typed_is_lost(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/fixed")
    stage.hand.type("proof_note", "水管换好了")
    by_others(stage, id_, "rejected", reason="不属实")
    stage.hand.tap("save")
    assert stage.hand.sees(f"没有保存：{REASONS['state'].zh}")
    assert stage.hand.sees("水管换好了")


def test_where_no_household_is_concerned_three_representatives_are_asked(stage: Stage) -> None:
    id_ = note(stage, household="", category="infra", words="桥断了")
    by_others(stage, id_, "fixed", proof_note="桥修好了")
    by_others(stage, id_, "verified", by_name="镇办 黄")
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/satisfied")
    method = stage.hand.block("method")
    assert isinstance(method, Choice)
    assert [option.code for option in method.options] == ["representatives"]
    stage.hand.tap("answer", "满意")
    stage.hand.type("witnesses", "覃甲、覃乙、覃丙")
    stage.hand.tap("save")
    assert stage.hand.sees("已销号")


def test_a_witness_is_offered_only_after_three_times_out_of_reach(stage: Stage) -> None:
    id_ = note(stage)
    by_others(stage, id_, "fixed", proof_note="好了")
    by_others(stage, id_, "verified", by_name="镇办 黄")
    stage.app.go("problem", id=id_)
    for tries in range(3):
        stage.hand.tap("step/satisfied")
        assert "witness" not in [option.code for option in stage.hand.block("method").options], tries
        stage.hand.tap("answer", "联系不上")
        stage.hand.tap("method", "电话")
        stage.hand.tap("save")
        stage.pass_minutes(5)
    stage.hand.tap("step/satisfied")
    stage.hand.tap("method", "村级见证")
    assert stage.hand.block("witnesses")


def test_a_duplicate_is_chosen_among_the_villages_open_problems_the_likeliest_first(stage: Stage) -> None:
    far, near, id_ = note(stage, OTHER, "house"), note(stage, HOME, "water"), note(stage, HOME, "water")
    become(stage, "desk")
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/duplicate")
    twins = stage.hand.block("duplicate_of")
    assert [option.code for option in twins.options] == [near, far]
    stage.hand.tap("duplicate_of", near)
    stage.hand.tap("save")
    assert stage.last("problem_step")["duplicate_of"] == near
    assert stage.hand.sees("重复于")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_says_in_a_sentence_what_it_means(step: str) -> None:
    assert StepPage.SAYS[step].zh
    assert StepPage.SAYS[step].en
    assert step in ASKS or step in ("reported", "started", "verified")


def test_an_extension_by_the_desk_keeps_the_first_deadline_in_sight(stage: Stage) -> None:
    id_ = note(stage)
    assign(stage, id_, person="别人")
    become(stage, "desk")
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/extended")
    due = stage.hand.block("due_date")
    assert isinstance(due, TextField)
    stage.hand.tap("due_date", due.phrases[-1])
    stage.hand.type("reason", "材料没有到")
    stage.hand.tap("save")
    assert stage.hand.sees("原定期限")
    assert stage.hand.sees("延期 1 次")


def test_another_tier_is_named_with_a_reason_when_one_is_left_out(stage: Stage) -> None:
    id_ = note(stage)
    become(stage, "desk")
    stage.app.go("problem", id=id_)
    stage.hand.tap("step/accepted")
    with pytest.raises(LookupError):
        stage.hand.block("reason")
    stage.hand.tap("tier", "county")
    stage.hand.tap("save")
    assert stage.hand.sees("没有保存：没有写原因")
    stage.hand.type("reason", "涉及全县")
    stage.hand.tap("save")
    assert stage.last("problem_step")["tier"] == "county"


def test_problems_that_repeat_each_other_in_a_ring_say_that_one_must_be_opened_again(stage: Stage) -> None:
    first, second = note(stage, HOME), note(stage, OTHER)
    by_others(stage, first, "duplicate", duplicate_of=second)
    by_others(stage, second, "duplicate", duplicate_of=first)
    stage.app.go("problem", id=first)
    assert stage.hand.sees(RING.zh)
