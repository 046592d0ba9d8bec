"""The tables that protect people's data: keys, erasures, where the audit's chains end, what retention deleted, who has left."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, MetaData, String, Table, Text

from bot.store.encryption import Cipher, Encrypted

SerialId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself for INTEGER only


@dataclass(frozen=True, slots=True)
class ProtectionTables:
    erasures: Table
    heads: Table
    sweeps: Table
    leavers: Table


def person_keys(metadata: MetaData, cipher: Cipher) -> Table:
    """`wrapped` is under the ENCRYPTION_KEYS. Erased: neither person nor key, and `who` tells only whether it was somebody named."""
    return Table(
        "person_keys",
        metadata,
        Column("key_id", String(16), primary_key=True),
        Column("person_id", Text, unique=True),
        Column("wrapped", Encrypted(cipher)),
        Column("who", LargeBinary),
        Column("created", Double, nullable=False),
        Column("erased", Double),
        Index("person_keys_who", "who"),
    )


def protection_tables(metadata: MetaData, cipher: Cipher) -> ProtectionTables:
    return ProtectionTables(
        # For minutes only: until every process has seen it.
        erasures=Table(
            "erasures",
            metadata,
            Column("seq", SerialId, primary_key=True, autoincrement=True),
            Column("person", Encrypted(cipher), nullable=False),
            Column("at", Double, nullable=False),
            sqlite_autoincrement=True,
        ),
        heads=Table(
            "audit_heads",
            metadata,
            Column("chain", String(32), primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("seal", LargeBinary, nullable=False),
            Column("mac", LargeBinary, nullable=False),
            Column("first", BigInteger, nullable=False),
            Column("anchor", LargeBinary, nullable=False),
            Column("anchor_mac", LargeBinary, nullable=False),
            Column("updated", Double, nullable=False),
        ),
        sweeps=Table(
            "sweeps",
            metadata,
            Column("kind", String(32), primary_key=True),
            Column("owner", String(64), nullable=False),
            Column("until", Double, nullable=False),
            Column("last", Double, nullable=False),
            Column("deleted", BigInteger, nullable=False),
            Column("total", BigInteger, nullable=False),
        ),
        leavers=Table(
            "leavers",
            metadata,
            Column("person_id", Text, primary_key=True),
            Column("why", String(32), nullable=False),
            Column("since", Double, nullable=False),
            Index("leavers_since", "since"),
        ),
    )
