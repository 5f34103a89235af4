"""What waits for the township's judgement: short visits to accept or not, what looks entered twice, households where nobody was home."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from server import access
from server.console.door import present
from server.exports.reading import reading
from server.lists import LISTINGS
from server.reading.figures import figures_of
from server.service import now_ms
from shared.kinds.visit import CHECK_STATUSES
from shared.moments import iso
from tests.console.browser import (
    DESK,
    LEADER,
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

REVIEW = f"/t/{TOWN}/review"
SHORT, DUPLICATES, NOT_HOME = (f"{REVIEW}?show={show}" for show in ("short", "duplicates", "not_home"))
CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
OK = next(iter(CHECK_STATUSES))


@dataclass
class Village:
    """A village with one household, and visits of whatever length."""

    office: Office
    home: str

    @cached_property
    def desk(self) -> Browser:
        return self.office.browser(DESK)

    def visit(self, minutes: int, days_ago: int = 1, home: str = "", village: str = VILLAGE, **more: Any) -> str:
        """A finished visit with all six checks, unless told otherwise."""
        began = now_ms() - days_ago * 86_400_000
        values = {
            "mode": "home", "started_at": iso(began), "ended_at": iso(began + minutes * 60_000), "participants": ["韦干部"],
            "short_reason": "老人生病，长话短说", "purposes": ["campaign"], **{f"{check}_status": OK for check in CHECKS},
        }  # fmt: skip
        return self.office.write("visit", values | more, village, home or self.home)

    def review_of(self, visit: str) -> Any:
        return self.office.record("visit", visit).values.get("short_review")


@pytest.fixture
def village(office: Office) -> Village:
    return Village(office, office.write("household", {"head_name": "黄老五", "household_no": "0001"}))


def ticks(page: str) -> list[str]:
    return re.findall(r'type="checkbox" name="visits" value="([0-9a-f-]{36})"', page)


# --- short visits


def test_short_visits_that_wait_are_listed_with_their_reason_and_what_the_rules_say(village: Village) -> None:
    short = village.visit(12)
    village.visit(45, days_ago=2)
    village.visit(10, days_ago=3, short_reason="")
    page = village.desk.page(SHORT)
    assert ticks(page) == [short]
    assert "黄老五" in page
    assert "老人生病，长话短说" in page
    assert "等乡镇认定" in page
    assert re.search(r"<td[^>]*>12</td>", page)


def test_a_short_visit_that_was_accepted_counts_from_then_on_and_the_phone_learns_of_it(village: Village) -> None:
    short = village.visit(12)
    page = said(village.desk.post(f"{REVIEW}/short", {"visits": [short], "to": "accepted"}), village.desk)
    assert "1 次走访：认可" in page
    assert ticks(page) == []
    assert "没有等待认定的走访" in page
    assert Phone(village.office, "韦干部").values("visit", short)["short_review"] == "accepted"
    with village.office.database.read(TOWN) as store:
        assert short not in figures_of(village.office.database, TOWN).look(store, now_ms()).review["short_waiting"]
    (row,) = [act for act in village.office.trail() if act.action == "review"]
    assert (row.record, row.details) == (short, {"accepted": True})


def test_several_are_declined_at_once_and_that_can_be_undone(village: Village) -> None:
    visits = [village.visit(12, days) for days in (1, 2, 3)]
    desk = village.desk
    page = said(desk.post(f"{REVIEW}/short", {"visits": visits[:2], "to": "declined"}), desk)
    assert ticks(page) == [visits[2]]
    undo = re.search(r'type="hidden" name="visits" value="([^"]+)"', page)
    assert undo
    page = said(desk.post(f"{REVIEW}/short", {"visits": undo[1], "to": "", "was": "declined"}), desk)
    assert "已撤销 2 次认定" in page
    assert len(ticks(page)) == 3
    assert [village.review_of(one) for one in visits] == [None] * 3


def test_what_another_desk_has_just_reviewed_is_left_alone(village: Village) -> None:
    short = village.visit(12)
    page = village.desk.page(SHORT)
    village.office.browser(SECOND_DESK).post(f"{REVIEW}/short", {"visits": short, "to": "accepted"})
    desk = village.desk
    assert "刚被别人认定过" in said(desk.post(f"{REVIEW}/short", {"visits": ticks(page), "to": "declined"}), desk)
    assert village.review_of(short) == "accepted"
    desk.post(f"{REVIEW}/short", {"visits": short, "to": "", "was": "declined"})
    assert village.review_of(short) == "accepted"


def test_who_was_in_two_households_at_once_is_told_at_the_review_wherever_the_other_one_lies(village: Village) -> None:
    far = village.office.write("household", {"head_name": "陆老六"}, SECOND_VILLAGE)
    village.visit(45, days_ago=2)
    village.visit(45, days_ago=2, home=far, village=SECOND_VILLAGE)
    for place, waiting in (("", 2), (VILLAGE, 1)):
        page = village.desk.page(f"{SHORT}&village={place}")
        assert len(ticks(page)) == waiting
        assert page.count("同一人同一时间在两户") == waiting


def never_renewed(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the figures stay as they are, however the log grows: whoever adds them up aside has not come to it."""
    figures = figures_of(village.office.database, TOWN)
    monkeypatch.setattr("server.reading.figures.SMALL", -1)
    monkeypatch.setattr(figures, "_start", lambda work: None)
    village.office.database.compute = lambda *question: {}


def test_what_was_mended_or_reviewed_since_the_figures_were_made_is_judged_as_it_is_now(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, reviewed = village.visit(12), village.visit(12, 2)
    assert ticks(village.desk.page(SHORT)) == [reviewed, short]
    never_renewed(village, monkeypatch)
    village.office.write("visit", {"ended_at": iso(now_ms() - 86_400_000 + 40 * 60_000)}, id=short)
    village.desk.post(f"{REVIEW}/short", {"visits": reviewed, "to": "declined"})
    page = village.desk.page(SHORT)
    assert ticks(page) == []
    assert "现在已计入，不用认定" in page
    assert f"/visit/{reviewed}" not in page


def test_short_visits_are_filtered_by_village_and_month(village: Village) -> None:
    far = village.office.write("household", {"head_name": "远方"}, SECOND_VILLAGE)
    mine, theirs = village.visit(12), village.visit(12, village=SECOND_VILLAGE, home=far)
    assert ticks(village.desk.page(f"{SHORT}&village={SECOND_VILLAGE}")) == [theirs]
    assert set(ticks(village.desk.page(f"{SHORT}&month={iso(now_ms() - 86_400_000)[:7]}"))) == {mine, theirs}
    assert ticks(village.desk.page(f"{SHORT}&month=2018-01")) == []
    assert "筛选条件写法不对" in village.desk.page(f"{SHORT}&month=someday")


def test_the_lists_can_be_taken_out_page_by_page_without_losing_or_repeating_a_row(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = [village.visit(12, days) for days in range(1, 6)]
    assert len(ticks(village.desk.page(SHORT))) == 5
    never_renewed(village, monkeypatch)
    village.office.write("visit", {"ended_at": iso(now_ms() - 3 * 86_400_000 + 40 * 60_000)}, id=visits[2])
    with village.desk.client:
        village.desk.page(SHORT)
        sight = present()
    assert sight
    with reading(village.office.database, sight, TOWN, LISTINGS["short_visits"], {}, now_ms(), page=2) as found:
        assert [row["_id"] for row in found.rows()] == visits[::-1]


def test_while_the_figures_are_on_their_way_the_page_says_so(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    village.visit(12)
    never_renewed(village, monkeypatch)
    page = village.desk.page(SHORT)
    assert "正在统计" in page
    assert ticks(page) == []


# --- duplicates


def pairs(page: str) -> set[tuple[str, str, str]]:
    """(kind, kept, other) of the pairs on the page."""
    return set(re.findall(rf"{REVIEW}/join/(\w+)/([0-9a-f-]+)/([0-9a-f-]+)\"", page))


def test_households_that_look_alike_are_paired_with_the_reason(village: Village) -> None:
    number = village.office.write("household", {"head_name": "别名", "household_no": "0001"})
    page = village.desk.page(DUPLICATES)
    assert pairs(page) == {("household", village.home, number)}
    assert "户编号相同" in page
    named = village.office.write("household", {"head_name": "黄老五"})
    page = village.desk.page(DUPLICATES)
    assert pairs(page) == {("household", village.home, number), ("household", village.home, named)}
    assert "同村户主同名" in page


def test_a_number_or_a_name_in_another_village_is_no_duplicate(village: Village) -> None:
    village.office.write("household", {"head_name": "黄老五", "household_no": "0001"}, SECOND_VILLAGE)
    assert pairs(village.desk.page(DUPLICATES)) == set()


def test_an_identity_number_in_two_households_is_found_across_villages_and_never_shown(village: Village) -> None:
    far = village.office.write("household", {"head_name": "远方"}, SECOND_VILLAGE)
    for home, place in ((village.home, VILLAGE), (far, SECOND_VILLAGE)):
        village.office.write("member", {"name": "某人", "identity": "451422196205010023"}, place, home)
    page = village.desk.page(DUPLICATES)
    assert pairs(page) == {("household", village.home, far)}
    assert "身份证号相同" in page
    assert "451422196205010023" not in page


def test_a_daughter_who_married_out_makes_no_duplicate(village: Village) -> None:
    other = village.office.write("household", {"head_name": "婆家"})
    number = {"name": "黄小妹", "identity": "451422196205010023"}
    village.office.write("member", {**number, "status": "married_out"}, household=village.home)
    village.office.write("member", {**number, "status": "active"}, household=other)
    assert pairs(village.desk.page(DUPLICATES)) == set()


def test_a_visit_written_down_on_two_phones_is_found_and_gone_once_joined(village: Village) -> None:
    first = village.visit(40, participants=["甲"])
    second = village.visit(38, participants=["乙"])
    desk = village.desk
    page = desk.page(DUPLICATES)
    assert pairs(page) == {("visit", first, second)}
    seen = re.search(r'name="seen" value="(\w+)"', desk.page(f"{REVIEW}/join/visit/{first}/{second}"))
    assert seen
    page = said(desk.post(f"{REVIEW}/join/visit/{first}/{second}", {"seen": seen[1]}), desk)
    assert pairs(page) == set()
    assert "最近合并的" in page
    assert f"{REVIEW}/part/visit/{second}" in page.partition("最近合并的")[2]
    page = said(desk.post(f"{REVIEW}/part/visit/{second}"), desk)
    assert pairs(page) == {("visit", first, second)}
    assert "最近合并的" not in page


# --- nobody home


def test_households_where_nobody_was_home_say_how_often_when_last_and_whether_to_arrange_a_time(
    village: Village,
) -> None:
    other = village.office.write("household", {"head_name": "陆老六", "phone": "13877112233"})
    for days in (9, 7, 5):
        village.visit(1, days, mode="not_home")
    village.visit(1, 4, home=other, mode="not_home")
    village.visit(45, 3, home=other)
    page = village.desk.page(NOT_HOME)
    lines = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    mine, theirs = (next(line for line in lines if head in line) for head in ("黄老五", "陆老六"))
    assert mine[-4:] == ["3", iso(now_ms() - 5 * 86_400_000)[:10], "否", "是"]
    assert theirs[-4:] == ["1", iso(now_ms() - 4 * 86_400_000)[:10], "是", "否"]
    assert "138●●●●2233" in page
    assert "陆老六" not in village.desk.page(f"{NOT_HOME}&arrange=yes")
    assert "黄老五" not in village.desk.page(f"{NOT_HOME}&visited=yes")


def test_a_household_that_was_joined_into_another_is_off_the_list(village: Village) -> None:
    village.visit(1, 4, mode="not_home")
    assert "黄老五" in village.desk.page(NOT_HOME)
    village.office.write("household", {"removed": True}, id=village.home)
    assert "没有符合条件的农户" in village.desk.page(NOT_HOME)


# --- tabs, and who may


def counts(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'nav-link[^>]*>[^<]+<span class="badge[^>]*>(\d+)</span>', page)]


def test_each_tab_has_its_count(village: Village) -> None:
    """Of doors where nobody was home those count with which a time is to be arranged."""
    village.visit(12)
    for day in (4, 5, 6):
        village.visit(1, day, mode="not_home")
    village.office.write("household", {"head_name": "黄老五"})
    village.office.write("household", {"head_name": "黄老五"})
    for url in (REVIEW, SHORT, DUPLICATES, NOT_HOME):
        assert counts(village.desk.page(url)) == [1, 2, 1]
    assert village.desk.get(f"{REVIEW}?show=nonsense").status_code == 404


def test_a_village_leader_sees_the_village_alone_and_reviews_nothing(village: Village) -> None:
    far = village.office.write("household", {"head_name": "远方人", "household_no": "0001"}, SECOND_VILLAGE)
    village.office.write("household", {"head_name": "远方人"}, SECOND_VILLAGE)
    short = village.visit(12)
    theirs = village.visit(12, village=SECOND_VILLAGE, home=far)
    village.visit(1, 4, village=SECOND_VILLAGE, home=far, mode="not_home")
    assert counts(village.desk.page(REVIEW)) == [2, 1, 0]
    leader = village.office.browser(VILLAGE_LEADER)
    assert counts(leader.page(REVIEW)) == [1, 0, 0]
    pages = [leader.page(url) for url in (SHORT, DUPLICATES, NOT_HOME)]
    assert "黄老五" in pages[0]
    assert not any("远方人" in page for page in pages)
    assert ticks(pages[0]) == []  # nothing to tick for who may not
    for name in (VILLAGE_LEADER, LEADER):
        answer = village.office.browser(name).post(f"{REVIEW}/short", {"visits": short, "to": "accepted"})
        assert answer.status_code == 403
    clerk = a_village_desk(village.office)
    assert clerk.post(f"{REVIEW}/short", {"visits": f"{short} {theirs}", "to": "accepted"}).status_code == 404
    assert village.review_of(short) is None  # all or nothing


def a_village_desk(office: Office) -> Browser:
    access.add_user(office.database, "村桌员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    return office.browser("村桌员")
