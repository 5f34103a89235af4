"""The application: one Flask app from a configuration and a registry of kinds.

Promises: the same app on SQLite and PostgreSQL; every error of the API is JSON in words; no request gives a stack trace.
Leaves to others: what the routes do (`api`), what the commands do (`cli`).
"""

import traceback
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from server.api import register_api
from server.codec import decoder_for
from server.config import Config
from server.console import blueprint as console
from server.extensions import db, migrate
from server.service import Service
from server.store import Database, prepare_sqlite
from server.tables import kind_tables
from shared.kind import Registry
from shared.kinds import KINDS
from shared.sync.wire import MAX_BODY

MIGRATIONS = Path(__file__).parent / "migrations"
STATIC = Path(__file__).parent / "static"

log = structlog.get_logger()

API_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""On every reply; a phone on a slow link pays for each byte, and these are what JSON needs."""

PAGE_HEADERS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
}


def create_app(config: Config | None = None, kinds: Registry = KINDS) -> Flask:
    """An app ready to serve. The database must have been upgraded; nothing is created here."""
    config = config or Config.from_environment()
    app = Flask("server", static_folder=str(STATIC), template_folder=str(STATIC.parent / "templates"))
    app.config.update(
        SECRET_KEY=config.secret_key(),
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True}  # no person's words in a traceback
        | ({} if config.is_sqlite else {"pool_size": 8, "pool_pre_ping": True}),
        MAX_CONTENT_LENGTH=MAX_BODY,
        API_TITLE="Ruhu 入户",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    with app.app_context():
        if config.is_sqlite:
            prepare_sqlite(db.engine)
        database = Database(db.engine, kinds, config.instance / "writer.lock" if config.is_sqlite else None)
    service = Service(database, kinds, config)
    app.extensions["ruhu"] = service
    app.extensions["ruhu_decoder"] = decoder_for(kinds)
    app.extensions["ruhu_metadata"] = kind_tables(kinds)
    register_api(app)
    app.register_blueprint(console)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_secure)
    return app


def _unexpected(error: Exception) -> Any:
    """The last net: what nobody foresaw is logged without its values and answered in words, never with a stack trace."""
    if isinstance(error, HTTPException):
        return error
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]
    log.error("unexpected", error=type(error).__name__, path=request.url_rule and request.url_rule.rule, frames=frames)
    body = {
        "code": "server_error",
        "message": "服务器出错，内容仍在手机里，请稍后再试。 / The server failed; try again later.",
        "errors": {},
    }
    return body, 500


def _secure(response: Response) -> Response:
    headers = API_HEADERS if response.mimetype == "application/json" else API_HEADERS | PAGE_HEADERS
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response
