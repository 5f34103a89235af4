"""The county's monthly tables as pages: the rows of the reports, of the visitor's villages, for a month, Chinese and English."""

import re
from html import unescape

import pytest

from tests.console.browser import DESK, SECOND_VILLAGE, TOWN, VILLAGE, VILLAGE_LEADER, Browser
from tests.console.september import September, september

__all__ = ["september"]

NAMES = ("coverage", "contact", "cleanup", "problems")
INDEX = f"/t/{TOWN}/reports"


def tables(page: str) -> list[list[list[str]]]:
    """Every table of a page, cell by cell, its heading first."""
    return [
        [
            [
                unescape(re.sub(r"<[^>]+>", "", cell))
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)
            ]
            for line in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        ]
        for table in re.findall(r"<table.*?</table>", page, re.DOTALL)
    ]


def cell(value: object) -> str:
    return "—" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


def test_the_index_leads_to_every_table_of_this_month_and_those_before(september: September) -> None:
    browser = september.office.browser(DESK)
    page = browser.page(INDEX)
    for name in NAMES:
        for month in ("2018-09", "2018-08", "2018-04"):
            link = f"{INDEX}/{name}?month={month}"
            assert f'href="{link}"' in page
        assert browser.get(link).status_code == 200
    assert "2018-03" not in page


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_rows_of_its_report(september: September, name: str) -> None:
    page = september.office.browser(DESK).page(f"{INDEX}/{name}?month=2018-09")
    report = september.reports()[name]
    first, *more = tables(page)
    heads = [label.zh for label in report.villages.columns.values()]
    assert first[0] == ["村", *heads]
    wanted = [*report.villages.rows, {"name": "合计", **report.total}]
    assert first[1:] == [[row["name"], *(cell(row[key]) for key in report.villages.columns)] for row in wanted]
    assert any(any(text not in ("0", "—") for text in row[1:]) for row in first[1:])
    for shown, table in zip(more, report.more.values(), strict=False):
        assert shown[0] == [table.head.zh, *(label.zh for label in table.columns.values())]
        assert shown[1:] == [[row["name"], *(cell(row[key]) for key in table.columns)] for row in table.rows]
    assert len(more) == len(report.more) + (name == "coverage")
    assert all(note.zh in page for note in report.notes)
    assert "data-print" in page


def test_coverage_stands_there_by_village_and_category(september: September) -> None:
    crossed = tables(september.office.browser(DESK).page(f"{INDEX}/coverage"))[-1]
    column = crossed[0].index("重点户")
    by_village = {row[0]: row[column] for row in crossed[1:]}
    assert by_village[september.name(VILLAGE)] == "5 / 3"
    assert by_village[september.name(SECOND_VILLAGE)] == "2 / 0"
    assert by_village["合计"] == "7 / 3"


def test_headings_are_english_for_who_reads_english(september: September) -> None:
    browser = september.office.browser(DESK)
    browser.post("/language", {"language": "en"})
    first, categories, _ = tables(browser.page(f"{INDEX}/coverage"))
    assert first[0][:4] == ["Village", "To visit", "Visited", "Coverage %"]
    assert first[-1][0] == "Total"
    assert [row[0] for row in categories[1:3]] == ["Registered poor", "Removed from the register"]


def test_a_village_leader_has_the_village_alone(september: September) -> None:
    browser: Browser = september.office.browser(VILLAGE_LEADER)
    for name in NAMES:
        page = browser.page(f"{INDEX}/{name}")
        total = september.reports(VILLAGE)[name]
        first = tables(page)[0]
        assert [row[0] for row in first[1:]] == [september.name(VILLAGE), "合计"]
        assert first[-1][1:] == [cell(total.total[key]) for key in total.villages.columns]
        assert september.name(SECOND_VILLAGE) not in page
        assert "筛选条件写法不对：村" in browser.page(f"{INDEX}/{name}?village={SECOND_VILLAGE}")


def test_month_village_and_campaign_are_in_the_url(september: September) -> None:
    browser = september.office.browser(DESK)
    later = september.campaign("回头看", "2018-09-10")
    assert tables(browser.page(f"{INDEX}/coverage"))[0][-1][1:3] == ["9", "0"]
    (first,) = {*re.findall(r'<option value="([0-9a-f-]{36})"', browser.page(f"{INDEX}/coverage"))} - {later}
    page = browser.page(f"{INDEX}/coverage?campaign={first}&village={SECOND_VILLAGE}")
    assert tables(page)[0][-1][1:3] == ["3", "1"]
    assert "大走访 · 截至 2018-09-20" in re.sub(r"<[^>]+>", "", page)
    assert tables(browser.page(f"{INDEX}/problems?month=2018-08"))[0][-1][1:3] == ["0", "0"]
    assert "还没有走访活动" in browser.page(f"{INDEX}/coverage?month=2018-07")
    assert "筛选条件写法不对：月份" in browser.page(f"{INDEX}/contact?month=2019-01")


def test_the_four_tables_of_the_month_can_be_taken_from_the_page(september: September) -> None:
    browser = september.office.browser(DESK)
    page = browser.page(f"{INDEX}/coverage?month=2018-09")
    (form,) = re.findall(
        rf'<form method="post" action="({INDEX}/export)".*?name="month" value="(.*?)"', page, re.DOTALL
    )
    answer = browser.post(form[0], {"month": form[1]})
    assert (answer.status_code, form[1]) == (200, "2018-09")
    assert answer.mimetype.endswith("sheet")


def test_there_is_no_other_table(september: September) -> None:
    assert september.office.browser(DESK).get(f"{INDEX}/league").status_code == 404
