"""A visit on its page: prefilled, timed by stored facts, kept at every touch, finished in a few taps."""

from mobile.device.ports import Fix
from mobile.pages.blocks import Ring
from tests.pages.conftest import HOME, OTHER, Stage


def begin(stage: Stage) -> None:
    stage.hand.tap(f"place/{HOME}")
    stage.hand.tap("start")


def visited_before(stage: Stage) -> None:
    """Somebody was here last month and found everything fine but the papers."""
    notebook = stage.notebook
    written = notebook.start_visit(HOME)
    fine = {f"{c}_status": "ok" for c in ("guarantees", "policies", "morale", "awareness", "satisfaction")}
    stage.pass_minutes(40)
    notebook.finish_visit(written.id, fine | {"documents_status": "issue", "documents_note": "明白卡没有更新"})
    stage.phone.watch.ms += 30 * 24 * 3_600_000
    stage.app.session.heard_of_sync()


def test_a_visit_when_nothing_changed_takes_at_most_twelve_taps_from_the_household(stage: Stage) -> None:
    visited_before(stage)
    stage.app.go("household", id=HOME)
    stage.hand.taps = 0
    stage.hand.tap("start")
    stage.hand.tap("as_before")
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    assert stage.hand.taps == 3
    values = stage.last("visit")
    assert values["documents_status"] == "issue"
    assert values["documents_note"] == "明白卡没有更新"
    assert values["participants"] == ["韦一"]
    assert stage.hand.sees("覃秀英")  # back at the household


def test_a_first_visit_where_all_is_fine_takes_as_few(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.taps = 0
    stage.hand.tap("start")
    stage.hand.tap("all_ok")
    stage.pass_minutes(30)
    stage.hand.tap("finish")
    assert stage.hand.taps <= 12
    assert stage.app.session.duties.visit(stage.notebook.records("visit")[0].record.id).counts


def test_answering_each_check_by_itself_still_takes_at_most_twelve_taps(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.taps = 0
    stage.hand.tap("start")
    for check in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction"):
        stage.hand.tap(f"{check}_status", "正常")
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    assert stage.hand.taps <= 12
    assert stage.last("visit")["satisfaction_status"] == "ok"


def test_the_ring_goes_on_through_a_kill_and_a_flat_battery(stage: Stage) -> None:
    begin(stage)
    stage.pass_minutes(10)
    stage.again()
    ring = stage.hand.block("ring")
    assert isinstance(ring, Ring)
    assert ring.inside == "10:00"
    stage.reboot()
    stage.phone.watch.ms += 5 * 60_000
    stage.app.redraw()
    ring = stage.hand.block("ring")
    assert isinstance(ring, Ring)
    assert ring.inside == "15:00"


def test_the_app_opens_again_on_the_visit_with_every_answer(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("guarantees_status", "有问题")
    stage.hand.type("guarantees_note", "屋顶漏雨")
    stage.again()
    assert stage.app.page.name == "visit"
    assert stage.hand.sees("屋顶漏雨")
    stage.hand.back()
    assert stage.app.page.name == "household"


def test_back_leaves_the_visit_running_and_today_says_so(stage: Stage) -> None:
    begin(stage)
    stage.hand.back()
    stage.hand.back()
    assert stage.hand.sees("正在走访 覃秀英")
    stage.hand.tap("正在走访")
    assert stage.app.page.name == "visit"


def test_a_short_visit_is_asked_for_its_reason_once_and_kept_either_way(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("all_ok")
    stage.pass_minutes(12)
    stage.hand.tap("finish")
    assert stage.app.page.name == "visit"
    stage.hand.tap("short_reason", "户主有事外出")
    stage.hand.tap("finish")
    assert stage.app.page.name == "household"
    assert stage.last("visit")["short_reason"] == "户主有事外出"


def test_a_short_visit_without_a_reason_is_kept_too(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("all_ok")
    stage.pass_minutes(12)
    stage.hand.tap("finish")
    stage.hand.tap("finish")
    values = stage.last("visit")
    assert values["ended_at"]
    assert not values.get("short_reason")


def test_unanswered_checks_are_said_and_do_not_hold_the_visit_back(stage: Stage) -> None:
    begin(stage)
    stage.pass_minutes(31)
    stage.hand.tap("finish")
    assert stage.hand.sees("还有 6 项没有看")
    stage.hand.tap("go_on")
    assert stage.app.page.name == "visit"
    stage.hand.tap("finish")
    stage.hand.tap("end_anyway")
    assert stage.app.page.name == "household"


def test_a_pause_is_pressed_and_not_counted(stage: Stage) -> None:
    begin(stage)
    stage.pass_minutes(10)
    stage.hand.tap("pause")
    stage.pass_minutes(20)
    stage.hand.tap("resume")
    ring = stage.hand.block("ring")
    assert isinstance(ring, Ring)
    assert ring.inside == "10:00"


def test_a_second_visit_at_once_is_asked_about_first(stage: Stage) -> None:
    begin(stage)
    stage.app.go("household", id=OTHER)
    stage.hand.tap("start")
    assert stage.hand.sees("另一户还在走访")
    stage.hand.tap("to_it")
    assert stage.app.page.where["id"] == stage.app.session.open_visits()[0].id


def test_nobody_home_is_one_touch_and_can_be_undone(stage: Stage) -> None:
    stage.app.go("household", id=HOME)
    stage.hand.tap("not_home")
    assert stage.last("visit")["mode"] == "not_home"
    stage.hand.tap("撤销")
    assert not stage.notebook.records("visit")


def test_words_typed_before_a_sync_brought_others_are_a_conflict_and_no_silent_overwriting(stage: Stage) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    stage.hand.type("phone", "13800000001")
    stage.phone.township.written_by_others("household", HOME, {"phone": "13900000002"})
    stage.sync()
    stage.hand.tap("save")
    (written,) = stage.notebook.waiting()
    assert written.set == {"phone": "13800000001"}
    assert "phone" not in written.base  # its writer saw no number


def test_a_draft_of_an_older_app_with_fields_we_do_not_know_still_opens_and_is_saved_whole(stage: Stage) -> None:
    from shared.record import Key

    stage.phone.store.put_draft(Key("household", HOME), {"remark": "半句", "colour_of_the_door": "红"})
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    assert stage.hand.sees("红")
    stage.hand.tap("save")
    (written,) = stage.notebook.waiting()
    assert written.set == {"remark": "半句", "colour_of_the_door": "红"}


def test_what_cannot_be_kept_stays_on_the_form_beside_the_reason(stage: Stage) -> None:
    stage.app.go("record", kind="household", id=HOME, household=HOME)
    stage.hand.type("phone", "12")
    stage.hand.tap("save")
    assert stage.hand.sees("应为11位手机号")
    stage.again()
    assert stage.hand.sees("12")


def test_the_place_is_noted_once_when_asked_for_and_can_be_left_out_again(stage: Stage) -> None:
    stage.fix = Fix(22.1, 107.1, 8.0)
    begin(stage)
    assert "location" not in stage.app.page.values()  # type: ignore[attr-defined]
    stage.hand.tap("more")
    stage.hand.tap("locate")
    assert stage.hand.sees("22.10000, 107.10000 ±8 m")
    stage.hand.tap("forget_place")
    assert not stage.hand.sees("22.10000")


def test_a_visit_needs_no_place(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("more")
    stage.hand.tap("locate")
    assert stage.hand.sees("不影响走访")


def test_a_visit_that_does_not_count_says_why_and_is_mended_from_the_household(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("all_ok")
    stage.pass_minutes(12)
    stage.hand.tap("finish")
    stage.hand.tap("finish")
    assert stage.hand.sees("时间不足，请写明原因")
    stage.hand.tap("去补")
    stage.hand.tap("short_reason", "户主身体不适")
    stage.hand.tap("finish")
    assert stage.last("visit")["short_reason"] == "户主身体不适"
    assert not stage.hand.sees("时间不足，请写明原因")


def test_a_visit_that_closed_by_itself_says_so_and_speaks_of_no_restart_that_never_was(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("guarantees_status", "有问题")
    stage.pass_minutes(12 * 60 + 1)
    stage.app.go("today")
    assert stage.hand.sees("1 处没写完")  # what was answered waits to be saved
    stage.app.go("household", id=HOME)
    assert stage.hand.sees("已自动结束")
    assert not stage.hand.sees("途中重启")
    stage.hand.tap("没写完")
    stage.hand.tap("finish")
    assert stage.last("visit")["guarantees_status"] == "issue"
    assert stage.phone.store.drafts() == {}


def test_a_visit_whose_clock_was_set_back_a_day_is_measured_by_the_timer(stage: Stage) -> None:
    begin(stage)
    stage.hand.tap("all_ok")
    stage.pass_minutes(10)
    stage.phone.watch.ms -= 24 * 3_600_000
    stage.pass_minutes(25)
    stage.hand.tap("finish")
    assert stage.hand.sees("走访 35 分钟")


def test_a_pause_that_a_restart_falls_into_is_not_counted_either(stage: Stage) -> None:
    begin(stage)
    stage.pass_minutes(10)
    stage.hand.tap("pause")
    stage.pass_minutes(5)
    stage.reboot()
    stage.pass_minutes(5)
    stage.hand.tap("resume")
    stage.pass_minutes(7)
    ring = stage.hand.block("ring")
    assert isinstance(ring, Ring)
    assert ring.inside == "17:00"


def test_a_visit_open_for_hours_asks_on_its_own_page_whether_one_is_still_there(stage: Stage) -> None:
    begin(stage)
    assert not stage.hand.sees("人还在那里吗")
    stage.pass_minutes(4 * 60 + 1)
    stage.app.redraw()
    assert stage.hand.sees("人还在那里吗")
