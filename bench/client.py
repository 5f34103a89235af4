"""A thin phone for measuring: plain HTTP over one kept connection, prepared bodies, every byte through the socket counted."""

import gzip
import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

from server.codec import zstd

TOWNSHIP = "451422999"
"""A made-up township; its villages are made up too."""


_INFLATE: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}


class _Counting(socket.socket):
    up = down = 0

    def sendall(self, data: Any, *flags: int) -> None:
        super().sendall(data, *flags)
        self.up += len(data)

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        self.down += count
        return count


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = _Counting(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(300)
        self.sock.connect((self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Phone:
    """One device: `post` sends a body as it is, `sync` makes one. `up` and `down` count bytes, headers included."""

    def __init__(self, port: int, token: str, device: str, encoding: str = "gzip") -> None:
        self.device = device
        self.number = 1
        self.epoch: str | None = None
        self.cursors: dict[str, Any] = {}
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept-Encoding": encoding,
        }
        self._connection = _Connection("127.0.0.1", port)

    @property
    def up(self) -> int:
        return self._connection.sock.up if self._connection.sock else 0

    @property
    def down(self) -> int:
        return self._connection.sock.down if self._connection.sock else 0

    def body(self, changes: list[dict[str, Any]], limit: int) -> bytes:
        request = {
            "protocol": 1, "app": "bench", "now": "2018-09-03T10:15:00+08:00", "epoch": self.epoch,
            "cursors": self.cursors, "limit": limit, "changes": changes,
        }  # fmt: skip
        return gzip.compress(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode(), 6)

    def post(self, body: bytes) -> dict[str, Any]:
        self._connection.request("POST", "/api/v1/sync", body, {**self._headers, "Content-Encoding": "gzip"})
        response = self._connection.getresponse()
        data = response.read()
        data = _INFLATE[response.headers.get("Content-Encoding", "")](data)
        reply: dict[str, Any] = json.loads(data)
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {reply}")
        return reply

    def sync(self, changes: list[dict[str, Any]] | None = None, limit: int = 1000) -> dict[str, Any]:
        reply = self.post(self.body(changes or [], limit))
        self.epoch, self.cursors = reply["epoch"], reply["cursors"]
        return reply

    def follow(self) -> int:
        """Pull until there is nothing more; returns how many records came."""
        count = 0
        while True:
            reply = self.sync()
            count += len(reply["records"])
            if not reply["more"]:
                return count

    def close(self) -> None:
        self._connection.close()
