"""Photos come in: tus 1.0.0 (core, creation, termination; https://tus.io/protocols/resumable-upload) under /api/v1/photos.

An upload's Upload-Metadata has `name` (the SHA-256 of its bytes), and `kind` and `id` of a record that names it. The last bytes are acknowledged
only when the photo is held; HEAD, or a PATCH with no bytes, takes that up again where something came between, and a refused upload says why
each time it is asked. Promises: bytes that were counted are on the disk; few uploads are served at once, so that syncs keep their
threads. Leaves to others: the files (`server.photos.uploads`), which photos may come (`server.photos.claim`).
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import Response, request
from flask_smorest import Blueprint

from server.access import Caller
from server.api.edge import MediaTypeError, StalledError, phone, place, read_body, service
from server.api.schemas import ErrorBody
from server.config import GUARD_BYTES
from server.photos.claim import must_name
from server.photos.uploads import COMING, About, Upload
from server.service import disk_full, now_ms
from shared.fields import UUID, is_uuid
from shared.photos import MOST_BYTES, PATH, PHOTO, TUS, TUS_MEDIA_TYPE, read_metadata
from shared.record import Key
from shared.sync.wire import BadRequest, RequestError, TooLarge

blueprint = Blueprint(PATH, __name__, url_prefix=f"/api/v1/{PATH}", description="照片上传 / photos, by tus 1.0.0")

# Photos give way: syncs have the other threads, and whoever finds no place comes back in a moment.
_PLACES = BoundedSemaphore(3)
_PATIENCE_SECONDS = 0.1
_BLOCK = 64 * 1024
ROOM = 2 * GUARD_BYTES
"""Free space below which no more photos are taken: records still are, until half of it is left."""
_EXTENSIONS = "creation,termination"
_TUS = {"name": "Tus-Resumable", "in": "header", "required": True, "schema": {"type": "string", "enum": [TUS]}}
_UPLOAD = {"name": "upload", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{UUID}$"}}
_ERROR = {"application/json": {"schema": ErrorBody}}
_REFUSALS = {
    "400": "读不懂 / unreadable", "401": "令牌无效 / unknown_token, revoked", "404": "没有 / not_named, not_found", "405": "方法 / method",
    "409": "位置不符 / wrong_offset", "412": "协议版本 / tus_version", "413": "过大 / too_large",
    "415": "类型 / media_type, not_a_picture", "422": "不收 / unsafe_picture, too_many_pixels", "460": "校验不符 / wrong_hash",
    "503": "繁忙 / busy", "507": "磁盘满 / disk_full",
}  # fmt: skip


class TusVersionError(RequestError):
    """Another version of the protocol than ours."""

    status, code = 412, "tus_version"


class MethodError(RequestError):
    """Nothing is posted to an upload, but what stands for another method."""

    status, code = 405, "method"


def _whole(name: str) -> dict[str, object]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "integer", "minimum": 0}}


def _responses(well: dict[str, str], *refusals: str, body: bool = True) -> dict[str, object]:
    return {status: {"description": text} for status, text in well.items()} | {
        status: {"description": _REFUSALS[status], **({"content": _ERROR} if body else {})}
        for status in ("400", "401", "412", *refusals)
    }


@blueprint.route("", methods=["OPTIONS"])
@blueprint.doc(
    responses={"204": {"description": "见响应头 / see the headers: Tus-Version, Tus-Extension, Tus-Max-Size"}}
)
def get_options() -> Response:
    """协议与上限 / the protocol's version, extensions and largest photo"""
    return _empty(204, {"Tus-Version": TUS, "Tus-Extension": _EXTENSIONS, "Tus-Max-Size": str(MOST_BYTES)})


@blueprint.route("", methods=["POST"])
@blueprint.doc(
    parameters=[
        _TUS,
        _whole("Upload-Length"),
        {
            "name": "Upload-Metadata", "in": "header", "required": True, "schema": {"type": "string"},
            "description": "name, kind, id; 值为 base64 / their values in base64",
        },
    ],
    responses=_responses(
        {"201": "见 Location 与 Upload-Offset；已有的照片无需再传 / see the headers; a photo that is held need not be sent"},
        "404", "413", "503", "507",
    ),
    security=[{"token": []}],
)  # fmt: skip
def post_photo() -> Response:
    """开始上传一张记录里写到的照片 / begin to send a photo that a record names"""
    who = phone()
    _must_speak_tus()
    length = _number("Upload-Length")
    if length == 0:
        raise BadRequest("Upload-Length 应大于 0。 / Upload-Length must be more than 0.", {"Upload-Length": ["≥ 1"]})
    if length > MOST_BYTES:
        raise TooLarge(f"一张照片最多 {MOST_BYTES} 字节。 / A photo has at most {MOST_BYTES} bytes.")
    key, name = _claim()
    now = now_ms()
    with service().database.read(who.township) as store:
        must_name(store, service().kinds, who, key, name, now)
    service().must_have_room(ROOM)
    with _on_the_disk():
        about = About(name, key.kind, key.id, who.device, length, now)
        upload = service().uploads.begin(who.township, about)
    return _empty(201, {"Location": f"{blueprint.url_prefix}/{upload.id}", **_offset(upload)})


@blueprint.route("/<upload>", methods=["HEAD"])
@blueprint.doc(
    parameters=[_UPLOAD, _TUS],
    responses=_responses({"200": "见 Upload-Offset 与 Upload-Length / see the headers"}, "404", "415", "422", "460", "503", body=False),
    security=[{"token": []}],
)  # fmt: skip
def get_offset(upload: str) -> Response:
    """已收到多少字节 / how many bytes the township has"""
    who = phone()
    _must_speak_tus()
    found = service().uploads.find(who.township, who.device, upload)
    if found.is_ready:
        with place(_PLACES, _PATIENCE_SECONDS), _on_the_disk():
            found = service().uploads.finish(who.township, who.device, upload, now_ms())
    return _empty(200, {**_offset(found), "Upload-Length": str(found.about.length)})


@blueprint.route("/<upload>", methods=["PATCH"])
@blueprint.doc(
    parameters=[_UPLOAD, _TUS, _whole("Upload-Offset")],
    requestBody={"content": {TUS_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "required": True},
    responses=_responses(
        {"204": "已存盘，见 Upload-Offset / on the disk, see Upload-Offset"}, "404", "409", "413", "415", "422", "460", "503", "507",
    ),
    security=[{"token": []}],
)  # fmt: skip
def patch_photo(upload: str) -> Response:
    """从此位置继续传 / go on at this byte"""
    who = phone()
    _must_speak_tus()
    if request.mimetype != TUS_MEDIA_TYPE:
        raise MediaTypeError(f"请发送 {TUS_MEDIA_TYPE}。 / Send {TUS_MEDIA_TYPE}.")
    offset = _number("Upload-Offset")
    request.max_content_length = MOST_BYTES
    with place(_PLACES, _PATIENCE_SECONDS):
        return _empty(204, _offset(_take(who, upload, offset)))


@blueprint.route("/<upload>", methods=["DELETE"])
@blueprint.doc(
    parameters=[_UPLOAD, _TUS],
    responses=_responses({"204": "已放弃 / given up"}, "404", "503"),
    security=[{"token": []}],
)
def delete_photo(upload: str) -> Response:
    """放弃上传；已收好的照片仍在 / give an upload up; a photo that is held stays"""
    who = phone()
    _must_speak_tus()
    service().uploads.must_be_of(who.township, who.device, upload)
    service().uploads.remove(who.township, upload)
    return _empty(204, {})


@blueprint.route("/<upload>", methods=["POST"])
@blueprint.doc(
    parameters=[
        _UPLOAD,
        {
            "name": "X-HTTP-Method-Override", "in": "header", "required": True,
            "schema": {"type": "string", "enum": ["HEAD", "PATCH", "DELETE"]},
        },
    ],
    responses=_responses({"200": "同 HEAD / as HEAD", "204": "同 PATCH、DELETE / as PATCH, DELETE"}, "404", "405"),
    security=[{"token": []}],
)  # fmt: skip
def post_as_another(upload: str) -> Response:
    """不能用 PATCH、DELETE 的客户端 / for clients that cannot say PATCH or DELETE (tus, X-HTTP-Method-Override)"""
    phone()
    meant = {"HEAD": get_offset, "PATCH": patch_photo, "DELETE": delete_photo}
    method = request.headers.get("X-HTTP-Method-Override", "")
    if method not in meant:
        raise MethodError("请用 HEAD、PATCH 或 DELETE。 / Use HEAD, PATCH or DELETE.")
    answer: Response = meant[method](upload)
    return answer


@blueprint.after_request
def _say_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = TUS
    if response.status_code == 412:
        response.headers["Tus-Version"] = TUS
    return response


# --- a request's parts ---------------------------------------------------------------------------------------------


def _take(who: Caller, id_: str, offset: int) -> Upload:
    uploads = service().uploads
    before = uploads.find(who.township, who.device, id_)
    if before.about.state == COMING:
        service().must_have_room(ROOM)
    with _on_the_disk():
        if offset == before.offset and (request.content_length or 0) > before.about.length - offset:
            raise TooLarge(
                f"超过所说的 {before.about.length} 字节。 / More than the {before.about.length} bytes that were announced."
            )
        after = uploads.append(who.township, who.device, id_, offset, _blocks(), now_ms())
        return uploads.finish(who.township, who.device, id_, now_ms()) if after.is_ready else after


def _blocks() -> Iterator[bytes]:
    """The body as it comes. An error when it is cut short or stands still: what came before that was given out."""
    try:
        while block := read_body(_BLOCK):
            yield block
    except StalledError:
        if rest := request.stream.read(_BLOCK):
            yield rest
        raise


def _must_speak_tus() -> None:
    if request.headers.get("Tus-Resumable") != TUS:
        raise TusVersionError(f"本服务器用 tus {TUS}。 / This server speaks tus {TUS}; say so in Tus-Resumable.")


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest(f"{name} 应为字节数。 / {name} must be a number of bytes.", {name: ["0, 1, 2, …"]})
    return int(text)


def _claim() -> tuple[Key, str]:
    """The record and the photo's name from Upload-Metadata."""
    errors: dict[str, list[str]] = {}
    try:
        given = read_metadata(request.headers.get("Upload-Metadata", ""))
    except ValueError:
        given, errors = {}, {"Upload-Metadata": ["应为名称与 base64 / must be keys with base64"]}
    if not re.fullmatch(PHOTO, given.get("name", "")):
        errors["name"] = ["应为 64 位小写十六进制 / must be 64 lower-case hex digits"]
    if not is_uuid(given.get("id")):
        errors["id"] = ["应为小写 UUID / must be a lower-case UUID"]
    if not given.get("kind"):
        errors["kind"] = ["缺少 / missing"]
    if errors:
        raise BadRequest("Upload-Metadata 读不懂，见 errors。 / Upload-Metadata cannot be read, see errors.", errors)
    return Key(given["kind"], given["id"]), given["name"]


@contextmanager
def _on_the_disk() -> Iterator[None]:
    """A disk that is full all the same is told as one that is nearly so."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full() from error
        raise


def _offset(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset)}


def _empty(status: int, headers: dict[str, str]) -> Response:
    """A reply without a body, and without a word on its type."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
