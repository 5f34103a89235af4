"""What the rules say of a township: policies, campaigns, the ledger's round, short visits."""

import json
from typing import Any

import click

from server.acts import campaigns, policies, short_visits
from server.acts.ledger import Round, go_round, townships
from server.cli.base import command, main, me, say, service
from server.imports.area_store import require_township
from server.service import now_ms
from shared.moments import day_of
from shared.rules.policy import PRESETS, preset_text

_township = click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
_by = click.option("--by", default=me, help="操作人 / whom the log shall name")


class WrongWordsError(RuntimeError):
    """A word on the command line cannot be read."""


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
