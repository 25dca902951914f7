"""Requests and their stages as OpenTelemetry spans, where the settings ask for it; its packages are imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from indexer.errors import SettingError
from search_api.request_notes import RequestNotes

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def check_packages() -> None:
    """Raises SettingError when what tracing needs is not installed."""
    for package in _NEEDED:
        try:
            found = find_spec(package)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise SettingError(
                f"DATELINE_TRACING is on, and {package} is not installed; install the extra: pip install 'dateline[otel]', or "
                "turn DATELINE_TRACING off"
            )


@dataclass(frozen=True, slots=True)
class Traced:
    """A request that was answered; it began at `started` by `time.perf_counter`, which was `started_ns` since 1970."""

    notes: RequestNotes
    scope: Mapping[str, Any]
    status: int
    started: float
    started_ns: int
    seconds: float

    def at_ns(self, moment: float) -> int:
        return self.started_ns + round(1e9 * (moment - self.started))


class Tracing:
    """Sends spans by OTLP over HTTP; the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT, ...) say where to and which."""

    def __init__(self) -> None:
        check_packages()
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        ours = Resource.create({"service.name": "dateline", "service.version": version("dateline")})
        self.provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()))
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self.provider.get_tracer("dateline")
        self._propagator = TraceContextTextMapPropagator()

    def record(self, traced: Traced) -> str:
        """Make the span of a request, within the trace that its `traceparent` names, and one for each stage; its trace's id."""
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

        notes, scope = traced.notes, traced.scope
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracer.start_span(
            f"{scope['method']} {notes.route}",
            context=self._propagator.extract(headers),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": scope["method"],
                "http.route": notes.route,
                "http.response.status_code": traced.status,
                "url.path": scope["path"],
                "url.scheme": scope.get("scheme", "http"),
                "dateline.request_id": notes.request_id,
            },
            start_time=traced.started_ns,
        )
        if traced.status >= 500:
            span.set_status(StatusCode.ERROR)
        inside = set_span_in_context(span)
        for stage, started, ended in notes.timings.intervals:
            child = self._tracer.start_span(stage.value, context=inside, start_time=traced.at_ns(started))
            child.end(traced.at_ns(ended))
        span.end(traced.at_ns(traced.started + traced.seconds))
        return f"{span.get_span_context().trace_id:032x}"

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()
