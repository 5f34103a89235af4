"""Setting up and serving: upgrade, serve, run."""

import click
from sqlalchemy.exc import SQLAlchemyError

from server.app import create_app
from server.cli.base import FAILURES, NO_DATABASE, command, fail, main, say
from server.config import Config
from server.run import run_demo_server, serve
from server.upgrade import upgrade


@command(main, "upgrade")
def upgrade_(as_json: bool) -> None:
    """建立或升级数据库 / make or upgrade the database"""
    app = create_app(Config.from_environment())
    epoch = upgrade(app)
    app.extensions["ruhu"].database.engine.dispose()
    say({"epoch": epoch}, as_json, f"✓ 数据库已就绪 / the database is ready ({epoch})")


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address")
@click.option("--port", default=8000, show_default=True, help="端口 / port; 0 任选 / picks one")
@click.option("--threads", default=8, show_default=True, help="线程 / threads a process")
@click.option("--workers", default=0, help="进程（仅 PostgreSQL）/ processes, PostgreSQL only; 0 自动 / by cores")
def serve_(host: str, port: int, threads: int, workers: int) -> None:
    """启动服务器 / start the server"""
    try:
        serve(Config.from_environment(), host, port, threads, workers)
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
