"""A township that serves itself over TLS: the real process, a phone without a screen, and strangers on the line who only listen."""

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from mobile.notebook import Doors, Notebook
from mobile.store import Store
from mobile.syncing import Syncing
from server import access
from server.app import create_app
from server.certificate import Certificate, make_certificate
from server.cli import main
from server.config import Config
from server.service import Service, now_ms
from server.upkeep.verify import verify
from shared.kinds import KINDS
from shared.sync.invitation import Invitation

VILLAGE = "451422103001"
NOW = datetime(2018, 9, 3, tzinfo=UTC)
TOKEN = "451422103.secret-token"
ENOUGH = {"protocol": 1, "next": 1}
"""What a server of the tests answers to anything."""


class Office:
    """An instance folder with one cadre, 韦敏, and a clerk at its command line."""

    def __init__(self, folder: Path, ready: Path | None = None) -> None:
        if ready:
            shutil.copytree(ready, folder)
        self.folder = folder
        self.config = Config.at(folder)

    def run(self, *words: str) -> Result:
        env = {"RUHU_INSTANCE": str(self.folder), "RUHU_DATABASE_URL": ""}
        return CliRunner().invoke(main, words, env=env)

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def fails(self, *words: str) -> str:
        result = self.run(*words, "--json")
        assert result.exit_code == 1, result.output
        return str(json.loads(result.stderr)["error"])

    def certificate(self, now: datetime = NOW, days: int = 3650, name: str = "127.0.0.1") -> Certificate:
        """A new one in the place of the old."""
        return make_certificate(self.config, [name], days, now)[0]

    def invitation(self, port: int, fingerprint: str) -> Invitation:
        with self.service() as service:
            code = access.make_code(service.database, "韦敏", None, now_ms())
        return Invitation(f"https://127.0.0.1:{port}", code, fingerprint)

    @contextlib.contextmanager
    def service(self) -> Iterator[Service]:
        service: Service = create_app(self.config).extensions["ruhu"]
        yield service
        service.database.engine.dispose()

    def ask(self, statement: str) -> list[Any]:
        with self.service() as service, service.database.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def verify(self) -> None:
        with self.service() as service:
            assert verify(service.database)["ok"]


class Server:
    """`ruhu serve --tls`, as a process of its own, in a session of its own."""

    def __init__(self, office: Office, port: int = 0) -> None:
        self.words = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--tls", "--port", str(port)],
            env={
                **os.environ,
                "RUHU_INSTANCE": str(office.folder),
                "RUHU_DATABASE_URL": "",
                "PYTHONPATH": str(Path.cwd()),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout
        self.words = self._process.stdout.readline()
        assert "https://127.0.0.1:" in self.words, self.words + self._process.stdout.read()
        self.port = int(self.words.rstrip("/\n").rpartition(":")[2])

    def kill(self) -> None:
        """As a power cut would; `words` then holds all that it ever printed."""
        if self._process.poll() is None:
            self._process.kill()
            self.words += self._process.communicate()[0]

    def interrupt(self) -> int:
        """As Ctrl-C does; its exit code."""
        self._process.send_signal(signal.SIGINT)
        self.words += self._process.communicate(timeout=30)[0]
        return self._process.returncode

    @property
    def left_over(self) -> bool:
        """Whether any process of its session is alive."""
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Phone:
    """A profile with its own clock, the computer's."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder, ballast_bytes=0)
        self.notebook = Notebook(self.store, KINDS, Doors())
        self.syncing = Syncing(self.store, KINDS, Doors().now)

    def enrol(self, invitation: Invitation) -> None:
        self.syncing.enrol(invitation.url, invitation.code, "x", "test", fingerprint=invitation.fingerprint)

    def write(self, **values: Any) -> str:
        written = self.notebook.write("household", None, values, village=VILLAGE)
        assert written
        return written.id


class Listener:
    """Somebody else at a port: greets with each context in turn (the last for good), answers what it is asked, keeps all it heard.

    A context of None does not greet: it answers `plain` to the first bytes, in the clear, and hangs up.
    """

    def __init__(self, contexts: Sequence[ssl.SSLContext | None], port: int = 0, plain: bytes = b"") -> None:
        self.heard: list[bytes] = []  # one entry a connection: what came after the greeting
        self.greeted = 0
        self._contexts = list(contexts)
        self._plain = plain
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                connection.settimeout(20)
                if self._closing:
                    return
                context = self._contexts.pop(0) if len(self._contexts) > 1 else self._contexts[0]
                with contextlib.suppress(OSError):  # a caller that hung up
                    self._answer(context, connection)

    _closing = False

    def _answer(self, context: ssl.SSLContext | None, connection: socket.socket) -> None:
        if context is None:
            connection.recv(65536)
            connection.sendall(self._plain)
            return
        with context.wrap_socket(connection, server_side=True) as line:
            self.greeted += 1
            self.heard.append(b"")
            while data := line.recv(65536):
                self.heard[-1] += data
                if self._whole(self.heard[-1]):
                    line.sendall(_http(json.dumps(ENOUGH).encode()))
                    return

    @staticmethod
    def _whole(request: bytes) -> bool:
        head, end, body = request.partition(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        return bool(end) and len(body) >= int(length.partition(b":")[2])

    def close(self) -> None:
        """After this, `heard` is all there was."""
        self._closing = True
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass
        self._thread.join(20)
        self._socket.close()


class Proxy:
    """An ordinary proxy: lets CONNECT through to wherever it is asked, and keeps the words of all who came."""

    def __init__(self) -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            asked = connection.recv(65536)
            self.heard.put(asked)
            if not asked.startswith(b"CONNECT "):
                connection.sendall(_http(json.dumps(ENOUGH).encode()))
                return
            host, _, port = asked.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as there:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_copy, args=(there, connection), daemon=True)
                back.start()
                _copy(connection, there)
                back.join(10)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def _http(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
