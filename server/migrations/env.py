"""Alembic's environment: the tables around the kinds and the kinds' own, in one history."""

from alembic import context
from flask import current_app

from server.tables import Base

target_metadata = [Base.metadata, current_app.extensions["ruhu_metadata"]]


def run() -> None:
    database = current_app.extensions["ruhu"].database
    with database.transaction() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            render_as_batch=True,
            compare_type=True,
            compare_server_default=False,
        )
        context.run_migrations()


run()
