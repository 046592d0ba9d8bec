"""Every table, in one place. What people wrote is in encrypted columns; ids and times are plain, because they are looked up."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.digest_tables import digest_tables
from bot.store.encryption import Cipher, Encrypted, EncryptedJson
from bot.store.protection_tables import SerialId, person_keys, protection_tables

UNFINISHED = "state IN ('waiting', 'working', 'sending')"
KEY_BYTES = 1024  # two keys of this size still fit one PostgreSQL index row (about 2,700 bytes)


class Tables:
    """One metadata with the columns' keys in it: built once a database."""

    def __init__(self, cipher: Cipher) -> None:
        self.metadata = MetaData()
        self.inbox = _inbox(self.metadata, cipher)
        self.leases = Table(
            "leases",
            self.metadata,
            Column("conversation_id", Text, primary_key=True),
            Column("owner", String(64), nullable=False),
            Column("expires", Double, nullable=False),
            Index("leases_owner", "owner"),
        )
        self.transcripts = _transcripts(self.metadata, cipher)
        self.references = _references(self.metadata, cipher)
        self.token_cache = Table(
            "token_cache",
            self.metadata,
            Column("person_id", Text, primary_key=True),
            Column("cache", Encrypted(cipher), nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("updated", Double, nullable=False),
        )
        self.pending = Table(
            "pending_questions",
            self.metadata,
            Column("person_id", Text, primary_key=True),
            Column("question", EncryptedJson(cipher), nullable=False),
            Column("created", Double, nullable=False),
        )
        self.answers = _answers(self.metadata, cipher)
        self.feedback = _feedback(self.metadata, cipher)
        self.preferences = _preferences(self.metadata, cipher)
        self.heard = _heard(self.metadata, cipher)
        self.memories = _memories(self.metadata, cipher)
        self.summaries = _summaries(self.metadata, cipher)
        self.audit = _audit(self.metadata)
        self.spending, self.reservations = _spending(self.metadata), _reservations(self.metadata)
        self.digests = digest_tables(self.metadata, cipher)
        self.person_keys = person_keys(self.metadata, cipher)
        self.protection = protection_tables(self.metadata, cipher)
        self.key_check = Table(
            "key_check",
            self.metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("value", LargeBinary, nullable=False),
        )


def _inbox(metadata: MetaData, cipher: Cipher) -> Table:
    return Table(
        "inbox",
        metadata,
        Column("seq", SerialId, primary_key=True, autoincrement=True),
        Column("conversation_id", Text, nullable=False),
        Column("activity_id", Text, nullable=False),
        Column("activity", Encrypted(cipher)),
        Column("state", String(16), nullable=False),
        Column("owner", String(64), nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("reply_id", Text, nullable=False),
        Column("admitted", Double, nullable=False),
        Column("finished", Double),
        UniqueConstraint("conversation_id", "activity_id", name="inbox_once"),
        Index(
            "inbox_unfinished",
            "conversation_id",
            "seq",
            sqlite_where=text(UNFINISHED),
            postgresql_where=text(UNFINISHED),
        ),
        Index("inbox_finished", "finished"),
        sqlite_autoincrement=True,  # a pruned row's number is not given out again: log references stay unique
    )


def _transcripts(metadata: MetaData, cipher: Cipher) -> Table:
    return Table(
        "transcripts",
        metadata,
        Column("seq", SerialId, primary_key=True, autoincrement=True),
        Column("conversation_id", Text, nullable=False),
        Column("turn_id", Text, nullable=False),
        Column("messages", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
        UniqueConstraint("conversation_id", "turn_id", name="transcripts_turn"),
        Index("transcripts_order", "conversation_id", "seq"),
    )


def _references(metadata: MetaData, cipher: Cipher) -> Table:
    return Table(
        "conversation_references",
        metadata,
        Column("conversation_id", Text, primary_key=True),
        Column("place", String(16), nullable=False),
        Column("person_id", Text, nullable=False),
        Column("reference", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
        Index("conversation_references_person", "person_id", "place"),
    )


def _answers(metadata: MetaData, cipher: Cipher) -> Table:
    """What was answered, by the channel's id of the message: buttons, thumbs and edits refer to it."""
    return Table(
        "answers",
        metadata,
        Column("conversation_id", Text, primary_key=True),
        Column("message_id", Text, primary_key=True),
        Column("turn_id", Text, nullable=False),
        Column("person_id", Text, nullable=False),
        Column("details", EncryptedJson(cipher), nullable=False),
        Column("created", Double, nullable=False),
        Index("answers_turn", "conversation_id", "turn_id"),
        Index("answers_person", "person_id"),
    )


def _feedback(metadata: MetaData, cipher: Cipher) -> Table:
    return Table(
        "feedback",
        metadata,
        Column("conversation_id", Text, primary_key=True),
        Column("message_id", Text, primary_key=True),
        Column("person_id", Text, primary_key=True),
        Column("kind", String(16), primary_key=True),
        Column("liked", Integer, nullable=False),
        Column("details", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
        Index("feedback_person", "person_id"),
    )


def _heard(metadata: MetaData, cipher: Cipher) -> Table:
    """Other people's talk in threads we follow."""
    return Table(
        "heard",
        metadata,
        Column("conversation_id", Text, primary_key=True),
        Column("activity_id", Text, primary_key=True),
        Column("person_id", Text, nullable=False),
        Column("said", EncryptedJson(cipher), nullable=False),
        Column("created", Double, nullable=False),
        Index("heard_created", "created"),
        Index("heard_person", "person_id"),
    )


def _memories(metadata: MetaData, cipher: Cipher) -> Table:
    """What somebody told us to remember, for a person or for a channel."""
    return Table(
        "memories",
        metadata,
        Column("id", SerialId, primary_key=True, autoincrement=True),
        Column("owner", Text, nullable=False),
        Column("person_id", Text, nullable=False),
        Column("turn_id", Text, nullable=False),
        Column("said", EncryptedJson(cipher), nullable=False),
        Column("created", Double, nullable=False),
        Index("memories_owner", "owner"),
        Index("memories_person", "person_id"),
        sqlite_autoincrement=True,
    )


def _preferences(metadata: MetaData, cipher: Cipher) -> Table:
    """What a person, a conversation or a tenant chose, by owner."""
    return Table(
        "preferences",
        metadata,
        Column("owner", Text, primary_key=True),
        Column("name", String(64), primary_key=True),
        Column("value", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
    )


def _summaries(metadata: MetaData, cipher: Cipher) -> Table:
    """What is left of turns that are too old to be sent whole."""
    return Table(
        "summaries",
        metadata,
        Column("conversation_id", Text, primary_key=True),
        Column("upto", BigInteger, nullable=False),
        Column("summary", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
    )


def _audit(metadata: MetaData) -> Table:
    """A row for each model call, without a word of what was asked or answered. Amounts are millionths of a US dollar."""
    counts = ("input", "cache_read", "cache_write", "output", "reasoning")
    return Table(
        "audit",
        metadata,
        Column("id", SerialId, primary_key=True, autoincrement=True),
        Column("at", Double, nullable=False),
        Column("person_id", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("conversation_id", Text, nullable=False),
        Column("place", String(16), nullable=False),
        Column("question_id", Text, nullable=False),
        Column("purpose", String(16), nullable=False),
        Column("name", Text, nullable=False),
        Column("asked", Text, nullable=False),
        Column("answered", Text, nullable=False),
        Column("door", String(32), nullable=False),
        *(Column(name, BigInteger, nullable=False) for name in counts),
        Column("estimated", Integer, nullable=False),
        Column("cost", BigInteger),
        Column("first_ms", Integer),
        Column("total_ms", Integer, nullable=False),
        Column("outcome", String(32), nullable=False),
        Column("evidence", Text, nullable=False),
        Column("chain", String(32), nullable=False, server_default=""),
        Column("number", BigInteger, nullable=False, server_default="0"),
        *(Column(name, LargeBinary) for name in ("salt", "private", "seal")),
        Index("audit_chain", "chain", "number"),
        Index("audit_at", "at"),
        Index("audit_person", "person_id", "at"),
        Index("audit_conversation", "conversation_id", "question_id"),
        sqlite_autoincrement=True,
    )


def _spending(metadata: MetaData) -> Table:
    return Table(
        "spending",
        metadata,
        Column("owner", Text, primary_key=True),
        Column("month", String(7), primary_key=True),
        Column("spent", BigInteger, nullable=False),
        Column("warned", Integer, nullable=False),
        Column("updated", Double, nullable=False),
    )


def _reservations(metadata: MetaData) -> Table:
    """What model calls under way may cost at most, for owners near the end of their budget."""
    return Table(
        "reservations",
        metadata,
        Column("owner", Text, primary_key=True),
        Column("id", String(32), primary_key=True),
        Column("month", String(7), nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("expires", Double, nullable=False),
        Index("reservations_id", "id"),
    )
