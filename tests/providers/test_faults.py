"""Every way a vendor was measured to fail, and the one error of ours it becomes."""

import asyncio

import pytest

from infra.local.vendors.script import Reply
from infra.local.world import Fault
from providers.base import Request, Text
from providers.errors import (
    AccessRefused,
    BadRequest,
    ContextTooLong,
    Incomplete,
    NetworkFailed,
    OutOfQuota,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
)
from tests.providers.conftest import QUESTION, VENDORS, Vendors, asked, drained

every_vendor = pytest.mark.parametrize("name", VENDORS)


async def failed(vendors: Vendors, name: str, request: Request | None = None, **options: float) -> ProviderError:
    provider = vendors.open(name, **options)  # type: ignore[arg-type]
    with pytest.raises(ProviderError) as caught:
        await drained(provider, request or asked(QUESTION))
    assert "Falcon" not in str(caught.value)
    return caught.value


@every_vendor
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "", BadRequest),
        (401, "", AccessRefused),
        (402, "", OutOfQuota),
        (403, "", AccessRefused),
        (404, "", BadRequest),
        (413, "", ContextTooLong),
        (400, "context_length_exceeded", ContextTooLong),
    ],
)
async def test_refusals_are_not_tried_again(
    vendors: Vendors, name: str, status: int, code: str, kind: type[ProviderError]
) -> None:
    vendors.say(Reply(error=status, error_code=code))
    error = await failed(vendors, name)
    assert type(error) is kind
    assert str(status) in str(error) or kind in {ContextTooLong, OutOfQuota, AccessRefused}
    assert error.request_id.startswith("req_")
    assert len(vendors.world.record) == 1


@every_vendor
async def test_waiting_as_asked_then_an_answer(vendors: Vendors, name: str) -> None:
    vendors.say(*[Reply(error=429, retry_after=0.01)] * 2, Reply(text="At last."))
    _, response = await drained(vendors.open(name), asked(QUESTION))
    assert response.message.text == "At last."
    assert len(vendors.world.record) == 3


@every_vendor
async def test_a_limit_that_stays(vendors: Vendors, name: str) -> None:
    vendors.say(*[Reply(error=429, retry_after=0.02)] * 3)
    error = await failed(vendors, name)
    assert isinstance(error, RateLimited)
    assert error.seconds == 0.02
    assert len(vendors.world.record) == 3


@every_vendor
async def test_a_long_wait_is_reported_instead_of_slept_through(vendors: Vendors, name: str) -> None:
    vendors.say(Reply(error=429, retry_after=3600))
    error = await failed(vendors, name)
    assert isinstance(error, RateLimited)
    assert error.seconds == 3600
    assert len(vendors.world.record) == 1


@pytest.mark.parametrize(("name", "code"), [("gpt", "insufficient_quota"), ("claude", "enforced_spend_limit_reached")])
async def test_an_empty_account_is_not_a_rate_limit(vendors: Vendors, name: str, code: str) -> None:
    vendors.say(*[Reply(error=429, error_code=code, retry_after=0.01)] * 3)
    assert isinstance(await failed(vendors, name), OutOfQuota)


@every_vendor
@pytest.mark.parametrize("status", [500, 503, 529])
async def test_overload_is_tried_again_and_then_named(vendors: Vendors, name: str, status: int) -> None:
    vendors.say(*[Reply(error=status, retry_after=0.01)] * 3)
    assert isinstance(await failed(vendors, name), Overloaded)
    assert len(vendors.world.record) == 3


@every_vendor
async def test_the_wires_own_faults(vendors: Vendors, name: str) -> None:
    vendors.world.faults.append(Fault(vendors.wire(name), status=529, headers={"Retry-After": "0.01"}, times=2))
    vendors.say(Reply(text="Well."))
    assert (await drained(vendors.open(name), asked(QUESTION)))[1].message.text == "Well."
    assert [record.status for record in vendors.world.record] == [529, 529, 200]


@every_vendor
@pytest.mark.parametrize("after", [0, 4, 6])
async def test_a_cut_stream_is_never_tried_again(vendors: Vendors, name: str, after: int) -> None:
    vendors.world.faults.append(Fault(vendors.wire(name), kind="cut", after=after))
    vendors.say(Reply(text="This will never be read to its end."))
    error = await failed(vendors, name)
    assert isinstance(error, NetworkFailed | Incomplete)
    assert len(vendors.world.record) == 1


@every_vendor
@pytest.mark.parametrize("after", [0, 1, 4])
async def test_a_stream_that_ends_early_in_good_order(vendors: Vendors, name: str, after: int) -> None:
    vendors.say(Reply(text="This will never be read to its end.", early=after))
    assert isinstance(await failed(vendors, name), Incomplete)


@every_vendor
async def test_an_event_that_is_no_json(vendors: Vendors, name: str) -> None:
    vendors.say(Reply(text="So far so good.", malformed=True))
    assert isinstance(await failed(vendors, name), Incomplete)


@every_vendor
async def test_a_stream_that_stalls(vendors: Vendors, name: str) -> None:
    vendors.say(Reply(text="Wait for it", stall=30))
    assert isinstance(await failed(vendors, name, read_timeout=0.3), TimedOut)


@every_vendor
async def test_no_answer_at_all(vendors: Vendors, name: str) -> None:
    vendors.world.faults.append(Fault(vendors.wire(name), kind="delay", seconds=30, times=3))
    assert isinstance(await failed(vendors, name, read_timeout=0.15, retries=0), TimedOut)


@every_vendor
async def test_nobody_listens(vendors: Vendors, name: str) -> None:
    for variable in vendors.environment:
        if variable.endswith(("_BASE_URL", "_ENDPOINT")):
            vendors.environment[variable] = "http://127.0.0.1:9"
    assert isinstance(await failed(vendors, name, retries=0), NetworkFailed)


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("claude", "overloaded_error", Overloaded),
        ("claude", "rate_limit_error", RateLimited),
        ("claude", "api_error", Overloaded),
        ("claude", "invalid_request_error", BadRequest),
        ("gpt", "server_error", Overloaded),
        ("gpt", "rate_limit_exceeded", RateLimited),
        ("gpt", "failed:server_error", Overloaded),
        ("gpt", "failed:rate_limit_exceeded", RateLimited),
        ("gpt", "failed:insufficient_quota", OutOfQuota),
        ("gpt", "failed:something_new", Overloaded),
        ("compatible", "server_error", Overloaded),
        ("foundry", "overloaded_error", Overloaded),
        ("vertex", "rate_limit_error", RateLimited),
        ("bedrock", "overloaded_error", Overloaded),
        ("azure", "server_error", Overloaded),
        ("azure", "failed:rate_limit_exceeded", RateLimited),
    ],
)
async def test_errors_in_the_middle_of_a_stream(
    vendors: Vendors, name: str, kind: str, error: type[ProviderError]
) -> None:
    vendors.say(Reply(text="Some text", break_with=kind))
    assert type(await failed(vendors, name)) is error
    assert len(vendors.world.record) == 1


async def test_overflow_found_while_answering(vendors: Vendors) -> None:
    vendors.say(Reply(stop="overflow"))
    assert isinstance(await failed(vendors, "gpt"), ContextTooLong)


@every_vendor
async def test_a_redirect_is_not_followed(vendors: Vendors, name: str) -> None:
    vendors.world.faults.append(
        Fault(
            vendors.wire(name),
            status=307,
            headers={"Location": f"{vendors.url}/elsewhere"},
            body={},
        )
    )
    assert isinstance(await failed(vendors, name), ProviderError)
    assert len(vendors.world.record) == 1


@every_vendor
async def test_giving_up_closes_the_connection(vendors: Vendors, name: str) -> None:
    vendors.say(Reply(text="word " * 200, chunk=5, delay=0.05), Reply(text="Next."))
    provider = vendors.open(name)
    started = asyncio.Event()

    async def read() -> None:
        async for _ in provider.stream(asked(Text("Talk."))):
            started.set()

    async def request_ends() -> None:
        async with asyncio.timeout(5), vendors.world.changed:
            await vendors.world.changed.wait()

    task, ended = asyncio.create_task(read()), asyncio.create_task(request_ends())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended
    # The stream would have gone on for ten seconds: its handler was cancelled by the closed connection.
    assert vendors.last.status == 0
    assert (await drained(provider, asked(Text("Again."))))[1].message.text == "Next."
