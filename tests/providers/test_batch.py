"""Work that can wait, through both vendors' batch interfaces: asked for once, answered by id, refused before a byte leaves."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest

from infra.local.vendors import batches
from infra.local.vendors.script import Call, Reply
from infra.local.world import Fault
from providers.base import Message, Provider, Response, StopReason, Text, ToolResult
from providers.batch import Batch, Entry, Result, Ticket
from providers.errors import (
    AccessRefused,
    BadRequest,
    Cancelled,
    ConfigurationError,
    Expired,
    Incomplete,
    Overloaded,
    ProviderError,
    RateLimited,
)
from providers.structured import parsed
from tests.providers.conftest import BUDGET, QUESTION, TOOLS, Vendors, asked, drained
from tests.providers.test_contract import VERDICT

both = pytest.mark.parametrize("name", ["claude", "gpt"])
ASKED = asked(BUDGET, QUESTION)


async def allowed(_: Sequence[Entry[str]]) -> None:
    pass


def entries(*ids: str) -> list[Entry[str]]:
    return [Entry(id, ASKED, f"caller of {id}") for id in ids]


async def submitted(provider: Provider, *ids: str) -> Batch:
    return await Batch.submit(provider, entries(*ids), allowed)


def due(vendors: Vendors) -> None:
    vendors.world.clock.advance(batches.SECONDS + 1)


def response(result: Result) -> Response:
    assert isinstance(result, Response), result
    return result


@both
async def test_answers_come_by_id_when_the_batch_is_done(vendors: Vendors, name: str) -> None:
    provider = vendors.open(name)
    cited = {"claude": Reply(text="It is 48,500 EUR", citations=["S1"])}
    vendors.say(
        cited.get(name, Reply(text="It is 48,500 EUR [S1]")), Reply(text="Two.", thinking="Hm.", commentary="Well.")
    )
    batch = await submitted(provider, "one", "two", "three")
    working = await batch.poll()
    assert (working.ending, working.waiting) == ("", 3)
    assert working.expires is not None
    due(vendors)
    done = await batch.poll()
    assert (done.ending, done.answered, done.failed, done.waiting) == ("completed", 3, 0, 0)
    again = Batch.again(provider, Ticket(**json.loads(json.dumps(asdict(batch.ticket)))))
    found = await again.results({"two": ASKED})
    assert [response(found[id]).message.text for id in ("one", "two")] == ["It is 48,500 EUR [S1]", "Two."]
    assert response(found["one"]).usage.input > 100
    assert response(found["two"]).message.native is not None
    assert response(found["two"]).stop is StopReason.FINISHED
    assert response(found["three"]).model == provider.model


@both
async def test_nothing_leaves_when_the_check_says_no(vendors: Vendors, name: str) -> None:
    seen: list[tuple[str, str]] = []

    class NotAllowed(Exception):
        pass

    async def check(those: Sequence[Entry[str]]) -> None:
        seen.extend((entry.id, entry.caller) for entry in those)
        raise NotAllowed

    with pytest.raises(NotAllowed):
        await Batch.submit(vendors.open(name), entries("a", "b"), check)
    assert seen == [("a", "caller of a"), ("b", "caller of b")]
    assert not vendors.world.record


@both
async def test_some_fail_and_the_others_are_answered(vendors: Vendors, name: str) -> None:
    vendors.say(
        Reply(text="Fine."), Reply(error=429), Reply(error=500), Reply(error=400), Reply(text="Half", stop="length")
    )
    batch = await submitted(vendors.open(name), *"abcde")
    due(vendors)
    done = await batch.poll()
    assert (done.answered, done.failed) == (2, 3)
    found = await batch.results()
    assert response(found["a"]).message.text == "Fine."
    assert [type(found[id]) for id in "bcd"] == [RateLimited, Overloaded, BadRequest]
    assert response(found["e"]).stop is StopReason.LENGTH
    assert "Falcon" not in str(found)


@both
async def test_what_is_not_reached_in_a_day_expires(vendors: Vendors, name: str) -> None:
    vendors.world.state["batch_late"] = ["slow"]
    vendors.say(Reply(text="Fine."))
    batch = await submitted(vendors.open(name), "quick", "slow")
    due(vendors)
    assert (await batch.poll()).ending == ""
    vendors.world.clock.advance(batches.DAY)
    assert (await batch.poll()).ending
    found = await batch.results()
    assert response(found["quick"]).message.text == "Fine."
    assert isinstance(found["slow"], Expired)


@both
async def test_a_batch_that_is_cancelled_answers_nothing(vendors: Vendors, name: str) -> None:
    batch = await submitted(vendors.open(name), "a", "b")
    await batch.cancel()
    assert (await batch.poll()).ending == "cancelled"
    assert {id: type(one) for id, one in (await batch.results()).items()} == {"a": Cancelled, "b": Cancelled}


@both
async def test_the_vendor_forgets_it(vendors: Vendors, name: str) -> None:
    batch = await submitted(vendors.open(name), "a")
    due(vendors)
    await batch.poll()
    await batch.forget()
    assert not vendors.world.state.get("openai_files")
    if name == "claude":
        with pytest.raises(BadRequest):
            await batch.poll()


@both
async def test_tools_and_forms_go_in_batches_too(vendors: Vendors, name: str) -> None:
    provider = vendors.open(name)
    vendors.say(Reply(calls=[Call("search_mail", {"query": "x"}), Call("search_files", {"query": "y"})]))
    both_kinds = [
        Entry("tools", replace(ASKED, tools=TOOLS), ""),
        Entry("form", replace(ASKED, schema=VERDICT), ""),
    ]
    batch = await Batch.submit(provider, both_kinds, allowed)
    due(vendors)
    await batch.poll()
    found = await batch.results({entry.id: entry.request for entry in both_kinds})
    called = response(found["tools"])
    assert called.stop is StopReason.TOOL_CALLS
    assert "48,500" in parsed(response(found["form"]), VERDICT)["why"]
    results = Message("user", tuple(ToolResult(call.id, (Text("Nothing."),)) for call in called.message.tool_calls))
    vendors.say(Reply(text="Then no."))
    again = replace(ASKED, messages=(*ASKED.messages, called.message, results), tools=TOOLS)
    assert (await drained(provider, again))[1].message.text == "Then no."


@both
async def test_trouble_at_the_interface_itself(vendors: Vendors, name: str) -> None:
    provider = vendors.open(name)
    wire = vendors.wire(name)
    vendors.world.faults.append(Fault(wire, "POST *", status=503, headers={"Retry-After": "0.01"}))
    with pytest.raises(Overloaded):
        await submitted(provider, "a")
    assert len(vendors.world.record) == 1, "a second batch would be paid for, too"
    batch = await submitted(provider, "a")
    vendors.world.faults.append(Fault(wire, "GET *", status=503, headers={"Retry-After": "0.01"}, times=2))
    assert (await batch.poll()).ending == "", "asking how it is going is tried again"
    vendors.world.faults.append(Fault(wire, status=401))
    with pytest.raises(AccessRefused):
        await batch.poll()


async def test_a_file_that_became_no_batch_is_deleted(vendors: Vendors) -> None:
    vendors.world.faults.append(Fault("openai", "POST */batches", status=500))
    with pytest.raises(Overloaded):
        await submitted(vendors.open("gpt"), "a")
    assert vendors.world.state["openai_files"] == {}


async def test_lines_that_are_not_what_openai_promises(vendors: Vendors) -> None:
    batch = await submitted(vendors.open("gpt"), "a", "b", "c")
    due(vendors)
    await batch.poll()
    made = batches.stored(vendors.world, batch.ticket.batch)
    assert made is not None
    lines = [
        "{",
        "[]",
        '"x"',
        '{"custom_id": 7}',
        '{"custom_id": "a", "response": {"status_code": 200, "body": "?"}}',
        '{"custom_id": "b", "response": null, "error": null}',
        '{"custom_id": "other", "response": null}',
        "[" * 9999,
    ]
    vendors.world.state["openai_files"][made.files["output"]] = "\n".join(lines)
    found = await batch.results()
    assert sorted(found) == ["a", "b", "c"]
    assert [type(found[id]) for id in "abc"] == [Incomplete, BadRequest, Incomplete]


@pytest.mark.parametrize("ids", [(), ("a", "a"), ("ä",), ("x" * 65,)], ids=["none", "twice", "letters", "length"])
async def test_ids_that_no_vendor_takes(vendors: Vendors, ids: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest, match="different ids"):
        await submitted(vendors.open("claude"), *ids)
    assert not vendors.world.record


@pytest.mark.parametrize("name", ["compatible", "foundry", "bedrock", "vertex", "azure", "offline"])
async def test_doors_without_batches_say_so(vendors: Vendors, name: str) -> None:
    with pytest.raises(ConfigurationError, match="has no batches"):
        await submitted(vendors.open(name), "a")


async def test_a_ticket_belongs_to_its_model(vendors: Vendors) -> None:
    ticket = Ticket("openai", "gpt-6.2-sol", "batch_1", ("a",))
    with pytest.raises(ProviderError, match="handed in to openai:gpt-6\\.2-sol"):
        Batch.again(vendors.open("claude"), ticket)
