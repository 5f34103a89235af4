"""The terminal phone, `ruhu-phone`: all that a phone does, without a screen, so that a script can play many phones.

With --json results go to stdout and errors to stderr as {"error", "message"}; otherwise sentences, Chinese first. Exit code 0 when
done, 1 when not (stderr says exactly why), 2 for a command line it cannot read. Leaves to others: everything it can do
(`notebook`, `syncing`). RUHU_CLOCK_OFFSET_MS shifts the wall clock, so that tests and demonstrations can have a fast phone.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobile.duties import Duties
from mobile.notebook import Doors, Invalid, Notebook
from mobile.photos import Photos
from mobile.syncing import APP, Syncing
from mobile.terminal_duties import add_duties
from mobile.terminal_lock import add_lock, open_store
from mobile.terminal_photos import add_photos, body_of_lane, send_after_sync, words_of
from mobile.words import body_of, line_of, pairs_of, read_values, tell_conflict, word_of
from shared.hlc import FAST_LIMIT_MS
from shared.kinds import KINDS
from shared.sync.converse import Summary
from shared.sync.invitation import Invitation
from shared.sync.phone import PhoneError, Written

# --- the command line ----------------------------------------------------------------------------------------------


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ruhu-phone",
        description="入户终端手机：离线填写，有信号时同步。 / The terminal phone: write offline, sync when there is signal.",
        epilog="环境变量 / environment: RUHU_PROFILE (--profile), RUHU_PIN (加锁档案的 PIN / the PIN of a locked profile), "
        "RUHU_CLOCK_OFFSET_MS (时钟偏移毫秒 / clock offset in ms)",
    )
    default = os.environ.get("RUHU_PROFILE") or str(Path.home() / ".ruhu-phone")
    parser.add_argument(
        "--profile", metavar="DIR", default=default, help="档案文件夹，一人一个 / profile folder, one per person"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    parser.add_argument("--version", action="version", version=f"ruhu-phone {APP}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="命令 / commands")

    def command(name: str, run: Callable[..., None], help_: str, parent: Any = None) -> argparse.ArgumentParser:
        sub = (parent or commands).add_parser(name, help=help_, description=help_)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="输出 JSON / print JSON")
        sub.set_defaults(run=run)
        return sub

    sub = command("enrol", _enrol, "用注册码注册 / enrol this phone with a code")
    sub.add_argument(
        "url",
        metavar="URL|INVITATION",
        help="服务器网址，或整条邀请 ruhu://… / the server's URL, or the whole invitation",
    )
    sub.add_argument(
        "code", metavar="CODE", nargs="?", help="一次性注册码；邀请里已有 / one-time code; an invitation holds it"
    )
    sub.add_argument(
        "--fingerprint", metavar="SHA256", default="", help="服务器证书的指纹；邀请里已有 / of the server's certificate"
    )
    sub.add_argument("--name", default=platform.node() or "terminal", help="这台手机的名字 / a name for this phone")
    sub.add_argument("--insecure-http", action="store_true", help="允许不加密的 http / allow plain http")

    sub = command("list", _list, "列出记录（默认为户） / list records (households by default)")
    sub.add_argument("kind", metavar="KIND", nargs="?", default=KINDS.household, help=f"种类 / {', '.join(KINDS)}")
    sub.add_argument("--search", metavar="TEXT", default="", help="含有这些字 / whose words hold TEXT")
    sub.add_argument("--village", metavar="CODE", default="", help="只看这个行政村 / of this village only")
    sub.add_argument("--household", metavar="ID", default="", help="只看这一户 / of this household only")

    sub = command("show", _show, "显示一条记录 / show one record")
    sub.add_argument("kind", metavar="KIND", help="种类 / kind")
    sub.add_argument("id", metavar="ID", help="记录编号 / the record's id")

    sub = command(
        "write",
        _write,
        "填写：有编号为修改，无编号为新建；字段= 为清空 / write; with ID change, without make; field= clears",
    )
    sub.add_argument("kind", metavar="KIND", help="种类 / kind")
    sub.add_argument(
        "rest", metavar="[ID] field=value", nargs="+", help="记录编号和各字段的值 / the id, and values by field"
    )
    sub.add_argument("--village", metavar="CODE", help="新记录所在行政村 / where a new record belongs")
    sub.add_argument("--household", metavar="ID", help="新记录所属的户 / the household a new record belongs to")

    sub = command("visit", _show, "走访计时 / time a visit")
    visits = sub.add_subparsers(dest="step", required=True, metavar="STEP")
    step = command("start", _visit_start, "开始走访一户 / begin a visit to a household", visits)
    step.add_argument("household", metavar="HOUSEHOLD", help="户的编号 / the household's id")
    step = command("finish", _visit_finish, "结束走访并填写 / end a visit and write down what was heard", visits)
    step.add_argument("id", metavar="ID", help="走访编号 / the visit's id")
    step.add_argument("rest", metavar="field=value", nargs="*", help="各字段的值 / values by field")

    for name, run, words in (
        ("pause", _visit_pause, "暂停 / pause: what follows is not counted"),
        ("resume", _visit_resume, "继续 / go on after a pause"),
    ):
        step = command(name, run, words, visits)
        step.add_argument("id", metavar="ID", help="走访编号 / the visit's id")

    add_duties(command)
    add_lock(command)
    add_photos(command)
    command("sync", _sync, "与服务器同步，然后上传照片 / sync with the server, then send photos")
    command("waiting", _waiting, "还没有上传的填写 / what has not been sent yet")

    sub = command(
        "mend", _mend, "被退回的填写：列出、放弃、改后重存 / refused changes: list, give up, mend and save again"
    )
    mends = sub.add_subparsers(dest="step", metavar="STEP")
    step = command("drop", _mend_drop, "放弃第 N 条 / give up number N", mends)
    step.add_argument("number", metavar="N", type=int, help="编号 / its number")
    step = command("retry", _mend_retry, "改后重存第 N 条 / mend number N and save it again", mends)
    step.add_argument("number", metavar="N", type=int, help="编号 / its number")
    step.add_argument("rest", metavar="field=value", nargs="*", help="要改的字段 / fields to mend")

    sub = command("conflicts", _conflicts, "与我有关的分歧 / disagreements I am part of")
    sub.add_argument("--all", action="store_true", dest="everyone", help="手机里所有的 / all that the phone holds")
    steps = sub.add_subparsers(dest="step", metavar="STEP")
    step = command("reopen", _conflict_reopen, "请乡镇重新处理 / ask the desk to look again", steps)
    step.add_argument("id", metavar="ID", help="分歧编号 / the conflict's id")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code."""
    given = build_parser().parse_args(arguments)
    given.profile = Path(given.profile)
    store = None
    try:
        doors = _doors()
        store = open_store(given.profile)
        desk = Desk(given, Notebook(store, KINDS, doors))
        desk.photos.settle()
        given.run(desk)
    except PhoneError as error:
        return _complain(given, error.code, str(error), error.fields if isinstance(error, Invalid) else {})
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    finally:
        if store is not None:
            if store.notice:
                print(store.notice, file=sys.stderr)
            store.close()
    return 0


class Desk:
    """What a command works with: its arguments, the notebook, and the two ways to answer."""

    def __init__(self, given: argparse.Namespace, notebook: Notebook) -> None:
        self.given = given
        self.notebook = notebook
        self.photos = Photos(notebook)

    def answer(self, body: Mapping[str, Any], words: str) -> None:
        print(json.dumps(body, ensure_ascii=False) if self.given.json else words)

    def note(self, words: str) -> None:
        """A line beside the answer; never in the way of JSON."""
        print(words, file=sys.stderr if self.given.json else sys.stdout)

    def syncing(self) -> Syncing:
        return Syncing(self.notebook.store, KINDS, self.notebook.doors.now, progress=_progress)


def _complain(given: argparse.Namespace, code: str, message: str, fields: Mapping[str, Any]) -> int:
    if given.json:
        body = {"error": code, "message": message, **({"fields": fields} if fields else {})}
        print(json.dumps(body, ensure_ascii=False), file=sys.stderr)
    else:
        print(message, file=sys.stderr)
    return 1


def _doors() -> Doors:
    text = os.environ.get("RUHU_CLOCK_OFFSET_MS") or "0"
    try:
        offset = int(text)
    except ValueError:
        raise PhoneError(f"RUHU_CLOCK_OFFSET_MS 应为整数 / must be a whole number: {text!r}") from None
    honest = Doors()
    return Doors(now=lambda: honest.now() + offset) if offset else honest


# --- the commands --------------------------------------------------------------------------------------------------


def _enrol(desk: Desk) -> None:
    given = desk.given
    url, code, fingerprint = given.url, given.code, given.fingerprint
    if code is None:
        invitation = Invitation.read(given.url)
        url, code, fingerprint = invitation.url, invitation.code, fingerprint or invitation.fingerprint
    done = desk.syncing().enrol(url, code, given.name, f"terminal {sys.platform}", given.insecure_http, fingerprint)
    body = {"device": done.device, "township": done.township, "user": done.user, "server": done.server}
    desk.answer(
        body,
        f"已注册：{done.user.get('name')}，乡镇 {done.township}，设备 {done.device}。 / Enrolled; now: ruhu-phone sync",
    )


def _list(desk: Desk) -> None:
    given = desk.given
    found = desk.notebook.records(given.kind, given.search, given.village, given.household)
    kind = desk.notebook.kind(given.kind)
    lines = [line_of(kind, shown) for shown in found]
    lines.append(f"共 {len(found)} 条 / {len(found)} in all")
    desk.answer({"records": [body_of(shown) for shown in found]}, "\n".join(lines))


def _show(desk: Desk) -> None:
    shown = desk.notebook.get(desk.given.kind, desk.given.id)
    kind = desk.notebook.kind(desk.given.kind)
    record = shown.record
    lines = [line_of(kind, shown), f"  行政村 / village: {record.village}  户 / household: {record.household}"]
    for name in [*(n for n in kind.fields if n in record.values), *(n for n in record.values if n not in kind.fields)]:
        label = kind.fields[name].label if name in kind.fields else None
        lines.append(f"  {label.zh if label else ''} {name}: {word_of(record.values[name])}")
    desk.answer(body_of(shown), "\n".join(lines))


def _write(desk: Desk) -> None:
    given = desk.given
    kind = desk.notebook.kind(given.kind)
    id_ = None if "=" in given.rest[0] else given.rest[0]
    values = read_values(kind, given.rest[1:] if id_ else given.rest)
    village, household = given.village, given.household
    _answer_written(desk, given.kind, id_, desk.notebook.write(given.kind, id_, values, village, household))


def _answer_written(desk: Desk, kind: str, id_: str | None, written: Written | None) -> None:
    if written is None:
        desk.answer(_receipt(kind, id_, None), "没有改动，不用保存。 / Nothing changed, nothing to save.")
        return
    words = f"已存在手机里：{written.kind} {written.id}（第 {written.number} 号）。 / Saved on the phone."
    desk.answer(_receipt(kind, id_, written), words)


def _receipt(kind: str, id_: str | None, written: Written | None) -> dict[str, Any]:
    if written is None:
        return {"kind": kind, "id": id_, "number": None, "stamp": None}
    return {"kind": written.kind, "id": written.id, "number": written.number, "stamp": written.stamp}


def _visit_start(desk: Desk) -> None:
    written = desk.notebook.start_visit(desk.given.household)
    body, began = _receipt("visit", written.id, written), written.set["started_at"]
    desk.answer(
        body,
        f"走访开始于 {began}，编号 {written.id}。 / The visit has begun; finish it with: visit finish {written.id}",
    )


def _visit_finish(desk: Desk) -> None:
    kind = desk.notebook.kind("visit")
    written, minutes = desk.notebook.finish_visit(desk.given.id, read_values(kind, desk.given.rest))
    receipt = _receipt("visit", desk.given.id, written)
    judged = Duties(desk.notebook).visit(desk.given.id)
    words = f"走访结束，共 {minutes} 分钟，已存好。 / The visit took {minutes} minutes and is saved."
    words += "".join(f"\n{finding.says.zh}。 / {finding.says.en}." for finding in judged.findings())
    if judged.is_short:
        words += "\n时间不足也没关系：照样保存，只做标记。 / A short visit is kept all the same, and marked short."
    told = [{"code": f.code, **f.says._asdict()} for f in judged.findings()]
    desk.answer(
        {**receipt, "minutes": minutes, "short": judged.is_short, "counts": judged.counts, "findings": told}, words
    )


def _visit_pause(desk: Desk) -> None:
    written = desk.notebook.pause_visit(desk.given.id)
    words = "已暂停，时间不计。 / Paused." if written else "已经暂停或已结束。 / Paused or over already."
    desk.answer(_receipt("visit", desk.given.id, written), words)


def _visit_resume(desk: Desk) -> None:
    written = desk.notebook.resume_visit(desk.given.id)
    words = "继续走访。 / Going on." if written else "没有暂停。 / It was not paused."
    desk.answer(_receipt("visit", desk.given.id, written), words)


def _sync(desk: Desk) -> None:
    summary = desk.syncing().once()
    names = ("sent", "acknowledged", "received", "refused", "restamped", "more")
    counts = asdict(summary)
    words = (
        f"同步完成：上传 {summary.sent}，确认 {summary.acknowledged}，收到 {summary.received}，"
        f"退回 {summary.refused}，分歧 {summary.conflicts}。 / Synced: sent {summary.sent}, acknowledged "
        f"{summary.acknowledged}, received {summary.received}, refused {summary.refused}, conflicts {summary.conflicts}."
    )
    body = {name: counts[name] for name in names}
    lane = send_after_sync(desk)
    if lane:
        body["photos"], words = body_of_lane(lane), f"{words}\n{words_of(lane)}"
    desk.answer(body, words)
    if summary.refused:
        desk.note("有填写被退回，请看：ruhu-phone mend / Some changes were refused, see: ruhu-phone mend")
    if abs(summary.skew_ms) > FAST_LIMIT_MS:
        minutes = round(summary.skew_ms / 60000)
        desk.note(
            f"手机时钟与服务器相差 {minutes} 分钟，请校准。 / The phone's clock is off by {minutes} minutes; set it right."
        )


def _progress(summary: Summary) -> None:
    words = f"已上传 {summary.acknowledged}，待上传 {summary.waiting}，已收到 {summary.received}"
    print(
        f"{words} / sent {summary.acknowledged}, waiting {summary.waiting}, received {summary.received}",
        file=sys.stderr,
    )


def _waiting(desk: Desk) -> None:
    waiting = desk.notebook.waiting()
    bodies = [{"number": w.number, "kind": w.kind, "id": w.id, "stamp": w.stamp, "set": w.set} for w in waiting]
    lines = [f"{w.number}  {w.kind} {w.id}  {pairs_of(w.set)}" for w in waiting]
    lines.append(f"待上传 {len(waiting)} 条 / {len(waiting)} waiting to be sent")
    desk.answer({"waiting": bodies}, "\n".join(lines))


def _mend(desk: Desk) -> None:
    mends = desk.notebook.mends()
    lines = []
    for mend in mends:
        lines.append(f"{mend.number}  {mend.kind} {mend.id}  {pairs_of(mend.set)}\n   {mend.code}: {mend.message}")
        lines += [f"   {name}: {' '.join(why)}" for name, why in mend.fields.items()]
    lines.append(f"被退回 {len(mends)} 条 / {len(mends)} to mend (mend retry N field=value, mend drop N)")
    desk.answer({"mend": [asdict(mend) for mend in mends]}, "\n".join(lines))


def _mend_drop(desk: Desk) -> None:
    mend = desk.notebook.drop_mend(desk.given.number)
    desk.answer({"dropped": mend.number}, f"已放弃第 {mend.number} 条。 / Given up.")


def _mend_retry(desk: Desk) -> None:
    mend = desk.notebook.mend(desk.given.number)
    values = read_values(desk.notebook.kind(mend.kind), desk.given.rest)
    _answer_written(desk, mend.kind, mend.id, desk.notebook.retry_mend(mend.number, values))


def _conflicts(desk: Desk) -> None:
    found = desk.notebook.conflicts(desk.given.everyone)
    bodies = [{**body_of(one.shown)["values"], "id": one.shown.record.id, "mine": sorted(one.mine)} for one in found]
    lines = [tell_conflict(desk.notebook, one) for one in found]
    lines.append(f"分歧 {len(found)} 条 / {len(found)} conflicts")
    desk.answer({"conflicts": bodies}, "\n".join(lines))


def _conflict_reopen(desk: Desk) -> None:
    _answer_written(desk, "conflict", desk.given.id, desk.notebook.reopen(desk.given.id))
