"""Steps of the ledger taken at the desk: what each does, what each is refused for, the three gates, and who comes first."""

import re
from typing import Any

import pytest

from server import access
from server.acts.policies import use_policy
from server.acts.steps import why_not_one
from server.reading.standings import ledger_of
from server.service import now_ms
from shared.kinds.problem_step import STEPS
from shared.moments import end_of
from shared.rules.guards import REASONS
from shared.rules.standing import Signer, Standing
from tests.console.browser import (
    COUNTY,
    DESK,
    LEADER,
    SECOND_DESK,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    Browser,
    Office,
    said,
)
from tests.console.problems import CADRE, CLERK, by_phone, home, problem, step, today, walk

DUTY = {"unit": "那楠村委会", "person": "黄支书"}


def url(id_: str) -> str:
    return f"/t/{TOWN}/ledger/{id_}"


def standing(office: Office, id_: str) -> Standing:
    with office.database.read(TOWN) as store:
        return ledger_of(office.database, store).standings[id_]


def number_of(office: Office, id_: str) -> str:
    return str(office.record("problem", id_).values["number_text"])


def offered(page: str) -> set[str]:
    """The steps that the page has a form for."""
    return set(re.findall(r'action="[^"]+/steps/(\w+)"', page))


def refused(page: str) -> dict[str, str]:
    """The steps that cannot be taken now, by what they are called, and why."""
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page[page.find("现在不能办的") :]))


def take(browser: Browser, id_: str, name: str, **values: str) -> Any:
    """Open the page, fill in the form of a step and send it."""
    seen = re.search(r'name="seen" value="(\d+)"', browser.page(url(id_)))
    return browser.post(f"{url(id_)}/steps/{name}", {"seen": seen[1] if seen else "0", **values})


@pytest.fixture
def desk(office: Office) -> Browser:
    return office.browser(DESK)


@pytest.fixture
def other(office: Office) -> Browser:
    return office.browser(SECOND_DESK)


# --- the page


def test_every_step_is_offered_or_its_reason_is_given(office: Office, desk: Browser) -> None:
    page = desk.page(url(walk(office, problem(office), "started")))
    assert offered(page) == {"fixed", "assigned", "explained", "escalated", "extended"}
    assert len(offered(page)) + len(refused(page)) == len(STEPS)
    assert refused(page)["核验通过"] == "问题当时的状态不能办理这一步"


def test_the_page_tells_what_was_done_by_whom_and_what_had_no_effect(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "fixed")
    step(office, id_, "verified", CADRE)
    page = desk.page(url(id_))
    told = page[page.index("办理经过") :]
    assert told.index("核验通过") < told.index("整改完成") < told.index("上报"), "the newest first"
    assert "没有生效" in told
    assert "不能由整改人自己核验或询问" in told
    assert "已换瓦" in told
    assert "那楠村委会" in told
    assert "第二关" in page


def test_the_page_names_the_household_and_links_to_it(office: Office, desk: Browser) -> None:
    id_ = home(office, "黄阿婆")
    page = desk.page(url(walk(office, problem(office, household=id_), "reported")))
    assert f'href="/t/{TOWN}/households/{id_}"' in page
    assert "黄阿婆" in page


def test_what_happens_next_says_by_whom_and_until_when(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "started", today(4))
    page = desk.page(url(id_))
    assert f"那楠村委会、黄支书整改完成，写明做了什么，{today(4)} 以前" in page
    assert f"{today(11)} 以后还没有解决，自动上交到：乡镇" in page
    reported = walk(office, problem(office), "reported")
    assert f"乡镇办公室受理，{today(2)} 以前" in desk.page(url(reported))


def test_a_leader_reads_a_problem_and_has_no_form(office: Office) -> None:
    id_ = walk(office, problem(office), "started")
    leader = office.browser(LEADER)
    assert offered(leader.page(url(id_))) == set()
    assert leader.post(f"{url(id_)}/steps/fixed", {"seen": "4", "proof_note": "x"}).status_code == 403
    assert standing(office, id_).state == "in_progress"


def test_a_problem_that_was_taken_off_shows_its_history_instead(office: Office, desk: Browser) -> None:
    id_ = problem(office)
    office.write("problem", {"removed": True}, id=id_)
    assert desk.get(url(id_)).headers["Location"] == f"/t/{TOWN}/records/problem/{id_}"
    assert desk.post(f"{url(id_)}/steps/reported", {"seen": "0"}).status_code == 404


# --- what each step does


EFFECTS: list[tuple[str, str, dict[str, str], dict[str, Any]]] = [
    ("", "reported", {}, {"state": "reported"}),
    ("reported", "accepted", {}, {"state": "accepted", "tier": "village"}),
    ("reported", "accepted", {"tier": "county", "reason": "涉及全县"}, {"state": "accepted", "tier": "county"}),
    ("accepted", "assigned", {**DUTY, "due_date": today(9)}, {"state": "assigned", "unit": "那楠村委会", "person": "黄支书", "due": today(9)}),
    ("assigned", "started", {}, {"state": "in_progress"}),
    ("assigned", "assigned", {**DUTY, "person": "陆主任", "due_date": today(3)}, {"state": "assigned", "person": "陆主任", "due": today(3)}),
    ("started", "fixed", {"proof_note": "换了瓦"}, {"state": "fixed"}),
    ("reported", "fixed", {"proof_note": "当场修好"}, {"state": "fixed"}),
    ("fixed", "verified", {}, {"state": "verified"}),
    ("fixed", "gate_failed", {"reason": "还在漏"}, {"state": "in_progress", "sent_back": 1}),
    ("verified", "gate_failed", {"reason": "还在漏"}, {"state": "in_progress", "sent_back": 1}),
    ("verified", "satisfied", {"answer": "yes", "method": "representatives", "witnesses": "甲\r\n乙、丙"}, {"state": "closed", "closed_by": "representatives"}),
    ("verified", "satisfied", {"answer": "no", "method": "representatives", "witnesses": "甲，乙，丙"}, {"state": "in_progress", "sent_back": 1}),
    ("verified", "satisfied", {"answer": "unreachable", "method": "representatives", "witnesses": "甲\n乙\n丙"}, {"state": "verified", "unreachable": 1}),
    ("started", "explained", {"reason": "政策以外"}, {"state": "explained"}),
    ("reported", "escalated", {"reason": "村里办不了"}, {"state": "reported", "tier": "township"}),
    ("started", "escalated", {"reason": "村里办不了", "unit": "水利站"}, {"state": "assigned", "tier": "township", "unit": "水利站", "person": None, "due": today(30)}),
    ("started", "extended", {"due_date": today(40), "reason": "雨季"}, {"state": "in_progress", "due": today(40), "original_due": today(20), "extensions": 1}),
    ("accepted", "rejected", {"reason": "不属于台账"}, {"state": "rejected"}),
    ("satisfied", "reopened", {"reason": "又漏了"}, {"state": "reopened", "reopened": 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "name", "values", "then"), EFFECTS, ids=[f"{a or 'draft'}-{b}-{i}" for i, (a, b, *_) in enumerate(EFFECTS)]
)
def test_a_step_does_what_it_says(
    office: Office, desk: Browser, last: str, name: str, values: dict[str, str], then: dict[str, Any]
) -> None:
    id_ = problem(office)
    if last:
        walk(office, id_, last)
    assert name in offered(desk.page(url(id_)))
    answer = take(desk, id_, name, **values)
    assert answer.status_code == 303, answer.text
    assert "已保存" in said(answer, desk)
    found = standing(office, id_)
    assert {field: getattr(found, field) for field in then} == then
    written = found.steps[-1].entry.values
    assert (written["by_name"], written["by_tier"]) == (DESK, "township")
    (act,) = [act for act in office.trail() if act.action == "step"]
    assert (act.by, act.kind, act.record, dict(act.details)) == (DESK, "problem", id_, {"step": name})


def test_a_duplicate_is_named_by_its_number_and_ends(office: Office, desk: Browser) -> None:
    first, second = (walk(office, problem(office), "reported") for _ in range(2))
    assert f'<option value="{number_of(office, first)}">' in desk.page(url(second)), "the likeliest are offered"
    take(desk, second, "duplicate", duplicate_of=f" {number_of(office, first)} ")
    assert (standing(office, second).state, standing(office, second).duplicate_of) == ("duplicate", first)
    assert f'href="{url(first)}"' in desk.page(url(second))


def test_a_household_out_of_reach_three_times_may_be_spoken_for_by_a_witness(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office, household=home(office)), "verified")
    assert 'value="witness"' not in desk.page(url(id_))
    for _ in range(3):
        take(desk, id_, "satisfied", answer="unreachable", method="phone")
    assert 'value="witness"' in desk.page(url(id_))
    take(desk, id_, "satisfied", answer="yes", method="witness", witnesses="陆主任")
    assert standing(office, id_).closed_by == "witness"


# --- what each step is refused for


REFUSALS: list[tuple[str, str, dict[str, str], str]] = [
    ("reported", "accepted", {"tier": "county"}, "没有写原因"),
    ("accepted", "assigned", {**DUTY, "person": " ", "due_date": today(9)}, "责任单位、责任人、期限要写全"),
    ("accepted", "assigned", {**DUTY, "due_date": "2018-13-40"}, "应为日期"),
    ("accepted", "assigned", {**DUTY, "due_date": "2018-10-01"}, "期限已经过去"),
    ("assigned", "assigned", {**DUTY, "due_date": today(60)}, "推迟期限请用延期"),
    ("started", "fixed", {"proof_note": "  "}, "没有写整改情况"),
    ("fixed", "gate_failed", {"reason": ""}, "没有写原因"),
    ("verified", "satisfied", {"method": "representatives", "witnesses": "甲\n乙\n丙"}, "没有写群众的回答"),
    ("verified", "satisfied", {"answer": "maybe", "method": "representatives"}, "这里不能选这一项"),
    ("verified", "satisfied", {"answer": "yes", "method": "home"}, "这里不能选这一项"),
    ("verified", "satisfied", {"answer": "yes", "method": "representatives", "witnesses": "甲\n乙\n乙"}, "没有涉及农户的问题要有三名村民代表"),
    ("verified", "satisfied", {"answer": "yes", "method": "representatives", "witnesses": f"{CADRE}\n乙\n丙"}, "不能由整改人自己核验或询问"),
    ("started", "explained", {}, "没有写原因"),
    ("started", "escalated", {"unit": "水利站"}, "没有写原因"),
    ("started", "extended", {"due_date": today(19), "reason": "雨季"}, "新期限不晚于原期限"),
    ("started", "extended", {"due_date": today(40)}, "没有写原因"),
    ("reported", "duplicate", {}, "没有写明与哪个问题重复"),
    ("reported", "duplicate", {"duplicate_of": "999-2018-0001"}, "台账里没有这个编号"),
    ("reported", "rejected", {}, "没有写原因"),
    ("satisfied", "reopened", {}, "没有写原因"),
    ("started", "rejected", {"reason": "不要"}, "问题当时的状态不能办理这一步"),
    ("accepted", "assigned", {**DUTY, "unit": "长" * 201, "due_date": today(9)}, "最多 200 个字"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "name", "values", "says"), REFUSALS, ids=[f"{b}-{i}" for i, (_, b, *_x) in enumerate(REFUSALS)]
)
def test_a_step_that_would_have_no_effect_is_refused_and_what_was_typed_stays(
    office: Office, desk: Browser, last: str, name: str, values: dict[str, str], says: str
) -> None:
    id_ = walk(office, problem(office), last)
    before = len(standing(office, id_).steps)
    answer = take(desk, id_, name, **values)
    assert answer.status_code == 422
    assert says in answer.text
    kept = answer.text.replace("\r\n", "\n")
    assert all(text.strip() in kept for field, text in values.items() if field not in ("answer", "method"))
    assert len(standing(office, id_).steps) == before
    assert not [act for act in office.trail() if act.action == "step"]


def test_a_duplicate_of_itself_and_a_ring_are_refused_and_an_old_ring_is_warned_of(
    office: Office, desk: Browser
) -> None:
    first, second = (walk(office, problem(office), "reported") for _ in range(2))
    assert "没有写明与哪个问题重复" in take(desk, first, "duplicate", duplicate_of=number_of(office, first)).text
    take(desk, first, "duplicate", duplicate_of=number_of(office, second))
    answer = take(desk, second, "duplicate", duplicate_of=number_of(office, first))
    assert "两个都结了就没人办了" in answer.text
    assert standing(office, second).state == "reported"
    step(office, second, "duplicate", CLERK, "township", duplicate_of=first)  # as two phones may
    assert "请重新打开其中一个" in desk.page(url(first))


def test_extending_at_the_last_tier_or_too_often_is_refused(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "started")
    for days in (30, 40):
        take(desk, id_, "extended", due_date=today(days), reason="雨季")
    assert refused(desk.page(url(id_)))["延期"] == "延期次数已用完"
    high = walk(office, problem(office, tier="township"), "started")
    assert refused(desk.page(url(high)))["延期"] == "延期要由上一层级批准"
    county = office.browser(COUNTY)
    take(county, high, "extended", due_date=today(60), reason="雨季")
    assert standing(office, high).due == today(60)
    assert refused(desk.page(url(walk(office, problem(office, tier="county"), "started"))))["上交"] == "已是最高层级"


def test_what_was_over_too_long_is_not_reopened(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "satisfied")
    assert f"{today(180)} 以前可以重新打开" in desk.page(url(id_))
    with office.database.read(TOWN) as store:
        one = ledger_of(office.database, store).problems[id_]
    signer = Signer(DESK, "", "township")
    assert why_not_one(one, "reopened", signer, end_of(today(180))) is None
    assert why_not_one(one, "reopened", signer, end_of(today(181))) == REASONS["too_old"]


# --- three gates by different people


def test_who_fixed_it_neither_verifies_nor_asks_and_the_other_clerk_may_do_both(
    office: Office, desk: Browser, other: Browser
) -> None:
    id_ = walk(office, problem(office, household=home(office)), "started")
    take(desk, id_, "fixed", proof_note="换了瓦")
    assert refused(desk.page(url(id_)))["核验通过"] == "不能由整改人自己核验或询问"
    assert "不能由整改人自己核验或询问" in take(desk, id_, "verified").text
    assert standing(office, id_).state == "fixed"
    take(other, id_, "verified")
    assert "不能由整改人自己核验或询问" in take(desk, id_, "satisfied", answer="yes", method="home").text
    assert standing(office, id_).state == "verified"
    take(other, id_, "satisfied", answer="yes", method="home")
    assert standing(office, id_).state == "closed"


def test_where_three_persons_are_asked_for_who_verified_does_not_ask_either(
    office: Office, desk: Browser, other: Browser
) -> None:
    use_policy(
        office.database, TOWN, "five_campaigns_2018", effective_from="2018-01-01", settings={"problems.three_persons": True},
        version=None, by="测试",
    )  # fmt: skip
    id_ = walk(office, problem(office, household=home(office)), "started")
    take(desk, id_, "fixed", proof_note="换了瓦")
    take(other, id_, "verified")
    assert refused(other.page(url(id_)))["群众评价"] == "询问人不能是核验人"
    assert "询问人不能是核验人" in take(other, id_, "satisfied", answer="yes", method="home").text
    assert refused(desk.page(url(id_)))["群众评价"] == "不能由整改人自己核验或询问"
    assert standing(office, id_).state == "verified"
    step(office, id_, "satisfied", CADRE, answer="yes", method="home")
    assert standing(office, id_).state == "closed"


def test_a_township_clerk_does_not_verify_what_the_county_fixed(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office, tier="county"), "started")
    take(office.browser(COUNTY), id_, "fixed", proof_note="县里修的路")
    assert refused(desk.page(url(id_)))["核验通过"] == "核验人的层级低于整改人"


# --- in whose name


def test_a_county_officer_signs_for_the_county_and_leaves_the_townships_sorting_to_the_township(office: Office) -> None:
    county = office.browser(COUNTY)
    id_ = walk(office, problem(office), "reported")
    why = refused(county.page(url(id_)))
    assert {why[name] for name in ("受理", "不予受理", "重复")} == {"由乡镇办公室办理；县里办县级的问题"}
    assert "由乡镇办公室办理" in take(county, id_, "accepted").text
    assert standing(office, id_).state == "reported"
    own = walk(office, problem(office, tier="county"), "reported")
    take(county, own, "accepted")
    taken = standing(office, own).steps[-1].entry.values
    assert (taken["step"], taken["by_name"], taken["by_tier"]) == ("accepted", COUNTY, "county")


def test_a_desk_clerk_cannot_sign_as_somebody_else_or_for_the_county(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "reported")
    take(
        desk,
        id_,
        "accepted",
        by_tier="county",
        by_name="县长",
        at="2018-01-01T00:00:00+08:00",
        problem="x",
        step="rejected",
    )
    taken = standing(office, id_).steps[-1].entry.values
    assert (taken["step"], taken["by_name"], taken["by_tier"]) == ("accepted", DESK, "township")
    assert taken["at"] > "2020"


def test_a_step_nobody_knows_and_a_problem_that_is_not_there_are_not_found(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "reported")
    assert desk.post(f"{url(id_)}/steps/blessed", {"seen": "1"}).status_code == 404
    assert desk.post(f"{url('00000000-0000-4000-8000-000000000000')}/steps/accepted", {"seen": "1"}).status_code == 404


# --- who comes first


def test_a_phones_step_that_came_between_page_and_post_is_told_and_nothing_is_written(
    office: Office, desk: Browser
) -> None:
    id_ = walk(office, problem(office), "started")
    seen = re.search(r'name="seen" value="(\d+)"', desk.page(url(id_)))
    assert seen
    by_phone(office, id_, "fixed", 0, proof_note="已换瓦")
    form = {"seen": seen[1], "reason": "政策以外，已当面说明"}
    answer = desk.post(f"{url(id_)}/steps/explained", form)
    assert answer.status_code == 409
    assert "韦干部已经办了“整改完成”，现在是“待核验”，请再看一眼" in answer.text
    assert "政策以外，已当面说明" in answer.text
    assert standing(office, id_).state == "fixed"
    again = re.search(r'name="seen" value="(\d+)"', answer.text)
    assert again
    assert desk.post(f"{url(id_)}/steps/explained", {**form, "seen": again[1]}).status_code == 303
    assert standing(office, id_).state == "explained"


def test_a_button_pressed_twice_takes_one_step(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "started")
    form = {"seen": "4", "due_date": today(40), "reason": "雨季"}
    assert desk.post(f"{url(id_)}/steps/extended", form).status_code == 303
    assert desk.post(f"{url(id_)}/steps/extended", {**form, "due_date": today(50)}).status_code == 409
    assert standing(office, id_).extensions == 1


def test_what_was_typed_for_a_step_that_is_no_longer_possible_is_not_lost(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "accepted")
    desk.page(url(id_))
    step(office, id_, "rejected", CLERK, "township", reason="不属于台账")
    answer = desk.post(f"{url(id_)}/steps/assigned", {"seen": "2", **DUTY, "due_date": today(9)})
    assert answer.status_code == 409
    assert "唐桌员已经办了“不予受理”" in answer.text
    assert "那楠村委会" in answer.text


def test_a_step_at_the_desk_follows_one_of_a_phone_whose_clock_runs_ahead(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office), "started")
    by_phone(office, id_, "fixed", 4 * 60_000, proof_note="已换瓦")
    assert take(desk, id_, "verified").status_code == 303
    found = standing(office, id_)
    assert found.state == "verified"
    assert found.steps[-1].entry.values["step"] == "verified"


def test_a_desk_that_has_only_one_village_takes_steps_there_and_nowhere_else(office: Office) -> None:
    access.add_user(office.database, "片区员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    browser = office.browser("片区员")
    here, there = walk(office, problem(office), "reported"), walk(office, problem(office, SECOND_VILLAGE), "reported")
    assert take(browser, here, "accepted").status_code == 303
    assert browser.post(f"{url(there)}/steps/accepted", {"seen": "1"}).status_code == 404
    assert browser.post(f"/t/{TOWN}/ledger", {"step": "accepted", "problem": f"{there}:1"}).status_code == 404
    twin = take(browser, here, "duplicate", duplicate_of=number_of(office, there))
    assert "台账里没有这个编号" in twin.text
    assert standing(office, there).state == "reported"


def test_what_a_step_says_is_shown_as_it_was_typed_and_never_runs(office: Office, desk: Browser) -> None:
    id_ = walk(office, problem(office, description="<script>alert(1)</script>"), "started")
    take(desk, id_, "explained", reason="<b>政策以外</b>{{ 7*7 }}")
    page = desk.page(url(id_))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;政策以外&lt;/b&gt;{{ 7*7 }}" in page
