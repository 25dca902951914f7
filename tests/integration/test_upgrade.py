"""An archive of schema 3, the release before this one, opened by this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from indexer.archive import Archive
from indexer.archive_schema import SCHEMA_VERSION
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.embedded_library import EmbeddedLibrary
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import NOW, TO_SCHEMA_3, contents, index_of, record, write_jsonl


def old_index(folder: Path) -> IndexFolder:
    """Two articles of ten have an earlier version, known by the updates' own dates."""
    index = index_of(folder, [record(number) for number in range(10)])
    changed = [
        record(number) | {"title": f"Zeppelin {number}", "updated_at": "2026-05-01T00:00:00Z"} for number in (2, 3)
    ]
    jobs.ingest(index, [str(write_jsonl(folder / "changed.jsonl", changed))])
    with closing(sqlite3.connect(index.archive)) as db:
        db.executescript(TO_SCHEMA_3)
    return index


def titles(index: IndexFolder, as_of: datetime | None) -> list[str]:
    library = EmbeddedLibrary(index)
    library.refresh()
    query = SearchQuery("zeppelin", Filters(NOW, as_of=as_of), mode=Mode.KEYWORD)
    found = sorted(hit.article.title for hit in search(library, query).hits)
    library.close()
    return found


def test_nothing_is_lost_and_nothing_embedded_again(tmp_path: Path) -> None:
    index = old_index(tmp_path)
    with Archive(index.archive) as archive:
        assert archive.meta("schema") == SCHEMA_VERSION
        assert archive.check() == []
        assert [one.known_from.date().isoformat() for one in archive.history.versions("a2")] == [
            "2026-01-01",
            "2026-05-01",
        ]
        assert archive.counts()["versions"] == 12
    assert generation_jobs.reindex(index).encoded == 0
    assert jobs.verify(index) == []
    assert titles(index, None) == ["Zeppelin 2", "Zeppelin 3"]
    assert titles(index, datetime(2026, 4, 1, tzinfo=UTC)) == []
    assert titles(index, datetime(2026, 5, 2, tzinfo=UTC)) == ["Zeppelin 2", "Zeppelin 3"]


def test_versions_from_before_answer_the_past_by_meaning_too(tmp_path: Path) -> None:
    index = old_index(tmp_path)
    generation_jobs.reindex(index)
    library = EmbeddedLibrary(index)
    library.refresh()
    filters = Filters(NOW, as_of=datetime(2026, 4, 1, tzinfo=UTC))
    query = SearchQuery("dispatch 2", filters, mode=Mode.SEMANTIC, min_score=0.0, limit=50)
    found = {hit.article.id: hit.version for hit in search(library, query).hits}
    assert {article_id: found[article_id] for article_id in ("a2", "a3", "a4")} == {"a2": 1, "a3": 1, "a4": 1}
    library.close()


def test_it_is_brought_up_to_date_once(tmp_path: Path) -> None:
    index = old_index(tmp_path)
    Archive(index.archive).close()
    before = contents(index)
    Archive(index.archive).close()
    assert contents(index) == before
