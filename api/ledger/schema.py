"""The tables of the ledger. Money is fen, times are milliseconds since 1970, days are text in Asia/Shanghai.

`journal` and `entry` are the truth and are only ever added to. `counter`, `holder` and `live` can be rebuilt from them.
`request` remembers what every message was answered. `content` keeps by its hash whatever decided a row.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _number(name: str, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _bytes(name: str, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def _numbered(name: str) -> Column[int]:
    """Give a whole-number key; SQLite keeps a table in its order only when the type is INTEGER."""
    kind: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
    return Column(name, kind, primary_key=True, autoincrement=False)


institution = Table(
    "institution",
    metadata,
    Column("code", Text, primary_key=True),
    _text("name"),
    _text("place"),
    comment="定点医药机构, by fixmedins_code",
)

content = Table(
    "content",
    metadata,
    Column("sha256", Text, primary_key=True),
    _text("kind"),
    _bytes("body"),
    CheckConstraint("kind IN ('engine', 'rules', 'file', 'cover')", name="kind"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("person_key", Text, primary_key=True),
    Column("cover", Text, ForeignKey("content.sha256"), nullable=False),
    sqlite_with_rowid=False,
)

person_identity = Table(
    "person_identity",
    metadata,
    Column("blind", Text, primary_key=True),
    Column("person_key", Text, ForeignKey("person.person_key"), nullable=False, unique=True),
    _bytes("concealed"),
    sqlite_with_rowid=False,
    comment="the only table that knows who a person is; blind: keyed digest of the 人员编号, concealed: its cipher",
)

holder = Table(
    "holder",
    metadata,
    Column("holder_key", Text, primary_key=True),
    _number("person_seq"),
    _text("head"),
    sqlite_with_rowid=False,
    comment="what is locked: a person or the audit, with the head of its chain, or another holder of counters",
)

counter = Table(
    "counter",
    metadata,
    _text("holder_key"),
    _text("plan"),
    _text("counter"),
    _text("keys"),
    _number("period"),
    _number("value"),
    PrimaryKeyConstraint("holder_key", "plan", "counter", "keys", "period"),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    _numbered("seq"),
    _text("kind"),
    Column("settlement_id", Text, nullable=False, unique=True),
    _number("origin_seq"),
    Column("refers_seq", BigInteger, ForeignKey("journal.seq"), nullable=True),
    _text("caused_by", nullable=True),
    _text("institution"),
    _text("sender"),
    _text("message_id", nullable=True),
    _text("visit_id"),
    _text("receipt_id"),
    _text("person_key"),
    _number("person_seq"),
    _number("settled_at"),
    _text("book_date"),
    _text("period"),
    _text("scheme"),
    _text("clearing"),
    _text("plan"),
    _number("total_fen"),
    _bytes("input"),
    Column("cover", Text, ForeignKey("content.sha256"), nullable=False),
    _bytes("opening"),
    _bytes("closing"),
    _bytes("answer"),
    Column("engine", Text, ForeignKey("content.sha256"), nullable=False),
    Column("rules", Text, ForeignKey("content.sha256"), nullable=False),
    _text("prev_hash"),
    _text("row_hash"),
    UniqueConstraint("person_key", "person_seq"),
    UniqueConstraint("sender", "message_id"),
    CheckConstraint("kind IN ('SETTLE', 'REVERSE', 'ADJUST', 'OPEN', 'DEPOSIT')", name="kind"),
    CheckConstraint("(kind IN ('SETTLE', 'OPEN', 'DEPOSIT')) = (refers_seq IS NULL)", name="refers"),
    CheckConstraint("(caused_by IS NULL) = (message_id IS NOT NULL)", name="cause"),
)
journal_seq = Sequence("journal_seq", metadata=metadata)
Index("uq_journal_refers_seq", journal.c.refers_seq, unique=True)
Index("ix_journal_origin_seq", journal.c.origin_seq)
Index("ix_journal_institution_book_date", journal.c.institution, journal.c.book_date)

entry = Table(
    "entry",
    metadata,
    Column("seq", BigInteger, ForeignKey("journal.seq"), nullable=False),
    Column("n", Integer, nullable=False),
    _text("account"),
    _number("amount"),
    PrimaryKeyConstraint("seq", "n"),
    sqlite_with_rowid=False,
)

live = Table(
    "live",
    metadata,
    _text("institution"),
    _text("visit_id"),
    _text("receipt_id"),
    Column("origin_seq", BigInteger, ForeignKey("journal.seq"), nullable=False, unique=True),
    PrimaryKeyConstraint("institution", "visit_id", "receipt_id"),
    sqlite_with_rowid=False,
    comment="settlements in force: at most one for a receipt",
)

joint = Table(
    "joint",
    metadata,
    _text("holder_key"),
    Column("seq", BigInteger, ForeignKey("journal.seq"), nullable=False),
    PrimaryKeyConstraint("holder_key", "seq"),
    sqlite_with_rowid=False,
    comment="rows that could use the counters of a holder other than their person, such as a household",
)

request = Table(
    "request",
    metadata,
    _text("institution"),
    _text("message_id"),
    _text("kind"),
    _text("digest"),
    _text("outcome"),
    Column("seq", BigInteger, ForeignKey("journal.seq"), nullable=True),
    _bytes("answer", nullable=True),
    _number("decided_at"),
    _text("row_hash"),
    PrimaryKeyConstraint("institution", "message_id"),
    CheckConstraint("kind IN ('settle', 'reverse', 'readjudicate', 'open', 'deposit', 'unknown')", name="kind"),
    CheckConstraint("outcome IN ('done', 'refused', 'nothing', 'void')", name="outcome"),
    CheckConstraint("(outcome = 'done') = (seq IS NOT NULL)", name="done"),
    CheckConstraint("(outcome = 'done') = (answer IS NULL)", name="answer"),
    sqlite_with_rowid=False,
    comment="what every message was answered; the answer to one that was done stands in its journal row",
)

period = Table(
    "period",
    metadata,
    Column("period", Text, primary_key=True),
    _number("to_seq"),
    _number("count"),
    _number("closed_at"),
    _text("root"),
    comment="closed clearing months (清算期)",
)

seal = Table(
    "seal",
    metadata,
    _numbered("block"),
    _number("from_seq"),
    _number("to_seq"),
    _number("count"),
    _number("audit_seq"),
    _number("sealed_at"),
    _text("root"),
)

job = Table(
    "job",
    metadata,
    Column("name", Text, primary_key=True),
    _number("year"),
    _bytes("persons"),
    _number("posts"),
    _text("outcome"),
    _number("started_at"),
    _number("heard_at"),
    _number("ended_at", nullable=True),
    _number("persons_found", nullable=True),
    _number("persons_done"),
    _bytes("result"),
    CheckConstraint("outcome IN ('running', 'done', 'failed')", name="outcome"),
    sqlite_with_rowid=False,
    comment="re-adjudications that a service does in the background; what they post stands in the journal",
)

credential = Table(
    "credential",
    metadata,
    Column("key_id", Text, primary_key=True),
    _text("role"),
    _text("institution"),
    _text("algorithm"),
    _bytes("concealed"),
    _number("valid_from"),
    _number("valid_until", nullable=True),
    _number("disabled_at", nullable=True),
    _number("changed_at"),
    CheckConstraint("(role = 'institution') = (institution <> '')", name="institution"),
    sqlite_with_rowid=False,
    comment="who may sign; concealed: cipher of the secret, bound to what the row says of the key",
)

nonce = Table(
    "nonce",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("kept_until", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
    comment="what was signed once and cannot come again; of a key and its nonce, until seconds since 1970",
)

audit = Table(
    "audit",
    metadata,
    _numbered("seq"),
    _text("request_id"),
    _number("at"),
    _text("actor"),
    _text("role"),
    _text("deed"),
    _text("subject"),
    _text("outcome"),
    _text("prev_hash"),
    _text("row_hash"),
    comment="what the agency read and did, as one chain; actor: id of a key, or command:user of the machine",
)
Index("ix_audit_at", audit.c.at)
