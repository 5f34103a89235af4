"""Conflicts in the console: both words with writer, time and place, a decision that reaches both phones, and one answer for many."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from server import access
from server.service import now_ms
from shared.sync.conflicts import CONFLICT
from tests.console.browser import (
    DESK,
    LEADER,
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
from tests.console.phones import Phone

FIRST, SECOND = "韦干部", "覃党员"
LIST = f"/t/{TOWN}/conflicts"


@dataclass
class Quarrel:
    """Two people with phones, and a household they both write about."""

    office: Office
    one: Phone
    other: Phone
    home: str

    def differ(self, name: str, one: Any, other: Any, kind: str = "household", id_: str = "") -> str:
        """Both write a field unseen, the other one later; returns the conflict's id."""
        record = id_ or self.home
        inside = {"household": None if kind == "household" else self.home}
        self.one.write(kind, record, {name: one}, **inside)
        self.other.write(kind, record, {name: other}, **inside)
        return self.about(name, record)

    def about(self, name: str, record: str = "") -> str:
        self.one.sync()
        found = [
            id_ for (kind, id_), held in self.one.held.items()
            if kind == CONFLICT and held["values"]["field"] == name and held["values"]["record"] == (record or self.home)
        ]  # fmt: skip
        assert found
        return found[-1]


@pytest.fixture
def quarrel(office: Office) -> Quarrel:
    home = office.write("household", {"head_name": "覃大山", "household_no": "7", "phone": "13877112233"})
    return Quarrel(office, Phone(office, FIRST), Phone(office, SECOND, f"village:{VILLAGE}"), home)


def decide(browser: Browser, id_: str, choice: str, **more: Any) -> Any:
    """Press a button on the conflict's page as it stands now, or as it was `seen`."""
    seen = more.pop("seen", None) or seen_on(browser.page(f"{LIST}/{id_}"))
    return browser.post(f"{LIST}/{id_}/decide", {"choice": choice, "seen": seen, **more})


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def rows(page: str) -> list[tuple[str, str]]:
    """(id, seen) of the conflicts that can be ticked."""
    return re.findall(r'name="conflicts" value="([0-9a-f-]{36}) (\w+)"', page)


# --- looking


def test_both_words_stand_side_by_side_with_writer_phone_and_neighbours(quarrel: Quarrel) -> None:
    quarrel.office.write("household", {"category_basis": "入户核实"}, id=quarrel.home)
    id_ = quarrel.differ("categories", ["key"], ["general"])
    page = quarrel.office.browser(DESK).page(f"{LIST}/{id_}")
    before, _, after = page.partition('id="side-standing"')
    assert "重点户" in before
    assert FIRST in before
    assert f"{FIRST}的手机" in before
    assert "一般农户" in after
    assert f"{SECOND}的手机" in after
    assert "覃大山 户" in page
    assert "类别认定依据" in after  # the field after it in the form, and what it says
    assert "入户核实" in after
    assert "无电话原因" in after  # the field before it


def test_where_two_texts_differ_is_marked_without_colour(quarrel: Quarrel) -> None:
    id_ = quarrel.differ("remark", "屋顶漏雨三处，已报乡里", "屋顶漏雨五处，已报乡里")
    page = quarrel.office.browser(DESK).page(f"{LIST}/{id_}")
    marked = re.findall(r"<mark class=\"text-decoration-underline[^>]*>([^<]*)</mark>", page)
    assert marked == ["三", "五"]


def test_the_list_shows_what_is_open_first_and_filters_the_rest(quarrel: Quarrel) -> None:
    quarrel.differ("categories", ["key"], ["general"])
    quarrel.differ("remark", "甲", "乙")  # a `latest` field: born quiet
    desk = quarrel.office.browser(DESK)
    assert [word in desk.page(LIST) for word in ("重点户", "甲")] == [True, False]
    assert [word in desk.page(f"{LIST}?status=") for word in ("重点户", "甲")] == [True, True]
    assert [word in desk.page(f"{LIST}?status=quiet&field=备注") for word in ("重点户", "甲")] == [False, True]
    assert "没有符合条件的分歧" in desk.page(f"{LIST}?kind=member")
    assert "没有符合条件的分歧" in desk.page(f"{LIST}?village={SECOND_VILLAGE}")
    assert "筛选条件写法不对" in desk.page(f"{LIST}?status=nonsense")


def test_the_list_names_a_visit_by_household_and_day(quarrel: Quarrel) -> None:
    visit = quarrel.office.write("visit", {"mode": "home"}, household=quarrel.home)
    quarrel.differ("started_at", "2018-09-03T08:00:00+08:00", "2018-09-03T09:00:00+08:00", "visit", visit)
    assert "覃大山 户 · 走访 2018-09-03</a>" in quarrel.office.browser(DESK).page(LIST)


def test_a_removal_reads_as_one(quarrel: Quarrel) -> None:
    member = quarrel.office.write("member", {"name": "覃小妹"}, household=quarrel.home)
    quarrel.one.sync()
    quarrel.one.write("member", member, {"removed": True}, household=quarrel.home, blind=False)
    quarrel.other.write("member", member, {"employer": "糖厂"}, household=quarrel.home)
    id_ = quarrel.about("removed", member)
    desk = quarrel.office.browser(DESK)
    page = desk.page(f"{LIST}/{id_}")
    assert "一人移除了这条记录" in page
    assert "糖厂" in page
    assert "不移除，留着这条记录" in page
    assert "另写一个" not in page
    assert decide(desk, id_, "losing").status_code == 303
    assert quarrel.one.values("member", member)["removed"] is False
    assert quarrel.one.values("member", member)["employer"] == "糖厂"


def test_a_masked_field_stays_masked_until_somebody_says_why(quarrel: Quarrel) -> None:
    member = quarrel.office.write("member", {"name": "覃小妹"}, household=quarrel.home)
    numbers = ["451422196205010015", "451422196205010023"]
    id_ = quarrel.differ("identity", *numbers, "member", member)
    desk = quarrel.office.browser(DESK)
    for page in (desk.page(f"{LIST}/{id_}"), desk.page(f"{LIST}?status=quiet")):
        assert "●●●●0015" in page
        assert not any(number in page for number in numbers)
    assert "至少 4 个字" in said(desk.post(f"{LIST}/{id_}/unmask", {"reason": "看"}), desk)
    assert not any(act.action == "unmask" for act in quarrel.office.trail())
    page = desk.post(f"{LIST}/{id_}/unmask", {"reason": "核对两个号码"}).text
    assert all(number in page for number in numbers)
    (row,) = [act for act in quarrel.office.trail() if act.action == "unmask"]
    assert (row.record, row.details["reason"], "identity" in row.details["fields"]) == (id_, "核对两个号码", True)
    assert not any(number in str(row.details) for number in numbers)
    assert desk.client.get(f"{LIST}/{id_}").text.count(numbers[0]) == 0
    assert quarrel.office.browser(LEADER).post(f"{LIST}/{id_}/unmask", {"reason": "想看一看"}).status_code == 403


# --- deciding


@pytest.mark.parametrize(("choice", "stands"), [("losing", ["key"]), ("standing", ["general"])])
def test_both_phones_get_the_decision_and_the_value_at_the_next_sync(
    quarrel: Quarrel, choice: str, stands: list[str]
) -> None:
    id_ = quarrel.differ("categories", ["key"], ["general"])
    assert decide(quarrel.office.browser(DESK), id_, choice).status_code == 303
    for phone in (quarrel.one, quarrel.other):
        told = phone.values(CONFLICT, id_)
        assert (told["status"], told["decision"], told["decided_by"]) == ("decided", choice, DESK)
        assert phone.values("household", quarrel.home)["categories"] == stands
    (row,) = [act for act in quarrel.office.trail() if act.action == "resolve"]
    assert (row.record, row.details) == (id_, {"decision": choice})


@pytest.mark.parametrize(
    ("name", "one", "other", "typed", "stands"),
    [
        ("categories", ["key"], ["general"], ["low_allowance", "disabled"], ["low_allowance", "disabled"]),
        ("exit_status", "not", "exited", ["returned"], "returned"),
        ("remark", "甲", "乙", ["第三种\r\n说法"], "第三种\n说法"),
        ("exit_year", 2016, 2017, ["2018"], 2018),
        ("house_area_m2", 80, 90, ["85.5"], 85.5),
        ("left_on", "2018-09-01", "2018-09-02", ["2018-09-03"], "2018-09-03"),
        ("notice_at", "2018-09-01T08:00:00+08:00", "2018-09-02T08:00:00+08:00", ["2018-09-03T09:30"], "2018-09-03T09:30:00+08:00"),
        ("water_safe", True, False, ["yes"], True),
        ("livestock", ["猪 3"], ["猪 4"], ["猪 5\n鸡 20"], ["猪 5", "鸡 20"]),
        ("phone", "13877112233", "13877112234", ["13877112235"], "13877112235"),
    ],
)  # fmt: skip
def test_a_third_word_of_any_sort_of_field_can_be_written(
    quarrel: Quarrel, name: str, one: Any, other: Any, typed: list[str], stands: Any
) -> None:
    id_ = quarrel.differ(name, one, other)
    decide(quarrel.office.browser(DESK), id_, "other", value=typed)
    assert quarrel.one.values("household", quarrel.home)[name] == stands
    assert quarrel.other.values(CONFLICT, id_)["decision"] == "other"


def test_a_link_is_chosen_among_the_records_it_may_name(quarrel: Quarrel) -> None:
    members = [quarrel.office.write("member", {"name": name}, household=quarrel.home) for name in ("甲", "乙", "丙")]
    stranger = quarrel.office.write(
        "member", {"name": "别家人"}, household=quarrel.office.write("household", {"head_name": "别家"})
    )
    id_ = quarrel.differ("head_member", members[0], members[1])
    desk = quarrel.office.browser(DESK)
    assert "别家人" not in desk.page(f"{LIST}/{id_}")
    assert decide(desk, id_, "other", value=[stranger]).status_code == 422
    decide(desk, id_, "other", value=[members[2]])
    assert quarrel.one.values("household", quarrel.home)["head_member"] == members[2]


@pytest.mark.parametrize(("name", "pair", "typed", "why"), [
    ("phone", ["13877112233", "13877112234"], "12345", "应为11位手机号"),
    ("exit_year", [2016, 2017], "1999", "应在 2014 到 2020 之间"),
    ("exit_year", [2016, 2017], "去年", "应为整数"),
    ("remark", ["甲", "乙"], "  ", "还没有写内容"),
])  # fmt: skip
def test_a_third_word_that_cannot_be_kept_is_told_so_and_stays_typed(
    quarrel: Quarrel, name: str, pair: list[Any], typed: str, why: str
) -> None:
    id_ = quarrel.differ(name, *pair)
    answer = decide(quarrel.office.browser(DESK), id_, "other", value=[typed])
    assert answer.status_code == 422
    assert why in answer.text
    assert typed.strip() in answer.text
    assert quarrel.one.values(CONFLICT, id_)["status"] != "decided"


def test_a_field_can_be_left_blank_where_both_words_are_wrong(quarrel: Quarrel) -> None:
    id_ = quarrel.differ("exit_status", "not", "exited")
    decide(quarrel.office.browser(DESK), id_, "blank")
    assert quarrel.one.values("household", quarrel.home)["exit_status"] is None


def test_after_a_decision_the_next_open_one_comes_and_the_last_can_be_changed(quarrel: Quarrel) -> None:
    first = quarrel.differ("exit_status", "not", "exited")
    second = quarrel.differ("categories", ["key"], ["general"])
    desk = quarrel.office.browser(DESK)
    answer = decide(desk, second, "losing")
    assert answer.headers["Location"] == f"{LIST}/{first}?last={second}"
    page = said(answer, desk)
    assert "已裁定：采用被替换的" in page
    assert f'href="{LIST}/{second}"' in page
    assert "撤销" not in page  # there was no decision to go back to
    answer = decide(desk, second, "standing")
    assert quarrel.one.values("household", quarrel.home)["categories"] == ["general"]
    assert "撤销" in said(answer, desk)
    decide(desk, second, "former")
    assert quarrel.one.values("household", quarrel.home)["categories"] == ["key"]
    page = desk.page(f"{LIST}/{second}")
    assert page.count(f"<td>{DESK}</td>") == 3  # every decision stays listed
    assert "一般农户" in page


def test_working_through_a_filtered_list_stays_in_it(quarrel: Quarrel) -> None:
    quarrel.differ("exit_status", "not", "exited")
    mine = quarrel.differ("categories", ["key"], ["general"])
    answer = decide(quarrel.office.browser(DESK), mine, "losing", field="户类别")
    assert answer.headers["Location"].startswith(f"{LIST}/{mine}?")  # no other one fits


def test_two_desks_at_one_conflict_do_no_harm(quarrel: Quarrel) -> None:
    id_ = quarrel.differ("categories", ["key"], ["general"])
    one, other = quarrel.office.browser(DESK), quarrel.office.browser(SECOND_DESK)
    seen = seen_on(other.page(f"{LIST}/{id_}"))
    decide(one, id_, "losing")
    answer = decide(other, id_, "other", seen=seen, value=["low_allowance"])
    assert answer.status_code == 422
    assert "刚刚有人改过或裁定过" in answer.text
    assert re.search(r'value="low_allowance" checked', answer.text)  # what was ticked stays
    assert quarrel.one.values("household", quarrel.home)["categories"] == ["key"]
    assert quarrel.one.values(CONFLICT, id_)["decided_by"] == DESK


def test_a_word_that_came_meanwhile_is_looked_at_before_the_decision(quarrel: Quarrel) -> None:
    id_ = quarrel.differ("categories", ["key"], ["general"])
    desk = quarrel.office.browser(DESK)
    seen = seen_on(desk.page(f"{LIST}/{id_}"))
    quarrel.other.sync()
    quarrel.other.write("household", quarrel.home, {"categories": ["disabled"]}, blind=False)
    assert "刚刚有人改过" in decide(desk, id_, "standing", seen=seen).text
    page = desk.page(f"{LIST}/{id_}")
    assert "残疾户" in page.partition('id="side-standing"')[2]


# --- many at once


def several(quarrel: Quarrel, count: int) -> list[tuple[str, str]]:
    """(household, conflict) of households about whose categories the two differ alike."""
    homes = [quarrel.office.write("household", {"head_name": f"户{n}"}) for n in range(count)]
    return [(home, quarrel.differ("categories", ["key"], ["general"], id_=home)) for home in homes]


def test_ticked_conflicts_are_settled_together_each_with_its_row_in_the_trail(quarrel: Quarrel) -> None:
    alike = several(quarrel, 3)
    desk = quarrel.office.browser(DESK)
    ticked = [f"{id_} {seen}" for id_, seen in rows(desk.page(LIST)) if id_ != alike[2][1]]
    assert len(ticked) == 2
    page = said(desk.post(f"{LIST}/settle", {"conflicts": ticked, "keep": "losing"}), desk)
    assert "已裁定 2 条" in page
    assert [quarrel.one.values("household", home)["categories"] for home, _ in alike] == [["key"], ["key"], ["general"]]
    trail = [act for act in quarrel.office.trail() if act.action == "resolve"]
    assert sorted(act.record for act in trail) == sorted(id_ for _, id_ in alike[:2])
    assert all(act.details == {"decision": "losing"} for act in trail)


def test_what_changed_since_it_was_ticked_is_left_alone(quarrel: Quarrel) -> None:
    (home, id_), (other_home, other_id) = several(quarrel, 2)
    desk = quarrel.office.browser(DESK)
    ticked = [f"{one} {seen}" for one, seen in rows(desk.page(LIST))]
    decide(quarrel.office.browser(SECOND_DESK), id_, "other", value=["disabled"])
    page = said(desk.post(f"{LIST}/settle", {"conflicts": ticked, "keep": "losing"}), desk)
    assert "已裁定 1 条" in page
    assert "1 条没有动" in page
    assert quarrel.one.values("household", home)["categories"] == ["disabled"]
    assert quarrel.one.values("household", other_home)["categories"] == ["key"]
    assert quarrel.one.values(CONFLICT, other_id)["status"] == "decided"


def test_one_about_which_somebody_wrote_since_it_was_ticked_is_left_alone(quarrel: Quarrel) -> None:
    (home, id_), (_, other_id) = several(quarrel, 2)
    desk = quarrel.office.browser(DESK)
    ticked = [f"{one} {seen}" for one, seen in rows(desk.page(LIST))]
    quarrel.other.sync()
    quarrel.other.write("household", home, {"categories": ["disabled"]}, blind=False)
    assert "1 条没有动" in said(desk.post(f"{LIST}/settle", {"conflicts": ticked, "keep": "losing"}), desk)
    assert quarrel.one.values("household", home)["categories"] == ["disabled"]
    assert [quarrel.one.values(CONFLICT, one)["status"] for one in (id_, other_id)] == ["open", "decided"]


def test_two_losers_of_one_field_cannot_both_stand(quarrel: Quarrel) -> None:
    quarrel.office.write("household", {"categories": ["disabled"]}, id=quarrel.home, by="花名册")
    quarrel.differ("categories", ["key"], ["general"])
    desk = quarrel.office.browser(DESK)
    ticked = [f"{one} {seen}" for one, seen in rows(desk.page(LIST))]
    assert len(ticked) == 2
    assert "1 条没有动" in said(desk.post(f"{LIST}/settle", {"conflicts": ticked, "keep": "losing"}), desk)


def test_one_answer_settles_all_that_are_alike(quarrel: Quarrel) -> None:
    alike = several(quarrel, 3)
    odd = quarrel.differ("categories", ["disabled"], ["general"])
    desk = quarrel.office.browser(DESK)
    assert "相同的分歧（3）" in desk.page(LIST)
    page = desk.page(f"{LIST}/same")
    assert page.count("重点户") == 1
    assert "残疾户" not in page
    sample = re.search(r'name="sample" value="([^"]+)"', page)
    assert sample
    answer = desk.post(f"{LIST}/same", {"sample": sample[1], "count": "2", "keep": "standing"})
    assert "条数刚刚变了" in said(answer, desk)
    page = said(desk.post(f"{LIST}/same", {"sample": sample[1], "count": "3", "keep": "standing"}), desk)
    assert "已裁定 3 条" in page
    assert "没有两条相同的待处理分歧" in page
    assert {quarrel.one.values(CONFLICT, id_)["decision"] for _, id_ in alike} == {"standing"}
    assert quarrel.one.values(CONFLICT, odd)["status"] == "open"


def test_one_that_was_decided_by_itself_is_no_longer_among_those_alike(quarrel: Quarrel) -> None:
    alike = several(quarrel, 3)
    desk = quarrel.office.browser(DESK)
    decide(desk, alike[0][1], "other", value=["disabled"])
    sample = re.search(r'name="sample" value="([^"]+)"', desk.page(f"{LIST}/same"))
    assert sample
    page = said(desk.post(f"{LIST}/same", {"sample": sample[1], "count": "2", "keep": "losing"}), desk)
    assert "已裁定 2 条" in page
    assert quarrel.one.values("household", alike[0][0])["categories"] == ["disabled"]


# --- who may


def test_a_village_leader_sees_the_conflicts_of_the_village_alone_and_settles_none(quarrel: Quarrel) -> None:
    other = Phone(quarrel.office, FIRST, f"village:{SECOND_VILLAGE}")
    far_home = quarrel.office.write("household", {"head_name": "外村人"}, SECOND_VILLAGE)
    other.write("household", far_home, {"categories": ["key"]}, village=SECOND_VILLAGE)
    third = Phone(quarrel.office, SECOND, f"village:{SECOND_VILLAGE}")
    third.write("household", far_home, {"categories": ["general"]}, village=SECOND_VILLAGE)
    (far,) = {id_ for (kind, id_) in third.held if kind == CONFLICT}
    near = quarrel.differ("categories", ["key"], ["general"])
    leader = quarrel.office.browser(VILLAGE_LEADER)
    page = leader.page(LIST)
    assert (near in page, far in page, "共 1 条" in page) == (True, False, True)
    assert "采用被替换的" not in page
    assert leader.get(f"{LIST}/{near}").status_code == 200
    assert leader.get(f"{LIST}/{far}").status_code == 404
    assert "没有两条相同" in leader.page(f"{LIST}/same")
    assert "相同的分歧（2）" in quarrel.office.browser(DESK).page(LIST)
    for browser in (leader, quarrel.office.browser(LEADER)):
        assert browser.post(f"{LIST}/{near}/decide", {"choice": "losing", "seen": "x"}).status_code == 403
        assert browser.post(f"{LIST}/settle", {"conflicts": [f"{near} x"], "keep": "losing"}).status_code == 403
        assert browser.post(f"{LIST}/same", {"sample": near, "count": "1", "keep": "losing"}).status_code == 403


def test_a_desk_for_one_village_settles_nothing_outside_it_also_in_bulk(quarrel: Quarrel) -> None:
    access.add_user(quarrel.office.database, "村桌员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    far_home = quarrel.office.write("household", {"head_name": "外村人"}, SECOND_VILLAGE)
    for name in (FIRST, SECOND):
        phone = Phone(quarrel.office, name, f"village:{SECOND_VILLAGE}")
        phone.write(
            "household", far_home, {"categories": ["key" if name == FIRST else "general"]}, village=SECOND_VILLAGE
        )
    (far,) = {id_ for (kind, id_) in phone.held if kind == CONFLICT}
    near = quarrel.differ("categories", ["key"], ["general"])
    clerk = quarrel.office.browser("村桌员")
    ticked = [f"{id_} {seen}" for id_, seen in rows(quarrel.office.browser(DESK).page(LIST))]
    assert len(ticked) == 2
    assert clerk.post(f"{LIST}/settle", {"conflicts": ticked, "keep": "losing"}).status_code == 404
    assert clerk.post(f"{LIST}/same", {"sample": far, "count": "1", "keep": "losing"}).status_code == 404
    assert clerk.post(f"{LIST}/{far}/decide", {"choice": "losing", "seen": "x"}).status_code == 404
    assert quarrel.one.values(CONFLICT, near)["status"] == "open"  # all or nothing


def test_what_does_not_exist_or_belongs_to_another_township_is_not_found(office: Office) -> None:
    desk = office.browser(DESK)
    for township in (TOWN, OTHER_TOWN):
        assert desk.get(f"/t/{township}/conflicts/{uuid.uuid4()}").status_code == 404
