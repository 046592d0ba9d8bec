"""What a kept text was made from: it travels with the text, so that a later turn can't use it where its sources could not go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Provenance:
    labels: frozenset[str] = frozenset()
    """Sensitivity labels of everything it was made from."""
    readers: frozenset[str] | None = None
    """Entra object ids of those who could read it when it was said; None where who joins later reads it as well."""

    def __or__(self, other: "Provenance") -> "Provenance":
        """Of a text made from both."""
        readers = [known for known in (self.readers, other.readers) if known is not None]
        return Provenance(self.labels | other.labels, frozenset.intersection(*readers) if readers else None)

    def to_json(self) -> dict[str, Any]:
        """Only what there is: most turns have neither."""
        said: dict[str, Any] = {"labels": sorted(self.labels)} if self.labels else {}
        return said if self.readers is None else {**said, "readers": sorted(self.readers)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Provenance":
        readers = value.get("readers")
        return Provenance(frozenset(value.get("labels", ())), None if readers is None else frozenset(readers))


ANYBODYS = Provenance()
