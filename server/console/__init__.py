"""The browser's side. For now two pages anyone may see: where things are, and the API's documentation. No personal data on either."""

from flask import Blueprint, current_app, render_template

from server.service import Service

blueprint = Blueprint("console", __name__)


@blueprint.get("/")
def start() -> str:
    """入口 / where things are."""
    service: Service = current_app.extensions["ruhu"]
    with service.database.engine.connect() as connection:
        townships = connection.exec_driver_sql("SELECT count(*) FROM township_counter").scalar_one()
    return render_template("start.html", name=service.config.server_name, epoch=service.epoch(), townships=townships)


@blueprint.get("/api/docs")
def docs() -> str:
    """接口文档 / Swagger UI over /api/openapi.json."""
    return render_template("docs.html")
