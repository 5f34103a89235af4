"""The real server over TLS with its own certificate, and a real phone: enrolling, syncing, impostors, a new certificate, lost signal."""

import asyncio
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobile import terminal
from mobile.courier import NotTheTownship
from server.certificate import open_certificate
from server.tables import table_name
from server.tls import Door
from shared.sync.invitation import Invitation
from shared.sync.phone import CodeSpent
from tests.tls.world import Listener, Office, Phone, Server

Serve = Callable[..., Server]
Listen = Callable[..., Listener]


def trusting() -> ssl.SSLContext:
    """A client that does not look: for tests of the server alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def line(port: int, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    return (context or trusting()).wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30))


def health(port: int) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=trusting())
    connection.request("GET", "/api/v1/health")
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_phone_enrols_by_invitation_and_syncs_over_https(office: Office, serve: Serve, phone: Phone) -> None:
    made = office.certificate()
    server = serve()
    invitation = office.invitation(server.port, made.fingerprint)
    phone.enrol(invitation)
    home = phone.write(head_name="何海强")
    assert phone.syncing.once().acknowledged == 1
    assert office.ask(f"SELECT id FROM {table_name('household')}") == [(home,)]
    enrolment = phone.store.enrolment()
    assert enrolment
    assert enrolment.fingerprint == made.fingerprint
    server.kill()
    assert invitation.code not in server.words
    assert enrolment.token not in server.words
    assert len(server.words.splitlines()) == 1, server.words
    office.verify()


def test_the_terminal_phone_takes_a_whole_invitation_or_its_parts(
    office: Office, serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fingerprint = office.certificate().fingerprint
    server = serve()
    url = f"https://127.0.0.1:{server.port}"
    told = office.json("enrol", "韦敏", "--url", url)
    spelled = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    ways = [
        [told["invitation"]],
        [f" {office.json('enrol', '韦敏', '--url', url)['invitation'].replace(':', '：')}\n"],
        [url, office.json("enrol", "韦敏")["code"], "--fingerprint", spelled],
    ]
    for place, way in enumerate(ways):
        profile = ["--profile", str(tmp_path / f"terminal-{place}"), "--json"]
        assert terminal.main([*profile, "enrol", *way]) == 0, capsys.readouterr().err
        assert terminal.main([*profile, "sync"]) == 0
    capsys.readouterr()
    assert terminal.main(["--profile", str(tmp_path / "other"), "--json", "enrol", "ruhu://enrol?c=X"]) == 1
    assert json.loads(capsys.readouterr().err)["error"] == "bad_invitation"


def test_a_wrong_fingerprint_spends_no_code(office: Office, serve: Serve, phone: Phone) -> None:
    made = office.certificate()
    server = serve()
    good = office.invitation(server.port, made.fingerprint)
    with pytest.raises(NotTheTownship):
        phone.enrol(Invitation(good.url, good.code, "0" * 64))
    assert phone.store.enrolment() is None
    phone.enrol(good)
    with pytest.raises(CodeSpent):
        phone.enrol(good)


def test_an_impostor_at_the_same_address_hears_nothing_and_the_phone_goes_on_when_the_township_is_back(
    office: Office, serve: Serve, listen: Listen, phone: Phone, ready: Path, tmp_path: Path
) -> None:
    made = office.certificate()
    server = serve()
    phone.enrol(office.invitation(server.port, made.fingerprint))
    phone.write(head_name="何海强")
    server.kill()
    impostor = listen(open_certificate(Office(tmp_path / "impostor", ready).certificate().path), port=server.port)
    for _ in range(3):
        with pytest.raises(NotTheTownship, match="乡镇的服务器"):
            phone.syncing.once()
    impostor.close()
    assert impostor.greeted == 3
    assert b"".join(impostor.heard) == b""
    assert phone.store.count_unsent() == 1
    serve(server.port)
    assert phone.syncing.once().acknowledged == 1


def test_a_new_certificate_asks_for_a_new_invitation_and_loses_nothing(
    office: Office, serve: Serve, phone: Phone
) -> None:
    old = office.certificate()
    server = serve()
    phone.enrol(office.invitation(server.port, old.fingerprint))
    before = phone.write(head_name="何海强")
    phone.syncing.once()
    after = phone.write(head_name="韦大山")
    server.kill()
    new = office.json("certificate", "--force")["fingerprint"]
    server = serve(server.port)
    with pytest.raises(NotTheTownship, match="新的邀请"):
        phone.syncing.once()
    with pytest.raises(NotTheTownship):
        phone.enrol(office.invitation(server.port, old.fingerprint))
    assert phone.store.count_unsent() == 1
    phone.enrol(office.invitation(server.port, new))
    phone.syncing.once()
    assert phone.store.count_unsent() == 0
    found = office.ask(f"SELECT id, head_name FROM {table_name('household')}")
    assert sorted(found) == sorted([(before, "何海强"), (after, "韦大山")])
    office.verify()


# --- the server alone ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_tls_1_2_and_later_is_spoken(office: Office, serve: Serve) -> None:
    office.certificate()
    port = serve().port
    with line(port) as newest:
        assert newest.version() == "TLSv1.3"
    older = trusting()
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with line(port, older) as found:
        assert found.version() == "TLSv1.2"
    oldest = trusting()
    oldest.set_ciphers("ALL:@SECLEVEL=0")
    oldest.minimum_version, oldest.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        line(port, oldest)
    clear = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    clear.request("GET", "/api/v1/health")
    with pytest.raises((http.client.HTTPException, OSError)):
        clear.getresponse()
    assert health(port) == 200


def test_many_phones_that_fell_silent_keep_nobody_from_syncing(office: Office, serve: Serve) -> None:
    office.certificate()
    port = serve().port
    silent: list[socket.socket] = []
    for _ in range(20):  # more than the server has threads: cut in the middle of an upload, and before the greeting
        cut = line(port)
        cut.sendall(b"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        silent += [cut, socket.create_connection(("127.0.0.1", port), timeout=30)]
    assert health(port) == 200
    for one in silent:
        one.close()
    assert health(port) == 200


def test_a_large_body_arrives_whole_and_a_cut_one_not_at_all(office: Office, serve: Serve, phone: Phone) -> None:
    made = office.certificate()
    server = serve()
    phone.enrol(office.invitation(server.port, made.fingerprint))
    for place in range(3):
        phone.write(
            head_name=f"户{place}", remark="".join(chr(0x4E00 + (place * 7919 + i * 31) % 20000) for i in range(9000))
        )
    assert phone.syncing.once().acknowledged == 3
    enrolment = phone.store.enrolment()
    assert enrolment
    body = b'{"code": "x", "device"'
    with line(server.port) as cut:
        head = f"POST /api/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body) + 9}\r\n\r\n"
        cut.sendall(head.encode() + body)
        assert cut.unwrap()  # our side of the line is closed; the answer is theirs
    assert health(server.port) == 200


def test_a_killed_server_leaves_nothing_and_ctrl_c_ends_it(office: Office, serve: Serve) -> None:
    office.certificate()
    killed = serve()
    killed.kill()
    assert not killed.left_over
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", killed.port), timeout=5)
    stopped = serve(killed.port)
    assert health(stopped.port) == 200
    assert stopped.interrupt() == 0
    assert "Traceback" not in stopped.words


def test_the_app_hears_the_callers_own_address_and_turns_away_who_came_by_the_back(office: Office) -> None:
    from waitress.server import create_server

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]

    door = Door("127.0.0.1", 0, open_certificate(office.certificate().path))
    inner = create_server(door.guard(app), host="127.0.0.1", port=0, url_scheme="https", threads=1)
    threading.Thread(target=inner.run, daemon=True).start()

    def ask(connection: http.client.HTTPConnection) -> tuple[int, str]:
        connection.request("GET", "/")
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    async def both() -> tuple[tuple[int, str], tuple[int, str]]:
        task = asyncio.create_task(door.serve(inner.effective_port))
        options = {"timeout": 10, "source_address": ("127.0.0.2", 0)}
        front = http.client.HTTPSConnection("127.0.0.1", door.port, context=trusting(), **options)
        back = http.client.HTTPConnection("127.0.0.1", inner.effective_port, **options)
        found = await asyncio.to_thread(ask, front), await asyncio.to_thread(ask, back)
        task.cancel()
        return found

    (status, words), (turned, _) = asyncio.run(both())
    inner.task_dispatcher.shutdown()
    assert (status, words) == (200, "127.0.0.2 https")
    assert turned == 403


def test_who_fills_the_house_shuts_out_nobody_but_himself(office: Office) -> None:
    door = Door("127.0.0.1", 0, open_certificate(office.certificate().path), most=3)

    def call(address: str) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", door.port), timeout=10, source_address=(address, 0))
        called = trusting().wrap_socket(plain)
        called.sendall(b"?")
        return called

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(10):
            writer.write(data)
        writer.close()

    def story() -> None:
        phone = call("127.0.0.2")
        assert phone.recv(1) == b"?"
        crowd = []
        for _ in range(6):
            crowd.append(call("127.0.0.3"))
            assert crowd[-1].recv(1) == b"?", "whoever comes is let in"
        assert [one.recv(1) for one in crowd[:4]] == [b""] * 4, "who came first goes first"
        for stays in (phone, *crowd[4:]):
            stays.sendall(b"!")
            assert stays.recv(1) == b"!"

    async def both() -> None:
        inner = await asyncio.start_server(echo, "127.0.0.1", 0)
        task = asyncio.create_task(door.serve(inner.sockets[0].getsockname()[1]))
        await asyncio.to_thread(story)
        task.cancel()
        inner.close()

    asyncio.run(both())
