"""Tokens that act for one person: exchanged once (on-behalf-of), kept encrypted by the store, refreshed silently, never mixed up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import msal

from bot.context import Person
from bot.signin.claims import require_same, scope_names, tenant_path, unverified
from bot.signin.credentials import AppIdentity, application
from bot.signin.entra import kind, refusal
from bot.signin.memory import CLOCK_SECONDS, FRESH_SECONDS, STORE_CHECK_SECONDS, Held, People
from bot.signin.once import Once
from bot.signin.token_store import TokenStore
from bot.signin.transport import Transport
from bot.store.token_cache import StaleVersion
from graph.errors import SignInNeeded, Throttled

# "We understand claims challenges": without it Graph sends none (learn.microsoft.com/entra/identity-platform/claims-challenge).
CAPABILITIES = ("cp1",)
WORKERS = 8
RACE_SECONDS = 0.3

log = logging.getLogger(__name__)


class SignIn:
    """One per process. All times are seconds since the epoch, from `clock`."""

    def __init__(
        self,
        identity: AppIdentity,
        login_base_url: str,
        transport: Transport,
        store: TokenStore,
        *,
        scopes: tuple[str, ...],
        clock: Callable[[], float],
        on_signed_in: Callable[[Person], Awaitable[None]] | None = None,
    ) -> None:
        """`scopes` is what people are asked to agree to at first: all that the sources need."""
        self.identity = identity
        self.scopes = scopes
        self.on_signed_in = on_signed_in
        self.clock = clock
        self.store = store
        self.once = Once(store, clock=clock)
        self._login = login_base_url.rstrip("/")
        self._transport = transport
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="sign-in")
        self.on_dead: Callable[[Person, Mapping[str, Any] | None], Awaitable[None]] | None = None
        self._people = People()
        self._flights: dict[tuple[str, frozenset[str], str | None], asyncio.Task[str]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def graph_token(self, person: Person, scopes: tuple[str, ...], claims: str | None = None) -> str:
        """A token for Microsoft Graph with at least these scopes; `claims` as Graph's challenge wrote them (JSON, not base64).

        Raises graph.errors.SignInNeeded, ConsentRequired, Throttled, Unavailable, or Rejected when the app itself is refused.
        """
        wanted = scope_names(scopes)
        held = self._people.find(person.id)
        if held is not None and claims is None:
            token = held.good(wanted, self.clock())
            if token is not None and abs(self.clock() - held.checked) < STORE_CHECK_SECONDS:
                return token.value
        flight = (person.id, wanted, claims)
        task = self._flights.get(flight)
        if task is None:
            task = self._flights[flight] = asyncio.create_task(self._refresh(person, scopes, claims))
            task.add_done_callback(lambda done: self._landed(flight, done))
        # Shielded: a cancelled turn must not lose a refresh token that Entra has already rotated.
        return await asyncio.shield(task)

    async def exchange(self, person: Person, assertion: str) -> None:
        """Turns Teams' single sign-on token into a grant of our own.

        Raises SignInNeeded when the token is not this person's or is no longer good, ConsentRequired, and what graph_token raises.
        """
        require_same(person, unverified(assertion))

        def acquire(app: msal.ConfidentialClientApplication) -> Mapping[str, Any]:
            result: Mapping[str, Any] = app.acquire_token_on_behalf_of(assertion, list(self.scopes))
            return result

        await self.keep(person, acquire, self.scopes)

    async def keep(
        self,
        person: Person,
        acquire: Callable[[msal.ConfidentialClientApplication], Mapping[str, Any]],
        scopes: tuple[str, ...],
    ) -> None:
        """Runs one interactive grant and stores it, if and only if Entra says it is this person's. Used by `exchange` and the page."""
        await self._keep(person, acquire, scopes, person)

    async def keep_anybody(
        self,
        tenant: str,
        acquire: Callable[[msal.ConfidentialClientApplication], Mapping[str, Any]],
        scopes: tuple[str, ...],
    ) -> Person:
        """The same for whoever signs in: for a front that learns only from this who sits before it (the console)."""
        return await self._keep(Person("", "", tenant), acquire, scopes, None)

    async def _keep(
        self,
        person: Person,
        acquire: Callable[[msal.ConfidentialClientApplication], Mapping[str, Any]],
        scopes: tuple[str, ...],
        expected: Person | None,
    ) -> Person:
        held = self._people.hold(person.id)
        held.require_patience(self.clock())
        cache = msal.SerializableTokenCache()
        result = await self._msal(held, person, cache, acquire)
        if "access_token" not in result:
            raise refusal(result, scopes)
        claims = result.get("id_token_claims") or {}
        person = expected or Person(str(claims.get("oid") or ""), str(claims.get("name") or ""), person.tenant)
        require_same(person, claims, audience=self.identity.sign_in_id)
        held = self._people.hold(person.id)
        async with held.lock:
            await self._save_new(person, cache)
            held.forget()
            held.remember(result, self.clock())
        self.announce(person)
        return person

    async def sign_out(self, person: Person) -> None:
        """Forgets the grant here and in the store; other processes notice within a minute. Entra's own session is not ours to end."""
        held = self._people.hold(person.id)
        async with held.lock:
            await self.store.delete(person.id)
            await self.once.forget(person.id)
            held.forget()

    def forget(self, person_id: str) -> None:
        """What this process holds in memory of somebody who was erased."""
        self._people.forget(person_id)

    async def verify(self, person: Person, code: str) -> None:
        """The six digits our page showed after a sign-in: good once, for ten minutes. Raises SignInNeeded for any others."""
        if not await self.once.take_code(person.id, code) or not await self.signed_in(person):
            raise SignInNeeded("This code is not the one the sign-in page showed, or it has been used.", code="code")
        self.announce(person)

    async def signed_in(self, person: Person) -> bool:
        """Whether there is a grant; only using it can tell whether it is still good."""
        data, _ = await self.store.load(person.id)
        return bool(data)

    def announce(self, person: Person) -> None:
        """Lets the app go on with what waited for the sign-in, without making the invoke or the browser wait for it."""
        if self.on_signed_in is not None:
            task = asyncio.create_task(_run(self.on_signed_in(person)))
            self._background.add(task)
            task.add_done_callback(self._announced)

    async def run(self, person: Person, work: Callable[[msal.ConfidentialClientApplication], Any]) -> Any:
        """One MSAL operation without anybody's cache, in a worker thread. Raises what graph_token raises."""
        return await self._msal(self._people.hold(person.id), person, msal.SerializableTokenCache(), work)

    async def aclose(self) -> None:
        """Waits for refreshes under way, so that no rotated refresh token is lost."""
        await asyncio.gather(*self._flights.values(), *self._background, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _refresh(self, person: Person, scopes: tuple[str, ...], claims: str | None) -> str:
        held = self._people.hold(person.id)
        async with held.lock:
            data, version = await self.store.load(person.id)
            if not data:
                held.forget()
                raise refusal(None, scopes)
            held.checked = self.clock()
            token = held.good(scope_names(scopes), self.clock(), claims)
            if token is not None:
                return token.value
            held.require_patience(self.clock())
            cache, result = await self._silent(held, person, data, scopes, claims)
            if kind(result) == "dead":
                # Another process may just have used up the refresh token we tried; what it got is about to be in the store.
                await asyncio.sleep(RACE_SECONDS)
                data, newer = await self.store.load(person.id)
                if data and newer != version:
                    version = newer
                    cache, result = await self._silent(held, person, data, scopes, claims)
            if "access_token" not in (result or {}):
                if kind(result) == "dead":
                    await self._bury(held, person, version)
                    await (self.on_dead(person, result) if self.on_dead else asyncio.sleep(0))
                raise refusal(result, scopes, claims)
            if cache.has_state_changed:
                await self._save_refreshed(person, cache, version)
            return held.remember(result or {}, self.clock(), claims, scopes).value

    async def _silent(
        self, held: Held, person: Person, data: bytes, scopes: tuple[str, ...], claims: str | None
    ) -> tuple[msal.SerializableTokenCache, Mapping[str, Any] | None]:
        cache = msal.SerializableTokenCache()
        now = self.clock()

        def acquire(app: msal.ConfidentialClientApplication) -> Mapping[str, Any] | None:
            cache.deserialize(data.decode())
            # MSAL goes by the machine's clock; we go by ours, and drop what is used up.
            for token in list(cache.search(cache.CredentialType.ACCESS_TOKEN)):
                put_back = now < int(token["cached_at"]) - CLOCK_SECONDS
                if put_back or int(token["expires_on"]) - FRESH_SECONDS <= now:
                    cache.remove_at(token)
            account = next((a for a in app.get_accounts() if a["local_account_id"] == person.id), None)
            result: Mapping[str, Any] | None = app.acquire_token_silent_with_error(
                list(scopes), account, claims_challenge=claims
            )
            return result

        return cache, await self._msal(held, person, cache, acquire)

    async def _msal(
        self,
        held: Held,
        person: Person,
        cache: msal.SerializableTokenCache,
        acquire: Callable[[msal.ConfidentialClientApplication], Any],
    ) -> Any:
        tenant = tenant_path(self.identity.tenant or person.tenant)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: acquire(self._application(tenant, cache))
            )
        except Throttled as error:
            held.wait_until = self.clock() + error.seconds
            raise
        except (ValueError, RuntimeError, KeyError, TypeError) as error:
            # MSAL raises these for answers it cannot make sense of, and quotes them; a nonce that does not match is one.
            raise SignInNeeded(
                f"The sign-in could not be completed ({type(error).__name__}).", code="invalid"
            ) from None

    def _application(self, tenant: str, cache: msal.SerializableTokenCache) -> msal.ConfidentialClientApplication:
        return application(
            self.identity.sign_in_id,
            self.identity.credential,
            f"{self._login}/{tenant}",
            self._transport,
            cache=cache,
            capabilities=CAPABILITIES,
        )

    async def _save_new(self, person: Person, cache: msal.SerializableTokenCache) -> None:
        """A new sign-in wins over whatever another process saves meanwhile."""
        while True:
            _, version = await self.store.load(person.id)
            with suppress(StaleVersion):
                await self.store.save(person.id, _serialized(cache), version)
                return

    async def _save_refreshed(self, person: Person, cache: msal.SerializableTokenCache, version: int) -> None:
        """When somebody else was first, theirs stays: it is as good as ours. A row that is gone is a sign-out, and stays gone;

        one that is empty was buried by a process that lost the race for the refresh token we won, and ours brings it back.
        """
        try:
            await self.store.save(person.id, _serialized(cache), version)
        except StaleVersion:
            data, newer = await self.store.load(person.id)
            if not data and newer:
                with suppress(StaleVersion):
                    await self.store.save(person.id, _serialized(cache), newer)

    async def _bury(self, held: Held, person: Person, version: int) -> None:
        """Empties the row instead of deleting it, so that nobody's newer grant is thrown away with the dead one."""
        held.forget()
        with suppress(StaleVersion):
            await self.store.save(person.id, b"", version)

    def _landed(self, flight: tuple[str, frozenset[str], str | None], task: asyncio.Task[str]) -> None:
        self._flights.pop(flight, None)
        if not task.cancelled():
            # Looked at here, since everybody who waited may have been cancelled.
            task.exception()

    def _announced(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("Going on after a sign-in failed: %s", type(error).__name__)


async def _run(work: Awaitable[None]) -> None:
    await work


def _serialized(cache: msal.SerializableTokenCache) -> bytes:
    data: str = cache.serialize()
    return data.encode()
