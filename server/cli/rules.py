"""What the rules say of a township: policies, campaigns, reports, the ledger's round, short visits."""

import json
import re
from collections.abc import Callable
from typing import Any

import click

from server import campaigns, policies, short_visits
from server.cli.base import command, main, me, say, service
from server.imports.area_store import require_township
from server.ledger import Round, go_round, townships
from server.reports.cleanup import cleanup_report
from server.reports.contact import contact_report
from server.reports.coverage import coverage_report
from server.reports.problems import problems_report
from server.reports.report import Report
from server.service import now_ms
from server.store import TownshipStore
from shared.moments import day_of
from shared.rules.policy import PRESETS, preset_text

MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")
_township = click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
_by = click.option("--by", default=me, help="操作人 / whom the log shall name")


class WrongWordsError(RuntimeError):
    """A word on the command line cannot be read."""


# --- reports -------------------------------------------------------------------------------------------------------


@main.group("report")
def report_() -> None:
    """报表：村合计，不排名 / figures: village totals, nobody is ranked"""


def _month(text: str | None) -> str | None:
    if text is not None and not MONTH.fullmatch(text):
        raise WrongWordsError(f"月份写法不对：{text}，应为 2018-09 / Not a month: {text}; write 2018-09.")
    return text


def _report(as_json: bool, township: str, make: Callable[[TownshipStore], Report]) -> None:
    database = service().database
    with database.read(township) as store:
        if not store.villages():
            raise WrongWordsError(
                f"没有这个乡镇，或还没有导入它的村：{township} / No such township, or its villages are not imported yet."
            )
        found = make(store)
    say(found.as_json(), as_json, *found.lines())


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


# --- policies and campaigns ----------------------------------------------------------------------------------------


@main.group("policy")
def policy_() -> None:
    """规则设置 / the policy: what the campaign asks for"""


@command(policy_, "list")
@_township
def policy_list(as_json: bool, township: str) -> None:
    """列出一个乡镇的规则设置 / a township's policies"""
    database = service().database
    require_township(database, township)
    found = policies.list_policies(database, township)
    lines = []
    for one in found:
        lines.append(
            f"{one['effective_from']}  {one['version']}  {one['name']}：走访不少于 {one['minimum_minutes']} 分钟，"
            f"每月联户 {one['contact_visits_a_month']} 次 / minutes, contact visits a month"
        )
        lines += [f"  ! {finding['zh']} / {finding['en']}" for finding in one["findings"]]
    none = "还没有设置，按 2018 五大活动预设 / none yet: the 2018 preset is in force"
    say({"policies": found}, as_json, *(lines or [none]))


@command(policy_, "show")
@click.argument("preset", default=PRESETS[0])
def policy_show(as_json: bool, preset: str) -> None:
    """显示一个预设方案的全部设置 / every setting of a preset"""
    if preset not in PRESETS:
        raise WrongWordsError(f"没有这个预设方案：{preset}；可用：{' '.join(PRESETS)} / No such preset: {preset}")
    text = preset_text(preset)
    say(text, as_json, *_settings(text))


def _settings(table: dict[str, Any], path: str = "") -> list[str]:
    """One line a setting, under the name that `--set` takes."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict) and value.keys() != {"zh", "en"}:
            lines += _settings(value, f"{path}{key}.")
        else:
            lines.append(f"{path}{key} = {json.dumps(value, ensure_ascii=False)}")
    return lines


@command(policy_, "use")
@click.argument("preset")
@click.option(
    "--township", "where", required=True, metavar="CODE", help="9 位乡镇代码，或 6 位县代码 / a township or a county"
)
@click.option("--from", "effective_from", help="生效日期；默认今天 / from which day; today unless given")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="另行规定，值用 JSON / another value, as JSON"
)
@click.option("--version", help="版本名；默认按预设 / the version's name")
@_by
def policy_use(
    as_json: bool,
    preset: str,
    where: str,
    effective_from: str | None,
    settings: tuple[str, ...],
    version: str | None,
    by: str,
) -> None:
    """启用一套规则，随下次同步到每部手机 / put a policy in force; every phone has it after its next sync"""
    done = policies.use_policy(
        service().database, where, preset, effective_from=effective_from or day_of(now_ms()),
        settings=dict(map(_setting, settings)), version=version, by=by,
    )  # fmt: skip
    lines = [f"✓ {one['township']} 启用 {one['version']} / in force" for one in done]
    say({"policies": done}, as_json, *lines)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WrongWordsError(f"设置写法不对：{text}，应为 名称=值 / Write NAME=VALUE: {text}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@main.group("campaign")
def campaign_() -> None:
    """走访活动 / visit campaigns"""


@command(campaign_, "add")
@click.argument("name")
@_township
@click.option("--from", "starts_on", help="开始日期；默认今天 / first day; today unless given")
@click.option("--to", "ends_on", help="结束日期 / last day")
@click.option("--strict", is_flag=True, help="时间不足一律不计 / short visits never count")
@_by
def campaign_add(
    as_json: bool, name: str, township: str, starts_on: str | None, ends_on: str | None, strict: bool, by: str
) -> None:
    """开始一次活动，并锁定应访名册 / begin a campaign and freeze its roster; later households join with their date"""
    id_ = campaigns.add_campaign(
        service().database,
        township,
        name,
        starts_on=starts_on or day_of(now_ms()),
        ends_on=ends_on,
        strict=strict,
        by=by,
    )
    say({"id": id_}, as_json, f"✓ 活动已开始，名册已锁定 / begun, the roster is frozen ({id_})",
        f"  下一步 / next: ruhu report coverage --township {township}")  # fmt: skip


# --- the ledger and short visits -----------------------------------------------------------------------------------


@main.group("problems")
def problems_() -> None:
    """问题台账 / the ledger"""


@command(problems_, "round")
@click.option("--township", help="只办这个乡镇 / of this township only")
def problems_round(as_json: bool, township: str | None) -> None:
    """逾期上交、反弹立案，重复运行无妨 / climb what is long overdue, open what slipped back; running it twice is harmless

    服务器每夜自己做一次 / the server does it every night by itself
    """
    database = service().database
    if township:
        require_township(database, township)  # says in words when there is no such township
    total = Round()
    for code in [township] if township else townships(database):
        total.add(go_round(database, code))
    refused = f"  ! 有 {len(total.refused)} 个未能写入（村已撤并？）：{' '.join(total.refused)} / could not be written"
    say(
        total.as_json(),
        as_json,
        *([refused] if total.refused else []),
        f"✓ 上交 {len(total.climbed)}，因反弹新立 {len(total.opened)}，重开 {len(total.reopened)} / climbed, opened, reopened",
    )


@main.group("visits")
def visits_() -> None:
    """走访 / visits"""


@command(visits_, "short")
@_township
def visits_short(as_json: bool, township: str) -> None:
    """等乡镇认定的短时走访 / short visits that wait for the township"""
    database = service().database
    require_township(database, township)
    found = short_visits.list_short(database, township)
    lines = [
        f"{one['id']}  {one['day']}  {one['village_name']}  {one['minutes']} 分钟 / minutes  {one['reason'] or '（未写原因）'}"
        for one in found
    ]
    say({"visits": found}, as_json, *lines, f"共 {len(found)} 次 / {len(found)} in all")


@command(visits_, "accept")
@click.argument("id_", metavar="ID")
@_by
def visits_accept(as_json: bool, id_: str, by: str) -> None:
    """认可原因，计入有效走访 / accept the reason: the visit counts"""
    short_visits.review_short(service().database, id_, True, by)
    say({"visit": id_, "short_review": "accepted"}, as_json, f"✓ 已认可 {id_} / accepted")


@command(visits_, "decline")
@click.argument("id_", metavar="ID")
@_by
def visits_decline(as_json: bool, id_: str, by: str) -> None:
    """不认可原因 / do not accept the reason; 记录保留 / the visit is kept"""
    short_visits.review_short(service().database, id_, False, by)
    say({"visit": id_, "short_review": "declined"}, as_json, f"✓ 记录保留，不计入 / kept, not counted: {id_}")
