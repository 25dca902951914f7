from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Histogram

from search_api.exposition import Times, figures
from search_api.metrics import REQUEST_SECONDS
from search_api.observing import server_timing
from search_api.stages import Stage, Timings


def counted_times(seconds: list[float]) -> Times:
    registry = CollectorRegistry()
    bounds = list(REQUEST_SECONDS._kwargs["buckets"])
    histogram = Histogram("dateline_request_seconds", "x", ("route",), buckets=bounds, registry=registry)
    for one in seconds:
        histogram.labels("/v1/search").observe(one)
    return figures(registry.collect()).routes["/v1/search"].times


def test_quantiles_are_within_the_bounds_that_hold_them() -> None:
    times = counted_times([number / 1000 for number in range(1, 101)])
    assert times.count == 100
    middle, most = times.quantile_ms(0.5), times.quantile_ms(0.95)
    assert middle == pytest.approx(50, abs=1)
    assert most == pytest.approx(95, abs=1)


def test_what_took_longer_than_every_bound_counts_as_the_last_bound_and_nothing_as_none() -> None:
    assert counted_times([1000.0]).quantile_ms(0.5) == 30_000
    assert Times().quantile_ms(0.5) is None


def test_server_timing_has_each_stage_in_milliseconds() -> None:
    assert server_timing(Timings({Stage.ENCODE: 0.0031, Stage.DENSE: 0.0005})) == "encode;dur=3.1, dense;dur=0.5"
