"""The console: accounts that sign in, the audit trail as hash chains, exports that two people take, and indexes for its lists"""

import hashlib
import hmac

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INDEXES = [
    ("kind_conflict", "status"),
    ("kind_visit", "started_at"),
    ("kind_contact_visit", "started_at"),
    ("kind_cleanup_check", "checked_at"),
    ("kind_problem_step", "problem"),
]


def upgrade() -> None:
    op.create_table(
        "console_session",
        sa.Column("secret_hash", PLAIN, nullable=False),
        sa.Column("person", PLAIN, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_console_session")),
    )
    op.create_index(op.f("ix_console_session_person"), "console_session", ["person"])
    op.create_table(
        "export_request",
        sa.Column("township", PLAIN, nullable=False),
        sa.Column("id", PLAIN, nullable=False),
        sa.Column("listing", PLAIN, nullable=False),
        sa.Column("filters", sa.Text(), nullable=True),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", PLAIN, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", PLAIN, nullable=True),
        sa.Column("decider", PLAIN, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("township", "id", name=op.f("pk_export_request")),
    )
    _chain_the_trail()
    with op.batch_alter_table("device") as device:
        device.add_column(sa.Column("waiting", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("user_account") as account:
        account.add_column(sa.Column("must_change", sa.Integer(), server_default="0", nullable=False))
        account.add_column(sa.Column("wrong_tries", sa.Integer(), server_default="0", nullable=False))
        account.add_column(sa.Column("wrong_at", sa.BigInteger(), nullable=True))
    for table in ("kind_household", "kind_visit"):
        op.add_column(table, sa.Column("joined_into", PLAIN, nullable=True))
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_township_{column}"), table, ["township", column])


def _chain_the_trail() -> None:
    """Rows of before there was a chain (restores) become its beginning, linked without a key: `audit.breaks` knows them."""
    database = op.get_bind()
    before = database.execute(
        sa.text('SELECT township, at, "by", action, subject FROM audit ORDER BY township, at, id')
    ).all()
    op.drop_table("audit")
    audit = op.create_table(
        "audit",
        sa.Column("township", PLAIN, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", PLAIN, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("via", PLAIN, nullable=False),
        sa.Column("action", PLAIN, nullable=False),
        sa.Column("kind", PLAIN, nullable=False),
        sa.Column("record", PLAIN, nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("hash", PLAIN, nullable=False),
        sa.PrimaryKeyConstraint("township", "seq", name=op.f("pk_audit")),
    )
    heads = op.create_table(
        "audit_head",
        sa.Column("township", PLAIN, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", PLAIN, nullable=False),
        sa.PrimaryKeyConstraint("township", name=op.f("pk_audit_head")),
    )
    last: dict[str, tuple[int, str]] = {}
    for township, at, by, action, subject in before:
        seq, previous = last.get(township, (0, ""))
        details = msgspec.json.encode({"subject": subject}).decode()
        row = (seq + 1, at, "", by, "command", action, "", "", details)
        made = hmac.new(b"", msgspec.json.encode([previous, township, *row]), hashlib.sha256).hexdigest()
        names = ("seq", "at", "person", "by", "via", "action", "kind", "record", "details")
        op.bulk_insert(audit, [dict(zip(names, row, strict=True)) | {"township": township, "hash": made}])
        last[township] = (seq + 1, made)
    op.bulk_insert(heads, [{"township": t, "seq": seq, "hash": made} for t, (seq, made) in last.items()])


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(op.f(f"ix_{table}_township_{column}"), table_name=table)
    for table in ("kind_household", "kind_visit"):
        with op.batch_alter_table(table) as kind:
            kind.drop_column("joined_into")
    with op.batch_alter_table("user_account") as account:
        for column in ("wrong_at", "wrong_tries", "must_change"):
            account.drop_column(column)
    with op.batch_alter_table("device") as device:
        device.drop_column("waiting")
    for table in ("audit", "audit_head", "export_request", "console_session"):
        op.drop_table(table)
    op.create_table(
        "audit",
        sa.Column("township", PLAIN, nullable=False),
        sa.Column("id", PLAIN, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", PLAIN, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("township", "id", name=op.f("pk_audit")),
    )
