"""Running the server: waitress in one process on SQLite (one writer, nothing orphaned when it is killed), gunicorn's gthread workers on
PostgreSQL; with a certificate of our own, waitress behind a TLS door. Also `ruhu run`: the demo data on first use, then the server.

Promises: on waitress a request is handed to the app only once it is here whole, so one that is cut or stands still takes no thread. gunicorn
hands it over at once and the app reads the body from the line, so there what reads one gives up a line that stands still (`api.edge.read_body`).
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import secrets
import signal
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import access, accounts, schedule
from server.acts.campaigns import add_campaign
from server.app import create_app
from server.config import Config
from server.imports.apply import import_roster
from server.imports.area_store import import_areas, village_names
from server.imports.areas import NINGMING, read_areas
from server.reading import warm
from server.service import Service, now_ms
from server.sight import ROLE_LABELS
from server.tls import Door
from server.upkeep.upgrade import upgrade
from shared.moments import day_of, days_after
from shared.sync.invitation import Invitation
from shared.sync.wire import MAX_BODY

if TYPE_CHECKING:
    from flask import Flask

DEMO_TOWNSHIP = "451422103"
DEMO_ACCOUNTS = {"农演示": "desk", "黄演示": "desk", "李演示": "leader", "陆演示": "county", "覃演示": "admin"}
"""Who may sign in to the demonstration's console: two clerks, since some things take a second person, and one of every other role."""
_DRAIN = 16 * MAX_BODY
"""Bodies up to this many bytes are read to the end, so that the sender hears our word for "too large" and not a broken pipe."""


def serve(
    config: Config, host: str, port: int, threads: int = 8, workers: int = 0, tls: ssl.SSLContext | None = None
) -> None:
    """Serve until stopped. `workers` counts processes on PostgreSQL; 0 means one for each core, two to four.

    With `tls` it is https, in one process whatever the database; RuntimeError in words when more workers are asked for.
    """
    if tls and workers > 1:
        raise RuntimeError(
            "https 由一个进程提供；要多个进程，请去掉 --tls，在前面放 TLS 代理。"
            " / https is served by one process; for several, leave out --tls and put a TLS proxy in front."
        )
    app = create_app(config)
    service: Service = app.extensions["ruhu"]
    service.epoch()
    _spare_the_collector()
    if config.is_sqlite or tls:
        _serve_one_process(app, host, port, threads, tls)
    else:
        service.database.engine.dispose()
        _serve_many(app, host, port, threads, workers or max(2, min(4, os.cpu_count() or 1)))


def _spare_the_collector() -> None:
    """What is loaded stays for good, and a batch makes many objects but no cycles: look for cycles seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _serve_one_process(app: "Flask", host: str, port: int, threads: int, tls: ssl.SSLContext | None) -> None:
    from waitress.server import create_server

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a herd of phones may queue; that is no warning
    door = Door(host, port, tls) if tls else None
    server = create_server(
        door.guard(app) if door else app,
        host="127.0.0.1" if door else host,
        port=0 if door else port,
        url_scheme="https" if door else "http",
        threads=threads,
        ident=None,
        max_request_body_size=_DRAIN,
        inbuf_overflow=2 * MAX_BODY,  # a page or a batch stays in memory; only what is too large anyway goes to a file
        outbuf_overflow=8 * MAX_BODY,
        outbuf_high_watermark=8 * MAX_BODY,
        connection_limit=2000,
        asyncore_use_poll=True,  # select ends at descriptor 1024
        backlog=1024,
    )
    _announce(host, door.port if door else server.effective_port, "https" if door else "http")
    schedule.start(app.extensions["ruhu"])
    warm.start(app.extensions["ruhu"].database)
    if not door:
        server.run()
        return
    _more_descriptors()

    def behind() -> None:
        try:
            server.run()
        finally:  # a door with nobody behind it must not stand open
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=behind, name="waitress", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C: what waitress has begun, it may finish
        asyncio.run(door.serve(server.effective_port))
    server.task_dispatcher.shutdown()


def _more_descriptors() -> None:
    """Behind the door a phone takes three descriptors, and many systems give a process 1024 to begin with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))


def _serve_many(app: "Flask", host: str, port: int, threads: int, workers: int) -> None:
    from gunicorn.app.base import BaseApplication

    database = app.extensions["ruhu"].database

    def begin(_server: Any, _worker: Any) -> None:
        database.engine.dispose(close=False)  # a connection belongs to the process that made it
        schedule.start(app.extensions["ruhu"])  # as does a thread
        warm.start(database)

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"{host}:{port}", "worker_class": "gthread", "workers": workers, "threads": threads,
                "preload_app": True, "keepalive": 30, "loglevel": "warning", "backlog": 1024,
                "graceful_timeout": 20, "timeout": 120,
                "post_fork": begin,
            }  # fmt: skip
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> "Flask":
            return app

    _announce(host, port)
    Application().run()


def _announce(host: str, port: int, scheme: str = "http") -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    print(f"入户服务器 / Ruhu server: {scheme}://{shown}:{port}/", flush=True)


# --- the demo data -------------------------------------------------------------------------------------------------


def run_demo_server(config: Config, host: str, port: int, say: Callable[[str], object]) -> None:
    """Set up demo data if the instance is empty, print where to look, then serve."""
    app = create_app(config)
    upgrade(app)
    service: Service = app.extensions["ruhu"]
    with service.database.read(DEMO_TOWNSHIP) as store:
        known = [name for (name,) in store.sql("SELECT name FROM user_account")]
    fresh = not known
    passwords: dict[str, str] = {}
    if fresh:
        say("首次运行，准备演示数据 / first run, preparing demo data …")
        passwords = _prepare(service, say)
    code, other = (access.make_code(service.database, "韦演示", DEMO_TOWNSHIP, now_ms()) for _ in range(2))
    say("")
    say(f"  控制台 / console        http://{host}:{port}/")
    for line in _sign_in_lines(passwords, known):
        say(line)
    say(f"  接口文档 / API          http://{host}:{port}/api/docs")
    say(
        f"  手机应用：另开一个终端 make app，粘贴邀请 / the app: make app in another terminal, and paste ({access.CODE_MINUTES} min):"
    )
    say(f"    {Invitation.of(f'http://{host}:{port}', other).text()}")
    say(f"  注册一部终端手机 / enrol a terminal phone ({access.CODE_MINUTES} min):")
    say(f"    .venv/bin/ruhu-phone --profile /tmp/phone-{secrets.token_hex(2)} enrol http://{host}:{port} {code}")
    say("  停止 / stop: Ctrl-C")
    say("")
    serve(config, host, port)


def _sign_in_lines(passwords: Mapping[str, str], known: list[str]) -> list[str]:
    """How to sign in: names with their passwords where they were made just now; they are kept nowhere, so no later run can say them."""
    if not passwords:
        names = "、".join(name for name in DEMO_ACCOUNTS if name in known)
        return [
            f"    登录 / sign in as: {names}",
            "    一次性密码只在首次运行时显示 / passwords were shown at the first run; 另发一个 / another: .venv/bin/ruhu user password NAME",
        ]
    lines = ["    登录，首次须换密码；密码只显示这一次 / sign in and choose a password of your own; shown this once:"]
    for name, password in passwords.items():
        role = ROLE_LABELS[DEMO_ACCOUNTS[name]]
        lines.append(f"      {name}  {password}  {role.zh} / {role.en}")
    return lines


def _prepare(service: Service, say: Callable[[str], object]) -> dict[str, str]:
    """Areas, a roster, a campaign, somebody in the field and those of DEMO_ACCOUNTS; returns the latter's one-time passwords by name."""
    import_areas(service.database, read_areas(NINGMING))
    villages = village_names(service.database, DEMO_TOWNSHIP)
    workbook = Path(__file__).parent / "imports" / "data" / "roster_haiyuan.xlsx"
    result = import_roster(service.database, DEMO_TOWNSHIP, workbook, person="", by="演示 / demo")
    say(f"  花名册 / roster: {result.as_json()['households']['created']} 户 / households")
    village = sorted(villages.values())[0]
    access.add_user(service.database, "韦演示", ["cadre"], [f"village:{village}"], now_ms())
    today = day_of(now_ms())
    add_campaign(
        service.database, DEMO_TOWNSHIP, "大走访（演示 / demo）",
        starts_on=today, ends_on=days_after(today, 60), strict=False, by="演示 / demo",
    )  # fmt: skip
    for name, role in DEMO_ACCOUNTS.items():
        access.add_user(service.database, name, [role], [f"township:{DEMO_TOWNSHIP}"], now_ms())
    return {name: accounts.give_password(service.database, name, now_ms()) for name in DEMO_ACCOUNTS}
