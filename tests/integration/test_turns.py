"""Answers take turns, whatever is asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from indexer.shared_cores import MOST_ANSWERS, SharedCores
from search_api.library import Library
from search_api.query import RelatedQuery, SearchQuery
from search_api.related import related
from search_api.searcher import search
from tests.support import anything, index_of, opened_library, record


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
    cores = SharedCores(2)
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
