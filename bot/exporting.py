"""Sends traces and metrics to a collector by OTLP when the standard variables name one and the extra `otel` is installed."""

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

log = logging.getLogger(__name__)

_EXPORTER = "opentelemetry.exporter.otlp.proto.http"
_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def start(variables: Mapping[str, str]) -> Callable[[], None]:
    """Returns what sends the rest at the end. `variables`: the environment's `OTEL_*`, which the SDK reads by itself too.

    Raises ValueError with a sentence when a collector is named and the extra is missing.
    """
    if not wanted(variables):
        return _nothing
    if variables.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") != "http/protobuf":
        log.warning("telemetry is sent as http/protobuf, whatever OTEL_EXPORTER_OTLP_PROTOCOL says")
    resources = import_module("opentelemetry.sdk.resources")
    service = {} if variables.get("OTEL_SERVICE_NAME") else {"service.name": "parley"}
    resource = resources.Resource.create(service)
    ends = [_traces(resource)] if variables.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp" else []
    ends += [_metrics(resource)] if variables.get("OTEL_METRICS_EXPORTER", "otlp") == "otlp" else []

    def end() -> None:
        for one in ends:
            one()

    return end


def wanted(variables: Mapping[str, str]) -> bool:
    """Whether a collector is named. Raises ValueError as `start`."""
    if variables.get("OTEL_SDK_DISABLED", "").casefold() == "true" or not any(map(variables.get, _ENDPOINTS)):
        return False
    if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.exporter.otlp") is None:
        raise ValueError("OTEL_EXPORTER_OTLP_ENDPOINT is set, which needs an extra: pip install 'parley[otel]'.")
    return True


def _nothing() -> None:
    pass


def _traces(resource: object) -> Callable[[], None]:
    sdk, export = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.trace.export")
    provider = sdk.TracerProvider(resource=resource)
    exporter = import_module(f"{_EXPORTER}.trace_exporter").OTLPSpanExporter()
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    import_module("opentelemetry.trace").set_tracer_provider(provider)
    shutdown: Callable[[], None] = provider.shutdown
    return shutdown


def _metrics(resource: object) -> Callable[[], None]:
    sdk, export = import_module("opentelemetry.sdk.metrics"), import_module("opentelemetry.sdk.metrics.export")
    exporter = import_module(f"{_EXPORTER}.metric_exporter").OTLPMetricExporter()
    provider = sdk.MeterProvider([export.PeriodicExportingMetricReader(exporter)], resource=resource)
    import_module("opentelemetry.metrics").set_meter_provider(provider)
    shutdown: Callable[[], None] = provider.shutdown
    return shutdown
