"""POST /api/v1/enrol: a phone joins a township with a one-time code. GET /api/v1/health answers anyone."""

from flask import Response
from flask_smorest import Blueprint
from marshmallow import ValidationError

from server import access
from server.api.edge import plain_body, reply, service
from server.api.schemas import EnrolReply, EnrolRequest, ErrorBody
from server.codec import decode
from server.service import now_ms
from shared.moments import iso
from shared.sync.wire import BadRequest, RequestError

blueprint = Blueprint("devices", __name__, url_prefix="/api/v1", description="手机注册 / phones enrol")


class CodeGoneError(RequestError):
    """The code is spent, too old or never was."""

    status, code = 410, "code_gone"


@blueprint.route("/enrol", methods=["POST"])
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": EnrolRequest}}, "required": True},
    responses={
        "201": {"description": "已注册 / enrolled", "content": {"application/json": {"schema": EnrolReply}}},
        "400": {"description": "读不懂 / unreadable", "content": {"application/json": {"schema": ErrorBody}}},
        "410": {"description": "注册码失效 / code_gone", "content": {"application/json": {"schema": ErrorBody}}},
    },
)
def post_enrol() -> Response:
    """注册手机 / trade a one-time code for a token"""
    try:
        body = EnrolRequest().load(decode(plain_body()))
    except ValidationError as error:
        raise BadRequest("请求读不懂，见 errors。 / The request cannot be read, see errors.", _flat(error)) from error
    try:
        enrolled = access.enrol(service().database, body["code"], body["device"], now_ms())
    except access.CodeSpentError as error:
        raise CodeGoneError(str(error)) from error
    epoch, key = service().identity()
    return reply(
        {
            "device": enrolled.device,
            "token": enrolled.token,
            "township": enrolled.township,
            "user": {"id": enrolled.person, "name": enrolled.name, "roles": list(enrolled.roles)},
            "server": {"name": service().config.server_name, "epoch": epoch, "time": iso(now_ms()), "key": key},
        },
        201,
    )


def _flat(error: ValidationError) -> dict[str, list[str]]:
    messages = error.messages if isinstance(error.messages, dict) else {"body": error.messages}
    return {str(name): [str(found)] for name, found in messages.items()}


@blueprint.route("/health", methods=["GET"])
@blueprint.doc(responses={"200": {"description": "在线 / up"}})
def get_health() -> Response:
    """是否在线 / whether the server is up and its database answers"""
    epoch, _ = service().identity()
    return reply({"status": "ok", "time": iso(now_ms()), "epoch": epoch, "name": service().config.server_name})
