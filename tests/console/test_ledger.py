"""The ledger's queue: who sees what, in which order and how many; the printed form; several at once; a problem entered at the desk."""

import re
import uuid

import pytest

import server.console.ledger
from server.acts.desk import move_household
from server.reading.standings import ledger_of
from server.reports.problems import problems_report
from server.service import now_ms
from tests.console.browser import (
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
    Browser,
    Office,
    said,
)
from tests.console.problems import CLERK, home, problem, step, today, walk

LEDGER = f"/t/{TOWN}/ledger"


def count(page: str, label: str) -> int:
    """The number on the link that narrows the list to this."""
    found = re.search(rf">{label} <span[^>]*>(\d+)</span>", page)
    assert found, label
    return int(found[1])


def rows(page: str) -> list[str]:
    """The rows of the page's table, without their tags."""
    body = page[page.index("<tbody>") : page.index("</tbody>")] if "<tbody>" in page else ""
    texts = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>.*?</tr>", body, re.S)]
    return [" ".join(text.split()) for text in texts]


def number_of(office: Office, id_: str) -> str:
    return str(office.record("problem", id_).values["number_text"])


def state_of(office: Office, id_: str) -> str:
    with office.database.read(TOWN) as store:
        return ledger_of(office.database, store).problems[id_].standing.state


@pytest.fixture
def busy(office: Office) -> Office:
    """Problems in every usual state and two villages; two of them overdue, one of the other village reported only."""
    for last in ("reported", "accepted", "started", "fixed", "verified", "satisfied"):
        walk(office, problem(office), last)
    walk(office, problem(office, tier="township", description="水管漏水", category="water"), "assigned", today(-5))
    walk(office, problem(office, description="电线杆歪了"), "started", today(-9))
    walk(office, problem(office, SECOND_VILLAGE, description="路塌方"), "reported")
    step(office, walk(office, problem(office), "accepted"), "rejected", CLERK, "township", reason="不属于台账")
    return office


# --- counts, order, filters


def test_the_counts_are_the_reports(busy: Office) -> None:
    page = busy.browser(DESK).page(LEDGER)
    with busy.database.read(TOWN) as store:
        report = problems_report(store, now_ms())
    assert count(page, "未办结") == report.total["open"] == 8
    assert count(page, "逾期") == report.total["overdue"] == 2
    assert count(page, "已销号") == report.total["solved"] == 1
    assert count(page, "不予受理") == report.total["rejected"] == 1
    tiers = {row["name"]: row["open"] for row in report.more["tiers"].rows}
    assert {name: count(page, name) for name in tiers} == tiers


def test_what_is_open_is_shown_at_first_the_longest_overdue_on_top_then_by_deadline_then_what_has_none(
    busy: Office,
) -> None:
    found = rows(busy.browser(DESK).page(LEDGER))
    assert len(found) == 8
    assert "逾期 9 天" in found[0]
    assert "逾期 5 天" in found[1]
    due = [re.search(r"20\d\d-\d\d-\d\d(?!\d)", row.split(maxsplit=1)[1]) for row in found]
    days = [match[0] for match in due if match]
    assert days == sorted(days)
    assert all(due[: len(days)]), "what has no deadline comes last"


def test_overdue_is_said_in_words_and_stands_in_red(busy: Office) -> None:
    page = busy.browser(DESK).page(f"{LEDGER}?group=overdue")
    assert len(rows(page)) == 2
    assert page.count('text-bg-danger">逾期') == 2
    assert page.count('<span class="overdue">') == 4, "the day and the days of both"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=", 10), ("group=over", 2), ("state=reported", 2), ("state=closed", 1), ("tier=township", 1),
        ("category=water", 1), (f"village={SECOND_VILLAGE}", 1), ("unit=那楠", 5), ("unit=没有", 0),
        ("group=&q=屋顶", 7), ("q=路塌", 1), ("q=201-", 1), ("group=&tier=village&state=in_progress", 2),
        ("group=&found=1999-01", 0),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_by(busy: Office, query: str, expected: int) -> None:
    page = busy.browser(DESK).page(f"{LEDGER}?{query}")
    assert len(rows(page)) == expected
    assert expected or "没有这样的问题" in page


def test_a_problem_is_found_by_its_households_head(office: Office) -> None:
    walk(office, problem(office, household=home(office, "黄阿婆")), "reported")
    walk(office, problem(office, household=home(office, "韦老三", number="0018")), "reported")
    (found,) = rows(office.browser(DESK).page(f"{LEDGER}?q=阿婆"))
    assert "黄阿婆" in found


def test_a_filter_that_makes_no_sense_is_answered_with_a_sentence(busy: Office) -> None:
    for path in (LEDGER, f"{LEDGER}/print"):
        assert "筛选条件写法不对" in busy.browser(DESK).page(f"{path}?state=lost")


def test_what_waits_for_this_office_is_what_its_desk_may_do_next(office: Office) -> None:
    at_desk = [walk(office, problem(office), last) for last in ("reported", "accepted", "fixed", "verified")]
    at_desk.append(walk(office, problem(office), "started", today(-3)))
    walk(office, problem(office), "started")
    mine = walk(office, problem(office, tier="township"), "started")
    step(office, mine, "fixed", DESK, "township", proof_note="好了")
    page = office.browser(DESK).page(f"{LEDGER}?group=turn")
    shown = {row.split()[0] for row in rows(page)}
    assert shown == {number_of(office, id_) for id_ in at_desk}, "what he fixed himself waits for somebody else"
    other = office.browser(SECOND_DESK).page(f"{LEDGER}?group=turn")
    assert count(other, "待本级办理") == len(at_desk) + 1


def test_what_was_not_taken_up_in_time_is_marked_and_not_called_overdue(office: Office) -> None:
    id_ = problem(office)
    step(office, id_, "reported", at="2018-09-01T09:00:00+08:00")
    page = office.browser(DESK).page(LEDGER)
    assert "超过受理期限" in page
    assert count(page, "逾期") == 0


# --- whose it is to see


def test_a_village_leader_sees_only_his_own_village_and_can_do_nothing(busy: Office) -> None:
    with busy.database.read(TOWN) as store:
        book = ledger_of(busy.database, store)
    (elsewhere,) = [one.id for one in book.problems.values() if one.entry.village == SECOND_VILLAGE]
    here = next(one.id for one in book.problems.values() if one.standing.state == "reported" and one.id != elsewhere)
    browser = busy.browser(VILLAGE_LEADER)
    page = browser.page(LEDGER)
    assert "路塌方" not in page
    assert (count(page, "未办结"), count(page, "已上报")) == (7, 1)
    assert "路塌方" not in browser.page(f"{LEDGER}/print?group=")
    assert rows(browser.page(f"{LEDGER}?village={SECOND_VILLAGE}")) == []
    assert rows(browser.page(f"{LEDGER}?q=路塌")) == []
    assert browser.get(f"{LEDGER}/{elsewhere}").status_code == 404
    own = browser.page(f"{LEDGER}/{here}")
    assert "/steps/" not in own
    assert 'type="checkbox"' not in page
    assert browser.post(f"{LEDGER}/{here}/steps/accepted", {"seen": "1"}).status_code == 403
    assert browser.get(f"{LEDGER}/new").status_code == 403
    assert state_of(busy, here) == "reported"


def test_a_household_that_moved_to_another_village_is_not_named_to_who_sees_only_the_old_one(office: Office) -> None:
    id_ = home(office, "黄阿婆")
    walk(office, problem(office, household=id_), "reported")
    move_household(office.database, id_, SECOND_VILLAGE, "测试")
    (row,) = rows(office.browser(VILLAGE_LEADER).page(LEDGER))
    assert "黄阿婆" not in row
    assert "黄阿婆" in office.browser(DESK).page(LEDGER)


def test_another_townships_ledger_is_not_found(busy: Office) -> None:
    assert busy.browser(NEIGHBOUR).get(LEDGER).status_code == 404
    with busy.database.read(TOWN) as store:
        id_ = next(iter(ledger_of(busy.database, store).problems))
    assert busy.browser(NEIGHBOUR).get(f"/t/{OTHER_TOWN}/ledger/{id_}").status_code == 404


# --- on paper


def test_the_print_has_the_form_offices_use_all_rows_numbered_in_the_lists_order(busy: Office) -> None:
    browser = busy.browser(LEADER)
    page = browser.page(f"{LEDGER}/print?group=")
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)
    assert heads == [
        "序号", "问题编号", "村/屯", "农户", "问题类别", "问题描述", "责任单位", "责任人", "整改措施", "整改期限", "办理情况", "销号情况",
    ]  # fmt: skip
    printed = [row.split()[:2] for row in rows(page)]
    listed = [row.split()[0] for row in rows(browser.page(f"{LEDGER}?group="))]
    assert printed == [[str(place), number] for place, number in enumerate(listed, 1)]
    assert "填表人：" in page
    assert "审核人：" in page
    assert today() in page
    assert "ledger_print.css" in page


def test_the_print_says_what_was_done_and_how_it_was_struck_off(office: Office) -> None:
    id_ = walk(office, problem(office, household=home(office, "黄阿婆"), measures="换瓦"), "satisfied")
    twin = walk(office, problem(office), "accepted")
    step(office, twin, "duplicate", CLERK, "township", duplicate_of=id_)
    closed, double = sorted(rows(office.browser(DESK).page(f"{LEDGER}/print?group=")), key=lambda row: "重复于" in row)
    assert "上屯" in closed
    assert "黄阿婆" in closed
    assert "换瓦 " in closed
    assert f"已销号（{today()}）：已换瓦" in closed
    assert f"{today()} 销号，群众满意" in closed
    assert f"重复于 {number_of(office, id_)}" in double


def test_a_print_that_is_too_long_says_so(busy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.console.ledger, "LONGEST_PRINT", 3)
    page = busy.browser(DESK).page(f"{LEDGER}/print?group=")
    assert len(rows(page)) == 3
    assert "共 10 条，这里只有前 3 条" in page


def test_the_ledger_speaks_english(busy: Office) -> None:
    browser = busy.browser(DESK)
    browser.post("/language", {"language": "en", "next": LEDGER})
    assert "9 days overdue" in browser.page(LEDGER)
    assert "Struck off" in browser.page(f"{LEDGER}/print")


# --- several at once


def ticks(page: str) -> list[str]:
    return re.findall(r'name="problem" value="([^"]+)"', page)


def test_several_reported_problems_are_taken_up_and_assigned_in_one_go(office: Office) -> None:
    ids = [walk(office, problem(office), "reported") for _ in range(2)] + [walk(office, problem(office), "accepted")]
    browser = office.browser(DESK)
    form = {"unit": "那楠村委会", "person": "黄支书", "due_date": today(15), "step": "assigned"}
    answer = browser.post(f"{LEDGER}?group=open", {**form, "problem": ticks(browser.page(LEDGER))})
    assert "交办 3 个问题" in said(answer, browser)
    with office.database.read(TOWN) as store:
        standings = [ledger_of(office.database, store).standings[id_] for id_ in ids]
    assert {(one.state, one.unit, one.person, one.due) for one in standings} == {
        ("assigned", "那楠村委会", "黄支书", today(15))
    }
    assert [act.details["step"] for act in office.trail() if act.action == "step"].count("assigned") == 3


def test_of_several_what_somebody_else_took_meanwhile_is_left_alone_and_told(office: Office) -> None:
    first, second = (walk(office, problem(office), "reported") for _ in range(2))
    browser = office.browser(DESK)
    found = ticks(browser.page(LEDGER))
    step(office, first, "rejected", CLERK, "township", reason="不属于台账")
    page = said(browser.post(LEDGER, {"step": "accepted", "problem": found}), browser)
    assert "受理 1 个问题" in page
    assert "1 个没有办：刚才已有人办理" in page
    assert (state_of(office, first), state_of(office, second)) == ("rejected", "accepted")


def test_several_are_not_assigned_without_a_person_and_what_was_typed_stays(office: Office) -> None:
    id_ = walk(office, problem(office), "reported")
    browser = office.browser(DESK)
    form = {
        "unit": "那楠村委会",
        "person": "",
        "due_date": today(15),
        "step": "assigned",
        "problem": ticks(browser.page(LEDGER)),
    }
    answer = browser.post(LEDGER, form)
    assert answer.status_code == 422
    assert "责任单位、责任人、期限要写全" in answer.text
    assert 'value="那楠村委会"' in answer.text
    assert " checked" in answer.text
    assert state_of(office, id_) == "reported"


def test_ticking_nothing_changes_nothing_and_is_said(office: Office) -> None:
    walk(office, problem(office), "reported")
    browser = office.browser(DESK)
    assert "请先勾选问题" in browser.post(LEDGER, {"step": "accepted"}).text
    assert browser.post(LEDGER, {"step": "satisfied", "problem": ticks(browser.page(LEDGER))}).status_code == 400


def test_the_county_ticks_only_problems_of_its_own_tier(office: Office) -> None:
    walk(office, problem(office), "reported")
    own = walk(office, problem(office, tier="county"), "reported")
    assert [one.partition(":")[0] for one in ticks(office.browser(COUNTY).page(LEDGER))] == [own]


# --- entered at the desk


def form_of(browser: Browser) -> dict[str, str]:
    page = browser.page(f"{LEDGER}/new")
    found = re.search(r'name="id" value="([^"]+)"', page)
    assert found
    return {
        "id": found[1], "source": "upper", "village": VILLAGE, "category": "water", "description": "自来水断了三天", "tier": "township",
        "household_no": "",
    }  # fmt: skip


def test_a_problem_entered_at_the_desk_has_a_number_and_is_reported_in_the_same_go(office: Office) -> None:
    browser = office.browser(DESK)
    form = form_of(browser)
    page = said(browser.post(f"{LEDGER}/new", form), browser)
    record = office.record("problem", form["id"])
    assert re.fullmatch(r"001-\d{4}-0001", record.values["number_text"])
    assert record.values["number_text"] in page
    assert record.values["found_by"] == DESK
    assert record.values["policy_version"]
    assert state_of(office, form["id"]) == "reported"
    (act,) = [act for act in office.trail() if act.action == "step"]
    assert (act.by, act.record, act.details["step"]) == (DESK, form["id"], "reported")
    assert "自来水" not in str(act.details)


def test_a_problem_sent_twice_is_one_problem(office: Office) -> None:
    browser = office.browser(DESK)
    form = form_of(browser)
    for _ in range(2):
        assert browser.post(f"{LEDGER}/new", form).status_code == 303
    with office.database.read(TOWN) as store:
        book = ledger_of(office.database, store)
    assert len(book.problems) == 1
    assert len(book.steps[form["id"]]) == 1


def test_a_problem_is_tied_to_the_household_of_that_number_in_that_village(office: Office) -> None:
    id_ = home(office)
    home(office, village=SECOND_VILLAGE)
    browser = office.browser(DESK)
    form = {**form_of(browser), "household_no": "0017"}
    assert "韦老三" in said(browser.post(f"{LEDGER}/new", form), browser)
    assert office.record("problem", form["id"]).household == id_


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"description": ""}, "请填写"), ({"village": ""}, "请填写"), ({"category": "gold"}, "请从列表里选"),
        ({"source": "visit"}, "请从列表里选"), ({"village": "451422101001"}, "请从列表里选"),
        ({"household_no": "9999"}, "这个村没有这个户编号"), ({"description": "长" * 10_001}, "最多 10000 个字"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_problem_is_said_and_what_was_typed_stays(
    office: Office, change: dict[str, str], says: str
) -> None:
    browser = office.browser(DESK)
    form = {**form_of(browser), **change}
    answer = browser.post(f"{LEDGER}/new", form)
    assert answer.status_code == 422
    assert says in answer.text
    assert form["description"] in answer.text
    with office.database.read(TOWN) as store:
        assert not ledger_of(office.database, store).problems


def test_two_households_of_one_number_are_not_guessed_between(office: Office) -> None:
    home(office), home(office, "韦老四")
    browser = office.browser(DESK)
    assert "两户用这个编号" in browser.post(f"{LEDGER}/new", {**form_of(browser), "household_no": "0017"}).text


def test_a_new_problem_begun_from_a_household_knows_it(office: Office) -> None:
    page = office.browser(DESK).page(f"{LEDGER}/new?household={home(office)}")
    assert 'value="0017"' in page
    assert office.browser(DESK).get(f"{LEDGER}/new?household={uuid.uuid4()}").status_code == 404
