"""What the desk does with records: households moved, conflicts resolved, warnings listed."""

import json
from typing import Any

import click

from server import access
from server.acts import desk
from server.cli.base import command, main, me, say, service
from server.warnings import list_warnings
from shared.fields import Text


@main.group("household")
def household_() -> None:
    """户 / households"""


@command(household_, "move")
@click.argument("id_", metavar="ID")
@click.argument("village")
@click.option("--by", default=me, help="操作人 / whom the log shall name")
def household_move(as_json: bool, id_: str, village: str, by: str) -> None:
    """把一户及其成员转到另一个村 / move a household and its members to another village"""
    moved = desk.move_household(service().database, id_, village, by)
    say(
        {"household": id_, "village": village, "moved": moved}, as_json, f"✓ 已转移 {len(moved)} 条记录 / records moved"
    )


@main.group("conflicts")
def conflicts_() -> None:
    """分歧 / conflicts"""


@command(conflicts_, "list")
@click.option("--open", "open_only", is_flag=True, help="只列待处理的 / open ones only")
@click.option("--township", help="只列这个乡镇 / of this township only")
def conflicts_list(as_json: bool, open_only: bool, township: str | None) -> None:
    """列出分歧，包括静默和已裁定的 / list conflicts, quiet and decided ones too"""
    found = desk.list_conflicts(service().database, open_only, township)
    lines = [
        f"{c['id']}  [{c['status']}] {c['kind']}.{c['field']}：{c['losing_by']} 写 / wrote {_plain(c['losing'])}，"
        f"现为 {c['standing_by']} 的 / stands {_plain(c['standing'])}"
        for c in found
    ]
    say({"conflicts": found}, as_json, *(lines or ["没有分歧 / no conflicts"]))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@command(conflicts_, "resolve")
@click.argument("id_", metavar="ID")
@click.option("--keep", type=click.Choice(["losing", "standing"]), help="采用哪一方 / whose words stand")
@click.option("--value", help="或另定内容（非文字用 JSON）/ or another value (JSON unless text)")
@click.option("--by", default=me, help="裁定人 / whom the log shall name")
@click.option("--township", help="同一编号在几个乡镇时指明 / needed if several townships hold it")
def conflicts_resolve(
    as_json: bool, id_: str, keep: str | None, value: str | None, by: str, township: str | None
) -> None:
    """裁定分歧 / resolve a conflict; 双方手机下次同步时得知 / both phones learn of it"""
    if (keep is None) == (value is None):
        raise access.AccessError("请用 --keep losing|standing 或 --value 内容 其一。 / Use either --keep or --value.")
    database = service().database
    asked: dict[str, Any] = (
        {"decision": keep} if keep else {"decision": "other", "value": _parse(database, id_, value or "", township)}
    )
    row = desk.resolve(database, id_, asked, by, township)
    say({"conflict": row}, as_json, f"✓ 已裁定 / resolved: {row['field']} = {_plain(row['value'])}")


def _parse(database: Any, conflict: str, text: str, township: str | None) -> Any:
    field = desk.conflict_field(database, conflict, township)
    if isinstance(field, Text):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


@command(main, "warnings")
@click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
def warnings_(as_json: bool, township: str) -> None:
    """已收下但需要看一看的 / taken, yet worth a look: incomplete, unknown codes, late, odd by the rules"""
    found = list_warnings(service().database, township)
    lines = [
        f"[{w['code']}] {w['kind']} {w['id']}  {w['says']['zh']} / {w['says']['en']}  {' '.join(w['fields'])}"
        for w in found
    ]
    say({"warnings": found}, as_json, *lines, f"共 {len(found)} 条 / {len(found)} in all")
