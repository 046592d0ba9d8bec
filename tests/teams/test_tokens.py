"""Every way we know to get in with a token that is not the Bot Framework's for this activity."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.teams.wires import APP, FIRST_KEY, ISSUER, Bench, Key, bench, message

OTHER = Key(kid=FIRST_KEY.kid)
UNKNOWN = Key()
SMALL = Key(private=rsa.generate_private_key(public_exponent=65537, key_size=1024))
JSON = {"Content-Type": "application/json"}
PUBLIC_PEM = FIRST_KEY.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Any, claims: Any, sign: Callable[[bytes], bytes] | None = None) -> str:
    head = f"{part(header)}.{part(claims)}"
    return f"{head}.{part((sign or rs256)(head.encode()))}"


def rs256(data: bytes) -> bytes:
    return FIRST_KEY.private.sign(data, padding.PKCS1v15(), SHA256())


def header(**changes: Any) -> dict[str, Any]:
    plain = {"alg": "RS256", "typ": "JWT", "kid": FIRST_KEY.kid, **changes}
    return {name: value for name, value in plain.items() if value is not None}


def hs(key: bytes, name: str = "sha256") -> Callable[[bytes], bytes]:
    return lambda data: hmac.digest(key, data, name)


Case = Callable[[Bench], str | None]
"""The token, or None for no Authorization header at all."""

CLAIMS: dict[str, dict[str, Any]] = {
    "no issuer": {"iss": None},
    "empty issuer": {"iss": ""},
    "issuer with slash": {"iss": f"{ISSUER}/"},
    "issuer in capitals": {"iss": ISSUER.upper()},
    "issuer list": {"iss": [ISSUER]},
    "issuer object": {"iss": {"iss": ISSUER}},
    "issuer number": {"iss": 7},
    "emulator issuer": {"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"},
    "entra issuer": {"iss": "https://login.microsoftonline.com/common/v2.0"},
    "government issuer": {"iss": "https://api.botframework.us"},
    "issuer with prefix": {"iss": f"x{ISSUER}"},
    "no audience": {"aud": None},
    "empty audience": {"aud": ""},
    "audience list": {"aud": [APP]},
    "audience list with others": {"aud": ["x", APP]},
    "audience of another app": {"aud": "00000000-0000-4000-8000-000000000000"},
    "audience in capitals": {"aud": APP.upper()},
    "audience as address": {"aud": f"api://botid-{APP}"},
    "audience of the connector": {"aud": "https://api.botframework.com"},
    "audience of graph": {"aud": "https://graph.microsoft.com"},
    "audience number": {"aud": 5},
    "audience true": {"aud": True},
    "audience object": {"aud": {APP: APP}},
    "audience with space": {"aud": f"{APP} "},
    "no expiry": {"exp": None},
    "expired an hour ago": {"exp": 1_700_000_000},
    "expired in 1970": {"exp": 0},
    "negative expiry": {"exp": -1},
    "expiry text": {"exp": "9999999999"},
    "expiry true": {"exp": True},
    "expiry list": {"exp": [9999999999]},
    "expiry object": {"exp": {}},
    "expiry huge": {"exp": 10**400},
    "not before next year": {"nbf": 9_999_999_999},
    "not before text": {"nbf": "0"},
    "not before false": {"nbf": False},
    "not before huge": {"nbf": 10**400},
    "no serviceurl": {"serviceurl": None},
    "empty serviceurl": {"serviceurl": ""},
    "evil serviceurl": {"serviceurl": "https://evil.example/"},
    "serviceurl suffix": {"serviceurl": "https://smba.trafficmanager.net.evil.example/"},
    "serviceurl list": {"serviceurl": ["http://127.0.0.1/"]},
    "serviceurl number": {"serviceurl": 1},
    "serviceurl in another claim": {"serviceurl": None, "serviceUrl": "http://127.0.0.1/"},
}

HEADERS: dict[str, dict[str, Any]] = {
    "no algorithm": {"alg": None},
    "algorithm number": {"alg": 256},
    "algorithm list": {"alg": ["RS256"]},
    "algorithm empty": {"alg": ""},
    "algorithm lower case": {"alg": "rs256"},
    "algorithm of another family": {"alg": "PS256"},
    "algorithm RS384": {"alg": "RS384"},
    "algorithm RS512": {"alg": "RS512"},
    "algorithm ES256": {"alg": "ES256"},
    "algorithm EdDSA": {"alg": "EdDSA"},
    "algorithm with space": {"alg": "RS256 "},
    "no key id": {"kid": None},
    "key id empty": {"kid": ""},
    "key id number": {"kid": 1},
    "key id list": {"kid": [FIRST_KEY.kid]},
    "key id path": {"kid": "../../../dev/null"},
    "key id query": {"kid": "' OR 1=1 --"},
    "key id with zero": {"kid": f"{FIRST_KEY.kid}\u0000"},
    "key id in capitals": {"kid": FIRST_KEY.kid.upper() + "X"},
    "unknown key id": {"kid": "unknown"},
    "critical extension": {"crit": ["exp"], "exp": 1},
    "critical empty": {"crit": []},
    "critical unknown": {"crit": ["http://example.invalid/UNDEFINED"], "http://example.invalid/UNDEFINED": True},
    "unencoded payload": {"b64": False, "crit": ["b64"]},
    "b64 alone": {"b64": False},
    "jku": {"jku": "http://127.0.0.1:9/keys"},
    "x5u": {"x5u": "http://127.0.0.1:9/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "jwk": {"jwk": OTHER.jwk()},
    "jwk of the right key": {"jwk": FIRST_KEY.jwk()},
    "compressed": {"zip": "DEF"},
    "nested token": {"cty": "JWT"},
    "encrypted": {"enc": "A128GCM"},
    "type JOSE": {"typ": "JOSE"},
    "type logout": {"typ": "logout+jwt"},
    "type number": {"typ": 1},
    "type list": {"typ": ["JWT"]},
}

FORGED: dict[str, Case] = {
    "algorithm none": lambda b: signed(header(alg="none"), b.claims(), lambda _: b""),
    "algorithm None": lambda b: signed(header(alg="None"), b.claims(), lambda _: b""),
    "algorithm nOnE with signature": lambda b: signed(header(alg="nOnE"), b.claims()),
    "public key as secret": lambda b: signed(header(alg="HS256"), b.claims(), hs(PUBLIC_PEM)),
    "public key as secret 384": lambda b: signed(header(alg="HS384"), b.claims(), hs(PUBLIC_PEM, "sha384")),
    "empty secret": lambda b: signed(header(alg="HS256"), b.claims(), hs(b"\0")),
    "app id as secret": lambda b: signed(header(alg="HS256"), b.claims(), hs(APP.encode())),
    "modulus as secret": lambda b: signed(header(alg="HS256"), b.claims(), hs(FIRST_KEY.jwk()["n"].encode())),
    "HMAC labelled RS256": lambda b: signed(header(), b.claims(), hs(PUBLIC_PEM)),
    "other key, same id": lambda b: OTHER.sign(b.claims()),
    "unknown key": lambda b: UNKNOWN.sign(b.claims()),
    "elliptic key": lambda b: jwt.encode(
        b.claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": FIRST_KEY.kid}
    ),
    "SHA-1 signature": lambda b: signed(
        header(), b.claims(), lambda d: FIRST_KEY.private.sign(d, padding.PKCS1v15(), SHA1())
    ),
    "PSS signature": lambda b: signed(
        header(), b.claims(), lambda d: FIRST_KEY.private.sign(d, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    ),
    "empty signature": lambda b: signed(header(), b.claims(), lambda _: b""),
    "zero signature": lambda b: signed(header(), b.claims(), lambda _: b"\0" * 256),
    "one signature": lambda b: signed(header(), b.claims(), lambda _: b"\0" * 255 + b"\1"),
    "short signature": lambda b: signed(header(), b.claims(), lambda d: rs256(d)[:-1]),
    "long signature": lambda b: signed(header(), b.claims(), lambda d: b"\0" + rs256(d)),
    "flipped signature": lambda b: signed(header(), b.claims(), lambda d: bytes([rs256(d)[0] ^ 1]) + rs256(d)[1:]),
    "digest as signature": lambda b: signed(header(), b.claims(), lambda d: hashlib.sha256(d).digest()),
    "signature of another token": lambda b: f"{signed(header(), b.claims()).rpartition('.')[0]}.{part(rs256(b'x'))}",
    "swapped claims": lambda b: swapped(b.token(aud="other"), b.claims()),
    "swapped header": lambda b: f"{part(header(x=1))}.{b.token().partition('.')[2]}",
    "claims not an object": lambda b: signed(header(), [b.claims()]),
    "claims text": lambda _: signed(header(), "text"),
    "claims not JSON": lambda _: signed(header(), b"{"),
    "claims nested deeply": lambda _: signed(header(), b"[" * 1500 + b"]" * 1500),
    "claims not UTF-8": lambda _: signed(header(), b'{"iss":"\xff"}'),
    "header not an object": lambda b: signed([header()], b.claims()),
    "header null": lambda b: signed(None, b.claims()),
    "header not JSON": lambda b: signed(b"RS256", b.claims()),
    "header nested deeply": lambda b: signed(b"[" * 1200 + b"]" * 1200, b.claims()),
    "no dots": lambda _: "garbage",
    "one dot": lambda b: b.token().rpartition(".")[0],
    "three dots": lambda b: f"{b.token()}.x",
    "five parts": lambda _: "a.b.c.d.e",
    "empty parts": lambda _: "..",
    "empty header part": lambda b: f".{b.token().partition('.')[2]}",
    "padded": lambda b: f"{b.token()}==",
    "not base64": lambda _: "!!!.???.###",
    "serialised as JSON": lambda b: json.dumps({"payload": part(b.claims()), "signatures": []}),
    "no header": lambda _: None,
}


def swapped(token: str, claims: dict[str, Any]) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{part(claims)}.{signature}"


async def refused(endpoint: Bench, token: str | None) -> None:
    status, body = await endpoint.post(message(endpoint.service_url), token=token)
    assert status in {401, 403}
    assert body["error"]["message"].endswith(".")
    assert endpoint.reached == 0


@pytest.mark.parametrize("name", CLAIMS)
async def test_wrong_claims_are_refused(endpoint: Bench, name: str) -> None:
    await refused(endpoint, signed(header(), endpoint.claims(**CLAIMS[name])))


@pytest.mark.parametrize("name", HEADERS)
async def test_wrong_headers_are_refused(endpoint: Bench, name: str) -> None:
    await refused(endpoint, signed(header(**HEADERS[name]), endpoint.claims()))


@pytest.mark.parametrize("name", FORGED)
async def test_forged_tokens_are_refused(endpoint: Bench, name: str) -> None:
    await refused(endpoint, FORGED[name](endpoint))


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Token {}", "{}", "Bearer{}", "Bearer {} {}", "Negotiate {}", "Bearer, {}"],
)
async def test_other_schemes_are_refused(endpoint: Bench, value: str) -> None:
    sent = value.replace("{}", endpoint.token())
    status, _ = await endpoint.post(message(endpoint.service_url), token=None, headers={"Authorization": sent})
    assert status == 401
    assert endpoint.reached == 0


@pytest.mark.parametrize("endorsements", [None, [], ["webchat"], ["MSTEAMS"], ["msteams "], [["msteams"]], "msteams"])
async def test_keys_must_be_endorsed_for_the_channel(endpoint: Bench, endorsements: Any) -> None:
    endpoint.openid.keys = [FIRST_KEY.jwk(endorsements=endorsements)]
    await refused(endpoint, endpoint.token())


@pytest.mark.parametrize("channel", ["emulator", "webchat", "msteams2", "directline", "MSTEAMS", "x:msteams"])
async def test_other_channels_are_refused(endpoint: Bench, channel: str) -> None:
    status, _ = await endpoint.post(message(endpoint.service_url, channelId=channel))
    assert status == 403
    assert endpoint.reached == 0


async def test_copilot_is_the_teams_channel(endpoint: Bench) -> None:
    assert (await endpoint.post(message(endpoint.service_url, channelId="msteams:copilot")))[0] == 202


@pytest.mark.parametrize(
    "jwk",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC"},
        {"n": "AQAB"},
        {"e": "!"},
        {"n": None},
        {"d": "AQAB"},
        {"kid": None},
    ],
    ids=str,
)
async def test_unfit_keys_are_not_used(endpoint: Bench, jwk: dict[str, Any]) -> None:
    endpoint.openid.keys = [FIRST_KEY.jwk(**jwk), UNKNOWN.jwk()]
    await refused(endpoint, endpoint.token())


async def test_short_keys_are_not_used(endpoint: Bench) -> None:
    endpoint.openid.keys = [SMALL.jwk(), UNKNOWN.jwk()]
    head = f"{part(header(kid=SMALL.kid))}.{part(endpoint.claims())}"
    signature = SMALL.private.sign(head.encode(), padding.PKCS1v15(), SHA256())
    await refused(endpoint, f"{head}.{part(signature)}")


async def test_the_real_token_is_accepted_in_both_cases_of_the_scheme(endpoint: Bench) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        authorization = {"Authorization": f"{scheme} {endpoint.token()}"}
        status, _ = await endpoint.post(message(endpoint.service_url), token=None, headers=authorization)
        assert status == 202
    assert len(endpoint.admitted) == 3


async def test_five_minutes_of_skew_are_allowed_and_no_more(endpoint: Bench) -> None:
    now = int(endpoint.clock())
    body = message(endpoint.service_url)
    assert (await endpoint.post(body, token=endpoint.token(exp=now - 290)))[0] == 202
    assert (await endpoint.post(body, token=endpoint.token(nbf=now + 290)))[0] == 202
    assert (await endpoint.post(body, token=endpoint.token(exp=now - 310)))[0] == 401
    assert (await endpoint.post(body, token=endpoint.token(nbf=now + 310)))[0] == 401


async def test_a_remembered_token_still_expires_and_still_belongs_to_one_service_url(endpoint: Bench) -> None:
    token, body = endpoint.token(), message(endpoint.service_url)
    assert (await endpoint.post(body, token=token))[0] == 202
    elsewhere = message(f"{endpoint.service_url}other/")
    assert (await endpoint.post(elsewhere, token=token))[0] == 403
    endpoint.clock.at += 3600 + 301
    assert (await endpoint.post(body, token=token))[0] == 401
    assert len(endpoint.admitted) == 1


async def test_a_remembered_token_ends_with_its_key(endpoint: Bench) -> None:
    token, body = endpoint.token(), message(endpoint.service_url)
    assert (await endpoint.post(body, token=token))[0] == 202
    endpoint.openid.keys = [UNKNOWN.jwk()]
    assert (await endpoint.post(body, token=endpoint.token(UNKNOWN)))[0] == 202
    assert (await endpoint.post(body, token=token))[0] == 401


async def test_endless_tokens_are_refused(endpoint: Bench) -> None:
    for length in (5_000, 50_000):
        token = endpoint.token(UNKNOWN, padding="x" * length)
        data, sent = json.dumps(message(endpoint.service_url)), {"Authorization": f"Bearer {token}"}
        async with endpoint.session.post(endpoint.url, data=data, headers={**sent, **JSON}) as response:
            assert response.status in {400, 401}


async def test_two_authorization_headers_are_refused(endpoint: Bench) -> None:
    data = json.dumps(message(endpoint.service_url))
    token = f"Bearer {endpoint.token()}"
    sent = [("Content-Type", "application/json"), ("Authorization", token), ("Authorization", token)]
    async with endpoint.session.post(endpoint.url, data=data, headers=sent) as response:
        assert response.status == 401


@pytest.mark.parametrize("app_id", ["", APP])
async def test_local_mode_takes_no_token_or_a_right_one(app_id: str) -> None:
    async with bench(local=True, app_id=app_id) as endpoint:
        body = message(endpoint.service_url)
        assert (await endpoint.post(body, token=None))[0] == 202
        assert (await endpoint.post(body))[0] == (202 if app_id else 401)
        assert (await endpoint.post(body, token="garbage"))[0] == 401
        for name in ("Origin", "X-Forwarded-For", "Forwarded", "Via"):
            assert (await endpoint.post(body, token=None, headers={name: "x"}))[0] == 401


async def test_no_token_appears_in_the_log(endpoint: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = endpoint.token(aud="canary-audience")
    await endpoint.post(message(endpoint.service_url, "canary-text"), token=token)
    assert "canary" not in caplog.text
    assert token not in caplog.text
