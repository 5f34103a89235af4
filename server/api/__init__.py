"""The HTTP edge: reads a request's bytes and token, calls the service, words every error. No rule of the field lives here."""

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_smorest import Api, Blueprint

from server.api import devices, photos, records, sealed, sync
from server.api.edge import answer_request_error
from server.api.schemas import ErrorBody
from shared.sync.wire import RequestError

SPEC = {
    "info": {"description": "入户同步接口 / the sync API. 约定见 DESIGN 第 4 节。"},
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "手机或读取令牌 / device or read token"}
        }
    },
}


class RuhuApi(Api):
    """flask-smorest with its two traps mended: errors outside /api/ are answered as pages are, and a 405 keeps its Allow header."""

    ERROR_SCHEMA = ErrorBody
    elsewhere: Callable[[Any], Any]

    def handle_http_exception(self, error: Any) -> Any:
        if not request.path.startswith("/api/"):
            return self.elsewhere(error)
        _, status, headers = super().handle_http_exception(error)
        kept = {k: v for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")}
        code = {404: "not_found", 405: "method", 413: "too_large", 415: "media_type", 429: "slow_down"}.get(
            status, "error"
        )
        message = getattr(error, "description", None) or error.name
        return {"code": code, "message": message, "errors": {}}, status, {**kept, **(headers or {})}


def register_api(app: Flask, elsewhere: Callable[[Any], Any]) -> list[Blueprint]:
    """Put the API's routes on an app; returns their blueprints. `elsewhere` answers HTTP errors of paths outside /api/."""
    api = RuhuApi(app, spec_kwargs=SPEC)
    api.elsewhere = elsewhere
    blueprints = [sync.blueprint, sealed.blueprint, devices.blueprint, records.blueprint, photos.blueprint]
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_error_handler(RequestError, answer_request_error)
    return blueprints
