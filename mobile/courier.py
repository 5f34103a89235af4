"""Carries requests to the township over HTTP and turns whatever comes back into a reply or a named error.

Promises: plain http only on loopback or when asked for; never follows a redirect (a captive portal's trick); nothing but a
SyncError leaves here; the token goes to the enrolled server and nowhere else. Where a fingerprint was given, each new connection must
show that very certificate before the first byte of a request goes out.
Leaves to others: what a reply means (`shared.sync`) and when to try again (`mobile.syncing`).
"""

import gzip
import json
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from shared.sync import phone
from shared.sync.invitation import clean_fingerprint
from shared.sync.phone import PhoneError, SyncError

COMPRESS_ABOVE = 1024
TIMEOUTS = (10, 60)
"""Seconds to connect, and between two bytes of the answer."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_BY_STATUS: dict[int, type[SyncError]] = {
    413: phone.BatchTooLarge,
    415: phone.EncodingRefused,
    426: phone.UpdateNeeded,
    507: phone.ServerFull,
}


class UnsafeUrl(PhoneError):
    code = "unsafe_url"
    words = (
        "网址应以 https:// 开头；仅在可信的网络里可加 --insecure-http。"
        " / The URL must begin with https://; add --insecure-http only on a network you trust."
    )


class NotTheTownship(phone.NotTrusted):
    """The certificate is not the one whose fingerprint the invitation gave."""

    words = (
        "这不是乡镇的服务器（证书指纹不符），未发送任何内容。请换个网络再试；仍如此，请向乡镇办公室要新的邀请，手机里的内容不会丢。"
        " / This is not the township's server (another certificate); nothing was sent. Try another network; if it stays so,"
        " ask the desk for a new invitation. Nothing on the phone is lost."
    )


def check_url(url: str, insecure: bool = False) -> str:
    """The URL without a trailing slash; UnsafeUrl for what would send a token in the clear."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and (insecure or parts.hostname in LOOPBACK))
    except ValueError as error:
        raise UnsafeUrl(url) from error
    if not safe or not parts.hostname:
        raise UnsafeUrl(url)
    return url.rstrip("/")


class HttpCourier:
    """A Courier over requests. `token` is None before enrolment; `fingerprint` is an Enrolment's.

    UnsafeUrl for a URL that may not be used, also for http with a fingerprint; InvitationError for what is no fingerprint.
    """

    def __init__(self, url: str, token: str | None = None, insecure: bool = False, fingerprint: str = "") -> None:
        self._url = check_url(url, insecure)
        self._pinned = clean_fingerprint(fingerprint)
        self._session = requests.Session()
        is_https = self._url.lower().startswith("https:")
        if self._pinned:
            if not is_https:
                raise UnsafeUrl(url)
            self._session.mount("https://", Pinned(self._pinned))
        # A proxy or a .netrc of the environment is another place that would hear of us; over plain http, one that reads the token.
        # It is asked only where public authorities vouch for the server, so that a county's own REQUESTS_CA_BUNDLE counts.
        self._session.trust_env = is_https and not self._pinned
        if token:
            self._session.auth = _Bearer(token)

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        return self._post("enrol", {"code": code, "device": dict(device)})

    def sync(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._post("sync", request)

    def digest(self) -> dict[str, Any]:
        """``POST /api/v1/digest`` with the device's token: count and hash per grant."""
        return self._post("digest", {})

    def sealed(self, lines: Sequence[str]) -> dict[str, Any]:
        """``POST /api/v1/sealed``: what somebody's phone sealed to the township; needs no token."""
        return self._post("sealed", {"sealed": list(lines)})

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip"}
        if len(data) > COMPRESS_ABOVE:
            data = gzip.compress(data, 6)
            headers["Content-Encoding"] = "gzip"
        return _read(self._ask("POST", path, headers, data))

    def _ask(self, method: str, path: str, headers: Mapping[str, str], data: Any = None) -> requests.Response:
        """One request and whatever came back; SyncError when nothing did. No redirect is followed."""
        url = f"{self._url}/api/v1/{path}"
        try:
            return self._session.request(
                method, url, data=data, headers=dict(headers), timeout=TIMEOUTS, allow_redirects=False
            )
        except requests.exceptions.SSLError as error:
            raise self._tls_failed(error) from error
        except requests.exceptions.Timeout as error:
            raise phone.TimedOut(_cause(error)) from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise phone.CutShort(_cause(error)) from error
        except requests.exceptions.RequestException as error:
            raise phone.Offline(_cause(error)) from error

    def _tls_failed(self, error: BaseException) -> SyncError:
        """What kept the two from greeting each other. Nothing of the request was out yet."""
        inner = _innermost(error)
        # A line that was cut says nothing about trust; what speaks no TLS, or none that we speak, is a portal or a wrong address.
        if isinstance(inner, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return phone.Offline(_cause(error))
        if isinstance(inner, ssl.SSLError) and not isinstance(inner, ssl.SSLCertVerificationError):
            return phone.NotOurServer(_cause(error))
        return (NotTheTownship if self._pinned else phone.NotTrusted)(_cause(error))


class Pinned(HTTPAdapter):
    """Speaks only to who holds the key of one certificate, told by its SHA-256.

    Authority, name and dates of the certificate do not count then: the fingerprint says more than they do, and a phone whose
    clock is wrong, or a certificate whose date has passed, is no reason to leave a village without its township.
    """

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__()

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {**tls, "cert_reqs": "CERT_NONE", "assert_fingerprint": self._fingerprint}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing of what `verify` asks for: it would look for an authority."""


class _Bearer(requests.auth.AuthBase):
    """The token as a header; as `auth` it is not overridden by a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read(answer: requests.Response) -> dict[str, Any]:
    """The reply's body, or the error its status and `code` stand for."""
    body = body_of(answer)
    if answer.status_code in (200, 201) and isinstance(body, dict):
        return body
    is_json = "json" in answer.headers.get("Content-Type", "")
    if answer.status_code in (200, 201) and is_json and body is None:
        raise phone.CutShort
    if answer.status_code < 400:
        raise phone.NotOurServer(f"HTTP {answer.status_code}")
    raise error_of(answer, body if isinstance(body, dict) else {})


def body_of(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def error_of(answer: requests.Response, body: Mapping[str, Any]) -> SyncError:
    """What an answer that is no success says, by its status and the `code` of its body."""
    status, code = answer.status_code, str(body.get("code") or "")
    detail = str(body.get("message") or f"HTTP {status}")
    if status in (429, 503):
        return phone.Busy(detail, _seconds(answer.headers.get("Retry-After")))
    if status in _BY_STATUS:
        return _BY_STATUS[status](detail)
    if status >= 500:
        return phone.ServerFailed(detail)
    if not code:  # none of our server's errors comes without its word
        return phone.NotOurServer(f"HTTP {status}")
    if status == 401:
        return phone.TokenRefused(code)
    if status == 409 and isinstance(body.get("next"), int):
        return phone.OutOfStep(code, body["next"])
    if status == 410:
        return phone.CodeSpent(detail)
    if code == "bad_cursor":
        return phone.BadCursor(detail)
    return phone.RequestRefused(f"{detail} {json.dumps(body.get('errors') or {}, ensure_ascii=False)}")


def _seconds(text: str | None) -> float | None:
    """Retry-After as seconds from now: a number or an HTTP date."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (TypeError, ValueError):
        return None


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words."""
    error = _innermost(error)
    return f"{type(error).__name__}: {error}"[:200]


def _innermost(error: BaseException) -> BaseException:
    """What began it; urllib3 wraps it several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return error
