"""Photographs: how many are here and on their way, and what the sweep takes."""

from typing import Any

import click

from server.audit import COMMAND
from server.cli.base import command, main, say, service
from server.imports.area_store import require_township
from server.photos import sweep as sweeping
from server.photos.named import LATE_DAYS, is_late, named
from server.service import Service, now_ms
from server.upkeep.photos import is_here
from shared.moments import day_of, iso

_township = click.option("--township", required=True, help="9 位乡镇代码 / the township's 9-digit code")


@main.group("photos")
def photos_() -> None:
    """照片 / photos"""


@command(photos_, "list")
@_township
def photos_list(as_json: bool, township: str) -> None:
    """照片有多少张、占多少空间，还有多少在路上 / how many photos, their size, and those still on the way

    在路上：记录里有名而照片还没到齐；上传：收到一部分的照片，14 天没有动静就清除
    / on the way: named by a record, not here whole; uploads: photos that came in part, swept when untouched for 14 days
    """
    found = service()
    require_township(found.database, township)
    told = _counted(found, township)
    uploads = told["uploads"]
    lines = [
        f"照片 {told['held']} 张，{_size(told['bytes'])} / photos held",
        f"保存期已满 {told['retired']} 张（保存 {told['keep_days']} 天）/ retired, kept for so many days",
        f"还在路上 {told['on_the_way']} 张 / still on the way",
        f"没有收到 {told['did_not_arrive']} 张（记录里有名 {LATE_DAYS} 天以上）/ did not arrive, named for longer than that",
        f"没有传完的上传 {len(uploads)} 个，{_size(sum(one['bytes'] for one in uploads))} / uploads that are not whole",
        *(f"  {one['upload']}  {_size(one['bytes'])}  {one['touched_at']}" for one in uploads),
    ]
    if told["unreadable"]:
        lines.append(f"! 读不懂的 {told['unreadable']} 张，见 ruhu verify / unreadable, see ruhu verify")
    say(told, as_json, *lines)


def _counted(found: Service, township: str) -> dict[str, Any]:
    held = retired = unreadable = size = on_the_way = lost = 0
    now = now_ms()
    for name in found.photos.names(township):
        known = sweeping.known(found.photos, township, name)
        if known is None:
            unreadable += 1
        elif known.retired_at is not None:
            retired += 1
        else:
            held, size = held + 1, size + known.bytes + known.small_bytes
    with found.database.read(township) as store:
        for kind, record, names in named(found.database, store):
            late = [is_late(store, kind, record, n, now) for n in names if not is_here(found.photos, township, n)]
            on_the_way, lost = on_the_way + late.count(False), lost + late.count(True)
    parts = ((id_, found.uploads.size(township, id_)) for id_ in found.uploads.ids(township))
    return {
        "township": township,
        "keep_days": sweeping.keep_days(found.database, township, now),
        "held": held, "bytes": size, "retired": retired, "unreadable": unreadable, "on_the_way": on_the_way,
        "did_not_arrive": lost,
        "uploads": [
            {"upload": id_, "bytes": size, "touched_at": iso(found.uploads.touched_at(township, id_))} for id_, size in parts if size
        ],
    }  # fmt: skip


@command(photos_, "sweep")
@_township
@click.option("--dry-run", is_flag=True, help="只列出会清除什么和原因，不动任何文件 / only list what would go and why")
@click.option("--anyway", is_flag=True, help="时钟与记录对不上也照做 / though the clock and the records disagree")
def photos_sweep(as_json: bool, township: str, dry_run: bool, anyway: bool) -> None:
    """清除没有人要的照片和停了的上传，按规则设置到期的照片只留事实 / sweep strays and stale uploads, retire photos whose time is over

    记录里有名的照片不会清除；服务器每夜自己做一次 / a photo that a record names is never swept; the server does this every night by itself
    """
    found = service()
    require_township(found.database, township)
    now = now_ms()
    told: dict[str, Any] = {
        "township": township,
        "dry_run": dry_run,
        "keep_days": sweeping.keep_days(found.database, township, now),
    }
    lines = []
    doubted = sweeping.doubt(found.database, township, now)
    if doubted:
        told["doubt"] = {"clock": doubted.clock, "newest_change": iso(doubted.newest)}
        if not (dry_run or anyway):
            raise RuntimeError(_words(doubted, now))
        lines.append(f"! {_words(doubted, now)}")
    if dry_run:
        going = [one for plan in sweeping.plan(found, township, now) for one in plan.going]
        told["going"] = [
            {"why": one.why, "name": one.name, "bytes": one.bytes, "since": iso(one.since)}
            | ({"from": day_of(one.due)} if one.due else {})
            for one in going
        ]
        counts = {why: sum(one.why == why for one in going) for why in sweeping.WHY}
        told |= counts | {"bytes": sum(one.bytes for one in going)}
        lines.append("试运行，未动任何文件 / dry run, nothing was touched")
        lines += [
            f"  {one.name}  {_size(one.bytes)}  {iso(one.since)[:10]}  {' / '.join(sweeping.WHY[one.why])}{_from(one)}"
            for one in going
        ]
    else:
        told |= sweeping.sweep(found, township, now, COMMAND)
    lines += [f"{'  ' if dry_run else '✓ '}{told[why]}  {' / '.join(label)}" for why, label in sweeping.WHY.items()]
    say(told, as_json, *lines, f"  {_size(told['bytes'])}")


def _from(one: sweeping.Going) -> str:
    if not one.due:
        return ""
    day = day_of(one.due)
    return f"；规则刚改过或刚恢复过备份，{day} 起才清除 / the policy just changed, or a backup was restored: not before {day}"


def _words(doubted: sweeping.Doubt, now: int) -> str:
    zh, en = {"behind": ("早于", "is earlier than"), "ahead": ("比", "is more than 30 days later than")}[doubted.clock]
    more = "晚 30 天以上" if doubted.clock == "ahead" else ""
    return (
        f"这台机器的时间 {iso(now)} {zh}最后一次改动 {iso(doubted.newest)} {more}，按它清除可能误删照片。请先校准时间；时间确实没错再加 --anyway。"
        f" / This machine's time {en} the newest change, so photos might be swept by mistake. Set the clock first;"
        " if it is right, say --anyway."
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
