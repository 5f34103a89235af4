"""The overview: it says what the reports say, of the visitor's villages alone, as of when it says, and asks again until newer figures are there."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from threading import BoundedSemaphore
from typing import Any

import pytest

import server.reading.figures
from server import access
from server.reading.figures import Figures, FiguresError
from server.reports.overview import gather
from server.store import TownshipStore
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    OTHER_TOWN,
    OTHER_VILLAGE,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Browser,
    Office,
)
from tests.console.september import MONTH, September, september

__all__ = ["september"]

PAGE = f"/t/{TOWN}/"


def words(page: str) -> str:
    """A page's text, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def cards(page: str) -> dict[str, str]:
    """The numbers at the top, by what they are called."""
    found = re.findall(r'text-body-secondary mb-1">(.*?)</p>\s*<p class="figure-number[^"]*">(.*?)</p>', page)
    return {words(label).strip(): number for label, number in found}


def titles(page: str) -> list[str]:
    return [unescape(title) for title in re.findall(r"<figcaption><h2[^>]*>(.*?)</h2>", page)]


def rows(page: str, chart: str) -> dict[str, list[str]]:
    """A chart's table: first cell to the others, its total among them."""
    (table,) = re.findall(rf'id="table-{chart}".*?<table(.*?)</table>', page, re.DOTALL)
    lines = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
    return {first: more for first, *more in lines[1:]}


# --- what it says --------------------------------------------------------------------------------------------------------


def test_it_says_what_the_four_reports_say(september: September) -> None:
    page = september.office.browser(DESK).page(PAGE)
    told = {name: report.total for name, report in september.reports().items()}
    assert told["coverage"]["households"] == 9
    assert told["coverage"]["visited"] == 5
    assert titles(page) == [
        "应访 9 户，已访 5 户（55.6%），截至 2018-09-20",
        f"2018-09 联户应走访 4 次，已走访 {told['contact']['made']} 次（{told['contact']['percent']:.1f}%）",
        "户数最多的是重点户：应访 7 户，已访 3 户",
        "2018-09 走访 7 次，其中有效 5 次",
        f"2018-09 环境检查 3 次，平均 {told['cleanup']['average']:.1f} 分，反弹 1 处",
        "共发现 5 个问题，已解决 0 个；未办结 5 个，其中逾期 5 个",
    ]
    assert cards(page) == {
        "走访覆盖": "55.6%", "当月联户走访": str(told["contact"]["made"]), "环境整治平均分": f"{told['cleanup']['average']:.1f}",
        "未办结问题": "5", "逾期问题": "5", "时间不足待认定": "0", "分歧待处理": "0", "7 天没来的手机": "0",
    }  # fmt: skip
    for name, columns in (("coverage", ("households", "visited")), ("contact", ("links", "owed", "made"))):
        report = september.reports()[name]
        table = rows(page, name)
        assert [*table] == [*(row["name"] for row in report.villages.rows), "合计"]
        for row in (*report.villages.rows, {"name": "合计", **report.total}):
            assert table[row["name"]][: len(columns)] == [str(row[column]) for column in columns]
    by_category = {row["name"]: row for row in september.reports()["coverage"].more["categories"].rows}
    assert rows(page, "categories") == {
        name: [str(row["households"]), str(row["visited"]), str(row["households"] - row["visited"]), percent_of(row)]
        for name, row in by_category.items()
    }
    assert rows(page, "days")["09-03"] == ["2", "2"]
    assert rows(page, "days")["合计"] == ["5", "2"]
    assert rows(page, "problems")["村屯"] == ["5", "0", "5", "0", "5"]


def percent_of(row: Mapping[str, Any]) -> str:
    return "—" if row["percent"] is None else f"{row['percent']:.1f}"


def test_what_is_open_and_which_phones_were_silent_is_counted_as_it_is_now(september: September) -> None:
    office = september.office
    september.phone("11111111-1111-4111-8111-111111111111", "韦干部", 8)
    september.phone("22222222-2222-4222-8222-222222222222", "韦干部", 2)
    access.add_user(office.database, "隔壁村", ["cadre"], [f"village:{SECOND_VILLAGE}"], september.now)
    september.phone("33333333-3333-4333-8333-333333333333", "隔壁村", 20)
    with office.database.transaction() as connection:
        store = TownshipStore(office.database, connection, TOWN)
        for number, (status, village) in enumerate((("open", VILLAGE), ("open", SECOND_VILLAGE), ("decided", VILLAGE))):
            store.sql(
                "INSERT INTO kind_conflict (township, id, village, stamp, about, record, status) VALUES (?, ?, ?, '', 'household', 'x', ?)",
                TOWN, f"c{number}", village, status,
            )  # fmt: skip
    desk, leader = office.browser(DESK), office.browser(VILLAGE_LEADER)
    assert (cards(desk.page(PAGE))["分歧待处理"], cards(desk.page(PAGE))["7 天没来的手机"]) == ("2", "2")
    assert cards(desk.page(f"{PAGE}?unseen=14"))["14 天没来的手机"] == "1"
    assert cards(desk.page(f"{PAGE}?village={SECOND_VILLAGE}"))["分歧待处理"] == "1"
    assert (cards(leader.page(PAGE))["分歧待处理"], cards(leader.page(PAGE))["7 天没来的手机"]) == ("1", "1")


def test_the_numbers_lead_to_the_lists_behind_them(september: September) -> None:
    page = september.office.browser(DESK).page(f"{PAGE}?village={VILLAGE}")
    links = [unescape(link) for link in re.findall(r'class="stretched-link" href="([^"]+)"', page)]
    assert len(links) == 8
    for link in links:
        assert f"village={VILLAGE}" in link
        assert september.office.browser(DESK).get(link).status_code == 200, link
    assert any(link.startswith(f"/t/{TOWN}/ledger?") and "group=overdue" in link for link in links)
    assert f"/t/{TOWN}/phones" not in september.office.browser(LEADER).page(PAGE)


def test_another_month_and_another_campaign_are_in_the_url(september: September) -> None:
    desk = september.office.browser(DESK)
    august = desk.page(f"{PAGE}?month=2018-08")
    assert "2018-08 走访 0 次" in words(august)
    assert "到 2018-08-31 还没有走访活动" in words(august)
    later = september.campaign("回头看", "2018-09-10")
    assert titles(desk.page(PAGE))[0].startswith("应访 9 户，已访 0 户")
    assert "回头看" in desk.page(PAGE)
    (first,) = [id_ for id_ in re.findall(r'<option value="([0-9a-f-]{36})"', desk.page(PAGE)) if id_ != later]
    page = desk.page(f"{PAGE}?campaign={first}")
    assert titles(page)[0].startswith("应访 9 户，已访 5 户")
    assert f'<option value="{first}" selected>大走访</option>' in page


def test_it_is_complete_in_english(september: September) -> None:
    browser = september.office.browser(DESK)
    browser.post("/language", {"language": "en"})
    page = browser.page(PAGE)
    assert titles(page)[0] == "5 of 9 households to visit were visited (55.6%) by 2018-09-20"
    assert cards(page)["Phones not seen for 7 days"] == "0"
    assert "As of 2018-09-20 10:00" in words(page)


# --- whose villages ------------------------------------------------------------------------------------------------------


def test_a_village_filter_gives_the_sums_of_that_village(september: September) -> None:
    page = september.office.browser(DESK).page(f"{PAGE}?village={SECOND_VILLAGE}")
    told = {name: report.total for name, report in september.reports(SECOND_VILLAGE).items()}
    assert titles(page)[0] == "应访 3 户，已访 1 户（33.3%），截至 2018-09-20"
    assert (told["coverage"]["households"], told["coverage"]["visited"]) == (3, 1)
    assert [*rows(page, "coverage")] == [september.name(SECOND_VILLAGE), "合计"]
    assert titles(page)[3] == "2018-09 走访 2 次，其中有效 1 次"
    assert cards(page)["未办结问题"] == str(told["problems"]["open"]) == "1"


def test_a_village_leader_sees_the_figures_of_the_village_alone(september: September) -> None:
    page = september.office.browser(VILLAGE_LEADER).page(PAGE)
    filtered = september.office.browser(DESK).page(f"{PAGE}?village={VILLAGE}")
    assert titles(page) == titles(filtered)
    assert titles(page)[0] == "应访 6 户，已访 4 户（66.7%），截至 2018-09-20"
    assert cards(page) == {name: number for name, number in cards(filtered).items() if name in cards(page)}
    assert september.name(SECOND_VILLAGE) not in page
    assert [*rows(page, "contact")] == [september.name(VILLAGE), "合计"]
    assert titles(page)[-1].startswith("共发现 4 个问题")
    asked = september.office.browser(VILLAGE_LEADER).page(f"{PAGE}?village={SECOND_VILLAGE}")
    assert "筛选条件写法不对：村" in asked
    assert titles(asked) == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("month=2018-13", "月份"), ("month=september", "月份"), ("month=2018-10", "月份"), ("month=0001-01", "月份"),
        (f"village={OTHER_VILLAGE}", "村"), ("village=1", "村"), ("village=451422103999", "村"),
        ("campaign=none", "活动"), ("unseen=many", "手机多久没来"), ("unseen=8", "手机多久没来"),
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_answered_in_words(september: September, filters: str, names: str) -> None:
    page = september.office.browser(DESK).page(f"{PAGE}?{filters}")
    assert f"筛选条件写法不对：{names}" in page
    assert titles(page) == []


# --- as of when ----------------------------------------------------------------------------------------------------------


class Slow:
    """Figures that are added up when the test says so."""

    def __init__(self, september: September, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server.reading.figures, "SMALL", -1)
        monkeypatch.setattr(server.reading.figures, "_AT_ONCE", BoundedSemaphore(2))
        self.september, self.fails = september, False
        self.waiting: list[Callable[[], None]] = []
        database = september.office.database
        database.compute = self.compute
        for town in (TOWN, OTHER_TOWN):
            database.kept.of(
                town, "figures", lambda town=town: Figures(database, town, self.waiting.append, lambda: 0.0)
            )

    def compute(self, township: str, month: str, campaign: str) -> Mapping[str, Any]:
        if self.fails:
            raise FiguresError("no")
        database = self.september.office.database
        with database.read(township) as store:
            return gather(store, database.kinds, self.september.now, month, campaign or None)

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop()()


@pytest.fixture
def slow(september: September, monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(september, monkeypatch)


def asks(page: str) -> tuple[str, str]:
    """The URL that a part asks again, and how often; blank when it does not."""
    found = re.search(r'id="figures" hx-get="([^"]+)" hx-trigger="every (\w+)"', page)
    return (unescape(found[1]), found[2]) if found else ("", "")


def test_while_nothing_is_there_the_page_says_so_and_asks_every_second(slow: Slow) -> None:
    browser: Browser = slow.september.office.browser(DESK)
    page = browser.page(f"{PAGE}?village={VILLAGE}&unseen=14")
    assert "正在统计…" in page
    assert set(cards(page)) == {"分歧待处理", "14 天没来的手机"}
    url, every = asks(page)
    assert every == "1s"
    assert browser.get(url, part=True).status_code == 204
    slow.run()
    part = browser.get(url, part=True).text
    assert "<html" not in part
    assert titles(part)[0].startswith("应访 6 户，已访 4 户")
    assert asks(part) == ("", "")


def test_older_figures_are_shown_with_their_time_and_newer_ones_take_their_place(slow: Slow) -> None:
    browser = slow.september.office.browser(DESK)
    browser.page(PAGE)
    slow.run()
    assert "数据截至 2018-09-20 10:00" in words(browser.page(PAGE))
    assert asks(browser.page(PAGE)) == ("", "")
    slow.september.now += 12 * 60_000
    slow.september.home(VILLAGE, "key")
    page = browser.page(PAGE)
    assert "数据截至 2018-09-20 10:00，正在更新…" in words(page)
    assert titles(page)[0].startswith("应访 9 户")
    url, every = asks(page)
    assert (every, browser.get(url, part=True).status_code) == ("4s", 204)
    slow.run()
    slow.september.home(VILLAGE, "key")  # and already there is something newer still
    part = browser.get(url, part=True).text
    assert titles(part)[0].startswith("应访 10 户")
    assert "数据截至 2018-09-20 10:12" in words(part)
    assert asks(part) == ("", "")  # who looks at a page for hours would never be signed out


def test_when_adding_up_fails_the_page_says_so_and_a_later_one_tries_again(slow: Slow) -> None:
    browser = slow.september.office.browser(DESK)
    slow.fails = True
    url, _ = asks(browser.page(PAGE))
    slow.run()
    part = browser.get(url, part=True).text
    assert "统计没有成功" in part
    assert asks(part) == ("", "")
    assert "统计没有成功" in browser.page(f"/t/{TOWN}/reports/coverage")
    assert slow.waiting == []


def test_a_part_asked_for_after_the_session_ended_sends_the_page_to_sign_in(slow: Slow) -> None:
    browser = slow.september.office.browser(DESK)
    url, _ = asks(browser.page(PAGE))
    browser.post("/sign-out")
    assert browser.get(url, part=True).headers["HX-Redirect"] == "/sign-in"


# --- the county ----------------------------------------------------------------------------------------------------------


def lines(page: str) -> list[list[str]]:
    return [
        [words(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)]
        for line in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    ][1:]


def test_the_townships_page_leads_to_the_table_of_all(september: September) -> None:
    assert 'href="/county"' in september.office.browser(COUNTY).page("/home")
    assert 'href="/county"' not in september.office.browser(VILLAGE_LEADER).page("/home")
    assert 'href="/county"' not in september.office.browser(ADMIN).page("/home")


def test_a_page_left_open_that_asks_by_itself_does_not_keep_the_session(slow: Slow) -> None:
    browser = slow.september.office.browser(DESK)
    url, _ = asks(browser.page(PAGE))
    slow.september.now += 20 * 60_000
    assert browser.get(url, part=True).status_code == 204
    slow.september.now += 11 * 60_000
    assert browser.get(url, part=True).headers["HX-Redirect"] == "/sign-in"


def test_a_county_officer_has_a_row_for_each_township_in_the_order_of_their_codes(september: September) -> None:
    page = september.office.browser(COUNTY).page("/county")
    other, own = lines(page)
    assert own[1:4] == ["9", "5", "55.6"]
    assert own[8:10] == ["5", "5"]
    assert other[1:4] == ["—", "—", "—"]
    assert other[8] == "0"
    assert page.index(f"/t/{OTHER_TOWN}/") < page.index(f'href="/t/{TOWN}/"')
    assert own[-1] == "2018-09-20 10:00"


def test_who_sees_a_village_has_its_sums_there_and_who_reads_nothing_is_told_so(september: September) -> None:
    ((_, *figures),) = lines(september.office.browser(VILLAGE_LEADER).page("/county"))
    assert figures[:3] == ["6", "4", "66.7"]
    page = september.office.browser(ADMIN).page("/county")
    assert "您的角色不看农户的统计" in page
    assert "<table" not in page


def test_townships_come_in_one_after_the_other(slow: Slow) -> None:
    browser = slow.september.office.browser(COUNTY)
    page = browser.page("/county")
    assert page.count("正在统计…") == 2
    url, every = asks(page)
    assert (every, browser.get(url, part=True).status_code) == ("1s", 204)
    slow.waiting.pop()()
    part = browser.get(url, part=True).text
    assert part.count("正在统计…") == 1
    assert asks(part)[1] == "1s"
    assert browser.get(asks(part)[0], part=True).status_code == 204
    slow.run()
    part = browser.get(asks(part)[0], part=True).text
    assert asks(part) == ("", "")
    assert "正在统计…" not in part


def test_a_township_whose_villages_are_not_there_yet_says_so(office: Office) -> None:
    with office.database.transaction() as connection:
        TownshipStore(office.database, connection, "").sql("DELETE FROM area WHERE parent = ?", TOWN)
    for page in (PAGE, f"/t/{TOWN}/reports/coverage", f"/t/{TOWN}/?month={MONTH}"):
        assert "还没有导入它的村" in office.browser(DESK).page(page)
