"""The app registration: what is printed is what is done, done twice it is the same, broken off it can be gone on with, and it can be
taken back. And what is registered is enough to sign in to the product, with nothing else."""

import asyncio
import json
import os
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.permissions import SIGN_IN
from bot.settings import Settings
from graph.errors import ConsentRequired, Rejected
from infra.azure.entra import __main__ as program
from infra.azure.entra.plan import CLIENTS, Step, Wanted, permissions, register, remove, results
from infra.azure.entra.running import Failed, Runner, azure_token
from infra.local.entra_grants import OIDC
from infra.local.entra_state import entra_state, managed_identity_id
from infra.local.graph.applications import Registrations, registrations, scope_id
from infra.local.tenant import managed_identity_environment
from infra.local.tokens import mint_user
from infra.local.world import Fault, World
from tests.signin.conftest import make_settings, stack_for

URL = "https://parley.contoso.example"
IDENTITY: dict[str, Any] = {
    "identity_client": "11111111-1111-4111-8111-111111111111",
    "identity_principal": "22222222-2222-4222-8222-222222222222",
}
ADMIN = ("Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "User.Read")


def token(world: World, *scopes: str) -> str:
    return mint_user(world, world.person("Sofia").id, scopes or ADMIN)


async def run(world: World, steps: list[Step], scopes: tuple[str, ...] = ADMIN) -> tuple[Runner, bool, list[float]]:
    """(the runner, whether there was something to do, the waits it took)"""
    slept: list[float] = []
    headers = {"Authorization": f"Bearer {token(world, *scopes)}"}
    with httpx.Client(base_url=f"{world.urls.graph}/", headers=headers) as client:
        runner = Runner(client, lambda _: None, slept.append)
        done = await asyncio.to_thread(runner.run, steps)
    return runner, done, slept


async def called(world: World, *arguments: str) -> int:
    """The program as an administrator calls it."""
    place = Path(str(world.state["ca_bundle"])).parent / "token"
    place.write_text(token(world), encoding="utf-8")
    more = ["--graph", world.urls.graph, "--token-file", str(place)]
    return await asyncio.to_thread(program.main, [*arguments, *more])


def everything(state: Registrations) -> Any:
    """Without what is new each time."""
    return json.loads(json.dumps([state.applications, state.principals, state.grants, state.credentials]))


async def test_what_is_printed_is_what_is_done(tenant: World, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["register", "--public-url", URL, "--consent", "--copilot"]
    assert await called(tenant, *arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [request for request in tenant.record if request.wire == "graph"] == []
    assert registrations(tenant) == Registrations()
    assert await called(tenant, *arguments, "--apply") == 0
    settings = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    (app,) = registrations(tenant).applications
    assert settings == {
        "MICROSOFT_APP_ID": app["appId"],
        "MICROSOFT_APP_TENANT_ID": tenant.company.tenant_id,
        "MICROSOFT_APP_TYPE": "SingleTenant",
        "PUBLIC_URL": URL,
    }
    made = [request for request in tenant.record if request.wire == "graph"]
    changes = [call for call in printed if call["method"] != "GET"]
    assert [r.method for r in made if r.method != "GET"] == [call["method"] for call in changes]
    for request, call in zip((r for r in made if r.method != "GET"), changes, strict=True):
        assert request.body.keys() == call["body"].keys()
        assert all(r.status < 300 for r in made)
    named = json.dumps(printed)
    for permission in permissions(Wanted(URL)):
        assert f"{{permission:{permission}}}" in named


async def test_the_app_is_registered_as_teams_and_the_bot_need_it(tenant: World) -> None:
    wanted = Wanted(URL, consent=True)
    runner, _, _ = await run(tenant, register(wanted))
    state = registrations(tenant)
    (app,), (principal,), (grant,) = state.applications, state.principals, state.grants
    assert app["web"]["redirectUris"] == [f"{URL}/signin/callback"]
    assert app["signInAudience"] == "AzureADMyOrg"
    assert app["identifierUris"] == [f"api://botid-{app['appId']}"]
    assert app["api"]["requestedAccessTokenVersion"] == 2
    (scope,) = app["api"]["oauth2PermissionScopes"]
    assert (scope["value"], scope["isEnabled"]) == ("access_as_user", True)
    clients = app["api"]["preAuthorizedApplications"]
    assert {client["appId"] for client in clients} == CLIENTS.keys()
    assert all(client["delegatedPermissionIds"] == [scope["id"]] for client in clients)
    (access,) = app["requiredResourceAccess"]
    assert {entry["id"] for entry in access["resourceAccess"]} == {scope_id(name) for name in permissions(wanted)}
    assert principal["appId"] == app["appId"]
    assert (grant["clientId"], grant["consentType"]) == (principal["id"], "AllPrincipals")
    assert grant["scope"].split() == permissions(wanted)
    assert app["passwordCredentials"] == app["keyCredentials"] == []
    assert "MICROSOFT_APP_PASSWORD" not in results(wanted, runner.kept)


async def test_the_admin_page_is_a_further_address_to_come_back_to(tenant: World) -> None:
    wanted = Wanted(URL, settings=Settings.model_construct(admin_group="yes"))
    await run(tenant, register(wanted))
    (app,) = registrations(tenant).applications
    assert app["web"]["redirectUris"] == [f"{URL}/signin/callback", f"{URL}/admin/callback"]


async def test_a_managed_identity_needs_no_secret(tenant: World) -> None:
    wanted = Wanted(URL, **IDENTITY)
    runner, _, _ = await run(tenant, register(wanted))
    (app,) = registrations(tenant).applications
    ((trusted,),) = registrations(tenant).credentials.values()
    assert trusted["subject"] == IDENTITY["identity_principal"]
    assert trusted["issuer"] == f"https://login.microsoftonline.com/{tenant.company.tenant_id}/v2.0"
    assert trusted["audiences"] == ["api://AzureADTokenExchange"]
    assert app["identifierUris"] == [f"api://botid-{IDENTITY['identity_client']}"]
    found = results(wanted, runner.kept)
    assert found["MICROSOFT_APP_TYPE"] == "UserAssignedMSI"
    assert found["MICROSOFT_APP_ID"] == IDENTITY["identity_client"]
    assert found["MICROSOFT_SIGN_IN_APP_ID"] == app["appId"]
    assert "MICROSOFT_APP_PASSWORD" not in found


async def test_a_certificate_is_registered_without_its_key_and_a_secret_is_shown_once(tenant: World) -> None:
    pem = (Path(__file__).parents[1] / "data" / "nobody.pem").read_bytes()
    await run(tenant, register(Wanted(URL, certificates=(pem,))))
    (app,) = registrations(tenant).applications
    (key,) = app["keyCredentials"]
    assert (key["type"], key["usage"]) == ("AsymmetricX509Cert", "Verify")
    assert "PRIVATE" not in json.dumps(app)
    runner, _, _ = await run(tenant, register(Wanted(URL, secret=True)))
    assert results(Wanted(URL), runner.kept)["MICROSOFT_APP_PASSWORD"] == tenant.app_secret
    with pytest.raises(ValueError, match="PEM"):
        register(Wanted(URL, certificates=(b"nothing",)))


async def test_done_twice_it_is_the_same(tenant: World) -> None:
    wanted = Wanted(URL, consent=True, **IDENTITY)
    await run(tenant, register(wanted))
    first = everything(registrations(tenant))
    await run(tenant, register(wanted))
    assert everything(registrations(tenant)) == first
    less = Wanted("https://other.example", consent=True, **IDENTITY)
    await run(tenant, register(less))
    (app,) = registrations(tenant).applications
    assert app["web"]["redirectUris"] == ["https://other.example/signin/callback"]
    assert len(registrations(tenant).grants) == 1


STEPS = len(register(Wanted(URL, consent=True, **IDENTITY)))


@pytest.mark.parametrize("at", range(STEPS))
async def test_broken_off_anywhere_it_is_gone_on_with(tenant: World, at: int) -> None:
    wanted = Wanted(URL, consent=True, **IDENTITY)
    tenant.faults.append(Fault("graph", "*", skip=at, times=99, status=503))
    with pytest.raises(Failed, match="was refused"):
        await run(tenant, register(wanted))
    tenant.faults.clear()
    await run(tenant, register(wanted))
    state = registrations(tenant)
    assert (len(state.applications), len(state.principals), len(state.grants)) == (1, 1, 1)
    assert [len(rows) for rows in state.credentials.values()] == [1]
    assert len(state.applications[0]["api"]["preAuthorizedApplications"]) == len(CLIENTS)


async def test_what_microsoft_does_not_know_yet_is_asked_again(tenant: World) -> None:
    tenant.faults.append(Fault("graph", "GET */applications*", status=404, times=2))
    tenant.faults.append(Fault("graph", "PATCH */servicePrincipals*", status=429, headers={"Retry-After": "7"}))
    _, _, slept = await run(tenant, register(Wanted(URL)))
    assert slept == [2.0, 4.0, 7.0]
    assert len(registrations(tenant).principals) == 1


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (("User.Read",), "Application Administrator"),
        (("Application.ReadWrite.All", "User.Read"), "Application Administrator"),
    ],
)
async def test_who_may_not_is_told_which_role_it_takes(tenant: World, scopes: tuple[str, ...], said: str) -> None:
    with pytest.raises(Failed, match=said):
        await run(tenant, register(Wanted(URL, consent=True)), scopes)


async def test_it_is_taken_back(tenant: World, capsys: pytest.CaptureFixture[str]) -> None:
    await run(tenant, register(Wanted(URL, consent=True, **IDENTITY)))
    before = deepcopy(registrations(tenant))
    assert await called(tenant, "remove") == 0
    assert registrations(tenant) == before, "without --apply nothing is"
    assert [call["method"] for call in json.loads(capsys.readouterr().out)] == ["GET", "DELETE"]
    assert await called(tenant, "remove", "--apply") == 0
    state = registrations(tenant)
    assert state.applications == state.principals == state.grants == []
    assert len(state.deleted) == 1, "for 30 days it can be restored"
    capsys.readouterr()
    assert await called(tenant, "remove", "--apply") == 0
    assert "nothing to remove" in capsys.readouterr().err
    await run(tenant, register(Wanted(URL, name="other")))
    assert await called(tenant, "remove", "--apply", "--purge", "--name", "other") == 0
    assert len(registrations(tenant).deleted) == 1
    assert remove(Wanted(URL))[0].gone


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["register", "--public-url", "http://x.example"], "must be the https address"),
        (["register", "--public-url", URL, "--identity-client", "x"], "both are needed"),
        (["register", "--public-url", URL, "--name", "x' or 'y"], "letters, digits and hyphens"),
        (["register", "--public-url", URL, "--apply", "--token-file", "/there/is/none"], "No such file"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(arguments) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("prints", "code"), [('{"accessToken": "a-token", "tenant": "t"}', 0), ("Please run az login", 1)]
)
def test_the_token_is_the_azure_clis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: str, code: int) -> None:
    """A stand-in for `az`, found where the real one would be."""
    if os.name == "nt":
        (tmp_path / "az.cmd").write_text(f"@echo {prints}\n@exit /b {code}\n", encoding="utf-8")
    else:
        (tmp_path / "az").write_text(
            f"#!{sys.executable}\nprint({prints!r})\nraise SystemExit({code})\n", encoding="utf-8"
        )
        (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if code == 0:
        assert azure_token("https://graph.microsoft.com") == "a-token"
    else:
        with pytest.raises(Failed, match="az login"):
            azure_token("https://graph.microsoft.com")
        (tmp_path / ("az.cmd" if os.name == "nt" else "az")).unlink()
        with pytest.raises(Failed, match="not installed"):
            azure_token("https://graph.microsoft.com")


def adopt(world: World) -> None:
    """From here on Entra serves the app that was registered, and nothing it was not registered for."""
    state, entra = registrations(world), entra_state(world)
    (app,) = state.applications
    (access,) = app["requiredResourceAccess"]
    named = {scope_id(name): name for name in (*permissions(Wanted(URL)), *OIDC)}
    given = {named[entry["id"]] for entry in access["resourceAccess"]}
    world.app_id = app["appId"]
    entra.redirect_uris = set(app["web"]["redirectUris"])
    entra.consents = {person.id: set(given) for person in world.company.people}
    entra.withheld = set(OIDC - given)
    entra.federated_subjects = {one["subject"] for rows in state.credentials.values() for one in rows}


async def test_what_is_registered_is_enough_to_sign_in(tenant: World) -> None:
    await run(tenant, register(Wanted(URL, consent=True)))
    adopt(tenant)
    async with stack_for(tenant, make_settings(tenant)) as stack:
        person = stack.person("Sofia")
        await stack.sign_in.exchange(person, stack.assertion(person))
        tenant.clock.advance(7200)
        for name in set(permissions(Wanted(URL))) - SIGN_IN.keys():
            assert await stack.sign_in.graph_token(person, (name,))
        with pytest.raises(ConsentRequired):
            await stack.sign_in.graph_token(person, ("Mail.Send",))


async def test_the_registered_managed_identity_signs_people_in(tenant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await run(tenant, register(Wanted(URL, consent=True)))
    adopt(tenant)
    for name, value in managed_identity_environment(tenant).items():
        monkeypatch.setenv(name, value)
    identity = managed_identity_id(tenant)
    changed = {
        "microsoft_app_type": "UserAssignedMSI",
        "microsoft_app_id": identity,
        "microsoft_sign_in_app_id": tenant.app_id,
        "microsoft_app_password": "",
    }
    async with stack_for(tenant, make_settings(tenant, **changed)) as stack:
        person = stack.person("Sofia")
        with pytest.raises(Rejected):
            await stack.sign_in.exchange(person, stack.assertion(person))
        wanted = Wanted(URL, consent=True, identity_client=identity, identity_principal=identity)
        runner, _, _ = await run(tenant, register(wanted))
        adopt(tenant)
        found = results(wanted, runner.kept)
        assert {name.upper(): value for name, value in changed.items() if value}.items() <= found.items()
        await stack.sign_in.exchange(person, stack.assertion(person))
        assert await stack.sign_in.graph_token(person, ("Mail.Read",))
