"""The tables of digests: what was asked for, one row for each due time of it, how far each source was told, and who works on them."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text

from bot.store.encryption import Cipher, EncryptedJson


@dataclass(frozen=True, slots=True)
class DigestTables:
    subscriptions: Table
    runs: Table
    cursors: Table
    executors: Table
    steering: Table


def digest_tables(metadata: MetaData, cipher: Cipher) -> DigestTables:
    subscriptions = Table(
        "subscriptions",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("owner", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("conversation_id", Text, nullable=False),
        Column("kind", String(32), nullable=False),
        Column("details", EncryptedJson(cipher), nullable=False),
        Column("state", String(16), nullable=False),
        Column("why", String(64), nullable=False),
        Column("told", String(64), nullable=False),
        Column("next_due", Double),
        Column("created", Double, nullable=False),
        Index("subscriptions_due", "state", "next_due"),
        Index("subscriptions_owner", "owner"),
        Index("subscriptions_conversation", "conversation_id"),
    )
    return DigestTables(
        subscriptions,
        _runs(metadata, cipher),
        _cursors(metadata, cipher),
        _executors(metadata),
        _steering(metadata, cipher),
    )


def _runs(metadata: MetaData, cipher: Cipher) -> Table:
    """The primary key is what makes a slot one message: there can't be a second row for it."""
    return Table(
        "runs",
        metadata,
        Column("subscription_id", String(32), primary_key=True),
        Column("slot", String(64), primary_key=True),
        Column("owner", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("conversation_id", Text, nullable=False),
        Column("state", String(16), nullable=False),
        Column("why", String(64), nullable=False),
        Column("again", Double),
        Column("attempt", Integer, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("preview", Integer, nullable=False),
        Column("late", Integer, nullable=False),
        Column("due", Double, nullable=False),
        Column("started", Double),
        Column("finished", Double),
        Column("message_id", Text, nullable=False),
        Column("uncertain", Integer, nullable=False),
        Column("cost", BigInteger),
        Column("record", EncryptedJson(cipher)),
        Column("content", EncryptedJson(cipher)),
        Index("runs_again", "state", "again"),
        Index("runs_owner", "owner"),
        Index("runs_due", "due"),
    )


def _cursors(metadata: MetaData, cipher: Cipher) -> Table:
    """How far each source was told in the last delivered digest."""
    return Table(
        "cursors",
        metadata,
        Column("subscription_id", String(32), primary_key=True),
        Column("source", String(128), primary_key=True),
        Column("cursor", EncryptedJson(cipher), nullable=False),
        Column("updated", Double, nullable=False),
    )


def _executors(metadata: MetaData) -> Table:
    """Processes that work on digests. One that stopped beating has died, and its work is taken over."""
    return Table(
        "executors",
        metadata,
        Column("id", String(64), primary_key=True),
        Column("beat", Double, nullable=False),
    )


def _steering(metadata: MetaData, cipher: Cipher) -> Table:
    """What its owner changed about a digest with the buttons under it."""
    return Table(
        "steering",
        metadata,
        Column("subscription_id", String(32), primary_key=True),
        Column("id", String(32), primary_key=True),
        Column("owner", Text, nullable=False),
        Column("kind", String(16), nullable=False),
        Column("details", EncryptedJson(cipher), nullable=False),
        Column("until", Double),
        Column("created", Double, nullable=False),
        Index("steering_owner", "owner"),
    )
