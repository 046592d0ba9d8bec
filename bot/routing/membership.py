"""Who somebody is for the policy's rules: their groups and addresses, asked silently with their own token and kept some minutes."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.context import Person
from bot.policy.rules import Asker, Policy
from bot.signin.tokens import SignIn
from graph.client import Graph, GraphClient
from graph.errors import ConsentRequired, GraphError, SignInNeeded
from graph.parse import text_at

log = logging.getLogger(__name__)

SCOPES = ("User.Read",)
"""Least privileged for one's own groups and profile: learn.microsoft.com/graph/api/user-list-transitivememberof."""
KEPT_SECONDS = 300.0
FAILED_SECONDS = 30.0
SECONDS = 5.0
"""For Graph to answer; what is not known by then counts as unknown."""
MOST_GROUPS = 2000
"""Of somebody who is in more, not being in one can't be told."""
MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class _Held:
    asker: Asker
    until: float


class Directory:
    """One per process. `clock`: seconds, never running backwards. Nothing is asked while no rule of the policy needs it."""

    def __init__(self, policy: Policy, sign_in: SignIn, graph: GraphClient, *, clock: Callable[[], float]) -> None:
        self._policy, self._sign_in, self._graph, self._clock = policy, sign_in, graph, clock
        self._held: dict[tuple[str, str], _Held] = {}

    def forget(self, person_id: str) -> None:
        for key in [key for key in self._held if key[1] == person_id]:
            del self._held[key]

    async def asker(self, person: Person) -> Asker:
        """Never fails: what can't be known now is None."""
        if not self._policy.asks_directory or not person.id:
            return Asker(person)
        key = person.tenant, person.id
        held = self._held.get(key)
        if held is not None and self._clock() < held.until:
            return held.asker
        seconds = KEPT_SECONDS
        try:
            async with asyncio.timeout(SECONDS):
                asker = await self._asked(person)
        except ConsentRequired as needed:
            asker, seconds = Asker(person, needed=needed), FAILED_SECONDS
        except SignInNeeded as needed:
            return Asker(person, needed=needed)  # they may sign in any moment, and are somebody then
        except (GraphError, TimeoutError) as error:
            log.warning("somebody's groups are not known: %s", type(error).__name__)
            asker, seconds = Asker(person), FAILED_SECONDS
        self._held.pop(key, None)
        self._held[key] = _Held(asker, self._clock() + seconds)
        if len(self._held) > MOST_PEOPLE:
            del self._held[next(iter(self._held))]
        return asker

    async def _asked(self, person: Person) -> Asker:
        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return await self._sign_in.graph_token(person, scopes, claims)

        graph = self._graph.for_person(person.id, token, scopes=SCOPES)
        mails, groups = await asyncio.gather(_mails(graph), _groups(graph))
        return Asker(person, mails, groups)


async def _mails(graph: Graph) -> frozenset[str]:
    """Only those the organisation gave them: what people may write into their profile themselves proves nothing."""
    me = await graph.get("/me", {"$select": "id,mail,userPrincipalName"})
    return frozenset(text_at(me, key).casefold() for key in ("mail", "userPrincipalName")) - {""}


async def _groups(graph: Graph) -> frozenset[str] | None:
    pages = graph.pages("/me/transitiveMemberOf", {"$select": "id", "$top": "999"}, limit=MOST_GROUPS + 1)
    found = [text_at(entry, "id").casefold() async for entry in pages]
    return frozenset(found) if len(found) <= MOST_GROUPS else None
