"""https without a proxy: a TLS door in the serving process, and waitress behind it on loopback.

waitress has no TLS and gunicorn's threads each wait for one phone: eight that lose signal in the middle of an upload stop a server
(measured). Here a phone without signal costs a coroutine, and waitress still gets whole requests. Promises: one process, nothing orphaned
when it is killed; the app is told the phone's own address; who comes to the loopback port by another way than the door is turned away.
Leaves to others: the certificate (`server.certificate`), the app and waitress's settings (`server.run`).
"""

import asyncio
import contextlib
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CHUNK = 64 * 1024
HANDSHAKE_S = 60.0
"""A greeting takes four round trips at most; on a weak link each may take seconds."""
STALL_S = 120.0
"""How long a phone may take none of what waits for it: as long as waitress waits for a silent one."""
MOST = 1000
"""Callers at once: half of what waitress takes, and a third of a megabyte each."""


class Door:
    """Takes TLS connections at one address and carries what they say to a port of this computer."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, most: int = MOST) -> None:
        """Bound, not yet open; lets in so many at once. OSError when the address is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        both = host == "::" and socket.has_dualstack_ipv6()
        self._socket = socket.create_server((host, port), family=family, backlog=1024, dualstack_ipv6=both)
        self._context = context
        self._callers: dict[str, str] = {}  # our port on the way in: the caller's address
        self._most = most
        self._inside: dict[asyncio.Task[Any], str] = {}  # every caller's address, who came first stands first

    @property
    def port(self) -> int:
        found: int = self._socket.getsockname()[1]
        return found

    def guard(self, app: WsgiApp) -> WsgiApp:
        """The app for those who came through the door, with their own addresses."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            caller = self._callers.get(environ["REMOTE_PORT"])
            if caller is None:
                start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
                return ["请用 https / use https\n".encode()]
            environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = caller
            return app(environ, start_response)

        return guarded

    async def serve(self, inner: int) -> None:
        """Let callers in until cancelled, to the port `inner` of 127.0.0.1."""

        async def carry(reader: StreamReader, writer: StreamWriter) -> None:
            await self._carry(reader, writer, inner)

        server = await asyncio.start_server(
            carry, sock=self._socket, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S, backlog=1024
        )
        await server.serve_forever()

    async def _carry(self, reader: StreamReader, writer: StreamWriter, inner: int) -> None:
        """One connection: both ways at once, until either side is done."""
        caller = writer.get_extra_info("peername")
        # An OSError is a phone that went out of signal: what waitress had of it is dropped, and the phone sends it again.
        # Cancelled is the end of serving; asyncio would print it as a fault.
        with contextlib.ExitStack() as closing, contextlib.suppress(OSError, asyncio.CancelledError):
            closing.callback(writer.close)  # what is written goes out first
            if caller is None:  # gone already
                return
            closing.callback(self._enter(str(caller[0])))
            inside, into = await asyncio.open_connection("127.0.0.1", inner)
            closing.callback(into.close)
            ours = str(into.get_extra_info("sockname")[1])
            self._callers[ours] = str(caller[0])
            closing.callback(self._callers.pop, ours)
            await _first(_pump(reader, into), _pump(inside, writer))

    def _enter(self, address: str) -> Callable[[], object]:
        """Count the running caller in; the answer counts it out.

        When too many are inside, the address that has most places loses its oldest: who fills the house shuts out nobody but himself.
        """
        task = asyncio.current_task()
        assert task
        self._inside[task] = address
        if len(self._inside) > self._most:
            crowd = Counter(self._inside.values()).most_common(1)[0][0]
            oldest = next(one for one, from_where in self._inside.items() if from_where == crowd)
            del self._inside[oldest]
            oldest.cancel()
        return lambda: self._inside.pop(task, None)


async def _pump(source: StreamReader, sink: StreamWriter) -> None:
    while data := await source.read(CHUNK):
        sink.write(data)
        await asyncio.wait_for(sink.drain(), STALL_S)


async def _first(*ways: Any) -> None:
    """Run these until one ends; the others end with it. Its exception, if it had one."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
