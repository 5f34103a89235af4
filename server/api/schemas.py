"""The messages as marshmallow schemas: what OpenAPI shows. A sync body is read by `server.codec`, an enrolment by its schema here."""

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate

from shared.fields import is_plain


def _plain(text: str) -> None:
    if not is_plain(text):
        raise ValidationError("含有无法保存的字符 / holds a character that cannot be kept")


def _short() -> fields.String:
    return fields.String(load_default="", validate=[validate.Length(max=200), _plain])


def _code() -> fields.String:
    return fields.String(required=True, validate=[validate.Length(min=1, max=200), _plain])


class EnvelopeSchema(Schema):
    """Open: both sides ignore keys they do not know."""

    class Meta:
        unknown = INCLUDE


class DeviceSchema(EnvelopeSchema):
    name = _short()
    platform = _short()
    app = _short()


class EnrolRequest(EnvelopeSchema):
    code = _code()
    device = fields.Nested(DeviceSchema, required=True)


class UserSchema(EnvelopeSchema):
    id = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())


class ServerSchema(EnvelopeSchema):
    name = fields.String()
    epoch = fields.String()
    time = fields.AwareDateTime(format="iso")
    key = fields.String(metadata={"description": "X25519, base64"})


class EnrolReply(EnvelopeSchema):
    device = fields.String()
    token = fields.String()
    township = fields.String()
    user = fields.Nested(UserSchema)
    server = fields.Nested(ServerSchema)


class ChangeSchema(EnvelopeSchema):
    number = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    kind = fields.String(required=True)
    id = fields.UUID(required=True)
    village = fields.String(allow_none=True)
    household = fields.UUID(allow_none=True)
    stamp = fields.String(required=True)
    set = fields.Dict(keys=fields.String(), required=True)
    base = fields.Dict(keys=fields.String())


class SyncRequest(EnvelopeSchema):
    protocol = fields.Integer(required=True, strict=True, validate=validate.Equal(1))
    app = fields.String(allow_none=True)
    now = fields.String(allow_none=True)
    epoch = fields.String(allow_none=True)
    cursors = fields.Dict(keys=fields.String())
    limit = fields.Integer(strict=True, validate=validate.Range(min=0, max=1000))
    waiting = fields.Integer(
        strict=True, metadata={"description": "手机里还有几条没有发出 / changes the phone still holds beside these"}
    )
    changes = fields.List(fields.Nested(ChangeSchema), validate=validate.Length(max=500))


class RefusalSchema(EnvelopeSchema):
    number = fields.Integer()
    code = fields.String(validate=validate.OneOf(["invalid", "forbidden", "unknown_kind", "too_large", "gone"]))
    fields_ = fields.Dict(data_key="fields", keys=fields.String(), values=fields.List(fields.String()))
    message = fields.String()


class RecordSchema(EnvelopeSchema):
    kind = fields.String()
    id = fields.UUID()
    village = fields.String(allow_none=True)
    household = fields.UUID(allow_none=True)
    values = fields.Dict(keys=fields.String())
    stamps = fields.Dict(keys=fields.String())
    left = fields.Boolean()


class SyncReply(EnvelopeSchema):
    protocol = fields.Integer()
    epoch = fields.String()
    time = fields.AwareDateTime(format="iso")
    next = fields.Integer()
    restamped = fields.Dict(keys=fields.String(), values=fields.String())
    refused = fields.List(fields.Nested(RefusalSchema))
    grants = fields.List(fields.String())
    dropped = fields.List(fields.String())
    records = fields.List(fields.Nested(RecordSchema))
    cursors = fields.Dict(keys=fields.String())
    more = fields.Boolean()
    places = fields.Dict(
        keys=fields.String(), values=fields.String(),
        metadata={"description": "The villages' names by code; only while a grant has no cursor yet"},
    )  # fmt: skip


class SealedRequest(EnvelopeSchema):
    sealed = fields.List(
        fields.String(metadata={"description": "base64"}), required=True, validate=validate.Length(max=500)
    )


class SealedLineSchema(EnvelopeSchema):
    index = fields.Integer()
    status = fields.String(validate=validate.OneOf(["taken", "again", "refused", "gap", "unreadable"]))
    message = fields.String()


class SealedReply(EnvelopeSchema):
    lines = fields.List(fields.Nested(SealedLineSchema))


class DigestReply(EnvelopeSchema):
    epoch = fields.String()
    grants = fields.Dict(keys=fields.String())


class RecordsReply(EnvelopeSchema):
    records = fields.List(fields.Nested(RecordSchema))
    next = fields.String()
    more = fields.Boolean()


class KindsReply(EnvelopeSchema):
    kinds = fields.List(fields.Dict())


class ErrorBody(EnvelopeSchema):
    code = fields.String()
    message = fields.String()
    errors = fields.Dict(keys=fields.String())
    next = fields.Integer(metadata={"description": "409: 想要的编号 / the number wanted"})
