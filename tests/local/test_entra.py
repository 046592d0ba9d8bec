"""Entra as real MSAL meets it: every grant, every refusal, and the page a browser walks through."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from infra.local import tokens
from infra.local.company.model import Person
from infra.local.entra_grants import challenge, id_token
from infra.local.entra_state import entra_state, managed_identity_id, revoke
from infra.local.tenant import managed_identity_environment
from infra.local.world import Fault, World

CONNECTOR = ["https://api.botframework.com/.default"]
REDIRECT = "http://localhost:3978/signin/callback"


class Client:
    """Real MSAL off the event loop, trusting the tenant's CA only."""

    def __init__(self, world: World, credential: Any = None, tenant: str = "") -> None:
        self.world = world
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = world.state["ca_bundle"]
        self._credential = world.app_secret if credential is None else credential
        self._tenant = tenant or world.company.tenant_id
        self._app: Any = None

    async def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        def run() -> Any:
            if self._app is None:
                self._app = msal.ConfidentialClientApplication(
                    self.world.app_id,
                    client_credential=self._credential,
                    authority=f"{self.world.urls.login}/{self._tenant}",
                    http_client=self.session,
                    instance_discovery=False,
                    client_capabilities=["cp1"],
                )
            return getattr(self._app, method)(*arguments, **named)

        return await asyncio.to_thread(run)

    async def on_behalf_of(self, assertion: str, scopes: list[str] | None = None) -> Any:
        return await self("acquire_token_on_behalf_of", assertion, scopes or ["https://graph.microsoft.com/Mail.Read"])


@pytest.fixture
async def client(tenant: World) -> AsyncIterator[Client]:
    made = Client(tenant)
    yield made
    made.session.close()


def somebody(world: World) -> Person:
    """A person who has consented to everything."""
    consents = entra_state(world).consents
    return next(person for person in world.company.people if person.id not in consents and not person.is_guest)


def sso(world: World, **claims: Any) -> str:
    named = {"audience": world.app_id} | claims
    return tokens.mint_user(world, named.pop("person", somebody(world).id), ["access_as_user"], **named)


async def test_the_app_gets_tokens_for_the_connector_and_graph(client: Client) -> None:
    answer = await client("acquire_token_for_client", CONNECTOR)
    assert tokens.verify(client.world, answer["access_token"], {"https://api.botframework.com"}).app_only
    answer = await client("acquire_token_for_client", ["https://graph.microsoft.com/.default"])
    assert "User.Read.All" in tokens.verify(client.world, answer["access_token"]).scopes
    answer = await client("acquire_token_for_client", ["https://elsewhere.example/.default"])
    assert answer["error_codes"] == [500011]


async def test_a_wrong_secret_and_a_foreign_tenant_are_refused(tenant: World) -> None:
    wrong = Client(tenant, "guess")
    assert (await wrong("acquire_token_for_client", CONNECTOR))["error_codes"] == [7000215]
    wrong.session.close()
    foreign = Client(tenant, tenant="00000000-0000-0000-0000-00000000dead")
    with pytest.raises(ValueError, match="Unable to get authority"):
        await foreign("acquire_token_for_client", CONNECTOR)
    foreign.session.close()


async def test_a_multi_tenant_bot_asks_at_botframework_com(tenant: World) -> None:
    client = Client(tenant, tenant="botframework.com")
    assert "access_token" in await client("acquire_token_for_client", CONNECTOR)
    client.session.close()


async def test_the_app_can_prove_itself_with_a_registered_certificate(tenant: World) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "parley")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9999))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    credential = {"private_key": private.decode(), "public_certificate": public.decode()}
    client = Client(tenant, credential)
    assert (await client("acquire_token_for_client", CONNECTOR))["error_codes"] == [700027]
    client.session.close()
    entra_state(tenant).certificates.append(certificate)
    client = Client(tenant, credential)
    assert "access_token" in await client("acquire_token_for_client", CONNECTOR)
    client.session.close()


async def test_a_managed_identity_stands_in_for_the_secret(tenant: World) -> None:
    where = managed_identity_environment(tenant)
    query = {"resource": "api://AzureADTokenExchange", "client_id": managed_identity_id(tenant)}
    async with aiohttp.ClientSession() as session:
        refused = await session.get(where["IDENTITY_ENDPOINT"], params=query)
        assert refused.status == 401
        headers = {"X-IDENTITY-HEADER": where["IDENTITY_HEADER"]}
        answer = await (await session.get(where["IDENTITY_ENDPOINT"], params=query, headers=headers)).json()
        machine = f"{tenant.urls.http}/metadata/identity/oauth2/token"
        bot = {"resource": "https://api.botframework.com"}
        from_imds = await (await session.get(machine, params=bot, headers={"Metadata": "true"})).json()
        assert (await session.get(machine, params=bot)).status == 400
    assert tokens.verify(tenant, from_imds["access_token"], {bot["resource"]}).app_only
    client = Client(tenant, {"client_assertion": lambda: answer["access_token"]})
    assert "access_token" in await client.on_behalf_of(sso(tenant))
    client.session.close()


async def test_on_behalf_of_gives_a_graph_token_for_the_person(client: Client) -> None:
    world = client.world
    answer = await client.on_behalf_of(sso(world))
    caller = tokens.verify(world, answer["access_token"])
    assert (caller.person_id, caller.scopes) == (somebody(world).id, frozenset({"Mail.Read"}))
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["xms_cc"] == ["cp1"]
    assert (answer["id_token_claims"]["oid"], answer["id_token_claims"]["tid"]) == (
        caller.person_id,
        world.company.tenant_id,
    )
    (account,) = await client("get_accounts")
    scopes = ["https://graph.microsoft.com/Mail.Read"]
    assert (await client("acquire_token_silent", scopes, account))["token_source"] == "cache"
    assert (await client("acquire_token_silent", scopes, account, force_refresh=True))["token_source"] == (
        "identity_provider"
    )


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"audience": "https://graph.microsoft.com"}, 500131),
        ({"lifetime": -1}, 500133),
        ({"scp": "openid"}, 50013),
        ({"exp": None}, 500133),
    ],
)
async def test_an_assertion_that_is_not_for_the_app_is_refused(client: Client, claims: Any, code: int) -> None:
    answer = await client.on_behalf_of(sso(client.world, **claims))
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [code])


async def test_an_assertion_signed_by_somebody_else_is_refused(client: Client) -> None:
    world = client.world
    forged = world.bot_keys[-1].sign({"aud": world.app_id, "exp": 2**31, "scp": "access_as_user"})
    assert (await client.on_behalf_of(forged))["error_codes"] == [50013]


async def test_consent_interaction_and_expired_grants_are_told_apart(client: Client) -> None:
    world = client.world
    state, person = entra_state(world), somebody(world)
    state.consents[person.id] = {"User.Read"}
    answer = await client.on_behalf_of(sso(world, person=person.id))
    assert (answer["error"], answer["suberror"], answer["error_codes"]) == (
        "invalid_grant",
        "consent_required",
        [65001],
    )
    del state.consents[person.id]
    state.interaction.add(person.id)
    assert (await client.on_behalf_of(sso(world)))["error_codes"] == [50076]
    state.interaction.clear()
    world.faults.append(Fault("entra", "POST *token", kind="expired_grant"))
    assert (await client.on_behalf_of(sso(world)))["error_codes"] == [700082]
    assert "access_token" in await client.on_behalf_of(sso(world))


async def test_a_revocation_demands_claims_and_an_ended_session_a_new_sign_in(client: Client) -> None:
    world, scopes = client.world, ["https://graph.microsoft.com/Mail.Read"]
    person = somebody(world)
    first = await client.on_behalf_of(sso(world))
    (account,) = await client("get_accounts")
    revoke(world, person.id)
    world.clock.advance(2)
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {first['access_token']}"}
        refused = await session.get(f"{world.urls.graph}/me/messages?$top=1", headers=headers)
        assert refused.status == 401
        assert "insufficient_claims" in refused.headers["WWW-Authenticate"]
    answer = await client("acquire_token_silent_with_error", scopes, account, force_refresh=True)
    assert json.loads(answer["claims"])["access_token"]["nbf"]["essential"]
    wanted = challenge(world, person.id)
    renewed = await client("acquire_token_silent_with_error", scopes, account, claims_challenge=wanted)
    assert "access_token" in renewed
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {renewed['access_token']}"}
        assert (await session.get(f"{world.urls.graph}/me/messages?$top=1", headers=headers)).status == 200
    world.clock.advance(2)
    revoke(world, person.id, end_session=True)
    ended = await client("acquire_token_silent_with_error", scopes, account, claims_challenge=wanted)
    assert ended["error_codes"] == [50173]


async def test_refresh_tokens_die_after_ninety_days(client: Client) -> None:
    await client.on_behalf_of(sso(client.world))
    (account,) = await client("get_accounts")
    client.world.clock.advance(91 * 86_400)
    scopes = ["https://graph.microsoft.com/Mail.Read"]
    answer = await client("acquire_token_silent_with_error", scopes, account, force_refresh=True)
    assert answer["error_codes"] == [700082]


async def walk(world: World, url: str) -> dict[str, str]:
    """Opens an authorize address as a browser that is sent on at once; gives the parameters of the way back."""
    async with aiohttp.ClientSession() as session:
        address = url.replace("response_mode=form_post", "response_mode=query")
        answer = await session.get(address, ssl=trusting(world), allow_redirects=False)
        assert answer.status == 302, await answer.text()
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def trusting(world: World) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=world.state["ca_bundle"])


async def test_authorization_code_with_pkce_state_and_nonce(client: Client) -> None:
    world, person = client.world, somebody(client.world)
    scopes = ["https://graph.microsoft.com/Mail.Read"]
    flow = await client("initiate_auth_code_flow", scopes, redirect_uri=REDIRECT, response_mode="form_post")
    back = await walk(world, f"{flow['auth_uri']}&login_hint={person.mail}&auto=1")
    assert back["state"] == flow["state"]
    answer = await client("acquire_token_by_auth_code_flow", flow, back)
    assert answer["id_token_claims"]["preferred_username"] == person.mail
    assert tokens.verify(world, answer["access_token"]).person_id == person.id
    again = await client("acquire_token_by_auth_code_flow", flow, back)
    assert again["error_codes"] == [54005]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda flow: flow.update(code_verifier="x" * 43), 501481),
        (lambda flow: flow.update(redirect_uri="http://localhost:1/elsewhere"), 500112),
    ],
)
async def test_a_code_is_bound_to_its_verifier_and_address(
    client: Client, change: Callable[[dict[str, Any]], None], code: int
) -> None:
    flow = await client("initiate_auth_code_flow", ["User.Read"], redirect_uri=REDIRECT, response_mode="form_post")
    back = await walk(client.world, f"{flow['auth_uri']}&login_hint={somebody(client.world).mail}&auto=1")
    change(flow)
    assert (await client("acquire_token_by_auth_code_flow", flow, back))["error_codes"] == [code]


async def test_a_person_picks_an_account_and_agrees(client: Client) -> None:
    world = client.world
    person = somebody(world)
    entra_state(world).consents[person.id] = set()
    flow = await client("initiate_auth_code_flow", ["Mail.Read"], redirect_uri=REDIRECT, response_mode="form_post")
    async with aiohttp.ClientSession() as session:
        trust = trusting(world)
        page = await (await session.get(flow["auth_uri"], ssl=trust)).text()
        form = next(part for part in page.split("<form") if person.id in part)
        fields = fields_of(form)
        address = flow["auth_uri"].partition("?")[0]
        asked = await (await session.get(address, params=fields, ssl=trust)).text()
        assert "<li>Mail.Read</li>" in asked
        accepted = fields_of(asked) | {"decision": "accept"}
        consent = address.removesuffix("authorize") + "consent"
        back = await (await session.post(consent, data=accepted, ssl=trust)).text()
        declined = await (await session.post(consent, data=accepted | {"decision": "cancel"}, ssl=trust)).text()
    assert fields_of(declined)["error"] == "access_denied"
    assert "access_token" in await client("acquire_token_by_auth_code_flow", flow, fields_of(back))
    assert entra_state(world).consents[person.id] == {"Mail.Read"}
    assert "access_token" in await client.on_behalf_of(sso(world, person=person.id), ["Mail.Read"])


def fields_of(form: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form.replace("&amp;", "&")))


async def test_no_page_sends_anybody_to_an_unregistered_address(client: Client) -> None:
    flow = await client(
        "initiate_auth_code_flow", ["User.Read"], redirect_uri="https://evil.example/", response_mode="form_post"
    )
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{flow['auth_uri']}&auto=1&login_hint=x", ssl=trusting(client.world))
        assert answer.status == 400
        assert "AADSTS50011" in await answer.text()


async def test_metadata_and_keys_verify_what_was_signed(client: Client) -> None:
    world = client.world
    async with aiohttp.ClientSession() as session:
        for name in (world.company.tenant_id, "common", "organizations", "botframework.com"):
            address = f"{world.urls.login}/{name}/v2.0/.well-known/openid-configuration"
            metadata = await (await session.get(address, ssl=trusting(world))).json()
            keys = await (await session.get(metadata["jwks_uri"], ssl=trusting(world))).json()
            signed = id_token(world, somebody(world))
            key = jwt.PyJWK(keys["keys"][-1])
            claims = jwt.decode(signed, key, ["RS256"], audience=world.app_id)
            assert claims["iss"] == f"{world.urls.login}/{world.company.tenant_id}/v2.0"
