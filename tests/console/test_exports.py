"""Lists that leave the house: who may take what, what the trail says of it, and that long lists take two persons."""

import errno
import io
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from werkzeug.test import TestResponse

from server import access
from server.acts.campaigns import add_campaign
from server.config import Config
from server.exports import requests
from server.lists import LISTINGS
from server.lists.listing import VILLAGE as BY_VILLAGE
from server.lists.listing import Column, Filter, Found, Listing, Query, column, page_of
from server.reading.figures import Figures, FiguresError, Look
from server.reports.overview import gather
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from server.words import MASK
from shared.fields import Label
from shared.kinds import KINDS
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    OTHER_TOWN,
    SECOND_DESK,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Office,
    said,
)

LIST, EXPORT, ASK, EXPORTS = (f"/t/{TOWN}/{path}" for path in ("lists/persons", "lists/persons/export", "lists/persons/ask", "exports"))  # fmt: skip
IDENTITY = "451499197011204915"
WHY = "县里核对低保名册"


class Persons:
    """A made-up list of persons, so many in each of two villages."""

    def __init__(self, number: int = 6) -> None:
        self.number = number

    def find(self, query: Query) -> Found:
        rows = [
            {"name": f"韦{place}", "identity": IDENTITY, "village": village}
            for village in (VILLAGE, SECOND_VILLAGE)
            for place in range(self.number)
            if village in query.places and query["q"] in f"韦{place}"
        ]
        return page_of(rows, query)

    def listing(self) -> Listing:
        columns = [
            Column("name", Label("姓名", "Name")),
            column(KINDS["member"], "identity"),
            Column("village", Label("村", "Village"), "code"),
        ]
        return Listing(
            "persons",
            Label("人员名单", "Persons"),
            columns,
            [BY_VILLAGE, Filter("q", Label("姓名", "Name"))],
            self.find,
        )


@pytest.fixture
def persons(monkeypatch: pytest.MonkeyPatch) -> Persons:
    made = Persons()
    monkeypatch.setitem(LISTINGS, "persons", made.listing())  # type: ignore[arg-type]
    return made


@pytest.fixture
def two(office: Office, persons: Persons) -> Iterator[Office]:
    """An office in which a list of more than ten persons takes two to leave."""
    office.service.config = replace(office.service.config, export_persons=10)
    return office


def sheet(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.headers.get("Location", answer.text[:200])
    return openpyxl.load_workbook(io.BytesIO(answer.data)).active


def cells(answer: TestResponse, letter: str) -> list[Any]:
    return [cell.value for cell in sheet(answer)[letter]][2:]


def exported(office: Office) -> list[dict[str, Any]]:
    return [dict(act.details) for act in office.trail() if act.action == "export"]


def ask(office: Office, name: str = DESK, **form: str) -> str:
    """Asks for the list and returns the request's id."""
    answer = office.browser(name).post(ASK, {"reason": WHY, **form})
    assert answer.headers["Location"] == EXPORTS, said(answer, office.browser(name))
    with office.database.read(TOWN) as store:
        ((id_,),) = store.sql("SELECT id FROM export_request ORDER BY asked_at DESC, id DESC LIMIT 1")
    return str(id_)


def step(office: Office, name: str, id_: str, what: str, **form: str) -> TestResponse:
    return office.browser(name).post(f"{EXPORTS}/{id_}/{what}", form)


# --- taking a list out -----------------------------------------------------------------------------------------------


def test_a_list_leaves_with_its_filter_and_a_row_in_the_trail_that_the_file_names(
    office: Office, persons: Persons
) -> None:
    answer = office.browser(DESK).post(EXPORT, {"as": "xlsx", "village": VILLAGE})
    assert cells(answer, "A") == [f"韦{place}" for place in range(6)]
    row = office.trail()[-1]
    assert (row.action, row.by, row.kind) == ("export", DESK, "export")
    assert row.details == {"list": "persons", "as": "xlsx", "filters": [f"village={VILLAGE}"], "rows": 6, "persons": 6, "whole": False}  # fmt: skip
    first = sheet(answer)["A1"].value
    assert f"第 {row.seq} 行 {row.hash[:12]}" in first
    assert DESK in first


def test_a_file_has_a_chinese_name_and_is_kept_nowhere(office: Office, persons: Persons) -> None:
    for ending, kind in (("xlsx", "spreadsheetml"), ("csv", "text/csv")):
        answer = office.browser(DESK).post(EXPORT, {"as": ending})
        assert kind in answer.headers["Content-Type"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        name = unquote(answer.headers["Content-Disposition"].split("filename*=UTF-8''")[1])
        assert name.startswith("海渊镇_人员名单_")
        assert name.endswith(f".{ending}")
    assert not list(office.folder.glob("export-*"))


def test_a_word_typed_into_a_filter_stands_in_the_file_and_not_in_the_trail(office: Office, persons: Persons) -> None:
    answer = office.browser(DESK).post(EXPORT, {"as": "csv", "q": "韦3"})
    assert "姓名：韦3" in answer.data.decode("utf-8-sig")
    assert exported(office)[-1]["filters"] == ["q"]


def test_somebody_of_one_village_takes_out_that_village_alone(office: Office, persons: Persons) -> None:
    access.add_user(office.database, "村办员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    assert set(cells(office.browser("村办员").post(EXPORT, {"as": "xlsx"}), "C")) == {VILLAGE}
    refused = office.browser("村办员").post(EXPORT, {"as": "xlsx", "village": SECOND_VILLAGE})
    assert cells(refused, "C") == []


def test_who_may_read_a_list_of_persons_may_not_take_it_out_without_the_right(office: Office, persons: Persons) -> None:
    for name in (LEADER, VILLAGE_LEADER):
        browser = office.browser(name)
        assert browser.get(LIST).status_code == 200
        assert "导出 Excel" not in browser.page(LIST)
        assert browser.post(EXPORT, {"as": "csv"}).status_code == 403
        assert browser.get(EXPORTS).status_code == 403
    assert office.browser(NEIGHBOUR).post(EXPORT, {"as": "csv"}).status_code == 404
    assert office.browser(ADMIN).post(EXPORT, {"as": "csv"}).status_code == 403
    assert exported(office) == []


def test_a_list_asks_for_its_own_right_too(office: Office) -> None:
    assert LISTINGS["audit"].right == Right.AUDIT
    assert office.browser(LEADER).get(f"/t/{TOWN}/lists/audit").status_code == 403
    assert office.browser(LEADER).post(f"/t/{TOWN}/lists/audit/export").status_code == 403
    assert office.browser(DESK).get(f"/t/{TOWN}/lists/audit").status_code == 200
    assert office.browser(DESK).get(f"/t/{TOWN}/lists/nothing").status_code == 404
    assert office.browser(DESK).post(f"/t/{TOWN}/lists/nothing/export").status_code == 404
    sheet(office.browser(DESK).post(f"/t/{TOWN}/lists/audit/export", {"as": "xlsx"}))
    assert exported(office)[-1]["persons"] == 0


def test_an_administrator_takes_out_the_trail_and_no_list_of_households(office: Office, persons: Persons) -> None:
    browser = office.browser(ADMIN)
    assert browser.get(f"/t/{TOWN}/lists/audit").status_code == 200
    assert sheet(browser.post(f"/t/{TOWN}/lists/audit/export", {"as": "xlsx"}))["D2"].value == "事项"
    for name in ("persons", "households"):
        assert browser.get(f"/t/{TOWN}/lists/{name}").status_code == 403
        assert browser.post(f"/t/{TOWN}/lists/{name}/export").status_code == 403


def test_a_filter_that_makes_no_sense_is_said_and_nothing_leaves(office: Office, persons: Persons) -> None:
    browser = office.browser(DESK)
    assert "筛选条件写法不对：村" in said(browser.post(EXPORT, {"as": "csv", "village": "x"}), browser)
    assert exported(office) == []


def test_a_list_that_is_still_being_put_together_does_not_leave_empty(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes a judgement on all visits is made aside; until it is there the list looks empty."""
    monkeypatch.setattr(Figures, "look", lambda *_: Look(None, False, True))
    browser = office.browser(DESK)
    for name in ("short_visits", "not_home"):
        answer = browser.post(f"/t/{TOWN}/lists/{name}/export", {"as": "csv"})
        assert answer.headers["Location"] == f"/t/{TOWN}/lists/{name}"
        assert "正在统计，请过几秒再导出" in said(answer, browser)
    assert exported(office) == []
    assert "正在汇总" in browser.page(f"/t/{TOWN}/lists/short_visits")
    assert "正在汇总" not in browser.page(f"/t/{TOWN}/lists/audit")


# --- what is masked --------------------------------------------------------------------------------------------------


def test_what_is_masked_leaves_only_with_a_reason_and_the_trail_says_so(office: Office, persons: Persons) -> None:
    browser = office.browser(DESK)
    assert set(cells(browser.post(EXPORT, {"as": "xlsx"}), "B")) == {f"{MASK}{IDENTITY[-4:]}"}
    assert "请写明查看原因" in said(browser.post(EXPORT, {"as": "xlsx", "whole": "1", "reason": " x "}), browser)
    answer = browser.post(EXPORT, {"as": "xlsx", "whole": "1", "reason": WHY})
    assert set(cells(answer, "B")) == {IDENTITY}
    assert WHY in sheet(answer)["A1"].value
    assert [(one["whole"], one.get("reason")) for one in exported(office)] == [(False, None), (True, WHY)]


def test_who_may_not_unmask_may_not_take_it_out_whole(
    office: Office, persons: Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server import sight

    rights = dict(sight.ROLE_RIGHTS) | {"desk": sight.ROLE_RIGHTS["desk"] - {Right.UNMASK}}
    monkeypatch.setattr(sight, "ROLE_RIGHTS", rights)
    browser = office.browser(DESK)
    assert "连同身份证号" not in browser.page(LIST)
    assert browser.post(EXPORT, {"as": "xlsx", "whole": "1", "reason": WHY}).status_code == 403
    assert browser.post(ASK, {"whole": "1", "reason": WHY}).status_code == 403


def test_a_file_that_cannot_be_made_is_said_and_does_not_count_as_taken_out(
    two: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    browser = two.browser(DESK)
    slice_ = {"as": "csv", "village": VILLAGE}
    with monkeypatch.context() as patch:
        patch.setattr("server.console.exports.write_csv", full)
        for _ in range(2):
            answer = browser.post(EXPORT, slice_)
            assert answer.headers["Location"].startswith(LIST)
            page = said(answer, browser)
            assert "文件没有做成，什么也没有导出" in page
            assert "批准没有用掉" not in page
    assert [act.action for act in two.trail()[-4:]] == ["export", "export_failed"] * 2
    assert browser.post(EXPORT, slice_).status_code == 200
    assert browser.post(EXPORT, slice_).headers["Location"].startswith(ASK), "six and six are more than ten"


# --- two persons -----------------------------------------------------------------------------------------------------


def test_a_list_of_many_persons_does_not_leave_and_leads_to_the_form(two: Office) -> None:
    browser = two.browser(DESK)
    answer = browser.post(EXPORT, {"as": "xlsx", "q": "韦"})
    assert answer.headers["Location"] == f"{ASK}?q=%E9%9F%A6"
    page = browser.page(answer.headers["Location"])
    assert "涉及 12 人，超过 10 人" in page
    assert "姓名：韦" in page
    assert exported(two) == []
    assert len(cells(browser.post(EXPORT, {"as": "xlsx", "village": VILLAGE}), "A")) == 6


def test_a_long_list_cannot_be_taken_out_alone_in_slices(two: Office) -> None:
    browser = two.browser(DESK)
    assert browser.post(EXPORT, {"as": "csv", "village": VILLAGE}).status_code == 200
    answer = browser.post(EXPORT, {"as": "csv", "village": SECOND_VILLAGE})
    assert answer.headers["Location"] == f"{ASK}?village={SECOND_VILLAGE}"
    assert "近 24 小时您已导出 6 人，加上这份 6 人超过 10 人，需要另一人同意" in said(answer, browser)
    browser.post("/language", {"language": "en"})
    assert "You took out 6 persons in the last 24 hours; with the 6 of this list" in browser.page(
        answer.headers["Location"]
    )
    assert [one["persons"] for one in exported(two)] == [6]
    assert browser.post(EXPORT, {"as": "csv", "q": "韦3"}).status_code == 200
    assert browser.post(EXPORT, {"as": "csv", "q": "韦4"}).status_code == 200
    assert browser.post(EXPORT, {"as": "csv", "q": "韦5"}).status_code == 303
    id_ = ask(two, village=SECOND_VILLAGE)
    step(two, SECOND_DESK, id_, "approve")
    assert step(two, DESK, id_, "take", **{"as": "csv"}).status_code == 200


def test_only_what_one_took_out_alone_in_the_last_day_counts_and_only_for_lists_of_persons(two: Office) -> None:
    id_ = ask(two)
    step(two, SECOND_DESK, id_, "approve")
    assert step(two, DESK, id_, "take", **{"as": "csv"}).status_code == 200
    slice_ = {"as": "csv", "village": VILLAGE}
    assert two.browser(SECOND_DESK).post(EXPORT, slice_).status_code == 200
    assert two.browser(DESK).post(EXPORT, slice_).status_code == 200, "neither an approved list nor another's counts"
    assert two.browser(DESK).post(EXPORT, slice_).status_code == 303
    assert two.browser(DESK).post(f"/t/{TOWN}/lists/audit/export", {"as": "csv"}).status_code == 200
    with two.database.transaction() as connection:
        TownshipStore(two.database, connection, TOWN).sql("UPDATE audit SET at = at - ?", requests.ALONE_MS)
    assert two.browser(DESK).post(EXPORT, slice_).status_code == 200


def test_slices_that_are_taken_at_once_are_counted_one_after_the_other(two: Office) -> None:
    browsers = [two.browser(DESK) for _ in range(6)]
    tokens = [browser.token() for browser in browsers]
    form = {"as": "csv", "village": VILLAGE}

    def take() -> int:
        browser, token = browsers.pop(), tokens.pop()
        return browser.client.post(EXPORT, data={**form, "csrf_token": token}).status_code

    assert sorted(at_once(6, take)) == [200] + [303] * 5
    assert [one["persons"] for one in exported(two)] == [6]


def test_approvals_that_nobody_came_for_hide_no_request_that_waits(two: Office, persons: Persons) -> None:
    id_ = ask(two)
    with two.database.transaction() as connection:
        store = TownshipStore(two.database, connection, TOWN)
        for number in range(requests.SHOWN):
            store.sql(
                "INSERT INTO export_request (township, id, listing, filters, whole, persons, reason, person, asked_by, asked_at,"
                " decision, decider, decided_by, decided_at)"
                " SELECT township, ?, listing, filters, whole, persons, reason, person, asked_by, asked_at + 1, 'approved', 'x', 'x', ?"
                " FROM export_request WHERE id = ?",
                f"old{number}", now_ms() - requests.GOOD_MS - 1000, id_,
            )  # fmt: skip
    assert f"{id_}/approve" in two.browser(SECOND_DESK).page(EXPORTS)
    assert "1 份待您同意" in two.browser(SECOND_DESK).page(f"/t/{TOWN}/lists")


def test_a_long_list_leaves_when_a_second_person_agrees_and_once_only(two: Office) -> None:
    id_ = ask(two)
    assert "等另一人同意" in two.browser(DESK).page(EXPORTS)
    waiting = two.browser(SECOND_DESK).page(EXPORTS)
    assert WHY in waiting
    assert "1 份待您同意" in two.browser(SECOND_DESK).page(f"/t/{TOWN}/lists")
    step(two, SECOND_DESK, id_, "approve")
    assert "已同意" in two.browser(DESK).page(EXPORTS)
    assert len(cells(step(two, DESK, id_, "take", **{"as": "xlsx"}), "A")) == 12
    browser = two.browser(DESK)
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{id_}/take", {"as": "xlsx"}), browser)
    assert "已领取" in browser.page(EXPORTS)
    steps = [(act.action, act.by, act.record) for act in two.trail() if act.action.startswith("export")]
    assert steps == [("export_ask", DESK, id_), ("export_approved", SECOND_DESK, id_), ("export", DESK, id_)]
    assert exported(two)[0]["persons"] == 12


def test_nobody_decides_on_their_own_request(two: Office) -> None:
    id_ = ask(two)
    browser = two.browser(DESK)
    for what in ("approve", "decline"):
        assert "须由另一人决定" in said(browser.post(f"{EXPORTS}/{id_}/{what}"), browser)
    assert f"{id_}/approve" not in browser.page(EXPORTS)
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{id_}/take"), browser)
    assert exported(two) == []


def test_only_who_may_export_in_the_whole_township_decides(two: Office) -> None:
    id_ = ask(two)
    access.add_user(two.database, "村办员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    assert step(two, LEADER, id_, "approve").status_code == 403
    assert step(two, "村办员", id_, "approve").status_code == 403
    assert WHY not in two.browser("村办员").page(EXPORTS)
    assert step(two, NEIGHBOUR, id_, "approve").status_code == 404
    assert two.browser(COUNTY).post(f"/t/{OTHER_TOWN}/exports/{id_}/approve").status_code == 404
    assert step(two, COUNTY, id_, "approve").status_code == 303
    assert two.trail()[-1].action == "export_approved"


def test_nobody_takes_what_was_approved_for_somebody_else(two: Office) -> None:
    id_ = ask(two)
    step(two, COUNTY, id_, "approve")
    assert step(two, SECOND_DESK, id_, "take").status_code == 404
    assert step(two, COUNTY, id_, "take").status_code == 404


def test_a_declined_request_gives_nothing_and_a_hasty_approval_can_be_taken_back(two: Office) -> None:
    first = ask(two)
    step(two, SECOND_DESK, first, "decline")
    browser = two.browser(DESK)
    assert "未同意" in browser.page(EXPORTS)
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{first}/take"), browser)
    second = ask(two)
    other = two.browser(SECOND_DESK)
    page = said(other.post(f"{EXPORTS}/{second}/approve"), other)
    assert "撤销" in page
    assert f"{second}/decline" in page
    other.post(f"{EXPORTS}/{second}/decline")
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{second}/take"), browser)
    assert exported(two) == []
    assert "办过了" in said(other.post(f"{EXPORTS}/{first}/approve"), other)


def test_an_approval_is_good_for_a_day(two: Office) -> None:
    id_ = ask(two)
    step(two, SECOND_DESK, id_, "approve")
    with two.database.transaction() as connection:
        TownshipStore(two.database, connection, TOWN).sql(
            "UPDATE export_request SET decided_at = decided_at - ?", requests.GOOD_MS + 1
        )
    browser = two.browser(DESK)
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{id_}/take"), browser)
    assert "已过期" in browser.page(EXPORTS)
    assert WHY not in two.browser(SECOND_DESK).page(EXPORTS)
    assert exported(two) == []


def test_exactly_the_list_and_filters_that_were_asked_for_leave(two: Office) -> None:
    two.service.config = replace(two.service.config, export_persons=3)
    id_ = ask(two, village=VILLAGE)
    step(two, SECOND_DESK, id_, "approve")
    answer = step(two, DESK, id_, "take", **{"as": "xlsx", "village": SECOND_VILLAGE, "whole": "1", "listing": "audit"})
    assert set(cells(answer, "C")) == {VILLAGE}
    assert set(cells(answer, "B")) == {f"{MASK}{IDENTITY[-4:]}"}


def test_a_whole_list_that_was_approved_leaves_whole_with_its_reason(two: Office) -> None:
    id_ = ask(two, whole="1")
    assert "含敏感信息" in two.browser(SECOND_DESK).page(EXPORTS)
    step(two, SECOND_DESK, id_, "approve")
    answer = step(two, DESK, id_, "take", **{"as": "xlsx"})
    assert set(cells(answer, "B")) == {IDENTITY}
    assert exported(two)[-1]["reason"] == WHY


def test_who_may_not_unmask_any_more_does_not_take_what_was_approved_whole(
    two: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server import sight

    id_ = ask(two, whole="1")
    step(two, SECOND_DESK, id_, "approve")
    rights = dict(sight.ROLE_RIGHTS) | {"desk": sight.ROLE_RIGHTS["desk"] - {Right.UNMASK}}
    with monkeypatch.context() as patch:
        patch.setattr(sight, "ROLE_RIGHTS", rights)
        assert step(two, DESK, id_, "take", **{"as": "xlsx"}).status_code == 403
    assert exported(two) == []
    assert set(cells(step(two, DESK, id_, "take", **{"as": "xlsx"}), "B")) == {IDENTITY}


def test_a_list_that_grew_by_more_than_a_tenth_is_asked_for_anew(two: Office, persons: Persons) -> None:
    persons.number = 10
    id_ = ask(two)
    step(two, SECOND_DESK, id_, "approve")
    persons.number = 12
    browser = two.browser(DESK)
    assert "名单现有 24 人，比批准时的 20 人多出一成以上" in said(browser.post(f"{EXPORTS}/{id_}/take"), browser)
    assert exported(two) == []
    persons.number = 11
    assert len(cells(step(two, DESK, id_, "take", **{"as": "xlsx"}), "A")) == 22


def test_asking_twice_for_the_same_is_said_and_a_reason_is_needed(two: Office) -> None:
    ask(two)
    browser = two.browser(DESK)
    assert "已经申请过" in said(browser.post(ASK, {"reason": WHY}), browser)
    assert "至少 4 个字" in said(browser.post(ASK, {"reason": "县里"}), browser)
    assert "可直接导出" in said(browser.post(ASK, {"reason": WHY, "village": VILLAGE}), browser)
    assert sum(act.action == "export_ask" for act in two.trail()) == 1


def test_ten_browsers_at_once_take_it_once(two: Office) -> None:
    id_ = ask(two)
    step(two, SECOND_DESK, id_, "approve")
    found = at_once(10, lambda: step(two, DESK, id_, "take", **{"as": "csv"}).status_code)
    assert sorted(found) == [200] + [303] * 9
    assert len(exported(two)) == 1


def test_who_saw_the_approval_before_it_was_spent_comes_too_late(two: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two transactions may both have read it (PostgreSQL lets them): the statement that spends it decides."""
    id_ = ask(two)
    step(two, SECOND_DESK, id_, "approve")
    with two.database.read(TOWN) as store:
        seen = requests.find(store, id_)
    assert step(two, DESK, id_, "take").status_code == 200
    monkeypatch.setattr(requests, "find", lambda *_: seen)
    browser = two.browser(DESK)
    assert "没有可领取的批准" in said(browser.post(f"{EXPORTS}/{id_}/take"), browser)
    assert len(exported(two)) == 1


def test_of_two_who_decide_at_once_one_is_heard_and_nobody_twice(two: Office) -> None:
    id_ = ask(two)
    at_once(8, lambda: step(two, SECOND_DESK, id_, "approve").status_code)
    assert sum(act.action == "export_approved" for act in two.trail()) == 1


def at_once(number: int, what: Any) -> Sequence[Any]:
    found: list[Any] = []
    gate = threading.Barrier(number)

    def run() -> None:
        gate.wait()
        found.append(what())

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_number_of_persons_is_set_in_the_environment_and_nonsense_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUHU_INSTANCE", str(tmp_path))
    assert Config.from_environment().export_persons == 200
    monkeypatch.setenv("RUHU_EXPORT_PERSONS", "50")
    assert Config.from_environment().export_persons == 50
    for wrong in ("many", "-1", "1e9"):
        monkeypatch.setenv("RUHU_EXPORT_PERSONS", wrong)
        with pytest.raises(RuntimeError, match="RUHU_EXPORT_PERSONS 应为人数"):
            Config.from_environment()


# --- pages and the county's tables -----------------------------------------------------------------------------------


def test_the_page_of_lists_shows_those_one_may_read(still: Office) -> None:
    for name, sees in ((DESK, True), (LEADER, False)):
        page = still.browser(name).page(f"/t/{TOWN}/lists")
        assert (f"/t/{TOWN}/lists/audit" in page) is sees
        assert "县里的月报表" in page


def test_the_countys_tables_of_a_month_are_one_workbook_with_a_row_in_the_trail(office: Office) -> None:
    answer = office.browser(LEADER).post(f"/t/{TOWN}/reports/export", {"month": "2018-09"})
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["走访覆盖", "党员联户", "环境整治", "问题台账"]
    for page in book:
        assert LEADER in page["A1"].value
    places = [cell.value for cell in book["党员联户"]["A"]]
    assert places[2] == "村"
    assert "合计" in places
    assert len(places) > 20
    assert unquote(answer.headers["Content-Disposition"]).count("月报表 2018-09")
    assert exported(office)[-1]["filters"] == ["month=2018-09"]
    assert office.browser(DESK).post(f"/t/{TOWN}/reports/export", {"month": "x"}).status_code == 400
    browser = office.browser(DESK)
    wrong = browser.post(f"/t/{TOWN}/reports/export", {"campaign": "0" * 8 + "-0000-0000-0000-" + "0" * 12})
    assert "没有这个活动" in said(wrong, browser)


def test_tables_that_are_not_added_up_yet_keep_no_thread_and_come_when_they_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads are few, and phones sync with the same ones: nobody waits in one, and nothing is added up in it."""
    begun: list[Any] = []
    monkeypatch.setattr("server.reading.figures.SMALL", -1)
    monkeypatch.setattr("server.reading.figures._in_a_thread", begun.append)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("a thread waits"))
    office.database.compute = lambda *_: made
    browser = office.browser(LEADER)
    with office.database.read(TOWN) as store:
        made = gather(store, office.database.kinds, now_ms(), "2018-09")
    monkeypatch.setattr("server.reading.figures.gather", lambda *_: pytest.fail("it is added up in the thread"))
    sent = {"month": "2018-09", "from": "contact"}
    answer = browser.post(f"/t/{TOWN}/reports/export", sent)
    assert answer.headers["Location"] == f"/t/{TOWN}/reports/contact?month=2018-09"
    assert "正在统计，请过几秒再导出" in said(answer, browser)
    assert browser.post(f"/t/{TOWN}/reports/export", {"month": "2018-09"}).headers["Location"] == f"/t/{TOWN}/lists"
    assert exported(office) == []
    assert len(begun) == 1
    begun[0]()
    assert browser.post(f"/t/{TOWN}/reports/export", sent).status_code == 200


def test_tables_that_could_not_be_added_up_are_said_to_and_not_made_in_the_thread(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: str) -> Any:
        raise FiguresError("no")

    monkeypatch.setattr("server.reading.figures.SMALL", -1)
    monkeypatch.setattr("server.reading.figures._in_a_thread", lambda work: work())
    office.database.compute = fails
    browser = office.browser(LEADER)
    assert "统计没有完成" in said(browser.post(f"/t/{TOWN}/reports/export", {"month": "2018-09"}), browser)
    assert exported(office) == []


def test_months_that_nobody_visited_in_are_asked_of_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Figures, "look", lambda *_: pytest.fail("figures are asked for"))
    browser = office.browser(LEADER)
    for month in ("0001-01", "1970-01", "2013-12", "9999-12", "2018-13", "2018-9", "x"):
        assert browser.post(f"/t/{TOWN}/reports/export", {"month": month}).status_code == 400, month
    assert browser.post(f"/t/{TOWN}/reports/export", {"month": "2018-09", "from": "league"}).status_code == 400
    assert "筛选条件写法不对：月份" in browser.page(f"/t/{TOWN}/reports/contact?month=2013-12")


def test_the_trail_names_the_campaign_whose_tables_left(office: Office) -> None:
    campaign = add_campaign(
        office.database, TOWN, "回头看", starts_on="2018-09-10", ends_on=None, strict=False, by="陈"
    )
    sent = {"month": "2018-09", "campaign": campaign}
    assert office.browser(LEADER).post(f"/t/{TOWN}/reports/export", sent).status_code == 200
    assert exported(office)[-1]["filters"] == ["month=2018-09", f"campaign={campaign}"]


def test_somebody_of_one_village_gets_the_tables_of_that_village(office: Office) -> None:
    answer = office.browser(VILLAGE_LEADER).post(f"/t/{TOWN}/reports/export", {"month": "2018-09"})
    places = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.data))["党员联户"]["A"]]
    assert places[2] == "村"
    assert places[4] == "合计", "one village, then the sum"


def test_before_there_was_a_campaign_the_workbook_says_so(office: Office) -> None:
    answer = office.browser(DESK).post(f"/t/{TOWN}/reports/export", {"month": "2018-08"})
    assert "没有走访活动" in openpyxl.load_workbook(io.BytesIO(answer.data))["走访覆盖"]["A2"].value


def test_the_pages_of_exports_are_complete_in_english(two: Office) -> None:
    id_ = ask(two)
    for name in (DESK, SECOND_DESK):
        browser = two.browser(name)
        browser.post("/language", {"language": "en"})
        pages = [browser.page(url) for url in (f"/t/{TOWN}/lists", LIST, ASK, EXPORTS)]
        assert "Waits for another person" in pages[3] or f"{id_}/approve" in pages[3]
        assert "Ask for an export" in pages[2]
