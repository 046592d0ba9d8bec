"""Who may see the admin page: somebody who signed in a short while ago and is, as of minutes ago, in the administrators' group.

The cookie holds who it is for and a secret, sealed; the store holds the secret's hash, so that signing out ends a session in all
processes, also where its cookie was copied. Whether somebody is in the group is asked of Microsoft Graph with their own token,
which these sessions keep apart from the one the bot may have of them.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.context import Person
from bot.signin.seal import BrokenSeal, Seal
from bot.signin.token_store import TokenStore, changed
from bot.signin.tokens import SignIn
from graph.client import GraphClient
from graph.errors import ConsentRequired, Forbidden, SignInNeeded

PREFIX = "admin:"
"""Of everything the admin page keeps about a person beside the bot's own grants."""
SCOPES = ("User.Read",)
"""Least privileged to ask whether oneself is in a group: learn.microsoft.com/graph/api/directoryobject-checkmembergroups."""
SESSION_SECONDS = 2 * 3600
CHECKED_SECONDS = 120.0
"""How long the group's answer counts. Who left it sees nothing after this."""
SESSIONS_MOST = 5
"""Of one person; the oldest ends when there is one more."""


@dataclass(frozen=True, slots=True)
class Admin:
    person: Person
    session: str
    """The hash of the session's secret."""


class Access:
    """`group`: Entra object id. `clock`: seconds since 1970. Everything raises what `SignIn.graph_token` and Graph raise."""

    def __init__(
        self,
        group: str,
        sign_in: SignIn,
        graph: GraphClient,
        keys: Sequence[str],
        store: TokenStore,
        *,
        clock: Callable[[], float],
    ) -> None:
        """`sign_in` and `store` are the admin page's own. `keys` as in ENCRYPTION_KEYS."""
        self._group, self._sign_in, self._graph, self._store, self._clock = group, sign_in, graph, store, clock
        self._seal = Seal(keys, "admin session", clock=clock)
        self._checked: dict[str, float] = {}
        """When somebody was last seen in the group, by person."""

    async def enter(self, person: Person) -> str | None:
        """For somebody who has just signed in: the cookie's value; None, and nothing kept, when they are not in the group."""
        if not await self._in_group(person):
            await self._forget(person)
            return None
        secret = secrets.token_urlsafe(32)
        until = self._clock() + SESSION_SECONDS

        def begin(row: dict[str, Any]) -> None:
            self._tidy(row)
            row["sessions"][_hash(secret)] = until
            for oldest in sorted(row["sessions"], key=row["sessions"].__getitem__)[:-SESSIONS_MOST]:
                del row["sessions"][oldest]

        await changed(self._store, _row(person.id), begin)
        return self._seal.close({"person": [person.id, person.name, person.tenant], "secret": secret})

    async def admin(self, cookie: str) -> Admin | None:
        """Whose cookie it is; None when it is nobody's, not any more, or theirs who left the group."""
        admin = self._opened(cookie)
        if admin is None or admin.session not in await self._sessions(admin.person):
            return None
        checked = self._checked.get(admin.person.id)
        if checked is not None and 0 <= self._clock() - checked < CHECKED_SECONDS:
            return admin
        try:
            if await self._in_group(admin.person):
                return admin
        except (SignInNeeded, ConsentRequired, Forbidden):
            pass  # the account was closed, the consent taken back, or Entra wants to see them again
        await self._forget(admin.person)
        return None

    async def leave(self, cookie: str) -> None:
        """Ends this session; with the last one everything kept of the person goes."""
        admin = self._opened(cookie)
        if admin is None:
            return

        def end(row: dict[str, Any]) -> int:
            self._tidy(row)
            row["sessions"].pop(admin.session, None)
            return len(row["sessions"])

        if not await changed(self._store, _row(admin.person.id), end):
            await self._forget(admin.person)

    def _opened(self, cookie: str) -> Admin | None:
        try:
            content = self._seal.open(cookie, seconds=SESSION_SECONDS)
        except BrokenSeal:
            return None
        return Admin(Person(*content["person"]), _hash(content["secret"]))

    async def _sessions(self, person: Person) -> dict[str, float]:
        data, _ = await self._store.load(_row(person.id))
        row: dict[str, Any] = json.loads(data) if data else {}
        self._tidy(row)
        found: dict[str, float] = row["sessions"]
        return found

    async def _in_group(self, person: Person) -> bool:
        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return await self._sign_in.graph_token(person, scopes, claims)

        graph = self._graph.for_person(person.id, token, scopes=SCOPES)
        # One question however many groups somebody is in, nested ones included: a token's own list ends at 200.
        answer = await graph.post("/me/checkMemberGroups", {"groupIds": [self._group]}, safe=True)
        found = answer.get("value")
        inside = isinstance(found, list) and self._group.casefold() in {str(one).casefold() for one in found}
        if inside:
            self._checked[person.id] = self._clock()
        else:
            self._checked.pop(person.id, None)
        return inside

    async def _forget(self, person: Person) -> None:
        self._checked.pop(person.id, None)
        await self._store.delete(_row(person.id))
        await self._sign_in.sign_out(person)

    def _tidy(self, row: dict[str, Any]) -> None:
        now = self._clock()
        row["sessions"] = {id: until for id, until in row.get("sessions", {}).items() if now < until}


def _row(person_id: str) -> str:
    return f"sessions:{person_id}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
