"""Reading: GET /api/v1/records/<kind> with the grants and masking of a sync, and GET /api/v1/kinds for whoever writes a client."""

from flask import Response, request
from flask_smorest import Blueprint

from server.api.edge import caller, reply, service
from server.api.schemas import ErrorBody, KindsReply, RecordsReply
from shared.grants import VILLAGE, Grant, GrantError, sight
from shared.sync.wire import DEFAULT_LIMIT, MAX_LIMIT, BadRequest, RequestError

blueprint = Blueprint("records", __name__, url_prefix="/api/v1", description="读取 / reading")


class NotFoundError(RequestError):
    """There is no such thing, or it is not the caller's to know of."""

    status, code = 404, "not_found"


class ForbiddenError(RequestError):
    """Not the caller's."""

    status, code = 403, "forbidden"


@blueprint.route("/records/<kind>", methods=["GET"])
@blueprint.doc(
    parameters=[
        {"name": "kind", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "village", "in": "query", "schema": {"type": "string", "pattern": "^[0-9]{12}$"}},
        {
            "name": "since",
            "in": "query",
            "schema": {"type": "string"},
            "description": "上次的 next / the last reply's next",
        },
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}},
    ],
    responses={
        "200": {
            "description": "一页记录 / a page of records",
            "content": {"application/json": {"schema": RecordsReply}},
        },
        "400": {"description": "bad_cursor", "content": {"application/json": {"schema": ErrorBody}}},
        "401": {"description": "unknown_token, revoked", "content": {"application/json": {"schema": ErrorBody}}},
        "403": {"description": "forbidden", "content": {"application/json": {"schema": ErrorBody}}},
        "404": {"description": "not_found", "content": {"application/json": {"schema": ErrorBody}}},
    },
    security=[{"token": []}],
)
def get_records(kind: str) -> Response:
    """读取一种记录 / read one kind, page by page"""
    who = caller()
    if kind not in service().kinds:
        raise NotFoundError(f"没有这种记录：{kind[:40]}。 / There is no such kind.")
    grant = _village_grant(request.args.get("village"))
    if grant and sight(who.grants, grant.value, None) is None:
        raise ForbiddenError("这个村不在您的范围内。 / This village is not yours to read.")
    page = service().records(who, kind, grant, _cursors(request.args.get("since")), _limit(request.args.get("limit")))
    cursors = page.cursors
    following = str(next(iter(cursors.values()))) if len(cursors) == 1 else _joined(cursors)
    return reply({"records": page.records, "next": following, "more": page.more})


def _village_grant(village: str | None) -> Grant | None:
    if village is None:
        return None
    try:
        return Grant.read(f"{VILLAGE}:{village}")
    except GrantError as error:
        raise BadRequest("village 应为 12 位代码。 / village must be a 12-digit code.") from error


def _cursors(since: str | None) -> object:
    """A reply's `next` back into cursors: one, or several joined by commas."""
    if not since:
        return None
    if "=" not in since:
        return int(since) if _is_position(since) else since
    pairs = [part.rpartition("=") for part in since.split(",")]
    return {grant: int(mark) if _is_position(mark) else mark for grant, _, mark in pairs}


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _joined(cursors: dict[str, int | str]) -> str:
    return ",".join(f"{grant}={mark}" for grant, mark in cursors.items())


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _is_position(text) or int(text) < 1:
        raise BadRequest("limit 应为正整数。 / limit must be a positive whole number.", {"limit": ["≥ 1"]})
    return min(int(text), MAX_LIMIT)


@blueprint.route("/kinds", methods=["GET"])
@blueprint.response(200, KindsReply)
def get_kinds() -> dict[str, object]:
    """记录种类 / every kind and its fields, for anyone who writes another client"""
    return service().kinds.describe()
