"""One cluster for all tests of a run; where a part of it is not installed, the tests are skipped and say which."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import stamina

from tests.cluster.cluster import Cluster, missing


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    """No package writes a line for each call or failed call: there are thousands, and the tests count them."""
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(hooks)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A healthy cluster, whose processes end with the run; the logs stay in pytest's folder."""
    if lacking := missing():
        pytest.skip(lacking)
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster
