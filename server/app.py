"""The application: one Flask app from a configuration and a registry of kinds.

Promises: the same app on SQLite and PostgreSQL; every error of the API is JSON in words; no request gives a stack trace.
Leaves to others: what the routes do (`api`), what the commands do (`cli`).
"""

import hashlib
import traceback
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException

from server.api import register_api
from server.codec import decoder_for
from server.config import Config
from server.console import blueprint as console
from server.console import register_errors
from server.console.errors import error_page, http_error
from server.extensions import csrf, db, limiter, migrate
from server.reading.figures import Aside
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
"""On every reply; a phone on a slow link pays for each byte, and these are what JSON needs, or a reply without a body."""

PAGE_HEADERS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # the token against forgery wants one of our own, on https
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
}
"""No script and no style but from our own files: what somebody typed can never run, even where escaping failed."""
DOCS_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
"""Swagger UI writes its styles into the page."""
FOREVER = "public, max-age=31536000, immutable"


class _Sessions(SecureCookieSessionInterface):
    """A cookie that came over https goes over nothing else."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


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
        SESSION_COOKIE_NAME="ruhu",
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
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
        lock_file = config.instance / "writer.lock" if config.is_sqlite else None
        database = Database(db.engine, kinds, lock_file, config.audit_key())
        database.compute = Aside(config)
    service = Service(database, kinds, config)
    app.extensions["ruhu"] = service
    app.extensions["ruhu_decoder"] = decoder_for(kinds)
    app.extensions["ruhu_metadata"] = kind_tables(kinds)
    app.session_interface = _Sessions()
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    csrf.init_app(app)
    limiter.init_app(app)
    for blueprint in register_api(app, http_error):
        csrf.exempt(blueprint)  # a token in a header, which no other site's page can send
    app.register_blueprint(console)
    register_errors(app)
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
    if not request.path.startswith("/api/"):
        return error_page(500)
    body = {
        "code": "server_error",
        "message": "服务器出错，内容仍在手机里，请稍后再试。 / The server failed; try again later.",
        "errors": {},
    }
    return body, 500


def _secure(response: Response) -> Response:
    headers = API_HEADERS if response.mimetype in ("application/json", None) else API_HEADERS | PAGE_HEADERS
    if request.endpoint == "console.docs":
        headers = headers | {"Content-Security-Policy": DOCS_POLICY}
    if request.endpoint == "static" and request.args.get("v"):
        response.headers["Cache-Control"] = FOREVER
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response


def asset(name: str) -> str:
    """A static file's URL with a piece of its hash, so that a browser may keep it and still gets the next version."""
    return url_for("static", filename=name, v=_version(name))


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
