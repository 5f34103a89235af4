"""POST /api/v1/sealed: what a phone sealed to the township and somebody else's phone carries in. The tokens are inside the seals.

The reply tells of each line what it came to, never what it says. Leaves to others: opening and taking (`server.upkeep.recovery`).
"""

from threading import BoundedSemaphore

from flask import Response
from flask_smorest import Blueprint

from server.api.edge import decoder, place, plain_body, reply, service
from server.api.schemas import ErrorBody, SealedReply, SealedRequest
from server.codec import decode
from server.upkeep.recovery import Recovery, reply_of
from shared.sync.wire import MAX_CHANGES, BadRequest, TooLarge

blueprint = Blueprint("sealed", __name__, url_prefix="/api/v1", description="代传 / carried for others")

# Anybody may knock here, and a flood must not keep the phones' own syncs waiting: few places, and little patience.
_PLACES = BoundedSemaphore(2)
_PATIENCE_SECONDS = 1.0


@blueprint.route("/sealed", methods=["POST"])
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": SealedRequest}}, "required": True},
    responses={
        "200": {
            "description": "每行的结果 / what each line came to: taken, again, refused, gap, unreadable",
            "content": {"application/json": {"schema": SealedReply}},
        },
        **{
            status: {"description": text, "content": {"application/json": {"schema": ErrorBody}}}
            for status, text in {
                "400": "读不懂 / unreadable", "413": "过大 / too_large", "415": "编码 / encoding, media_type",
                "503": "繁忙 / busy", "507": "磁盘满 / disk_full",
            }.items()
        },
    },
)  # fmt: skip
def post_sealed() -> Response:
    """代传密封的变更 / bring in changes that a phone sealed to this server"""
    lines = _lines(decode(plain_body()))
    with place(_PLACES, _PATIENCE_SECONDS):
        return reply(reply_of(Recovery(service(), decoder()).take(lines)))


def _lines(body: object) -> list[str]:
    sealed = body.get("sealed") if isinstance(body, dict) else None
    if not isinstance(sealed, list) or not all(isinstance(line, str) for line in sealed):
        raise BadRequest(
            "请求读不懂，见 errors。 / The request cannot be read, see errors.",
            {"sealed": ["应为文本列表 / must be a list of texts"]},
        )
    if len(sealed) > MAX_CHANGES:
        raise TooLarge(f"一次最多 {MAX_CHANGES} 行，请分批。 / At most {MAX_CHANGES} lines a request; send fewer.")
    return sealed
