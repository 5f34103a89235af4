"""What people said about the work reaches the desk, and its answer reaches them."""

import pytest

from tests.console.browser import COUNTY, DESK, LEADER, SECOND_VILLAGE, TOWN, VILLAGE_LEADER, Office, said

URL = f"/t/{TOWN}/feedback"
WORDS = {
    "sort": "complaint",
    "about": "work",
    "text": "填了三遍",
    "said_at": "2018-09-03T10:00:00+08:00",
    "said_by": "甲",
}


@pytest.fixture
def complaint(office: Office) -> str:
    return office.write("feedback", WORDS, SECOND_VILLAGE)


def test_the_desk_answers_and_may_take_the_answer_back(office: Office, complaint: str) -> None:
    desk = office.browser(DESK)
    assert "填了三遍" in desk.page(URL)
    page = said(desk.post(f"{URL}/{complaint}/reply", {"reply": "已合并表格"}), desk)
    assert "已答复" in page
    assert "撤销" in page
    assert office.record("feedback", complaint).values["reply"] == "已合并表格"
    assert office.trail()[-1].action == "reply"
    desk.post(f"{URL}/{complaint}/reply", {"reply": ""})
    assert office.record("feedback", complaint).values["reply"] is None


def test_what_waits_for_an_answer_stands_first(office: Office, complaint: str) -> None:
    office.write("feedback", {**WORDS, "text": "答复过的", "reply": "好", "said_at": "2019-01-01T00:00:00+08:00"})
    page = office.browser(DESK).page(URL)
    assert page.index("填了三遍") < page.index("答复过的")
    assert "答复过的" not in office.browser(DESK).page(f"{URL}?state=open")


def test_a_leader_reads_and_does_not_answer_and_a_village_leader_sees_only_the_village(
    office: Office, complaint: str
) -> None:
    assert "填了三遍" in office.browser(LEADER).page(URL)
    assert office.browser(LEADER).post(f"{URL}/{complaint}/reply", {"reply": "x"}).status_code == 403
    assert office.browser(COUNTY).post(f"{URL}/{complaint}/reply", {"reply": "x"}).status_code == 403
    assert "填了三遍" not in office.browser(VILLAGE_LEADER).page(URL)


def test_an_answer_that_is_too_long_is_said_and_nothing_is_changed(office: Office, complaint: str) -> None:
    desk = office.browser(DESK)
    assert "最多" in said(desk.post(f"{URL}/{complaint}/reply", {"reply": "长" * 2001}), desk)
    assert "reply" not in office.record("feedback", complaint).values


def test_an_answer_too_long_for_the_browsers_cookie_is_sent_and_not_offered_back(
    office: Office, complaint: str
) -> None:
    desk = office.browser(DESK)
    desk.post(f"{URL}/{complaint}/reply", {"reply": "长" * 1500})
    page = said(desk.post(f"{URL}/{complaint}/reply", {"reply": "短"}), desk)
    assert "已答复" in page
    assert "撤销" not in page
