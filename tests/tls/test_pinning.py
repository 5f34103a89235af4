"""The phone speaks to the holder of one key and to nobody else: not one byte of a request, and never the token, before that is certain."""

import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mobile.courier import HttpCourier, NotTheTownship, UnsafeUrl
from mobile.photo_courier import HttpPhotoCourier
from server.certificate import Certificate, open_certificate
from shared.sync import phone as words
from shared.sync.invitation import InvitationError
from tests.tls.world import ENOUGH, TOKEN, Listener, Office, Proxy

Listen = Callable[..., Listener]


@pytest.fixture
def ours(office: Office) -> Certificate:
    return office.certificate()


@pytest.fixture
def another(ready: Path, tmp_path: Path) -> Certificate:
    return Office(tmp_path / "another", ready).certificate()


def courier(listener: Listener, fingerprint: str) -> HttpCourier:
    return HttpCourier(f"https://127.0.0.1:{listener.port}", TOKEN, fingerprint=fingerprint)


def test_the_right_certificate_is_spoken_to_without_an_authority_and_without_a_warning(
    listen: Listen, ours: Certificate
) -> None:
    listener = listen(open_certificate(ours.path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert courier(listener, ours.fingerprint).sync({}) == ENOUGH
    listener.close()
    assert TOKEN.encode() in listener.heard[0]


def test_another_certificate_hears_not_one_byte(listen: Listen, ours: Certificate, another: Certificate) -> None:
    listener = listen(open_certificate(another.path))
    with pytest.raises(NotTheTownship, match="未发送任何内容") as caught:
        courier(listener, ours.fingerprint).sync({})
    with pytest.raises(words.NotTrusted):
        courier(listener, ours.fingerprint).enrol("code", {})
    listener.close()
    assert caught.value.code == "not_trusted"
    assert listener.greeted == 2, "they were greeted, so they could have been spoken to"
    assert listener.heard == [b"", b""]


def test_photos_too_go_to_one_key_only(listen: Listen, ours: Certificate, another: Certificate) -> None:
    listener = listen(open_certificate(another.path), open_certificate(ours.path))
    photos = HttpPhotoCourier(f"https://127.0.0.1:{listener.port}", TOKEN, fingerprint=ours.fingerprint)
    with pytest.raises(NotTheTownship):
        photos.send("upload", 0, b"a whole chunk", lambda: False)
    with pytest.raises(words.NotOurServer):  # it answers every request with a record's reply
        photos.send("upload", 0, b"a whole chunk", lambda: False)
    listener.close()
    assert listener.heard[0] == b""
    assert TOKEN.encode() in listener.heard[1]


def test_each_new_connection_is_looked_at_again(listen: Listen, ours: Certificate, another: Certificate) -> None:
    listener = listen(open_certificate(ours.path), open_certificate(another.path))
    same = courier(listener, ours.fingerprint)
    assert same.sync({}) == ENOUGH
    with pytest.raises(NotTheTownship):
        same.sync({})
    listener.close()
    assert listener.heard[1] == b""


def test_dates_and_names_do_not_count_for_a_pinned_certificate(office: Office, listen: Listen) -> None:
    """A phone's clock may be years off, and the township's address may change: the fingerprint names one key, whatever the day."""
    for now, days in ((datetime(2001, 1, 1, tzinfo=UTC), 1), (datetime(2090, 1, 1, tzinfo=UTC), 10)):
        made = office.certificate(now, days, "old-address.lan")
        listener = listen(open_certificate(made.path))
        assert courier(listener, made.fingerprint).sync({}) == ENOUGH


def test_without_a_fingerprint_an_authority_must_vouch(
    listen: Listen, ours: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    listener = listen(open_certificate(ours.path))
    with pytest.raises(words.NotTrusted) as caught:
        courier(listener, "").sync({})
    assert not isinstance(caught.value, NotTheTownship)
    listener.close()
    assert b"".join(listener.heard) == b""


def test_a_countys_own_authority_may_be_named_by_the_environment(
    office: Office, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.certificate(datetime.now(UTC))
    listener = listen(open_certificate(made.path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.path))
    assert courier(listener, "").sync({}) == ENOUGH


def test_a_fingerprint_needs_https_and_must_be_one(ours: Certificate) -> None:
    with pytest.raises(UnsafeUrl):
        HttpCourier("http://127.0.0.1:8000", TOKEN, fingerprint=ours.fingerprint)
    with pytest.raises(UnsafeUrl):
        HttpCourier("http://192.168.1.10", TOKEN, insecure=True, fingerprint=ours.fingerprint)
    for short in ("ab" * 16, "ab" * 20, "x"):
        with pytest.raises(InvitationError):
            HttpCourier("https://127.0.0.1:8000", TOKEN, fingerprint=short)


# --- proxies and portals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", [True, False])
def test_a_proxy_in_between_changes_nothing_about_whom_we_trust(
    listen: Listen, proxy: Proxy, ours: Certificate, another: Certificate, right: bool
) -> None:
    listener = listen(open_certificate((ours if right else another).path))
    through = courier(listener, ours.fingerprint)
    through._session.proxies = {"https": proxy.url}
    if right:
        assert through.sync({}) == ENOUGH
    else:
        with pytest.raises(NotTheTownship):
            through.sync({})
    listener.close()
    asked = proxy.heard.get(timeout=10)
    assert asked.startswith(b"CONNECT 127.0.0.1:")
    assert TOKEN.encode() not in asked
    assert bool(b"".join(listener.heard)) is right


def test_the_environment_does_not_send_a_pinned_phone_elsewhere(
    listen: Listen, proxy: Proxy, ours: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    listener = listen(open_certificate(ours.path))
    assert courier(listener, ours.fingerprint).sync({}) == ENOUGH
    assert proxy.heard.empty()


def test_plain_http_on_loopback_gives_no_proxy_the_token(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(words.Offline):
        HttpCourier("http://127.0.0.1:1", TOKEN).sync({})
    assert proxy.heard.empty()


def test_a_portals_own_certificate_is_not_the_township(listen: Listen, ours: Certificate, another: Certificate) -> None:
    portal = listen(open_certificate(another.path))
    for fingerprint in (ours.fingerprint, ""):
        with pytest.raises(words.NotTrusted, match=" / "):
            courier(portal, fingerprint).sync({})
    portal.close()
    assert b"".join(portal.heard) == b""


@pytest.mark.parametrize("pinned", [True, False])
def test_a_portal_that_answers_in_the_clear_is_not_our_server(listen: Listen, ours: Certificate, pinned: bool) -> None:
    portal = listen(None, plain=b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n")
    with pytest.raises(words.NotOurServer, match="浏览器"):
        courier(portal, ours.fingerprint if pinned else "").sync({})


@pytest.mark.parametrize("pinned", [True, False])
def test_a_line_cut_during_the_greeting_is_no_reason_to_mistrust(
    listen: Listen, ours: Certificate, pinned: bool
) -> None:
    cut = listen(None)
    with pytest.raises(words.Offline):
        courier(cut, ours.fingerprint if pinned else "").sync({})
