"""A composed message as it is stored: JSON, so that what was paid for once is sent as it is, by whichever process lives."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.context import Citation, Outgoing, Person


def to_json(message: Outgoing) -> dict[str, Any]:
    return {**asdict(message), "link_hosts": sorted(message.link_hosts)}


def from_json(value: Mapping[str, Any]) -> Outgoing:
    """Of what `to_json` wrote; raises TypeError or KeyError for anything else."""
    fixed = {
        "citations": tuple(Citation(**citation) for citation in value["citations"]),
        "mentions": tuple(Person(**person) for person in value["mentions"]),
        "link_hosts": frozenset(value["link_hosts"]),
        **{name: tuple(value[name]) for name in ("notices", "suggestions", "links")},
    }
    return Outgoing(**{**value, **fixed})
