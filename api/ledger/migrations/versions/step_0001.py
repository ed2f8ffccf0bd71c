"""The first tables of the ledger, and the triggers that let some of them only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from api.ledger.database.statements import refusing_change

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ONLY_GROW = ("content", "journal", "entry", "request", "seal", "period", "audit")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "institution",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_institution"),
        comment="定点医药机构, by fixmedins_code",
    )
    op.create_table(
        "content",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('engine', 'rules', 'file', 'cover')", name="ck_content_kind"),
        sa.PrimaryKeyConstraint("sha256", name="pk_content"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person",
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("cover", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cover"], ["content.sha256"], name="fk_person_cover"),
        sa.PrimaryKeyConstraint("person_key", name="pk_person"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_identity",
        sa.Column("blind", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("concealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.person_key"], name="fk_person_identity_person_key"),
        sa.PrimaryKeyConstraint("blind", name="pk_person_identity"),
        sa.UniqueConstraint("person_key", name="uq_person_identity_person_key"),
        comment="the only table that knows who a person is; blind: keyed digest of the 人员编号, concealed: its cipher",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holder",
        sa.Column("holder_key", sa.Text(), nullable=False),
        sa.Column("person_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("holder_key", name="pk_holder"),
        comment="what is locked: a person or the audit, with the head of its chain, or another holder of counters",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counter",
        sa.Column("holder_key", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("holder_key", "plan", "counter", "keys", "period", name="pk_counter"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("seq", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("origin_seq", sa.BigInteger(), nullable=False),
        sa.Column("refers_seq", sa.BigInteger(), nullable=True),
        sa.Column("caused_by", sa.Text(), nullable=True),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("person_seq", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("book_date", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("clearing", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("input", sa.LargeBinary(), nullable=False),
        sa.Column("cover", sa.Text(), nullable=False),
        sa.Column("opening", sa.LargeBinary(), nullable=False),
        sa.Column("closing", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.Text(), nullable=False),
        sa.CheckConstraint("(caused_by IS NULL) = (message_id IS NOT NULL)", name="ck_journal_cause"),
        sa.CheckConstraint("(kind IN ('SETTLE', 'OPEN', 'DEPOSIT')) = (refers_seq IS NULL)", name="ck_journal_refers"),
        sa.CheckConstraint("kind IN ('SETTLE', 'REVERSE', 'ADJUST', 'OPEN', 'DEPOSIT')", name="ck_journal_kind"),
        sa.ForeignKeyConstraint(["cover"], ["content.sha256"], name="fk_journal_cover"),
        sa.ForeignKeyConstraint(["engine"], ["content.sha256"], name="fk_journal_engine"),
        sa.ForeignKeyConstraint(["refers_seq"], ["journal.seq"], name="fk_journal_refers_seq"),
        sa.ForeignKeyConstraint(["rules"], ["content.sha256"], name="fk_journal_rules"),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
        sa.UniqueConstraint("person_key", "person_seq", name="uq_journal_person_key_person_seq"),
        sa.UniqueConstraint("sender", "message_id", name="uq_journal_sender_message_id"),
        sa.UniqueConstraint("settlement_id", name="uq_journal_settlement_id"),
    )
    op.create_index("ix_journal_institution_book_date", "journal", ["institution", "book_date"], unique=False)
    op.create_index("ix_journal_origin_seq", "journal", ["origin_seq"], unique=False)
    op.create_index("uq_journal_refers_seq", "journal", ["refers_seq"], unique=True)
    op.create_table(
        "entry",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["journal.seq"], name="fk_entry_seq"),
        sa.PrimaryKeyConstraint("seq", "n", name="pk_entry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "live",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("origin_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["origin_seq"], ["journal.seq"], name="fk_live_origin_seq"),
        sa.PrimaryKeyConstraint("institution", "visit_id", "receipt_id", name="pk_live"),
        sa.UniqueConstraint("origin_seq", name="uq_live_origin_seq"),
        comment="settlements in force: at most one for a receipt",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "joint",
        sa.Column("holder_key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["journal.seq"], name="fk_joint_seq"),
        sa.PrimaryKeyConstraint("holder_key", "seq", name="pk_joint"),
        comment="rows that could use the counters of a holder other than their person, such as a household",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "request",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.Text(), nullable=False),
        sa.CheckConstraint("(outcome = 'done') = (answer IS NULL)", name="ck_request_answer"),
        sa.CheckConstraint("(outcome = 'done') = (seq IS NOT NULL)", name="ck_request_done"),
        sa.CheckConstraint(
            "kind IN ('settle', 'reverse', 'readjudicate', 'open', 'deposit', 'unknown')", name="ck_request_kind"
        ),
        sa.CheckConstraint("outcome IN ('done', 'refused', 'nothing', 'void')", name="ck_request_outcome"),
        sa.ForeignKeyConstraint(["seq"], ["journal.seq"], name="fk_request_seq"),
        sa.PrimaryKeyConstraint("institution", "message_id", name="pk_request"),
        comment="what every message was answered; the answer to one that was done stands in its journal row",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "period",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", name="pk_period"),
        comment="closed clearing months (清算期)",
    )
    op.create_table(
        "seal",
        sa.Column("block", KEY, autoincrement=False, nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_seal"),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("persons", sa.LargeBinary(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("persons_found", sa.BigInteger(), nullable=True),
        sa.Column("persons_done", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("outcome IN ('running', 'done', 'failed')", name="ck_job_outcome"),
        sa.PrimaryKeyConstraint("name", name="pk_job"),
        comment="re-adjudications that a service does in the background; what they post stands in the journal",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credential",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("concealed", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(role = 'institution') = (institution <> '')", name="ck_credential_institution"),
        sa.PrimaryKeyConstraint("key_id", name="pk_credential"),
        comment="who may sign; concealed: cipher of the secret, bound to what the row says of the key",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "nonce",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kept_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_nonce"),
        comment="what was signed once and cannot come again; of a key and its nonce, until seconds since 1970",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_nonce_kept_until", "nonce", ["kept_until"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", KEY, autoincrement=False, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        comment="what the agency read and did, as one chain; actor: id of a key, or command:user of the machine",
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    dialect = op.get_context().dialect
    if dialect.supports_sequences:
        op.execute(sa.schema.CreateSequence(sa.Sequence("journal_seq")))
    for statement in refusing_change(dialect.name, ONLY_GROW):
        op.execute(statement)
