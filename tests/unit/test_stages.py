from __future__ import annotations

from pathlib import Path

from search_api.query import SearchQuery
from search_api.searcher import search
from search_api.stages import Stage, measured, stage
from tests.support import anything, index_of, opened_library, record


def test_a_query_spends_time_in_every_stage_and_in_none_longer_than_it_takes(tmp_path: Path) -> None:
    library = opened_library(index_of(tmp_path, map(record, range(40))))
    with measured() as spent:
        answer = search(library, SearchQuery("ferry report", anything()))
    library.close()
    assert set(spent) == set(Stage)
    assert min(spent.values()) > 0
    assert 1000 * max(spent.values()) <= answer.took_ms + 0.01, "stages may run beside each other"


def test_nothing_is_counted_when_nobody_measures() -> None:
    with measured() as spent:
        pass
    with stage(Stage.ENCODE):
        pass
    assert spent == {}
