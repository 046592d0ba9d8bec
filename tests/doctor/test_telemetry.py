"""A collector that is spoken to in another protocol. That the extra is missing is planted in tests/programs/test_doctor.py."""

from bot.doctor.finding import State
from tests.doctor.site import Site

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


async def test_another_protocol(site: Site) -> None:
    site.telemetry = {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    await site.finds("telemetry", "OTEL_EXPORTER_OTLP_PROTOCOL", state=State.WARNING)
    site.telemetry = ENDPOINT
    assert (await site.examined("telemetry"))[0].state is State.OK
