"""Who may hold what: people, grants, enrolment codes, phones, read tokens."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import click
import segno

from server import access, accounts
from server.certificate import held_certificate
from server.cli.base import command, main, say, service
from server.config import Config
from server.service import now_ms
from shared.sync.invitation import Invitation, InvitationError, clean_url

PICTURES = {".png", ".svg"}


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


@command(user_, "list")
def user_list(as_json: bool) -> None:
    """列出人员、角色、授权 / people with their roles and grants"""
    users = access.list_users(service().database, now_ms())
    lines = []
    for user in users:
        roles, grants = user["roles"], user["grants"]
        told = " ".join(grants[:3]) + (f" …（共 {len(grants)} / in all）" if len(grants) > 3 else "")
        lines.append(f"{user['name']}  {' '.join(roles)}  {told or '无授权 / no grants'}")
    say({"users": users}, as_json, *(lines or ["还没有人员 / nobody yet; ruhu user add"]))


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


@command(user_, "password")
@click.argument("name")
def user_password(as_json: bool, name: str) -> None:
    """发一个登录控制台的一次性密码 / give a one-time password for the console; 首次登录须更改 / to be changed when signing in"""
    password = accounts.give_password(service().database, name, now_ms())
    say({"user": name, "password": password}, as_json, f"✓ {name} 的一次性密码 / one-time password: {password}",
        "  登录后须更改；别处的登录已结束 / it must be changed on signing in; other sessions have ended")  # fmt: skip


@command(user_, "disable")
@click.argument("name")
def user_disable(as_json: bool, name: str) -> None:
    """停用人员：不能再登录和同步 / end an account; 写过的内容保留 / what was written stays"""
    access.disable_user(service().database, name, now_ms())
    say({"user": name, "disabled": True}, as_json, f"✓ 已停用 {name} / disabled")


@command(user_, "enable")
@click.argument("name")
def user_enable(as_json: bool, name: str) -> None:
    """恢复停用的人员 / give a disabled account back"""
    access.enable_user(service().database, name, now_ms())
    say({"user": name, "disabled": False}, as_json, f"✓ 已恢复 {name} / enabled")


@command(main, "enrol")
@click.argument("name")
@click.option("--township", help="有几个乡镇授权时指明 / needed with grants in several townships")
@click.option(
    "--url", help="手机连接服务器的网址，有它才有二维码 / where phones reach the server; with it comes the QR"
)
@click.option(
    "--qr", "picture", type=click.Path(path_type=Path), help="另存二维码，.png 或 .svg / keep the QR as a file as well"
)
@click.option(
    "--no-pin", is_flag=True, help="网址的证书由公共机构签发，邀请里不放指纹 / a public authority vouches for the URL"
)
def enrol(as_json: bool, name: str, township: str | None, url: str | None, picture: Path | None, no_pin: bool) -> None:
    """生成一次性注册码和二维码 / make a one-time enrolment code and its QR"""
    invite = _inviting(url, picture, no_pin)
    code = access.make_code(service().database, name, township, now_ms())
    lines = [f"✓ {name} 的注册码（{access.CODE_MINUTES} 分钟内有效，只能用一次）/ one-time code: {code}"]
    if invite is None:
        lines += [
            f"  在手机上 / on the phone: ruhu-phone --profile DIR enrol URL {code}",
            "  加 --url https://… 可得二维码 / add --url https://… for a QR to scan",
        ]
        say({"code": code}, as_json, *lines)
        return
    invitation = invite(code)
    qr = segno.make(invitation.text(), micro=False)
    if picture:
        _keep_picture(qr, picture)
    drawn = io.StringIO()
    qr.terminal(drawn, border=2, compact=True)
    lines += [
        drawn.getvalue(),
        f"  扫码，或在手机上粘贴 / scan it, or paste on the phone: {invitation.text()}",
        f"  终端手机 / terminal phone: ruhu-phone --profile DIR enrol '{invitation.text()}'",
        *([f"  二维码在 / the QR is in {picture}"] if picture else []),
    ]
    if not invitation.fingerprint:
        lines.append(
            "  没有指纹：手机要求公共机构签发的证书；http 只用于本机 / no fingerprint: a public authority must vouch for the"
            " server; http is for this computer only"
        )
    body = {"code": code, "url": invitation.url, "fingerprint": invitation.fingerprint, "invitation": invitation.text()}
    say({**body, "qr": str(picture) if picture else None}, as_json, *lines)


def _inviting(url: str | None, picture: Path | None, no_pin: bool) -> Callable[[str], Invitation] | None:
    """What makes a code an invitation; everything is checked before a code is made. None without a URL. AccessError."""
    if picture and not url:
        raise access.AccessError("二维码里要有网址，请加 --url。 / The QR holds the URL: give --url.")
    if picture and (picture.suffix.lower() not in PICTURES or not picture.absolute().parent.is_dir()):
        raise access.AccessError(
            f"二维码文件应以 .png 或 .svg 结尾，放在已有的文件夹里：{picture} / A .png or .svg in a folder that exists."
        )
    if url is None:
        return None
    try:
        address = clean_url(url)
    except InvitationError as error:
        raise access.AccessError(f"网址应形如 https://192.168.1.10:8000：{url} / Not a server's URL: {url}") from error
    pins = address.startswith("https:") and not no_pin
    held = held_certificate(Config.from_environment()) if pins else None
    return lambda code: Invitation(address, code, held.fingerprint if held else "")


def _keep_picture(qr: segno.QRCode, path: Path) -> None:
    """As a file that only its owner reads: it holds the code."""
    drawn = io.BytesIO()
    qr.save(drawn, kind=path.suffix[1:].lower(), scale=8)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(drawn.getvalue())


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
