"""What only Bedrock's door does: the model in the path, requests signed, AWS's binary event stream with its checksums."""

from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from infra.local.vendors.event_stream import BROKEN_CHECKSUM, frame
from infra.local.vendors.script import Reply
from providers.base import DoorSettings
from providers.discover import open_models
from providers.errors import (
    AccessRefused,
    BadRequest,
    ConfigurationError,
    ContextTooLong,
    Incomplete,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
)
from tests.providers.conftest import QUESTION, Vendors, asked, drained

PATH = "/bedrock/model/eu.anthropic.claude-sonnet-5-5-v1:0/invoke-with-response-stream"


async def test_the_model_stands_in_the_path_and_the_key_lets_us_in(vendors: Vendors) -> None:
    vendors.say(Reply(text="Yes."))
    await drained(vendors.open("bedrock"), asked(QUESTION))
    assert vendors.last.path == PATH
    assert vendors.last.headers["Authorization"] == "Bearer bedrock-key"
    assert not {"model", "stream"} & vendors.last.body.keys()
    assert vendors.last.body["anthropic_version"]


async def test_without_a_key_requests_are_signed(vendors: Vendors) -> None:
    del vendors.environment["AWS_BEARER_TOKEN_BEDROCK"]
    vendors.environment |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    vendors.say(Reply(text="Yes."))
    await drained(vendors.open("bedrock"), asked(QUESTION))
    signed = vendors.last.headers["Authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/bedrock/aws4_request" in signed


async def test_no_credentials_anywhere_are_said(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    del vendors.environment["AWS_BEARER_TOKEN_BEDROCK"]
    # Read by AWS's library, not by us: nothing in files, no machine to ask.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "no-such-file")
    with pytest.raises(AccessRefused, match="Claude on Bedrock refused our key"):
        await drained(vendors.open("bedrock"), asked(QUESTION))
    assert not vendors.world.record


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", Overloaded),
        ("rate_limit_error", RateLimited),
        ("api_error", Overloaded),
        ("timeout_error", TimedOut),
        ("invalid_request_error", BadRequest),
        (BROKEN_CHECKSUM, Incomplete),
    ],
)
async def test_exceptions_in_the_middle_of_a_stream(vendors: Vendors, kind: str, error: type[ProviderError]) -> None:
    vendors.say(Reply(text="Some text", break_with=kind))
    with pytest.raises(ProviderError) as caught:
        await drained(vendors.open("bedrock"), asked(QUESTION))
    assert type(caught.value) is error
    assert len(vendors.world.record) == 1


async def test_too_long_is_read_from_the_sentence(vendors: Vendors) -> None:
    vendors.say(Reply(error=400, error_code="context_length_exceeded"))
    with pytest.raises(ContextTooLong):
        await drained(vendors.open("bedrock"), asked(QUESTION))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "AWS_REGION"),
        ({"AWS_REGION": "evil.example/"}, "AWS_REGION is a name"),
        ({"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKID"}, "only one is set"),
    ],
)
def test_what_is_missing_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_models(["c=bedrock:anthropic.claude-sonnet-5-5"], DoorSettings(environment))


@given(
    headers=st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=60), max_size=4),
    payload=st.binary(max_size=300),
)
def test_our_frames_are_what_awss_library_reads(headers: dict[str, str], payload: bytes) -> None:
    buffer: Any = EventStreamBuffer()
    buffer.add_data(frame(headers, payload) * 2)
    read = list(buffer)
    assert [(event.headers, event.payload) for event in read] == [(headers, payload)] * 2
