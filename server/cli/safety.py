"""Keeping it safe: backup, restore, verify."""

import sys
from pathlib import Path

import click

from server.cli.base import command, main, open_service, say, service
from server.upkeep.backup import backup
from server.upkeep.restore import restore
from server.upkeep.verify import verify


@command(main, "backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_(as_json: bool, file: Path) -> None:
    """备份（服务器可继续运行）/ back up while serving; 文件含密钥，请妥善保管 / holds keys, keep it safe"""
    found = service()
    result = backup(found.database, found.config, file)
    say(result, as_json, f"✓ 已备份到 {file} / backed up ({result['rows']} rows)")


@command(main, "restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_(as_json: bool, file: Path) -> None:
    """从备份恢复（先停止服务器）/ restore a backup; stop the server first"""
    found = open_service()
    result = restore(found.database, found.config, file)
    say(result, as_json, f"✓ {result['message']}")


@command(main, "verify")
def verify_(as_json: bool) -> None:
    """核对全部不变量 / check every invariant that can be read from the database"""
    result = verify(service().database)
    lines = [
        f"{'✓' if check['ok'] else '✗'} {check['says']} [{check['checked']}]"
        + "".join(f"\n    {p}" for p in check["problems"])
        for check in result["checks"]
    ]
    say(result, as_json, *lines)
    if not result["ok"]:
        sys.exit(1)
