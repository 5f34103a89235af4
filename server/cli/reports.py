"""Figures on the command line: the county's monthly tables, and what the console keeps of a township."""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from server.cli.base import command, main, say, service
from server.reports.cleanup import cleanup_report
from server.reports.contact import contact_report
from server.reports.coverage import coverage_report
from server.reports.overview import gather, reports_of
from server.reports.problems import problems_report
from server.reports.report import Places, Report
from server.service import now_ms
from server.store import TownshipStore

T = TypeVar("T")
MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")
_township = click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")


class WrongWordsError(RuntimeError):
    """A word on the command line cannot be read."""


@main.group("report")
def report_() -> None:
    """报表：村合计，不排名 / figures: village totals, nobody is ranked"""


def _month(text: str | None) -> str | None:
    if text is not None and not MONTH.fullmatch(text):
        raise WrongWordsError(f"月份写法不对：{text}，应为 2018-09 / Not a month: {text}; write 2018-09.")
    return text


def _read(township: str, make: Callable[[TownshipStore], T]) -> T:
    database = service().database
    with database.read(township) as store:
        if not store.villages():
            raise WrongWordsError(
                f"没有这个乡镇，或还没有导入它的村：{township} / No such township, or its villages are not imported yet."
            )
        return make(store)


def _report(as_json: bool, township: str, make: Callable[[TownshipStore], Report]) -> None:
    found = _read(township, make)
    say(found.as_json(), as_json, *found.lines())


@contextmanager
def _without_collector() -> Iterator[None]:
    """A township's visits are many objects and no cycles: looking for some would take half of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


_month_option = click.option("--month", help="如 2018-09；默认本月 / such as 2018-09; this month unless given")


@command(report_, "coverage")
@_township
@click.option("--month", help="截至该月末，如 2018-09；默认今天 / as at its end; today unless given")
@click.option("--campaign", help="活动编号；默认最近一次 / a campaign's id; the latest unless given")
def report_coverage(as_json: bool, township: str, month: str | None, campaign: str | None) -> None:
    """走访覆盖 / coverage of a campaign"""
    asked = _month(month)
    _report(as_json, township, lambda store: coverage_report(store, service().kinds, now_ms(), asked, campaign))


@command(report_, "contact")
@_township
@_month_option
def report_contact(as_json: bool, township: str, month: str | None) -> None:
    """党员联户 / contact visits of a month"""
    asked = _month(month)
    _report(as_json, township, lambda store: contact_report(store, now_ms(), asked))


@command(report_, "cleanup")
@_township
@_month_option
def report_cleanup(as_json: bool, township: str, month: str | None) -> None:
    """环境整治 / clean-up checks of a month"""
    asked = _month(month)
    _report(as_json, township, lambda store: cleanup_report(store, now_ms(), asked))


@command(report_, "problems")
@_township
@click.option("--month", help="该月的台账；默认全部 / of that month; all of it unless given")
def report_problems(as_json: bool, township: str, month: str | None) -> None:
    """问题台账 / the ledger"""
    asked = _month(month)
    _report(as_json, township, lambda store: problems_report(store, now_ms(), asked))


@command(report_, "overview")
@_township
@_month_option
@click.option("--campaign", help="活动编号；默认最近一次 / a campaign's id; the latest unless given")
@click.option(
    "--counts",
    is_flag=True,
    help="各村原始计数与待认定清单，供管理页面用 / plain counts and what to review, for the console",
)
def report_overview(as_json: bool, township: str, month: str | None, campaign: str | None, counts: bool) -> None:
    """一个月的四张表 / the four tables of a month, in one read of the township"""
    asked = _month(month)

    def make(store: TownshipStore) -> tuple[dict[str, Any], Places]:
        with _without_collector():
            return gather(store, service().kinds, now_ms(), asked, campaign), Places(dict(store.villages()))

    figures, places = _read(township, make)
    reports = reports_of(figures, places)
    told = {"report": "overview", "township": township, "month": figures["month"], "day": figures["day"]}
    tables = {name: report.as_json() for name, report in reports.items()}
    lines = [line for report in reports.values() for line in ("", *report.lines())]
    say(figures if counts else told | tables, as_json, *lines[1:])
