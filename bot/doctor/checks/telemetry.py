"""Whether traces and metrics can be sent where OpenTelemetry's variables say."""

from bot import exporting
from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong


async def run(context: Context) -> Finding:
    variables = context.installation.telemetry
    try:
        if not exporting.wanted(variables):
            return ok("No traces or metrics are sent.")
    except ValueError:
        return wrong("OTEL_EXPORTER_OTLP_ENDPOINT is set, which needs an extra.", "Run: pip install 'parley[otel]'.")
    if variables.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") != "http/protobuf":
        return warning(
            "Traces and metrics are sent as http/protobuf, whatever OTEL_EXPORTER_OTLP_PROTOCOL says.",
            "Set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf and the endpoint to the collector's port for it (4318).",
        )
    return ok("Traces and metrics are sent by OTLP.")


CHECK = Check("settings", "Can traces and metrics be sent?", run)
