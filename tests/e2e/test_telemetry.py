"""A whole conversation with a collector listening to everything in the process: spans in one tree a message, and no word of it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.parley import parley_running

ROOT = Path(__file__).parent.parent.parent
QUESTION = "What is the telemetry interval of the HRN-200?"
SECRETS = ("HRN-200", "interval", "zebra", "Sofia", "sofia", "tidewell.example/", "%24search", "$search", "filter=")


async def main() -> None:
    """In a process of its own, since OpenTelemetry's providers are set once in a process."""
    from opentelemetry import trace  # noqa: PLC0415 -- only in the process that is told everything
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- as above
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 -- as above
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415 -- as above

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    world = fresh_world()
    with tempfile.TemporaryDirectory() as folder:
        async with parley_running(world, Path(folder), door="claude") as parley:
            await parley.sign_in("sofia")
            spans.clear()
            world.state["script"] = [Reply(text="Every zebra second.")]
            await parley.ask("sofia", QUESTION)
            headers = [request.headers for request in parley.received("claude")]
            bearers = {r.headers.get("Authorization", "").removeprefix("Bearer ") for r in world.record} - {""}
            people = [person.mail for person in world.company.people]
    sys.stdout.write(
        json.dumps(
            {
                "spans": [span.to_json() for span in spans.get_finished_spans()],
                "headers": str(headers),
                "secrets": [*bearers, *people],
            }
        )
    )


@pytest.mark.slow
def test_a_message_is_one_tree_and_tells_nothing() -> None:
    start = "import asyncio; from tests.e2e.test_telemetry import main; asyncio.run(main())"
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    spans = [json.loads(span) for span in told["spans"]]
    names = {span["name"] for span in spans}
    (turn,) = (span for span in spans if span["name"] == "invoke_agent Parley")
    assert {"chat claude-sonnet-5", "POST /search/query"} <= names
    ours = [span for span in spans if span["name"].startswith(("chat", "GET /", "POST /"))]
    assert {span["context"]["trace_id"] for span in ours} == {turn["context"]["trace_id"]}
    assert len(told["secrets"]) > 10
    assert [word for word in (*SECRETS, *told["secrets"]) if word in str(spans)] == []
    assert "traceparent" not in told["headers"].lower()
