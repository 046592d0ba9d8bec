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

from bot.store.encryption import Cipher, Encrypted, EncryptedJson

SerialId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself for INTEGER only
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
