"""From bytes to changes, fast: a msgspec decoder compiled from the kinds' marshmallow schemas.

Each change is decoded by itself. What the compiled decoder accepts is taken as it is; whatever it does not accept goes to
`wire.read_change`, where marshmallow words the errors or takes the change after all. Promises: the fast path accepts nothing that
marshmallow refuses (property-tested), and a kind with a field it cannot compile fails at start, not at run time.
"""

import atexit
import gc
import gzip
import zlib
from collections.abc import Callable, Collection
from typing import Annotated, Any, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.defuse import defuse
from shared.fields import CODE_LENGTH, INT64, LIST_LENGTH, PHOTO, UUID, Field, Integer, List, Number, Photos, Text
from shared.hlc import PATTERN
from shared.kind import Kind, Registry
from shared.sync.wire import (
    CHANGE_TOO_LARGE,
    MAX_CHANGE,
    MAX_CHANGES,
    MAX_INFLATED,
    BadRequest,
    Request,
    RequestError,
    Sent,
    TooLarge,
    read_change,
    read_envelope,
    read_number,
    read_stamp_text,
)

try:  # the standard library's from Python 3.14 on
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd  # type: ignore[no-redef,unused-ignore]

# msgspec 0.22 can crash the interpreter while its Meta objects are collected at exit (msgspec#717, open), which would turn a
# finished command's exit code into a signal. Frozen objects are left alone by that last collection.
atexit.register(gc.freeze)

_STAMP = Annotated[str, Meta(pattern=rf"\A{PATTERN}\Z")]
_ID = Annotated[str, Meta(pattern=rf"\A{UUID}\Z")]
_VILLAGE = Annotated[str, Meta(pattern=r"\A[0-9]{12}\Z")]
_CODE = Annotated[str, Meta(min_length=1, max_length=CODE_LENGTH)]
_ELEMENT = Annotated[str, Meta(min_length=1, max_length=200)]
_TEXT_LIST = Annotated[list[_ELEMENT], Meta(max_length=LIST_LENGTH)]
_PHOTO_LIST = Annotated[list[Annotated[str, Meta(pattern=rf"\A{PHOTO}\Z")]], Meta(max_length=LIST_LENGTH)]
_JSON_LIST = Annotated[list[Any], Meta(max_length=LIST_LENGTH)]
_BASE = dict[str, Union[_STAMP, dict[str, Annotated[list[_STAMP], Meta(min_length=1)]]]]

# Text that needs a closer look than the compiled decoder takes: NUL, and halves of surrogate pairs.
_AWKWARD = (b"\\u0000", b"\\ud", b"\\uD")


class UnknownEncoding(RequestError):
    """A Content-Encoding this server does not read."""

    status, code = 415, "encoding"


def inflate(body: bytes, encoding: str) -> bytes:
    """The body as sent before its Content-Encoding, at most MAX_INFLATED bytes. BadRequest, TooLarge or UnknownEncoding."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "zstd"):
        raise UnknownEncoding("请用 gzip 或 zstd 压缩，或不压缩。 / Send gzip, zstd or plain.")
    try:
        return _gunzip(body) if encoding == "gzip" else _unzstd(body)
    except (zlib.error, EOFError, zstd.ZstdError) as error:
        raise BadRequest(
            "压缩数据不完整或已损坏，请重发。 / The compressed body is cut short or damaged; send it again."
        ) from error


def _gunzip(body: bytes) -> bytes:
    inflator = zlib.decompressobj(31)
    plain = inflator.decompress(body, MAX_INFLATED + 1)
    _check_size(plain)
    if not inflator.eof:
        raise EOFError
    return plain


def _unzstd(body: bytes) -> bytes:
    inflator = zstd.ZstdDecompressor()
    plain: bytes = inflator.decompress(body, MAX_INFLATED + 1)
    _check_size(plain)
    if not inflator.eof:
        raise EOFError
    return plain


def _check_size(plain: bytes) -> None:
    if len(plain) > MAX_INFLATED:
        raise TooLarge("解压后超过 16 MiB，请分批。 / Inflates to more than 16 MiB; send fewer changes.")


def deflate(body: bytes, accepted: Collection[str]) -> tuple[bytes, str]:
    """A reply's body in the best encoding the client takes, and that encoding's name ('' for none)."""
    if "zstd" in accepted:
        return zstd.compress(body, 1), "zstd"
    if "gzip" in accepted:
        return gzip.compress(body, 5, mtime=0), "gzip"
    return body, ""


def encode(body: Any) -> bytes:
    """JSON bytes of a reply."""
    return msgspec.json.encode(body)


class _Envelope(msgspec.Struct):
    changes: list[msgspec.Raw] = []
    protocol: Any = None
    app: Any = None
    now: Any = None
    epoch: Any = None
    cursors: Any = None
    limit: Any = None
    waiting: Any = None


# msgspec lets Python's own error through for bytes that are no UTF-8.
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

_DECODERS: dict[int, tuple[Registry, "Decoder"]] = {}


def decoder_for(kinds: Registry) -> "Decoder":
    """The decoder of a registry, compiled once a process and kept for good: see the note on collection above."""
    if id(kinds) not in _DECODERS:
        _DECODERS[id(kinds)] = (kinds, Decoder(kinds))
    return _DECODERS[id(kinds)][1]


class Decoder:
    """Reads sync requests for a set of kinds."""

    def __init__(self, kinds: Registry) -> None:
        self._kinds = kinds
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._change = msgspec.json.Decoder(Union[tuple(_compile(kind) for kind in kinds.values())])
        self._late_checks = {name: _late_checks(kind) for name, kind in kinds.items()}

    def read(self, body: bytes) -> Request:
        """A request from its plain bytes. RequestError for what can't be read as a whole."""
        try:
            typed = self._envelope.decode(body)
        except msgspec.ValidationError:
            return self._read_slowly(body)
        except _UNREADABLE:
            body = defuse(body)
            try:
                typed = self._envelope.decode(body)
            except _UNREADABLE:
                return self._read_slowly(body)
        request, _ = read_envelope({**msgspec.structs.asdict(typed), "changes": []})
        if len(typed.changes) > MAX_CHANGES:
            raise TooLarge(
                f"一次最多 {MAX_CHANGES} 条，请分批。 / At most {MAX_CHANGES} changes a request; send fewer."
            )
        plain = not any(awkward in body for awkward in _AWKWARD)
        request.changes = [self._read_change(bytes(raw), plain) for raw in typed.changes]
        return request

    def _read_slowly(self, body: bytes) -> Request:
        """Find out what is wrong with the envelope."""
        request, changes = read_envelope(decode(body))
        request.changes = [read_change(raw, self._kinds) for raw in changes]
        return request

    def _read_change(self, raw: bytes, plain: bool) -> Sent:
        if len(raw) > MAX_CHANGE:
            body = decode(raw)
            return Sent(read_number(body), read_stamp_text(body), refusal=CHANGE_TOO_LARGE)
        if plain:
            try:
                typed = self._change.decode(raw)
                body = msgspec.json.decode(raw)
            except _UNREADABLE:
                return read_change(decode(raw), self._kinds)
            sent = self._accept(typed, body)
            if sent is not None:
                return sent
        return read_change(decode(raw), self._kinds)

    def _accept(self, typed: Any, body: dict[str, Any]) -> Sent | None:
        """The change, if nothing about it needs a closer look. A key given twice does: the two readings then differ."""
        kind = typed.__struct_config__.tag
        values, base = body["set"], body.get("base") or {}
        if body["kind"] != kind or not values:
            return None
        for name, check in self._late_checks[kind]:
            if values.get(name) is not None and check(values[name]):
                return None
        unions = self._kinds[kind].unions
        for name, seen in base.items():
            if isinstance(seen, dict) is not (name in unions):
                return None
        return Sent(
            body["number"], body["stamp"], kind, body["id"], body.get("village"), body.get("household"), values, base
        )


def decode(body: bytes) -> Any:
    """A JSON body as plain values; parts no reader takes come as something no field accepts. BadRequest for what is not JSON."""
    for text in (body, None):
        try:
            return msgspec.json.decode(defuse(body) if text is None else text)
        except _UNREADABLE:
            continue
    raise BadRequest("不是有效的 JSON。 / The body is not valid JSON.")


def _compile(kind: Kind) -> type[msgspec.Struct]:
    fields = [(name, Union[_type_of(field), None, UnsetType], UNSET) for name, field in kind.fields.items()]
    values = msgspec.defstruct(f"{kind.name}_set", fields, forbid_unknown_fields=True)
    return msgspec.defstruct(
        kind.name,
        [
            ("number", Annotated[int, Meta(ge=1, le=INT64 - 1)]),
            ("id", _ID),
            ("stamp", _STAMP),
            ("set", values),
            ("village", Union[_VILLAGE, None], None),
            ("household", Union[_ID, None], None),
            ("base", Union[_BASE, None], None),
        ],
        tag_field="kind",
        tag=kind.name,
    )


def _type_of(field: Field) -> Any:
    if isinstance(field, Integer):
        return Annotated[int, Meta(ge=field.low, le=field.high)]
    if isinstance(field, Number):
        return Annotated[float, Meta(ge=float(field.low), le=float(field.high))]
    if isinstance(field, Text):
        pattern = getattr(field, "pattern", None)
        bounds = (
            Meta(max_length=field.length, pattern=rf"\A(?:{pattern})\Z") if pattern else Meta(max_length=field.length)
        )
        return Annotated[str, bounds]
    if isinstance(field, Photos):
        return _PHOTO_LIST
    if isinstance(field, List):
        return _JSON_LIST if field.of_objects else _TEXT_LIST
    return _TYPES[field.type_name]


_TYPES: dict[str, Any] = {
    "link": _ID,
    "boolean": bool,
    "date": str,
    "datetime": str,
    "choice": _CODE,
    "choices": Annotated[list[_CODE], Meta(max_length=LIST_LENGTH)],
    "object": Any,
}


def _late_checks(kind: Kind) -> list[tuple[str, Callable[[Any], str | None]]]:
    """Fields whose values Python must look at: real dates, and free JSON."""
    needing = ("date", "datetime", "object")
    return [
        (name, field.check)
        for name, field in kind.fields.items()
        if field.type_name in needing or (isinstance(field, List) and field.of_objects)
    ]
