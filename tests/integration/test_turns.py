"""Answers take turns, whatever is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.shared_cores import LONGEST_WAIT_S, MOST_ANSWERS, SharedCores
from search_api.app import create_app
from search_api.library import Library
from search_api.query import RelatedQuery, SearchQuery
from search_api.related import related
from search_api.searcher import search
from search_api.settings import Settings
from tests.support import anything, index_of, opened_library, record


class Patient(SharedCores):
    """Those for whose turn an answer waits longer than a machine stalls."""

    @contextmanager
    def answering(self, longest_wait_s: float = 60.0) -> Iterator[bool]:
        with super().answering(longest_wait_s) as has_turn:
            yield has_turn


@pytest.mark.parametrize(
    "ask",
    [
        lambda library: search(library, SearchQuery("ferry", anything())).hits,
        lambda library: related(library, "a1", RelatedQuery(anything())).hits,
    ],
    ids=["search", "related"],
)
def test_an_answer_waits_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Library], object]
) -> None:
    cores = Patient(2)
    monkeypatch.setattr("search_api.embedded_library.CORES", cores)
    library = opened_library(index_of(tmp_path, map(record, range(12))))
    assert ask(library)
    with ThreadPoolExecutor(1) as threads:
        with ExitStack() as others:
            assert all(others.enter_context(cores.answering()) for _ in range(MOST_ANSWERS))
            answer = threads.submit(ask, library)
            with pytest.raises(TimeoutError):
                answer.result(0.3)
        assert answer.result(20)
    library.close()


def test_answers_come_though_those_before_them_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(tmp_path, map(record, range(12)))
    cores = SharedCores(2)
    with TestClient(create_app(Settings(index=index.root))) as client, ExitStack() as hanging:
        monkeypatch.setattr("search_api.embedded_library.CORES", cores)
        assert all(hanging.enter_context(cores.answering()) for _ in range(MOST_ANSWERS))
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: client.get("/v1/search", params={"q": "ferry"}), range(8)))
        assert [answer.status_code for answer in found] == [200] * 8
        assert all(answer.json()["hits"] for answer in found)
        assert min(answer.json()["took_ms"] for answer in found) >= 1000 * LONGEST_WAIT_S
