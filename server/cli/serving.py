"""Setting up and serving: upgrade, certificate, serve, run."""

from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from server import certificate as own
from server.app import create_app
from server.cli.base import FAILURES, NO_DATABASE, command, fail, main, say
from server.config import Config
from server.run import run_demo_server, serve
from server.upkeep.upgrade import upgrade


@command(main, "upgrade")
def upgrade_(as_json: bool) -> None:
    """建立或升级数据库 / make or upgrade the database"""
    app = create_app(Config.from_environment())
    epoch = upgrade(app)
    app.extensions["ruhu"].database.engine.dispose()
    say({"epoch": epoch}, as_json, f"✓ 数据库已就绪 / the database is ready ({epoch})")


@command(main, "certificate")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST_OR_IP",
    help="浏览器用的名字或地址 / what browsers call this server by",
)
@click.option(
    "--days", default=own.DAYS, show_default=True, type=click.IntRange(1, 36500), help="有效天数 / how long it is good"
)
@click.option("--force", is_flag=True, help="另做一张，每部手机需重新注册 / make another; every phone enrols again")
def certificate_(as_json: bool, names: tuple[str, ...], days: int, force: bool) -> None:
    """为乡镇自己的网络做一张证书，或显示已有的 / make a certificate for the township's own network, or show what is there

    手机只认邀请里的指纹；已有证书不会被替换 / phones trust its fingerprint alone; one that is there is never replaced unasked
    """
    config, now = Config.from_environment(), own.wall_clock()
    held, kept = None if force else own.held_certificate(config), None
    made = held is None
    if held is None:
        held, kept = own.make_certificate(config, names, days, now)
    until = f"{held.not_after:%Y-%m-%d}（剩 {held.days_left(now)} 天 / days left）"
    lines = [
        f"✓ {'已生成证书 / made' if made else '已有证书，未作改动 / already there, unchanged'}: {held.path}",
        f"  指纹 / SHA-256 fingerprint: {held.fingerprint}",
        f"  名称 / names: {' '.join(held.names)}",
        f"  有效期至 / good until {until}；手机不看日期，浏览器看 / browsers mind the date, phones do not",
    ]
    if names and not made:
        lines.append("  ! 未使用 --name；要另做一张请加 --force / --name was not used; --force makes another")
    if kept:
        lines += [
            f"  ! 旧证书留在 / the old one is kept in {kept}",
            "  ! 每部手机需用新邀请重新注册，手机里的内容不会丢 / every phone enrols again with a new invitation and loses nothing",
            "  ! 正在运行的服务器请重启 / restart the server",
        ]
    if made:
        lines.append(
            "  ruhu backup 会带上它：换电脑恢复后，手机不必重新注册 / it goes along in every backup: restored, nobody enrols again"
        )
    lines.append("  下一步 / next: ruhu serve --tls --host 0.0.0.0;  ruhu enrol NAME --url https://ADDRESS:8000")
    say({**held.as_json(now), "made": made, "kept": str(kept) if kept else None}, as_json, *lines)


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address")
@click.option("--port", default=8000, show_default=True, help="端口 / port; 0 任选 / picks one")
@click.option("--threads", default=8, show_default=True, help="线程 / threads a process")
@click.option("--workers", default=0, help="进程（仅 PostgreSQL）/ processes, PostgreSQL only; 0 自动 / by cores")
@click.option(
    "--tls", is_flag=True, help="https，用 ruhu certificate 的证书 / https with the certificate of `ruhu certificate`"
)
@click.option(
    "--certificate", type=click.Path(path_type=Path), help="https，用这个 PEM 文件 / https with this PEM file"
)
@click.option("--key", type=click.Path(path_type=Path), help="私钥另在这个文件 / its key, if in a file of its own")
def serve_(
    host: str, port: int, threads: int, workers: int, tls: bool, certificate: Path | None, key: Path | None
) -> None:
    """启动服务器 / start the server"""
    try:
        config = Config.from_environment()
        context = None
        if key and not certificate:
            raise own.CertificateError("--key 须与 --certificate 一起用。 / --key goes with --certificate.")
        if certificate:
            context = own.open_certificate(certificate, key)
        elif tls:
            context = own.open_certificate(own.must_hold(config).path)
        serve(config, host, port, threads, workers, context)
    except FAILURES as error:
        fail(str(error), as_json=False)
    except SQLAlchemyError as error:
        fail(NO_DATABASE.format(kind=type(error).__name__), as_json=False)


@main.command("run")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def run_(host: str, port: int) -> None:
    """用演示数据启动 / set up demo data on first use, then serve and say where to look"""
    try:
        run_demo_server(Config.from_environment(), host, port, click.echo)
    except FAILURES as error:
        fail(str(error), as_json=False)
