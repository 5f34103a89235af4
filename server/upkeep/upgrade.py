"""Bringing a database to this version: Alembic's migrations, then this server's identity. Safe to run again."""

import base64
from typing import TYPE_CHECKING, Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask_migrate import upgrade as migrate_to_head
from sqlalchemy import MetaData

from server.access import new_epoch
from server.config import Config
from server.service import Service, now_ms
from server.store import Database, TownshipStore
from server.tables import Base
from server.upkeep.adopt import adopt_fields

if TYPE_CHECKING:
    from flask import Flask


def upgrade(app: "Flask") -> str:
    """Bring the app's database to the newest version; returns the epoch."""
    service: Service = app.extensions["ruhu"]
    with app.app_context():
        migrate_to_head()
    adopt_fields(service.database)
    return identify(service.database, service.config)


def create_all(database: Database, metadata: MetaData, config: Config) -> str:
    """A fresh database straight from the declarations, without migrations: for tests of kinds that have none."""
    with database.transaction() as connection:
        Base.metadata.create_all(connection)
        metadata.create_all(connection)
    return identify(database, config)


def identify(database: Database, config: Config) -> str:
    """Give the server its epoch and key if it has none; returns the epoch."""
    public = public_key(config)
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        store.sql(
            "INSERT INTO server (id, epoch, public_key, started_at) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            new_epoch(), public, now_ms(),
        )  # fmt: skip
        ((epoch,),) = store.sql("SELECT epoch FROM server")
    return str(epoch)


def public_key(config: Config) -> str:
    """The key phones seal unsent work to (X25519, base64). Its private half stays in the instance folder, mode 0600."""
    private = config.secret("seal_key", _make_key)
    loaded = X25519PrivateKey.from_private_bytes(private)
    return base64.b64encode(loaded.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _make_key() -> bytes:
    return X25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def versions(app: "Flask") -> dict[str, Any]:
    """The database's version and the newest one."""
    service: Service = app.extensions["ruhu"]
    with app.app_context(), service.database.engine.connect() as connection:
        script = ScriptDirectory(app.extensions["migrate"].directory)
        return {
            "database": MigrationContext.configure(connection).get_current_revision(),
            "newest": script.get_current_head(),
        }
