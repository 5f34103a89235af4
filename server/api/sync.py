"""POST /api/v1/sync and /api/v1/digest: the conversation with a phone.

The body is read by the compiled decoder, not by the framework; the OpenAPI description comes from the schemas all the same.
"""

from threading import BoundedSemaphore

from flask import Response
from flask_smorest import Blueprint

from server.api.edge import caller, decoder, phone, place, plain_body, reply, service
from server.api.schemas import DigestReply, ErrorBody, SyncReply, SyncRequest
from shared.sync.wire import Request

blueprint = Blueprint("sync", __name__, url_prefix="/api/v1", description="手机同步 / phones sync")

# Bounded by concurrency, never by count: a village that uploads a month at once is welcome. Two of the server's eight threads are
# left for everybody else; who waits longer than that for a place is asked to come back.
_PLACES = BoundedSemaphore(6)
_NEEDS_TOKEN: list[dict[str, list[str]]] = [{"token": []}]


@blueprint.route("/sync", methods=["POST"])
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": SyncRequest}}, "required": True},
    responses={
        "200": {"description": "已收下并回复 / taken and answered", "content": {"application/json": {"schema": SyncReply}}},
        **{
            status: {"description": text, "content": {"application/json": {"schema": ErrorBody}}}
            for status, text in {
                "400": "读不懂 / unreadable, bad_cursor", "401": "令牌无效 / unknown_token, revoked",
                "409": "编号不符 / gap, renumber", "413": "过大 / too_large", "415": "编码 / encoding, media_type",
                "426": "协议 / protocol", "503": "繁忙 / busy", "507": "磁盘满 / disk_full",
            }.items()
        },
    },
    security=_NEEDS_TOKEN,
)  # fmt: skip
def post_sync() -> Response:
    """交换变更 / send changes, receive records"""
    who = phone()
    request: Request = decoder().read(plain_body())
    with place(_PLACES):
        return reply(service().sync(request, who))


@blueprint.route("/digest", methods=["POST"])
@blueprint.doc(
    responses={
        "200": {
            "description": "每项授权的数量与摘要 / count and hash per grant",
            "content": {"application/json": {"schema": DigestReply}},
        }
    },
    security=_NEEDS_TOKEN,
)
def post_digest() -> Response:
    """核对 / count and hash per grant, to find a difference"""
    who = caller()
    return reply({"epoch": service().epoch(), "grants": service().digest(who)})
