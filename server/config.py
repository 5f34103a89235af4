"""Where the server keeps things, from the environment.

RUHU_DATABASE_URL  the database (default: SQLite in the instance folder; ``postgresql://…`` is the only change for PostgreSQL)
RUHU_INSTANCE      the instance folder: database, secrets, lock (default ``instance`` in the current folder)
RUHU_SERVER_NAME   what phones show as the server's name
RUHU_EXPORT_PERSONS  a list that names more persons than this leaves only when a second person agrees (default 200)
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

GUARD_BYTES = 64 * 1024 * 1024
"""Free space below which the server takes no more changes (507), in bytes: SQLite must never meet a full disk."""

AUDIT_KEY = "audit_key"


@dataclass(frozen=True)
class Config:
    """Everything a process must be told. Paths are absolute."""

    instance: Path
    database_url: str
    server_name: str = "入户服务器"
    export_persons: int = 200

    @classmethod
    def from_environment(cls) -> "Config":
        """RuntimeError in words when a setting cannot be read."""
        instance = Path(os.environ.get("RUHU_INSTANCE", "instance")).resolve()
        url = os.environ.get("RUHU_DATABASE_URL", "")
        config = cls.at(instance, url, os.environ.get("RUHU_SERVER_NAME", ""))
        persons = os.environ.get("RUHU_EXPORT_PERSONS") or str(cls.export_persons)
        if not (persons.isascii() and persons.isdigit() and len(persons) < 10):
            raise RuntimeError(
                f"RUHU_EXPORT_PERSONS 应为人数，如 200：{persons} / RUHU_EXPORT_PERSONS is a number of persons, such as 200."
            )
        return replace(config, export_persons=int(persons))

    @classmethod
    def at(cls, instance: Path, url: str = "", name: str = "") -> "Config":
        """A configuration for this folder, which is made if need be, readable by its owner only."""
        instance.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(instance, driver_url(url or f"sqlite:///{instance / 'ruhu.db'}"), name or cls.server_name)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def secret_key(self) -> str:
        """The key for sessions, made at first use, mode 0600."""
        return self.secret("secret_key", lambda: secrets.token_hex(32).encode()).decode()

    def audit_key(self) -> bytes:
        """The key of the audit trail's hash chains, made at first use, mode 0600. It goes along in every backup."""
        return self.secret(AUDIT_KEY, lambda: secrets.token_bytes(32))

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret kept under this name in the instance folder, made at first use, mode 0600."""
        path = self.instance / name
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(make())
        return path.read_bytes()


def driver_url(url: str) -> str:
    """The URL with the driver named: psycopg 3 for PostgreSQL."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
