"""What every command shares: --json, foreseeable failures as one sentence and exit code 1, and the service of this instance."""

import getpass
import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click
from sqlalchemy.exc import SQLAlchemyError

from server import access
from server.app import create_app
from server.config import Config
from server.demo import DemoDataError
from server.imports.apply import RosterImportError
from server.imports.area_store import UnknownTownshipError
from server.imports.areas import AreaFileError
from server.imports.workbook import WorkbookError
from server.service import Service
from server.upkeep.backup import BackupError
from shared.grants import GrantError

Command = Callable[..., Any]
NO_DATABASE = (
    "数据库出错（{kind}），请检查 RUHU_DATABASE_URL、数据库是否在运行，然后重试。"
    " / The database failed ({kind}); check RUHU_DATABASE_URL and whether it is up."
)
FAILURES = (
    access.AccessError, GrantError, AreaFileError, UnknownTownshipError, WorkbookError, RosterImportError, BackupError, DemoDataError,
    RuntimeError, OSError,
)  # fmt: skip


def command(group: click.Group, name: str) -> Callable[[Command], Command]:
    """A command with --json whose foreseeable failures are one sentence and exit code 1."""

    def wrap(function: Command) -> Command:
        @group.command(name, help=function.__doc__)
        @click.option("--json", "as_json", is_flag=True, help="机器可读的输出 / machine-readable output")
        @wraps(function)
        def run(as_json: bool, **arguments: Any) -> None:
            try:
                function(as_json=as_json, **arguments)
            except BrokenPipeError:  # whoever read our words has heard enough (`| head`)
                sys.stderr.close()
            except FAILURES as error:
                fail(str(error), as_json)
            except SQLAlchemyError as error:
                fail(NO_DATABASE.format(kind=type(error).__name__), as_json)

        return run

    return wrap


def fail(message: str, as_json: bool) -> NoReturn:
    click.echo(json.dumps({"error": message}, ensure_ascii=False) if as_json else f"✗ {message}", err=True)
    sys.exit(1)


def say(result: dict[str, Any], as_json: bool, *lines: str) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)


def open_service() -> Service:
    """The service of this instance, closed again when the command ends."""
    opened: Service = create_app(Config.from_environment()).extensions["ruhu"]
    click.get_current_context().call_on_close(opened.database.engine.dispose)
    return opened


def service() -> Service:
    opened = open_service()
    opened.epoch()  # says in words when the database was never set up
    return opened


def me() -> str:
    return getpass.getuser()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """入户服务器 / the Ruhu server.

    RUHU_DATABASE_URL 选择数据库 / chooses the database; RUHU_INSTANCE 数据目录 / the instance folder.
    """
