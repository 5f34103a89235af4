"""Refused changes on their pages: the reason in words, the very fields to mend, nothing lost."""

from typing import Any

import pytest

from mobile.pages.mend import REASONS
from tests.pages.conftest import HOME, Stage

WRONG = {
    "code": "invalid",
    "fields": {"phone": ["应为11位手机号 / must be a mobile number of 11 digits"]},
    "message": "",
}


def refused(stage: Stage, answer: dict[str, Any] = WRONG, **values: Any) -> None:
    """The township refuses what is written now, and takes what comes later."""
    township = stage.phone.township
    stage.notebook.write("household", HOME, values or {"phone": "13800138000", "remark": "换了号码"})
    township.refuse = lambda change: {"fields": {}, "message": "", **answer}
    stage.sync()
    township.refuse = lambda change: None


def test_nothing_refused_is_said(stage: Stage) -> None:
    stage.app.go("mend")
    assert stage.hand.sees("没有被退回的内容。")


def test_a_refusal_is_listed_with_its_reason_and_what_was_written(stage: Stage) -> None:
    refused(stage)
    stage.app.go("today")
    stage.hand.tap("mends")
    assert stage.hand.sees("农户 · 覃秀英")
    assert stage.hand.sees("联系电话：应为11位手机号")
    assert not stage.hand.sees("must be a mobile number")
    assert stage.hand.sees("备注：换了号码")


def test_only_the_refused_field_is_asked_with_the_word_that_was_refused(stage: Stage) -> None:
    refused(stage)
    stage.app.go("mend")
    stage.hand.tap("农户")
    assert stage.hand.block("phone").text == "13800138000"
    assert stage.hand.block("phone").error == "应为11位手机号"
    with pytest.raises(LookupError):
        stage.hand.block("remark")
    assert stage.hand.sees("换了号码")  # said, so that one knows what goes along


def test_mended_words_are_sent_again_with_the_rest(stage: Stage) -> None:
    refused(stage)
    stage.app.go("mend")
    stage.hand.tap("农户")
    stage.hand.type("phone", "13900139000")
    stage.hand.tap("send")
    values = stage.notebook.get("household", HOME).record.values
    assert (values["phone"], values["remark"]) == ("13900139000", "换了号码")
    assert stage.notebook.mends() == []
    assert stage.phone.store.drafts() == {}
    stage.sync()
    assert stage.phone.township.log[-1].body["set"] == {"phone": "13900139000", "remark": "换了号码"}


def test_a_word_that_still_cannot_be_kept_stays_beside_the_reason(stage: Stage) -> None:
    refused(stage)
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    stage.hand.type("phone", "123")
    stage.hand.tap("send")
    assert stage.hand.block("phone").text == "123"
    assert "11位" in stage.hand.block("phone").error
    assert len(stage.notebook.mends()) == 1


def test_a_half_mended_word_is_there_after_a_kill(stage: Stage) -> None:
    refused(stage)
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    stage.hand.type("phone", "1390013")
    before = stage.hand.words()
    hand = stage.again()
    assert stage.app.page.name == "mend_one"
    assert hand.words() == before
    hand.back()
    assert hand.sees("草稿已保留")


def test_mending_leaves_another_draft_of_the_same_record_alone(stage: Stage) -> None:
    refused(stage)
    stage.notebook.answer("household", HOME, {"address": "半句"})
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    stage.hand.type("phone", "13900139000")
    stage.hand.tap("send")
    assert stage.notebook.draft("household", HOME).values == {"address": "半句"}


def test_giving_one_up_can_be_undone(stage: Stage) -> None:
    refused(stage)
    stage.app.go("mend")
    stage.hand.tap("农户")
    stage.hand.type("phone", "1390013")
    stage.hand.tap("drop")
    assert stage.notebook.mends() == []
    assert stage.phone.store.drafts() == {}
    stage.hand.tap("撤销")
    stage.hand.tap("农户")
    assert stage.hand.block("phone").text == "1390013"


@pytest.mark.parametrize("code", REASONS)
def test_every_code_says_what_happened_and_what_to_do_next(stage: Stage, code: str) -> None:
    refused(stage, {"code": code, "message": "某事。 / Something."})
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    assert stage.hand.sees(REASONS[code].zh)
    assert stage.hand.sees("换了号码")
    buttons = [button.name for button in stage.hand.view.bottom]
    assert buttons == (["drop"] if code == "gone" else ["send", "drop"])


def test_a_code_of_a_later_server_is_told_in_the_servers_own_words(stage: Stage) -> None:
    refused(stage, {"code": "closed_for_the_year", "message": "本年度已关账。 / The year is closed."})
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    assert stage.hand.sees("本年度已关账。")
    assert not stage.hand.sees("The year is closed.")


def test_of_what_was_too_long_every_word_can_be_shortened(stage: Stage) -> None:
    refused(stage, {"code": "too_large"})
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    assert stage.hand.block("phone").text == "13800138000"
    assert stage.hand.block("remark").text == "换了号码"


def test_a_change_that_was_forbidden_is_sent_again_as_it_was_once_it_is_allowed(stage: Stage) -> None:
    refused(stage, {"code": "forbidden", "message": "不在您的范围内。 / Not yours."})
    stage.app.go("mend_one", number=str(stage.notebook.mends()[0].number))
    stage.hand.tap("send")
    assert stage.notebook.get("household", HOME).record.values["phone"] == "13800138000"
