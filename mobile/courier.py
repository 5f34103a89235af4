"""Carries requests to the township over HTTP and turns whatever comes back into a reply or a named error.

Promises: plain http only on loopback or when asked for; never follows a redirect (a captive portal's trick); nothing but a
SyncError leaves here; the token goes to the enrolled server and nowhere else.
Leaves to others: what a reply means (`shared.sync`) and when to try again (`mobile.syncing`).
"""

import gzip
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.sync import phone
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
    """A Courier over requests. `token` is None before enrolment."""

    def __init__(self, url: str, token: str | None = None, insecure: bool = False) -> None:
        self._url = check_url(url, insecure)
        self._session = requests.Session()
        if token:
            self._session.auth = _Bearer(token)

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        return self._post("enrol", {"code": code, "device": dict(device)})

    def sync(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._post("sync", request)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip"}
        if len(data) > COMPRESS_ABOVE:
            data = gzip.compress(data, 6)
            headers["Content-Encoding"] = "gzip"
        try:
            answer = self._session.post(
                f"{self._url}/api/v1/{path}", data=data, headers=headers, timeout=TIMEOUTS, allow_redirects=False
            )
        except requests.exceptions.SSLError as error:
            raise phone.NotTrusted(_cause(error)) from error
        except requests.exceptions.Timeout as error:
            raise phone.TimedOut(_cause(error)) from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise phone.CutShort(_cause(error)) from error
        except requests.exceptions.RequestException as error:
            raise phone.Offline(_cause(error)) from error
        return _read(answer)


class _Bearer(requests.auth.AuthBase):
    """The token as a header; as `auth` it is not overridden by a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read(answer: requests.Response) -> dict[str, Any]:
    """The reply's body, or the error its status and `code` stand for."""
    body = _body(answer)
    if answer.status_code in (200, 201) and isinstance(body, dict):
        return body
    is_json = "json" in answer.headers.get("Content-Type", "")
    if answer.status_code in (200, 201) and is_json and body is None:
        raise phone.CutShort
    if answer.status_code < 400:
        raise phone.NotOurServer(f"HTTP {answer.status_code}")
    raise _error(answer, body if isinstance(body, dict) else {})


def _body(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _error(answer: requests.Response, body: Mapping[str, Any]) -> SyncError:
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
    """The innermost reason in a few words; urllib3 wraps it several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return f"{type(error).__name__}: {error}"[:200]
