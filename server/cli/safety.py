"""Keeping it safe: backup, restore, verify."""

import sys
from pathlib import Path

import click

from server.cli.base import command, main, open_service, say, service
from server.upkeep.backup import backup
from server.upkeep.restore import restore
from server.upkeep.verify import NOTES, verify


@command(main, "backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--without-photos",
    is_flag=True,
    help="不带照片，文件小得多 / leave the photos out: a far smaller file, and no photo in it",
)
def backup_(as_json: bool, file: Path, without_photos: bool) -> None:
    """备份（服务器可继续运行）/ back up while serving; 文件含密钥，请妥善保管 / holds keys, keep it safe"""
    found = service()
    result = backup(found.database, found.config, file, None if without_photos else found.photos)
    say(
        result, as_json, f"✓ 已备份到 {file} / backed up ({result['rows']} rows)", f"  {_photos_line(result['photos'])}"
    )


def _photos_line(photos: dict[str, int] | None) -> str:
    if photos is None:
        return "! 没有带照片 / without the photos"
    line = f"照片 {photos['held']} 张 / photos, {photos['bytes'] / 1e6:.1f} MB"
    damaged = photos["damaged"]
    return line + (
        f"；损坏的 {damaged} 张没有带上，见 ruhu verify / damaged, left out: see ruhu verify" if damaged else ""
    )


@command(main, "restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_(as_json: bool, file: Path) -> None:
    """从备份恢复（先停止服务器）/ restore a backup; stop the server first"""
    found = open_service()
    result = restore(found.database, found.config, file, found.photos)
    say(result, as_json, f"✓ {result['message']}")


@command(main, "verify")
def verify_(as_json: bool) -> None:
    """核对全部不变量 / check every invariant that can be read from the database and the photos"""
    found = service()
    result = verify(found.database, photos=found.photos)
    lines = [
        f"{'✓' if check['ok'] else '✗'} {check['says']} [{check['checked']}]"
        + "".join(f"\n    {p}" for p in check["problems"])
        + "".join(f"\n    {count} {NOTES[what]}" for what, count in check["notes"].items())
        for check in result["checks"]
    ]
    say(result, as_json, *lines)
    if not result["ok"]:
        sys.exit(1)
