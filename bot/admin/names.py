"""Names for object ids, asked of the directory with the administrator's own token where they let us, and never stored."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from bot.admin.door import NAMES
from bot.context import Person
from bot.signin.claims import GUID
from bot.signin.tokens import SignIn
from graph.client import GraphClient
from graph.errors import ConsentRequired, GraphError, SignInNeeded
from graph.parse import text_at
from graph.wire.addresses import segment
from graph.wire.batches import Part

log = logging.getLogger(__name__)

KEPT_SECONDS = 600.0
MOST = 100
"""Looked up for one page; the others keep their ids."""


@dataclass(slots=True)
class _Known:
    until: float
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Empty for an id the directory does not know."""


class Names:
    """What one administrator may see is never shown to another: each has their own."""

    def __init__(self, sign_in: SignIn, graph: GraphClient, *, clock: Callable[[], float]) -> None:
        self._sign_in, self._graph, self._clock = sign_in, graph, clock
        self._known: dict[str, _Known] = {}

    async def of(self, ids: Collection[str], person: Person) -> tuple[Mapping[str, str], bool]:
        """(names by id, whether the person would have to agree first). Never fails: an id without a name stays one."""
        self._known = {id: known for id, known in self._known.items() if self._clock() < known.until}
        known = self._known.setdefault(person.id, _Known(self._clock() + KEPT_SECONDS))
        missing = sorted(id for id in set(ids) - known.names.keys() if GUID.fullmatch(id))[:MOST]
        try:
            if missing:
                known.names |= await self._asked(missing, person)
        except (ConsentRequired, SignInNeeded):
            return {}, True
        except GraphError as error:
            log.warning("names were not looked up: %s", type(error).__name__)
        return {id: known.names[id] for id in ids if known.names.get(id)}, False

    async def _asked(self, ids: list[str], person: Person) -> dict[str, str]:
        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return await self._sign_in.graph_token(person, scopes, claims)

        graph = self._graph.for_person(person.id, token, scopes=NAMES)
        parts = [Part(f"/users/{segment(id)}?$select=displayName") for id in ids]
        answers = await graph.batch(parts)
        return {id: text_at(answer.found(), "displayName") for id, answer in zip(ids, answers, strict=True)}
