"""The township's tables.

One table per kind, made from the registry (typed nullable columns; `stamp` is the earliest write's, `later` the stamps that differ),
and the tables around them: the log, the counter, people, grants, devices, codes, tokens, areas, the audit trail.
Every tenant table and every unique key begins with `township`; there are no sequences and no keys across townships, so the same
schema runs on one SQLite file, on PostgreSQL, and on a PostgreSQL partitioned or distributed by township.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kind import Kind, Registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Ids, codes and stamps are compared byte by byte: on PostgreSQL that takes the C collation, SQLite does so anyway.
PLAIN = Text().with_variant(Text(collation="C"), "postgresql")

COLUMNS: dict[str, Any] = {
    "text": Text(),
    "code": PLAIN,
    "link": PLAIN,
    "integer": BigInteger(),
    "number": Double(),
    "boolean": Boolean(),
    "date": PLAIN,  # dates and times stay the text they were written as
    "datetime": PLAIN,
    "choice": PLAIN,
    "choices": Text(),  # JSON
    "list": Text(),  # JSON
    "object": Text(),  # JSON
}
JSON_TYPES = frozenset({"choices", "list", "object"})
ENVELOPE = ("id", "village", "household", "stamp", "later", "extra", "tangled")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Server(Base):
    """This server's one row: the identity of its history, and the key phones seal unsent work to."""

    __tablename__ = "server"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(PLAIN)
    public_key: Mapped[str] = mapped_column(PLAIN)
    started_at: Mapped[int] = mapped_column(BigInteger)


class Area(Base):
    """A division of the country: county, township, village. Reference data, the same for every township."""

    __tablename__ = "area"
    code: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(PLAIN, index=True)
    level: Mapped[str] = mapped_column(PLAIN)
    is_farm: Mapped[bool] = mapped_column(default=False)


class User(Base):
    """A person with an account. One person may hold grants in several townships."""

    __tablename__ = "user_account"
    id: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    roles: Mapped[str] = mapped_column(PLAIN)  # separated by blanks
    password_hash: Mapped[str | None] = mapped_column(PLAIN)
    must_change: Mapped[int] = mapped_column(Integer, server_default="0")  # 1: the password was given, not chosen
    wrong_tries: Mapped[int] = mapped_column(Integer, server_default="0")  # in a row
    wrong_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    disabled_at: Mapped[int | None] = mapped_column(BigInteger)


class GrantRow(Base):
    """What a person may hold, from when to when (ms since 1970)."""

    __tablename__ = "access_grant"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    person: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    scope: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[int | None] = mapped_column(BigInteger)


class Device(Base):
    """What numbers changes. `token_hash` is empty for the desk, and for a device that only a restored phone remembers."""

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("township", "token_hash"),)
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    id: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    person: Mapped[str] = mapped_column(PLAIN)
    name: Mapped[str] = mapped_column(Text, default="")
    platform: Mapped[str] = mapped_column(Text, default="")
    app: Mapped[str] = mapped_column(Text, default="")
    token_hash: Mapped[str | None] = mapped_column(PLAIN)
    next_number: Mapped[int] = mapped_column(BigInteger, default=1)
    newest_stamp: Mapped[str | None] = mapped_column(PLAIN)
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    waiting: Mapped[int] = mapped_column(Integer, server_default="0")  # changes it still held when it was last here


class EnrolmentCode(Base):
    """A one-time code, kept as a hash."""

    __tablename__ = "enrolment_code"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    code_hash: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    person: Mapped[str] = mapped_column(PLAIN)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class Token(Base):
    """A token for reading by another program, kept as a hash, with the grants it carries."""

    __tablename__ = "read_token"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    token_hash: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    grants: Mapped[str] = mapped_column(PLAIN)  # separated by blanks
    created_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


class TownshipCounter(Base):
    """A township's last log position and its clock. This row is locked first in every writing transaction."""

    __tablename__ = "township_counter"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    last_stamp: Mapped[str | None] = mapped_column(PLAIN)


class ChangeRow(Base):
    """The log: feed, history and dedupe in one.

    `village` ('' for what the township shares) and `household` are empty on refused and repeating rows, so no feed shows those.
    """

    __tablename__ = "changes"
    __table_args__ = (
        UniqueConstraint("township", "device", "number"),
        Index(None, "township", "village", "seq"),
        Index(None, "township", "record", "seq"),
        Index(
            "ix_changes_household", "township", "household", "seq",
            sqlite_where=text("household IS NOT NULL"), postgresql_where=text("household IS NOT NULL"),
        ),
        Index(
            "ix_changes_sent_stamp", "township", "sent_stamp",
            sqlite_where=text("sent_stamp IS NOT NULL"), postgresql_where=text("sent_stamp IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},  # rows come in the order of their key: no second tree for it
    )  # fmt: skip
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    device: Mapped[str] = mapped_column(PLAIN)
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(PLAIN)
    record: Mapped[str] = mapped_column(PLAIN)
    village: Mapped[str | None] = mapped_column(PLAIN)
    household: Mapped[str | None] = mapped_column(PLAIN)
    stamp: Mapped[str] = mapped_column(PLAIN)
    sent_stamp: Mapped[str | None] = mapped_column(PLAIN)  # only where it differs
    person: Mapped[str] = mapped_column(PLAIN)
    written_by: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(PLAIN)
    at: Mapped[int] = mapped_column(BigInteger)
    written: Mapped[str | None] = mapped_column(Text)  # JSON: the change's `set`
    base: Mapped[str | None] = mapped_column(Text)  # JSON
    decides: Mapped[str | None] = mapped_column(Text)  # JSON
    refusal: Mapped[str | None] = mapped_column(Text)  # JSON
    repeats: Mapped[int] = mapped_column(Integer, default=0)
    late: Mapped[int] = mapped_column(Integer, default=0)


class AuditRow(Base):
    """What people did beside the log, one hash chain a township ('' for what concerns the whole server). Written by `audit` alone."""

    __tablename__ = "audit"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str] = mapped_column(PLAIN)
    by: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(PLAIN)
    action: Mapped[str] = mapped_column(PLAIN)
    kind: Mapped[str] = mapped_column(PLAIN)
    record: Mapped[str] = mapped_column(PLAIN)
    details: Mapped[str | None] = mapped_column(Text)  # JSON
    hash: Mapped[str] = mapped_column(PLAIN)


class AuditHead(Base):
    """A chain's last row. Locked first by whoever adds one."""

    __tablename__ = "audit_head"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    hash: Mapped[str] = mapped_column(PLAIN)


class ConsoleSession(Base):
    """A person signed in to the console: the hash of what the browser holds. How long it was idle the browser's signed cookie says."""

    __tablename__ = "console_session"
    secret_hash: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    person: Mapped[str] = mapped_column(PLAIN, index=True)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


class ExportRequest(Base):
    """A list of many persons that somebody wants to take out, and what a second person said to it."""

    __tablename__ = "export_request"
    township: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    id: Mapped[str] = mapped_column(PLAIN, primary_key=True)
    listing: Mapped[str] = mapped_column(PLAIN)
    filters: Mapped[str | None] = mapped_column(Text)  # JSON
    whole: Mapped[int] = mapped_column(Integer, default=0)  # 1: with what is masked otherwise
    persons: Mapped[int] = mapped_column(Integer)
    pictures: Mapped[int] = mapped_column(Integer, default=0)  # how many photographs; 0: without
    reason: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(PLAIN)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[int] = mapped_column(BigInteger)
    decision: Mapped[str | None] = mapped_column(PLAIN)  # approved, declined
    decider: Mapped[str | None] = mapped_column(PLAIN)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    taken_at: Mapped[int | None] = mapped_column(BigInteger)


REFERENCE = frozenset({"server", "area", "user_account", "console_session"})
"""The tables that are no township's own."""


def table_name(kind: Kind | str) -> str:
    """A kind's table carries its word, so that it never meets one of ours."""
    return f"kind_{kind if isinstance(kind, str) else kind.name}"


def kind_tables(kinds: Registry) -> MetaData:
    """One table per kind, in a MetaData of its own: an app with more kinds leaves the others' schema alone."""
    metadata = MetaData(naming_convention=NAMING)
    for kind in kinds.values():
        _kind_table(metadata, kind)
    return metadata


def _kind_table(metadata: MetaData, kind: Kind) -> Table:
    name = table_name(kind)
    return Table(
        name,
        metadata,
        Column("township", PLAIN, primary_key=True),
        Column("id", PLAIN, primary_key=True),
        Column("village", PLAIN, nullable=False),  # '' for what the township shares
        Column("household", PLAIN),
        Column("stamp", PLAIN, nullable=False),
        Column("later", Text),  # JSON: stamps other than `stamp`, and of null values
        Column("extra", Text),  # JSON: fields from a newer app
        Column("tangled", Integer, nullable=False, server_default="0"),
        *(Column(column_name(field), COLUMNS[value.type_name]) for field, value in kind.fields.items()),
        Index(None, "township", "village", "id"),
        Index(f"ix_{name}_household", "township", "household", "id"),
        *(Index(None, "township", column_name(field)) for field, value in kind.fields.items() if value.indexed),
    )


def column_name(field: str) -> str:
    """A field's column; one that carries an envelope's word steps aside."""
    return f"{field}_" if field in ENVELOPE or field == "township" else field
