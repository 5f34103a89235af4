"""`ruhu`: the server's commands. Chinese first, English beside it; every one takes --json and says what to do next when it fails.

Leaves to others: everything but words and arguments.
"""

import getpass
import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy.exc import SQLAlchemyError

from server import access, desk
from server.app import create_app
from server.backup import BackupError, backup
from server.config import Config
from server.imports.apply import RosterImportError, import_roster
from server.imports.area_store import UnknownTownshipError, import_areas
from server.imports.areas import AreaFileError, read_areas
from server.imports.workbook import WorkbookError
from server.restore import restore
from server.run import run_demo_server, serve
from server.service import Service, now_ms
from server.upgrade import upgrade
from server.verify import verify
from server.warnings import list_warnings
from shared.fields import Text
from shared.grants import GrantError

Command = Callable[..., Any]
_NO_DATABASE = (
    "数据库出错（{kind}），请检查 RUHU_DATABASE_URL、数据库是否在运行，然后重试。"
    " / The database failed ({kind}); check RUHU_DATABASE_URL and whether it is up."
)
_FAILURES = (
    access.AccessError, GrantError, AreaFileError, UnknownTownshipError, WorkbookError, RosterImportError, BackupError,
    RuntimeError, OSError,
)  # fmt: skip


def _command(group: click.Group, name: str) -> Callable[[Command], Command]:
    """A command with --json whose foreseeable failures are one sentence and exit code 1."""

    def wrap(function: Command) -> Command:
        @group.command(name, help=function.__doc__)
        @click.option("--json", "as_json", is_flag=True, help="机器可读的输出 / machine-readable output")
        @wraps(function)
        def run(as_json: bool, **arguments: Any) -> None:
            try:
                function(as_json=as_json, **arguments)
            except _FAILURES as error:
                _fail(str(error), as_json)
            except SQLAlchemyError as error:
                _fail(_NO_DATABASE.format(kind=type(error).__name__), as_json)

        return run

    return wrap


def _fail(message: str, as_json: bool) -> NoReturn:
    click.echo(json.dumps({"error": message}, ensure_ascii=False) if as_json else f"✗ {message}", err=True)
    sys.exit(1)


def _say(result: dict[str, Any], as_json: bool, *lines: str) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)


def _open() -> Service:
    """The service of this instance, closed again when the command ends."""
    service: Service = create_app(Config.from_environment()).extensions["ruhu"]
    click.get_current_context().call_on_close(service.database.engine.dispose)
    return service


def _service() -> Service:
    service = _open()
    service.epoch()  # says in words when the database was never set up
    return service


def _me() -> str:
    return getpass.getuser()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """入户服务器 / the Ruhu server.

    RUHU_DATABASE_URL 选择数据库 / chooses the database; RUHU_INSTANCE 数据目录 / the instance folder.
    """


@_command(main, "upgrade")
def upgrade_(as_json: bool) -> None:
    """建立或升级数据库 / make or upgrade the database"""
    app = create_app(Config.from_environment())
    epoch = upgrade(app)
    app.extensions["ruhu"].database.engine.dispose()
    _say({"epoch": epoch}, as_json, f"✓ 数据库已就绪 / the database is ready ({epoch})")


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address")
@click.option("--port", default=8000, show_default=True, help="端口 / port; 0 任选 / picks one")
@click.option("--threads", default=8, show_default=True, help="线程 / threads a process")
@click.option("--workers", default=0, help="进程（仅 PostgreSQL）/ processes, PostgreSQL only; 0 自动 / by cores")
def serve_(host: str, port: int, threads: int, workers: int) -> None:
    """启动服务器 / start the server"""
    try:
        serve(Config.from_environment(), host, port, threads, workers)
    except _FAILURES as error:
        _fail(str(error), as_json=False)
    except SQLAlchemyError as error:
        _fail(_NO_DATABASE.format(kind=type(error).__name__), as_json=False)


@main.command("run")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def run_(host: str, port: int) -> None:
    """用演示数据启动 / set up demo data on first use, then serve and say where to look"""
    try:
        run_demo_server(Config.from_environment(), host, port, click.echo)
    except _FAILURES as error:
        _fail(str(error), as_json=False)


# --- areas and rosters ---------------------------------------------------------------------------------------------


@main.group("areas")
def areas_() -> None:
    """区划 / areas"""


@_command(areas_, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def areas_import(as_json: bool, file: Path) -> None:
    """导入区划 CSV（code,name,parent_code,level）/ import the area tree"""
    result = import_areas(_service().database, read_areas(file))
    areas = result["areas"]
    _say(
        result,
        as_json,
        f"✓ 区划：新增 {areas['created']}，更新 {areas['updated']}，未变 {areas['unchanged']} / created, updated, unchanged",
        f"  乡镇 {result['townships']} 个（不含农场），村级 {result['villages']} 个 / townships without farms, villages",
    )


@main.group("roster")
def roster_() -> None:
    """花名册 / rosters"""


@_command(roster_, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
@click.option("--dry-run", is_flag=True, help="只报告，不写入 / report only, write nothing")
@click.option("--by", default=_me, help="操作人 / whom the log shall name")
def roster_import(as_json: bool, file: Path, township: str, dry_run: bool, by: str) -> None:
    """导入花名册工作簿 / import a roster workbook"""
    show = _progress if not as_json and sys.stderr.isatty() else None
    result = import_roster(
        _service().database, township, file, person="", by=by, dry_run=dry_run, progress=show
    ).as_json()
    _say(result, as_json, *_roster_lines(result, dry_run))


_STAGES = {"read": "读取 / reading", "write": "写入 / writing"}


def _progress(stage: str, done: int, total: int) -> None:
    click.echo(f"\r{_STAGES[stage]} {done}/{total}", err=True, nl=done >= total)


def _roster_lines(report: dict[str, Any], dry_run: bool) -> list[str]:
    lines = ["试导入，未写入任何内容 / dry run, nothing was written"] if dry_run else []
    for word, label in (("households", "户 / households"), ("members", "人 / persons")):
        counts = report[word]
        lines.append(f"✓ {label}：新增 {counts['created']}，更新 {counts['updated']}，未变 {counts['unchanged']}")
    for word, label in (("warnings", "提醒 / warnings"), ("rejected", "未导入 / rejected")):
        lines.append(f"  {label}：{len(report[word])}")
        lines += [f"    第 {found['row']} 行 [{found['code']}] {found['message']}" for found in report[word]]
    return lines


# --- people, phones, tokens ----------------------------------------------------------------------------------------


@main.group("user")
def user_() -> None:
    """人员 / people"""


@_command(user_, "add")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, help="角色 / role: cadre party_member desk leader county admin"
)
@click.option("--grant", "grants", multiple=True, help="village:12位 / household:编号 / township:9位")
@click.argument("more", metavar="[GRANT]...", nargs=-1)
def user_add(as_json: bool, name: str, roles: tuple[str, ...], grants: tuple[str, ...], more: tuple[str, ...]) -> None:
    """添加人员 / add a person; --grant 后可列几项 / several grants may follow --grant"""
    id_ = access.add_user(_service().database, name, list(roles), [*grants, *more], now_ms())
    _say({"id": id_}, as_json, f"✓ 已添加 {name} / added ({id_})", f"  下一步 / next: ruhu enrol {name}")


@_command(user_, "grant")
@click.argument("name")
@click.argument("grant")
@click.option("--township", help="同一户编号在几个乡镇时指明 / needed if several townships hold the household")
def user_grant(as_json: bool, name: str, grant: str, township: str | None) -> None:
    """授权 / give a grant"""
    access.grant(_service().database, name, grant, now_ms(), township)
    _say({"user": name, "grant": grant}, as_json, f"✓ {name} 已获授权 {grant} / granted")


@_command(user_, "ungrant")
@click.argument("name")
@click.argument("grant")
def user_ungrant(as_json: bool, name: str, grant: str) -> None:
    """收回授权 / take a grant back; 30 天内未上传的内容仍会收下 / unsent words are still taken for 30 days"""
    access.ungrant(_service().database, name, grant, now_ms())
    _say({"user": name, "grant": grant}, as_json, f"✓ 已收回 {name} 的 {grant} / taken back")


@_command(main, "enrol")
@click.argument("name")
@click.option("--township", help="有几个乡镇授权时指明 / needed with grants in several townships")
def enrol(as_json: bool, name: str, township: str | None) -> None:
    """生成一次性注册码 / make a one-time enrolment code"""
    code = access.make_code(_service().database, name, township, now_ms())
    _say(
        {"code": code},
        as_json,
        f"✓ {name} 的注册码（{access.CODE_MINUTES} 分钟内有效，只能用一次）/ one-time code: {code}",
        f"  在手机上 / on the phone: ruhu-phone --profile DIR enrol URL {code}",
    )


@main.group("device")
def device_() -> None:
    """手机 / phones"""


@_command(device_, "list")
def device_list(as_json: bool) -> None:
    """列出手机 / list phones"""
    devices = access.list_devices(_service().database, now_ms())
    lines = [
        f"{d['device']}  {d['person']}  {d['township']}  已收 {d['changes']} 条 / changes  "
        + (
            "已停用 / revoked"
            if d["revoked"]
            else "从未同步 / never synced"
            if d["days_unseen"] is None
            else f"{d['days_unseen']} 天前 / days ago"
        )
        for d in devices
    ]
    _say({"devices": devices}, as_json, *(lines or ["还没有手机 / no phones yet"]))


@_command(device_, "revoke")
@click.argument("device")
def device_revoke(as_json: bool, device: str) -> None:
    """停用手机 / end a phone's token; 已上传的内容不受影响 / what it sent stays"""
    access.revoke_device(_service().database, device, now_ms())
    _say({"device": device, "revoked": True}, as_json, f"✓ 已停用 {device} / revoked")


@main.group("token")
def token_() -> None:
    """读取令牌 / read tokens"""


@_command(token_, "add")
@click.argument("name")
@click.option("--grant", "grants", multiple=True, required=True, help="同一乡镇内 / within one township")
@click.argument("more", metavar="[GRANT]...", nargs=-1)
def token_add(as_json: bool, name: str, grants: tuple[str, ...], more: tuple[str, ...]) -> None:
    """为其他程序生成只读令牌 / a token for reading by another program; 只显示一次 / shown once"""
    token = access.add_token(_service().database, name, [*grants, *more], now_ms())
    _say({"token": token}, as_json, f"✓ {token}")


# --- households and conflicts --------------------------------------------------------------------------------------


@main.group("household")
def household_() -> None:
    """户 / households"""


@_command(household_, "move")
@click.argument("id_", metavar="ID")
@click.argument("village")
@click.option("--by", default=_me, help="操作人 / whom the log shall name")
def household_move(as_json: bool, id_: str, village: str, by: str) -> None:
    """把一户及其成员转到另一个村 / move a household and its members to another village"""
    moved = desk.move_household(_service().database, id_, village, by)
    _say(
        {"household": id_, "village": village, "moved": moved}, as_json, f"✓ 已转移 {len(moved)} 条记录 / records moved"
    )


@main.group("conflicts")
def conflicts_() -> None:
    """分歧 / conflicts"""


@_command(conflicts_, "list")
@click.option("--open", "open_only", is_flag=True, help="只列待处理的 / open ones only")
@click.option("--township", help="只列这个乡镇 / of this township only")
def conflicts_list(as_json: bool, open_only: bool, township: str | None) -> None:
    """列出分歧，包括静默和已裁定的 / list conflicts, quiet and decided ones too"""
    found = desk.list_conflicts(_service().database, open_only, township)
    lines = [
        f"{c['id']}  [{c['status']}] {c['kind']}.{c['field']}：{c['losing_by']} 写 / wrote {_plain(c['losing'])}，"
        f"现为 {c['standing_by']} 的 / stands {_plain(c['standing'])}"
        for c in found
    ]
    _say({"conflicts": found}, as_json, *(lines or ["没有分歧 / no conflicts"]))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@_command(conflicts_, "resolve")
@click.argument("id_", metavar="ID")
@click.option("--keep", type=click.Choice(["losing", "standing"]), help="采用哪一方 / whose words stand")
@click.option("--value", help="或另定内容（非文字用 JSON）/ or another value (JSON unless text)")
@click.option("--by", default=_me, help="裁定人 / whom the log shall name")
@click.option("--township", help="同一编号在几个乡镇时指明 / needed if several townships hold it")
def conflicts_resolve(
    as_json: bool, id_: str, keep: str | None, value: str | None, by: str, township: str | None
) -> None:
    """裁定分歧 / resolve a conflict; 双方手机下次同步时得知 / both phones learn of it"""
    if (keep is None) == (value is None):
        raise access.AccessError("请用 --keep losing|standing 或 --value 内容 其一。 / Use either --keep or --value.")
    database = _service().database
    asked: dict[str, Any] = (
        {"decision": keep} if keep else {"decision": "other", "value": _parse(database, id_, value or "", township)}
    )
    row = desk.resolve(database, id_, asked, by, township)
    _say({"conflict": row}, as_json, f"✓ 已裁定 / resolved: {row['field']} = {_plain(row['value'])}")


def _parse(database: Any, conflict: str, text: str, township: str | None) -> Any:
    field = desk.conflict_field(database, conflict, township)
    if isinstance(field, Text):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


@_command(main, "warnings")
@click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
def warnings_(as_json: bool, township: str) -> None:
    """已收下但需要看一看的：不完整、未知代码、迟到 / taken, yet worth a look: incomplete, unknown codes, late"""
    found = list_warnings(_service().database, township)
    lines = [f"[{w['code']}] {w['kind']} {w['id']}  {' '.join(w['fields'])}" for w in found]
    _say({"warnings": found}, as_json, *lines, f"共 {len(found)} 条 / {len(found)} in all")


# --- keeping it safe -----------------------------------------------------------------------------------------------


@_command(main, "backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_(as_json: bool, file: Path) -> None:
    """备份（服务器可继续运行）/ back up while serving; 文件含密钥，请妥善保管 / holds keys, keep it safe"""
    service = _service()
    result = backup(service.database, service.config, file)
    _say(result, as_json, f"✓ 已备份到 {file} / backed up ({result['rows']} rows)")


@_command(main, "restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_(as_json: bool, file: Path) -> None:
    """从备份恢复（先停止服务器）/ restore a backup; stop the server first"""
    service = _open()
    result = restore(service.database, service.config, file)
    _say(result, as_json, f"✓ {result['message']}")


@_command(main, "verify")
def verify_(as_json: bool) -> None:
    """核对全部不变量 / check every invariant that can be read from the database"""
    result = verify(_service().database)
    lines = [
        f"{'✓' if check['ok'] else '✗'} {check['says']} [{check['checked']}]"
        + "".join(f"\n    {p}" for p in check["problems"])
        for check in result["checks"]
    ]
    _say(result, as_json, *lines)
    if not result["ok"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
