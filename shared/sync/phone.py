"""The phone as the conversation knows it: what it keeps, how a request travels, and what can go wrong, in words.

Promises: every error says what happened and what to do, Chinese first, and none of them loses a word; a `PhoneStore` keeps all of a
`together` or none of it. Leaves to others: SQL and HTTP (`mobile.store`, `mobile.courier`), the talk itself (`converse`, `taking`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from shared.ports import Records
from shared.record import Change, Key, Record

T = TypeVar("T")


# --- what can go wrong ---------------------------------------------------------------------------------------------


class PhoneError(Exception):
    """Something a person must be told: `code` is our word, str() says what happened and what to do, Chinese first."""

    code = "failed"
    words = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.words} ({detail})" if self.words and detail else self.words or detail)
        self.detail = detail


class SyncError(PhoneError):
    """A request got no reply to use. Nothing changed on the phone; the same request may be sent again."""


class Offline(SyncError):
    code = "offline"
    words = "连不上服务器，内容已存在手机里，有信号时再同步。 / No connection; everything is kept, sync again later."


class TimedOut(SyncError):
    code = "timeout"
    words = "服务器没有及时回应，请稍后再同步。 / The server did not answer in time; sync again later."


class NotTrusted(SyncError):
    code = "not_trusted"
    words = "服务器证书不可信，未发送任何内容，请核对网址。 / The certificate is not trusted; nothing was sent, check the URL."


class NotOurServer(SyncError):
    code = "not_our_server"
    words = (
        "回应的不是入户服务器，请先在浏览器登录这个网络，或核对网址。"
        " / Something else answered: log in to this network in a browser, or check the URL."
    )


class CutShort(SyncError):
    code = "cut_short"
    words = "回应没有收全，请再同步一次。 / The reply was cut short; sync again."


class BatchTooLarge(SyncError):
    code = "too_large"
    words = "一次发送的内容太多，请联系乡镇办公室。 / The request is too large; call the township desk."


class EncodingRefused(SyncError):
    code = "encoding"
    words = "服务器读不懂压缩格式，请升级应用。 / The server cannot read our encoding; update the app."


class UpdateNeeded(SyncError):
    code = "protocol"
    words = "应用版本与服务器不符，请升级应用；内容不会丢失。 / Update the app to talk to this server; nothing is lost."


class Busy(SyncError):
    """`retry_after` is in seconds, None when the server did not say."""

    code = "busy"
    words = "服务器正忙，请稍后再同步。 / The server is busy; sync again a little later."

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ServerFull(SyncError):
    code = "server_full"
    words = "服务器磁盘已满，内容仍在手机里，请告知乡镇办公室。 / The server's disk is full; tell the township desk."


class ServerFailed(SyncError):
    code = "server_failed"
    words = "服务器出错，内容仍在手机里，请稍后再同步。 / The server failed; everything is kept, sync again later."


class RequestRefused(SyncError):
    code = "unreadable"
    words = "服务器不接受这次请求，请升级应用或联系乡镇办公室。 / The server refused the request; update the app or call the desk."


class BadCursor(SyncError):
    code = "bad_cursor"
    words = "下载位置与服务器不符，将重新下载。 / The server does not know our cursor; the download starts anew."


class OutOfStep(SyncError):
    """Our numbers are not the server's: `code` is gap or renumber, `next` the number it wants."""

    words = (
        "编号与服务器不一致，请再同步一次；若仍如此，请联系乡镇办公室。 / Numbers differ from the server's; sync again."
    )

    def __init__(self, code: str, next_: int) -> None:
        super().__init__(f"{code}, next {next_}")
        self.code = code
        self.next = next_


class TokenRefused(SyncError):
    words = (
        "服务器不认这台设备，内容全部保留；请向乡镇办公室要新的注册码，重新注册后会再次上传。"
        " / The server does not accept this device. Nothing is deleted: ask the desk for a new code and enrol again."
    )

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NeedsEnrolment(SyncError):
    code = "needs_enrolment"
    words = (
        "服务器恢复到了很早的备份，请要新的注册码重新注册，手机里的内容会再次上传。"
        " / The server was restored from an old backup: enrol again with a new code, and all we keep is sent again."
    )


class CodeSpent(SyncError):
    code = "code_spent"
    words = "注册码已用过或已过期，请要一个新的。 / The code was used or has expired; ask for a new one."


class NotEnrolled(PhoneError):
    code = "not_enrolled"
    words = "这台手机还没有注册，请先用注册码注册。 / Not enrolled yet: enrol with a code first."


class OtherOwner(PhoneError):
    code = "other_owner"
    words = (
        "这个档案属于别人或别的乡镇，请给第二个人另建一个档案（--profile）。"
        " / This profile belongs to another person or township; give the second one a profile of their own."
    )


# --- what a phone keeps --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """One change of this phone with its number. `acknowledged`: the server's time in ms since 1970, None while unsent."""

    number: int
    kind: str
    id: str
    village: str | None
    household: str | None
    stamp: str
    set: dict[str, Any]
    base: dict[str, Any]
    acknowledged: int | None = None
    refused: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)

    @property
    def change(self) -> Change:
        return Change(self.stamp, self.set, self.base)

    def wire(self) -> dict[str, Any]:
        """The change as a request carries it."""
        names = ("number", "kind", "id", "village", "household", "stamp", "set", "base")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Copy:
    """The server's copy of a record. `left`: no longer ours to hold; `stale`: a restored server did not send it again."""

    record: Record
    left: bool = False
    stale: bool = False


@dataclass(slots=True)
class Mend:
    """A refused change, waiting for its writer. `fields` is field to sentences; `stamp` names the refused write."""

    number: int
    kind: str
    id: str
    village: str | None
    household: str | None
    stamp: str
    set: dict[str, Any]
    code: str
    message: str
    fields: dict[str, list[str]]


@dataclass(slots=True)
class Enrolment:
    """Who this profile is. `devices` holds this phone's ids, old ones first; `insecure` allows plain http.

    `fingerprint`: the SHA-256 of the only certificate the server may show, 64 hex digits; empty for what public authorities vouch for.
    """

    url: str
    device: str
    token: str
    township: str
    user: dict[str, Any]
    server: dict[str, Any]
    devices: list[str] = field(default_factory=list)
    insecure: bool = False
    fingerprint: str = ""


# --- the ports -----------------------------------------------------------------------------------------------------


class Courier(Protocol):
    """Carries one request to the server and brings its reply, or raises a SyncError saying what went wrong."""

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        """``POST /api/v1/enrol``; CodeSpent when the code is no longer good."""
        ...

    def sync(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``POST /api/v1/sync`` with the device's token."""
        ...

    def digest(self) -> dict[str, Any]:
        """``POST /api/v1/digest``: {"epoch", "grants": {grant: {"count", "hash"}}}."""
        ...


class PhoneStore(Records, Protocol):
    """What a phone keeps; as Records, the server's copies.

    Every writing call belongs inside `together`; a kill leaves all of a `together` or none.
    """

    def together(self, work: Callable[[], T]) -> T:
        """Run `work` in one transaction, on disk when this returns. It may be run twice, so it touches only the store."""
        ...

    def fact(self, name: str) -> Any:
        """A small JSON value by name (epoch, clock, next_number, ...), None when it was never set."""
        ...

    def set_fact(self, name: str, value: Any) -> None: ...
    def enrolment(self) -> Enrolment | None: ...
    def set_enrolment(self, enrolment: Enrolment) -> None: ...

    # the outbox and the kept changes, one line of numbers
    def unsent(self, limit: int) -> list[Written]:
        """The oldest changes not acknowledged, in number order."""
        ...

    def count_unsent(self) -> int: ...
    def numbers(self) -> list[int]:
        """Every number on the phone, sent or not, ascending."""
        ...

    def numbered(self, number: int) -> Written | None: ...
    def of_record(self, key: Key) -> list[Written]:
        """A record's changes, kept and unsent, in number order."""
        ...

    def rewrite(self, written: Written) -> None:
        """Replace what stands under this number."""
        ...

    def unacknowledge(self, since: int) -> None:
        """Kept changes from this number on are unsent again."""
        ...

    def renumber(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Old to new numbers, all at once."""
        ...

    def forget_kept(self, before: int) -> None:
        """Drop changes acknowledged before this time (ms since 1970)."""
        ...

    # the server's copies: `load` gives their records, `keep` places what the server sent, ours to hold and not stale
    def copy(self, key: Key) -> Copy | None: ...
    def put_copy(self, copy: Copy) -> None: ...
    def drop_copy(self, key: Key) -> None: ...
    def places(self) -> list[tuple[Key, str | None, str | None]]:
        """Key, village and household of every copy."""
        ...

    def copies_left(self) -> list[Key]: ...
    def mark_stale(self) -> None:
        """Mark the copies that did not come again since the epoch changed, where nothing unsent stands under them."""
        ...

    def highest_stamp(self) -> str | None:
        """The highest stamp in any change or copy."""
        ...

    # grants and their cursors
    def grants(self) -> dict[str, Any]:
        """Grant to cursor, None where there is none yet."""
        ...

    def set_grants(self, cursors: Mapping[str, Any], complete: Iterable[str]) -> None:
        """These grants and no others, with their cursors; `complete` have had their first fill."""
        ...

    def forget_cursors(self) -> None: ...

    # the to-mend list
    def add_mend(self, mend: Mend) -> None:
        """Its number is used when free, else the next free one."""
        ...

    def mends_of(self, key: Key) -> list[Mend]: ...
    def put_mend(self, mend: Mend) -> None: ...
    def drop_mend(self, number: int) -> None: ...
