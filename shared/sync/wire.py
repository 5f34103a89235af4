"""The messages of a sync and their limits.

A request's envelope must be readable as a whole (BadRequest otherwise). Each change inside it stands alone: whatever is
wrong with one is found here or at the gate, is refused under its own number, and never blocks the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.fields import INT64, is_plain, is_storable, is_uuid
from shared.hlc import is_stamp
from shared.kind import Kind, Registry

PROTOCOL = 1
MAX_CHANGES = 500
MAX_BODY = 2 * 1024 * 1024
MAX_INFLATED = 16 * 1024 * 1024
MAX_CHANGE = 256 * 1024
MOST_WAITING = 1_000_000
MAX_LIMIT = 1000
DEFAULT_LIMIT = 500

Errors = dict[str, list[str]]


class RequestError(Exception):
    """A request that is not answered with records. `status` is HTTP's, `code` our word, `more` goes into the body."""

    status = 400
    code = "unreadable"

    def __init__(self, message: str, errors: Errors | None = None, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or {}
        self.more = more

    def body(self) -> dict[str, Any]:
        """The reply's body."""
        return {"code": self.code, "message": self.message, "errors": self.errors, **self.more}


class BadRequest(RequestError):
    """The body cannot be read as a sync request."""


class BadCursor(RequestError):
    """A cursor this server never gave."""

    code = "bad_cursor"


class TooLarge(RequestError):
    """More than one request may carry."""

    status, code = 413, "too_large"


class UnknownProtocol(RequestError):
    """A protocol this server does not speak."""

    status, code = 426, "protocol"


class Gap(RequestError):
    """Numbers are missing: `next` says which one is wanted. Nothing was applied."""

    status, code = 409, "gap"


class Renumber(RequestError):
    """A number used before for another change: the phone numbers its unsent changes anew from `next`."""

    status, code = 409, "renumber"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one change was not taken. `code` is one of invalid, forbidden, unknown_kind, too_large, gone."""

    code: str
    message: str
    fields: Errors = field(default_factory=dict)

    def wire(self, number: int) -> dict[str, Any]:
        return {"number": number, "code": self.code, "fields": self.fields, "message": self.message}


def invalid(errors: Errors) -> Refusal:
    """A refusal naming what is wrong with which part."""
    return Refusal(
        "invalid", "内容有误，请按提示修改后重新保存。 / Some values cannot be kept; mend them and save again.", errors
    )


UNKNOWN_KIND = Refusal(
    "unknown_kind", "服务器不认识这种记录，请先升级服务器。 / The server does not know this kind of record."
)
CHANGE_TOO_LARGE = Refusal(
    "too_large", "这一条超过 256 KiB，请分开保存。 / One change may not pass 256 KiB; save it in parts."
)


@dataclass(slots=True)
class Sent:
    """One change as a device sent it. With a `refusal` only `number` and `stamp` are to be relied on."""

    number: int
    stamp: str
    kind: str = ""
    id: str = ""
    village: str | None = None
    household: str | None = None
    set: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None


@dataclass(slots=True)
class Request:
    """A sync request, read. `cursors` are as sent: what they mean is judged in `answer`."""

    changes: list[Sent]
    cursors: dict[str, Any]
    epoch: str | None
    limit: int
    app: str | None = None
    now: str | None = None
    waiting: int = 0
    """Changes the phone still holds beside those of this request: what the desk is told of a phone that sends slowly."""


def read_envelope(body: Any) -> tuple[Request, list[Any]]:
    """Read everything but the changes, which come back raw. BadRequest, UnknownProtocol or TooLarge."""
    if not isinstance(body, Mapping):
        raise BadRequest("请求应为 JSON 对象。 / The request must be a JSON object.")
    if "protocol" in body and body["protocol"] != PROTOCOL and isinstance(body["protocol"], int):
        raise UnknownProtocol(
            "请升级应用或服务器：协议版本不一致。 / Update the app or the server: they speak different protocols.",
            protocols=[PROTOCOL],
        )
    errors: Errors = {}
    if body.get("protocol") != PROTOCOL or isinstance(body["protocol"], bool):
        errors["protocol"] = ["应为 1 / must be 1"]
    epoch = _read(body, "epoch", (str,), errors)
    app, now = _read(body, "app", (str,), errors), _read(body, "now", (str,), errors)
    cursors = _read(body, "cursors", (dict,), errors) or {}
    changes = _read(body, "changes", (list,), errors) or []
    limit, waiting = _read(body, "limit", (int,), errors), _read(body, "waiting", (int,), errors)
    if limit is not None and limit < 0:
        errors["limit"] = ["不能为负 / must not be negative"]
    if errors:
        raise BadRequest("请求读不懂，见 errors。 / The request cannot be read, see errors.", errors)
    if len(changes) > MAX_CHANGES:
        raise TooLarge(f"一次最多 {MAX_CHANGES} 条，请分批。 / At most {MAX_CHANGES} changes a request; send fewer.")
    limit = DEFAULT_LIMIT if limit is None else min(limit, MAX_LIMIT)
    waiting = min(max(0, waiting or 0), MOST_WAITING)
    return Request([], dict(cursors), epoch, limit, app, now, waiting), changes


def _read(body: Mapping[str, Any], name: str, types: tuple[type, ...], errors: Errors) -> Any:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        errors[name] = [f"类型应为 {types[0].__name__} / must be {types[0].__name__}"]
        return None
    return value


def read_number(raw: Any) -> int:
    """A change's number; BadRequest when it cannot be told, for then nothing can be answered about it."""
    number = raw.get("number") if isinstance(raw, Mapping) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number < INT64:
        raise BadRequest(
            "有一条变更没有可读的编号。 / A change has no readable number.",
            {"changes": ["每条都要有正整数 number / each needs a positive whole number"]},
        )
    return number


def read_stamp_text(raw: Mapping[str, Any]) -> str:
    """The stamp as far as it can be kept, well-formed or not; empty when it cannot: a repeat of it must be known again."""
    stamp = raw.get("stamp")
    return stamp if isinstance(stamp, str) and is_plain(stamp) and len(stamp) <= 64 else ""


def read_change(raw: Any, kinds: Registry) -> Sent:
    """Read one change. Never raises but for its number: what is wrong becomes its refusal.

    This is the reader that words every error; the server's compiled decoder accepts only what this one accepts.
    """
    number = read_number(raw)
    stamp = raw.get("stamp")
    sent = Sent(number, read_stamp_text(raw))
    kind_name, set_, base = raw.get("kind"), raw.get("set"), raw.get("base")
    errors: Errors = {}
    if not is_stamp(stamp):
        errors["stamp"] = ["应为时间戳 / must be a stamp"]
    if is_uuid(raw.get("id")):
        sent.id = raw["id"]
    else:
        errors["id"] = ["应为小写 UUID / must be a lower-case UUID"]
    sent.village = _read_place(raw, "village", errors)
    sent.household = _read_place(raw, "household", errors)
    if not isinstance(set_, dict) or not set_:
        errors["set"] = ["至少要有一个字段 / must hold at least one field"]
    elif not isinstance(kind_name, str):
        errors["kind"] = ["应为记录种类 / must be a kind"]
    elif kind_name not in kinds:
        if is_plain(kind_name) and len(kind_name) <= 64:
            sent.kind = kind_name
        sent.refusal = UNKNOWN_KIND
        return sent
    else:
        sent.kind, sent.set = kind_name, set_
        errors |= kinds[kind_name].errors(set_)
        sent.base = read_base(base, kinds[kind_name], errors)
    if errors:
        sent.refusal = invalid(errors)
    return sent


def _read_place(raw: Mapping[str, Any], name: str, errors: Errors) -> str | None:
    value = raw.get(name)
    if value is None:
        return None
    if name == "household" and is_uuid(value):
        return str(value)
    if name == "village" and isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit():
        return value
    errors[name] = (
        ["应为 12 位区划代码 / must be a 12-digit code"]
        if name == "village"
        else ["应为户的编号 / must be a household's id"]
    )
    return None


def read_base(base: Any, kind: Kind, errors: Errors) -> dict[str, Any]:
    """The base of a change: what is neither a stamp nor lists of stamps by element is an error.

    A base of the other shape comes from an app of another version, for which the field was no union yet, or already; it counts as
    "saw nothing".
    """
    if base is None:
        return {}
    if not isinstance(base, dict):
        errors["base"] = ["应为对象 / must be an object"]
        return {}
    read: dict[str, Any] = {}
    for name, seen in base.items():
        if seen is None:
            continue
        if not (is_stamp(seen) or _is_union_base(seen)) or not is_storable(name):
            errors.setdefault("base", []).append("每个字段应为时间戳 / each field must name a stamp")
            return {}
        if isinstance(seen, dict) is (name in kind.unions):
            read[name] = seen
    return read


def _is_union_base(seen: Any) -> bool:
    return isinstance(seen, dict) and all(
        isinstance(adds, list) and adds and all(map(is_stamp, adds)) and is_storable(element)
        for element, adds in seen.items()
    )
