"""`make demo`: the whole story once, with real processes. Two phones without signal, a real server, a cut upload, a killed server.

Ends with one line, ``demo ok: phones=2 changes=N acknowledged=N conflicts=N resolved=N lost=0``, and exit code 0; anything that is not so
ends with what went wrong and a code that is not 0. Every figure in that line is counted from what the phones and the server then hold.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TOWNSHIP = "451422103"
DATA = ROOT / "server" / "imports" / "data"
PATIENCE = 60.0


class DemoError(Exception):
    """The story did not go as it must."""


def say(text: str = "") -> None:
    print(text, flush=True)


def step(number: int, text: str) -> None:
    say(f"\n[{number}/8] {text}")


# --- the actors ----------------------------------------------------------------------------------------------------


class Office:
    """The township's server and its desk, through the commands a clerk would type."""

    def __init__(self, folder: Path) -> None:
        self.env = {**os.environ, "RUHU_INSTANCE": str(folder / "server"), "RUHU_DATABASE_URL": ""}
        self.port = _free_port()
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: str) -> Any:
        done = subprocess.run(
            [str(BIN / "ruhu"), *arguments, "--json"], env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DemoError(f"ruhu {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)

    def open(self) -> None:
        self.process = subprocess.Popen(
            [str(BIN / "ruhu"), "serve", "--port", str(self.port)],
            env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        _wait(lambda: _answers(self.port), "the server to answer")

    def kill(self) -> None:
        """kill -9: no goodbye, nothing written down."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Phone:
    """A terminal phone in a profile of its own; every command is a process of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.profile = folder / name
        self.written: list[dict[str, Any]] = []

    def command(self, *arguments: str) -> list[str]:
        return [str(BIN / "ruhu-phone"), "--profile", str(self.profile), "--json", *arguments]

    def __call__(self, *arguments: str) -> Any:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"{self.name}: {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def waiting(self) -> list[dict[str, Any]]:
        """The changes not yet acknowledged."""
        return list(self("waiting")["waiting"])


class Signal:
    """The valley's radio link: a small TCP proxy that can stop in the middle of an upload, or swallow a reply."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.stop_upload_after: int | None = None
        self.swallow_reply = False
        self.stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def restore(self) -> None:
        self.stop_upload_after, self.swallow_reply = None, False
        self.stopped.clear()

    def _accept(self) -> None:
        while True:
            phone, _ = self._listener.accept()
            threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        with phone:
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            with server:
                self._pass_on(phone, server)

    def _pass_on(self, phone: socket.socket, server: socket.socket) -> None:
        sent = 0
        while True:
            for ready in select.select([phone, server], [], [])[0]:
                try:
                    data = ready.recv(1024)
                except OSError:
                    return
                if ready is server and self.swallow_reply:
                    self.stopped.set()  # the server has answered, so it has committed; the phone hears nothing
                    return
                if not data:
                    return
                if ready is phone and self.stop_upload_after is not None and sent + len(data) > self.stop_upload_after:
                    server.sendall(data[: max(0, self.stop_upload_after - sent)])
                    self.stopped.set()
                    _drain(phone)
                    return
                (server if ready is phone else phone).sendall(data)
                sent += len(data) if ready is phone else 0


def _drain(connection: socket.socket) -> None:
    """Hold the line, dead, until the phone is gone."""
    try:
        while connection.recv(65536):
            pass
    except OSError:
        return


# --- the story -----------------------------------------------------------------------------------------------------


def tell(folder: Path) -> str:
    office = Office(folder)
    with _closing(office):
        return _tell(office, folder)


def _tell(office: Office, folder: Path) -> str:
    step(1, "乡镇准备服务器、区划和花名册 / the township sets up its server, the area tree and a roster")
    office("upgrade")
    areas = office("areas", "import", str(DATA / "ningming_areas.csv"))
    say(f"      宁明县：{areas['townships']} 个乡镇，{areas['villages']} 个村级单位 / townships, village units")
    roster = office("roster", "import", str(DATA / "roster_haiyuan.xlsx"), "--township", TOWNSHIP)
    say(
        f"      海渊镇花名册：{roster['households']['created']} 户 {roster['members']['created']} 人，"
        f"{len(roster['warnings'])} 条提醒 / households, persons, warnings"
    )
    office.open()
    link = Signal(office.port)

    step(2, "两位村干部注册手机并下载本村 / two cadres enrol their phones and fetch their village")
    village = "451422103001"
    wei, nong = Phone("韦敏", folder), Phone("农强", folder)
    for phone in (wei, nong):
        office("user", "add", phone.name, "--role", "cadre", "--grant", f"village:{village}")
        code = office("enrol", phone.name)["code"]
        phone("enrol", f"http://127.0.0.1:{link.port}", code)
        received = phone("sync")["received"]
        say(f"      {phone.name}：收到 {received} 条 / records received")
    household = wei("list")["records"][0]
    home, head = household["id"], household["values"]["head_name"]

    step(3, f"没有信号：两人先后走访 {head} 家 / no signal: both visit the household of {head}")
    _visit(wei, home, "屋顶西角漏雨，已记问题", "issue")
    _visit(nong, home, "老人身体稳定，孩子已返校", "ok")
    wei("write", "household", home, "remark=屋顶西角漏雨", "categories=key,low_allowance", "phone=13800000001")
    nong("write", "household", home, "remark=住房完好", "categories=disabled", "water_source=piped")
    others = [record["id"] for record in wei("list")["records"] if record["id"] != home]
    for phone, ids in ((wei, others[:6]), (nong, others[6:10])):
        for place, other in enumerate(ids, 1):
            phone("write", "household", other, f"remark=第{place}户：已讲解医保报销政策（{phone.name}）")
        phone.written = phone.waiting()
    total = len(wei.written) + len(nong.written)
    say(
        f"      {wei.name} {len(wei.written)} 条、{nong.name} {len(nong.written)} 条未上传 / changes wait on the phones"
    )

    step(4, f"{wei.name} 上传到一半，手机没电 / halfway through the upload the phone dies (kill -9)")
    link.stop_upload_after = 700
    dying = subprocess.Popen(wei.command("sync"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not link.stopped.wait(PATIENCE):
        raise DemoError("the upload never got under way")
    dying.kill()
    dying.wait()
    link.restore()
    say(f"      重新开机，仍有 {len(wei.waiting())} 条未上传，一条没少 / after a restart all of them still wait")

    step(5, f"{nong.name} 上传后，服务器在回复前断电 / the server is killed (kill -9) before its reply arrives")
    link.swallow_reply = True
    cut = subprocess.Popen(nong.command("sync"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not link.stopped.wait(PATIENCE):
        raise DemoError("the server never answered")
    office.kill()
    cut.wait()
    say(f"      手机以为未成功：{len(nong.waiting())} 条仍待上传 / the phone does not know that they arrived")
    link.restore()
    office.open()

    step(6, "都恢复后再同步 / both are back and sync again")
    for phone in (wei, nong, wei):
        done = phone("sync")
        say(
            f"      {phone.name}：已收下 {done['acknowledged']} 条，收到 {done['received']} 条 / acknowledged, received"
        )
    acknowledged = total - len(wei.waiting()) - len(nong.waiting())
    _show(wei, home)

    step(7, "两人的话不一致之处，由办公室裁定 / where they disagree the desk decides")
    conflicts = office("conflicts", "list")["conflicts"]
    for conflict in conflicts:
        say(
            f"      {conflict['field']}：{conflict['losing_by']} 写“{_words(conflict['losing'])}”，"
            f"{conflict['standing_by']} 写“{_words(conflict['standing'])}”（现行）"
        )
        choice = (
            ("--keep", "losing") if conflict["field"] == "remark" else ("--value", '["key","low_allowance","disabled"]')
        )
        resolved = office("conflicts", "resolve", conflict["id"], *choice, "--by", "镇办公室 陆")["conflict"]
        say(f"        → 裁定 / decided: {_words(resolved['value'])}")
    wei("sync")
    nong("sync")

    step(8, "两部手机最后是同样的话 / both phones end with the same words")
    _show(nong, home)
    if wei("show", "household", home)["values"] != nong("show", "household", home)["values"]:
        raise DemoError("the phones do not show the same household")
    after = office("conflicts", "list")["conflicts"]
    resolved_count = sum(row["status"] == "decided" for row in after)
    lost = _lost(wei, nong, after)
    checks = office("verify")
    say(f"      ruhu verify: {sum(c['ok'] for c in checks['checks'])}/{len(checks['checks'])} 项通过 / checks passed")
    line = f"phones=2 changes={total} acknowledged={acknowledged} conflicts={len(after)} resolved={resolved_count} lost={len(lost)}"
    if lost or acknowledged != total or not after or resolved_count != len(after):
        raise DemoError(f"{line}\n{lost}")
    return line


def _visit(phone: Phone, home: str, remark: str, roof: str) -> None:
    visit = phone("visit", "start", home)["id"]
    checks = ("policies", "documents", "morale", "awareness", "satisfaction")
    answers = [f"{check}_status=ok" for check in checks]
    note = ["guarantees_note=西角漏雨"] if roof == "issue" else []
    phone(
        "visit",
        "finish",
        visit,
        f"guarantees_status={roof}",
        *note,
        *answers,
        f"remark={remark}",
        "short_reason=演示 / demo",
    )


def _show(phone: Phone, home: str) -> None:
    values = phone("show", "household", home)["values"]
    say(f"      {phone.name} 的手机 / on the phone:")
    for field in ("head_name", "hamlet", "categories", "phone", "water_source", "remark"):
        if field in values:
            say(f"        {field:<13}{_words(values[field])}")


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lost(wei: Phone, nong: Phone, conflicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every word a phone wrote that neither phone's record nor any conflict holds now."""
    kept = {(row["record"], row["field"], _words(row["losing"])) for row in conflicts}
    kept |= {(row["record"], row["field"], _words(row["standing"])) for row in conflicts}
    lost = []
    for phone, other in ((wei, nong), (nong, wei)):
        latest: dict[tuple[str, str, str], Any] = {}
        for change in phone.written:
            for field, value in change["set"].items():
                latest[change["kind"], change["id"], field] = value
        for (kind, id_, field), value in latest.items():
            seen = [reader("show", kind, id_)["values"].get(field) for reader in (phone, other)]
            standing = all(_words(word) == _words(value) for word in seen)
            overruled = (id_, field, _words(value)) in kept
            if not standing and not overruled:
                lost.append({"by": phone.name, "kind": kind, "field": field, "seen": seen})
    return lost


# --- small print ---------------------------------------------------------------------------------------------------


@contextmanager
def _closing(office: Office) -> Iterator[None]:
    try:
        yield
    finally:
        if office.process and office.process.poll() is None:
            office.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _wait(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition of another process; there is nothing to listen to, so it is asked again and again."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise DemoError(f"waited in vain for {what}")
        time.sleep(0.05)


def main() -> int:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="ruhu-demo-"))
    say("入户演示：两部手机、一台服务器、一次断电、一次断网、两处分歧")
    say("Ruhu demo: two phones, one server, a power cut, a cut line, two disagreements")
    try:
        line = tell(folder)
    except DemoError as error:
        say(f"\ndemo failed: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"\n用时 / took {time.monotonic() - started:.0f} s")
    say(f"demo ok: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
