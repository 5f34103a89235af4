"""What a county brings along: areas and rosters."""

import sys
from pathlib import Path
from typing import Any

import click

from server import jobs
from server.cli.base import command, main, me, say, service
from server.imports.apply import import_roster
from server.imports.area_store import import_areas
from server.imports.areas import read_areas
from server.imports.roster_job import TASKS


@main.group("areas")
def areas_() -> None:
    """区划 / areas"""


@command(areas_, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def areas_import(as_json: bool, file: Path) -> None:
    """导入区划 CSV（code,name,parent_code,level）/ import the area tree"""
    result = import_areas(service().database, read_areas(file))
    areas = result["areas"]
    say(
        result,
        as_json,
        f"✓ 区划：新增 {areas['created']}，更新 {areas['updated']}，未变 {areas['unchanged']} / created, updated, unchanged",
        f"  乡镇 {result['townships']} 个（不含农场），村级 {result['villages']} 个 / townships without farms, villages",
    )


@main.group("roster")
def roster_() -> None:
    """花名册 / rosters"""


@command(roster_, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")
@click.option("--dry-run", is_flag=True, help="只报告，不写入 / report only, write nothing")
@click.option("--rows", is_flag=True, help="逐行报告 / tell of every row")
@click.option("--by", default=me, help="操作人 / whom the log shall name")
def roster_import(as_json: bool, file: Path, township: str, dry_run: bool, rows: bool, by: str) -> None:
    """导入花名册工作簿 / import a roster workbook"""
    show = _progress if not as_json and sys.stderr.isatty() else None
    done = import_roster(service().database, township, file, person="", by=by, dry_run=dry_run, progress=show)
    result = done.as_json(rows)
    say(result, as_json, *_roster_lines(result, dry_run), *(_row(one) for one in result.get("rows", ())))


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


_OUTCOMES = {"created": "新增 / new", "updated": "更新 / changed", "unchanged": "未变 / unchanged"}


def _row(row: dict[str, Any]) -> str:
    """One row's outcome; names stay in the workbook."""
    where = f"{row['sheet']}!{row['row']}"
    return f"    {where} {row['kind']} {row['household_no'] or ''}：{_OUTCOMES[row['outcome']]} {'、'.join(row['fields'])}".rstrip()


# --- what a page began -----------------------------------------------------------------------------------------------


@main.command("job", hidden=True)
@click.argument("id_", metavar="ID")
def job_(id_: str) -> None:
    """A job that a page began, in a process of its own."""
    jobs.give_way()
    opened = service()
    job = jobs.find(opened.config.instance, id_)
    if job is None or not jobs.run(opened, job, TASKS):
        sys.exit(1)
