"""Who may hold what: people, grants, enrolment codes, phones, read tokens."""

import click

from server import access
from server.cli.base import command, main, say, service
from server.service import now_ms


@main.group("user")
def user_() -> None:
    """人员 / people"""


@command(user_, "add")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, help="角色 / role: cadre party_member desk leader county admin"
)
@click.option("--grant", "grants", multiple=True, help="village:12位 / household:编号 / township:9位")
@click.argument("more", metavar="[GRANT]...", nargs=-1)
def user_add(as_json: bool, name: str, roles: tuple[str, ...], grants: tuple[str, ...], more: tuple[str, ...]) -> None:
    """添加人员 / add a person; --grant 后可列几项 / several grants may follow --grant"""
    id_ = access.add_user(service().database, name, list(roles), [*grants, *more], now_ms())
    say({"id": id_}, as_json, f"✓ 已添加 {name} / added ({id_})", f"  下一步 / next: ruhu enrol {name}")


@command(user_, "grant")
@click.argument("name")
@click.argument("grant")
@click.option("--township", help="同一户编号在几个乡镇时指明 / needed if several townships hold the household")
def user_grant(as_json: bool, name: str, grant: str, township: str | None) -> None:
    """授权 / give a grant"""
    access.grant(service().database, name, grant, now_ms(), township)
    say({"user": name, "grant": grant}, as_json, f"✓ {name} 已获授权 {grant} / granted")


@command(user_, "ungrant")
@click.argument("name")
@click.argument("grant")
def user_ungrant(as_json: bool, name: str, grant: str) -> None:
    """收回授权 / take a grant back; 30 天内未上传的内容仍会收下 / unsent words are still taken for 30 days"""
    access.ungrant(service().database, name, grant, now_ms())
    say({"user": name, "grant": grant}, as_json, f"✓ 已收回 {name} 的 {grant} / taken back")


@command(main, "enrol")
@click.argument("name")
@click.option("--township", help="有几个乡镇授权时指明 / needed with grants in several townships")
def enrol(as_json: bool, name: str, township: str | None) -> None:
    """生成一次性注册码 / make a one-time enrolment code"""
    code = access.make_code(service().database, name, township, now_ms())
    say(
        {"code": code},
        as_json,
        f"✓ {name} 的注册码（{access.CODE_MINUTES} 分钟内有效，只能用一次）/ one-time code: {code}",
        f"  在手机上 / on the phone: ruhu-phone --profile DIR enrol URL {code}",
    )


@main.group("device")
def device_() -> None:
    """手机 / phones"""


@command(device_, "list")
def device_list(as_json: bool) -> None:
    """列出手机 / list phones"""
    devices = access.list_devices(service().database, now_ms())
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
    say({"devices": devices}, as_json, *(lines or ["还没有手机 / no phones yet"]))


@command(device_, "revoke")
@click.argument("device")
def device_revoke(as_json: bool, device: str) -> None:
    """停用手机 / end a phone's token; 已上传的内容不受影响 / what it sent stays"""
    access.revoke_device(service().database, device, now_ms())
    say({"device": device, "revoked": True}, as_json, f"✓ 已停用 {device} / revoked")


@main.group("token")
def token_() -> None:
    """读取令牌 / read tokens"""


@command(token_, "add")
@click.argument("name")
@click.option("--grant", "grants", multiple=True, required=True, help="同一乡镇内 / within one township")
@click.argument("more", metavar="[GRANT]...", nargs=-1)
def token_add(as_json: bool, name: str, grants: tuple[str, ...], more: tuple[str, ...]) -> None:
    """为其他程序生成只读令牌 / a token for reading by another program; 只显示一次 / shown once"""
    token = access.add_token(service().database, name, [*grants, *more], now_ms())
    say({"token": token}, as_json, f"✓ {token}")
