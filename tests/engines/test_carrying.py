"""An archive's changes on their way into Milvus: in portions, stopped, gone on with, put back, of another archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.archive import Archive
from indexer.engines.milvus import carrying
from indexer.engines.milvus.carrying import BATCH, mark_of, renew_archive_id
from indexer.engines.milvus.store import MilvusStore
from indexer.errors import CursorExpired, IndexDamaged
from indexer.filters import Filters
from indexer.layout import IndexFolder, held_lock
from search_api import carrier as carrying_by
from search_api import generation_jobs, jobs
from search_api.carrier import Carrier
from search_api.clock import utc_now
from search_api.engine_choice import store_of
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.engines.answers import ids
from tests.engines.places import Place, opened, reader_without_archive, taken_up, until
from tests.support import anything, index_of, record, write_jsonl

ARTICLES = 20
NEAR = SearchQuery("report of the day", anything(), mode=Mode.SEMANTIC, min_score=0.0, limit=5)


@pytest.fixture
def index(own: Place, tmp_path: Path) -> IndexFolder:
    if own.is_embedded:
        pytest.skip("nothing is carried into an index's own files")
    return index_of(tmp_path / own.name, [record(number) for number in range(ARTICLES)])


@pytest.fixture
def store(index: IndexFolder) -> MilvusStore:
    store = store_of(index)
    assert store
    return store


def withheld(number: int) -> dict[str, Any]:
    return record(number) | {"pubstatus": "withheld", "updated_at": "2026-05-30T00:00:00Z"}


def ingested(index: IndexFolder, *records: dict[str, Any]) -> None:
    jobs.ingest(index, [str(write_jsonl(index.root.parent / "more.jsonl", records))])


def only_stored(index: IndexFolder, monkeypatch: pytest.MonkeyPatch, *records: dict[str, Any]) -> None:
    """Ingest without carrying: the process is killed between the two."""
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "build_first", lambda *_, **__: None)
        ingested(index, *records)


def test_a_carry_that_is_stopped_between_portions_is_gone_on_with_and_counts_everything(
    index: IndexFolder, store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_stored(index, monkeypatch, *(record(number) for number in range(100, 100 + BATCH + 30)))
    with Archive(index.archive) as archive:
        first, change = Carrier(index, store).carry(archive, 1, portions=1)
        assert ARTICLES < first.counts["articles"] < ARTICLES + BATCH + 30
        assert store.mark(mark_of(1)) == change < archive.last_change()
        last, change = Carrier(index, store).carry(archive, 1)
        assert change == archive.last_change()
    assert last.counts["articles"] == store.count(1) == ARTICLES + BATCH + 30
    assert last.counts["analyses"] == {"en": ARTICLES + BATCH + 30}
    assert jobs.verify(index) == []


def test_what_milvus_lost_is_carried_again_once_its_word_is_trusted(
    index: IndexFolder, store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(index.archive) as archive:
        before = archive.last_change()
    ingested(index, record(90), record(91))
    store.delete(1, [ARTICLES + 1, ARTICLES + 2])
    store.put_mark(mark_of(1), before)
    monkeypatch.setattr(carrying_by, "TRUSTED_S", 0.0)
    with Archive(index.archive) as archive:
        Carrier(index, store).carry(archive, 1, seen=before)
    assert jobs.verify(index) == []


def test_what_is_withdrawn_is_neither_shown_nor_counted_before_milvus_knows(index: IndexFolder) -> None:
    library = opened(index)
    total = search(library, NEAR).total.value
    with held_lock(index.root, "missing", "busy", name="engine.lock"):
        with pytest.MonkeyPatch.context() as patch:
            only_stored(index, patch, withheld(3))
        library.refresh()
        answer = search(library, SearchQuery(NEAR.text, anything(), mode=Mode.SEMANTIC, min_score=0.0, limit=50))
        assert answer.total.value == total - 1
        assert "a3" not in ids(answer)
    library.close()


def test_a_reader_elsewhere_shows_nothing_withdrawn_on_a_later_page_though_another_generation_serves_by_now(
    index: IndexFolder, tmp_path: Path
) -> None:
    reader = reader_without_archive(tmp_path / "elsewhere")
    first = search(reader, NEAR)
    hidden = next(number for number in range(ARTICLES) if f"a{number}" not in ids(first))
    generation_jobs.reindex(index)
    ingested(index, withheld(hidden))

    def is_taken_up() -> bool:
        view = taken_up(reader).view
        return view is not None and view.manifest.number == 2

    until(is_taken_up)
    cursor, shown = first.next_cursor, ids(first)
    try:
        while cursor:
            page = search(
                reader, SearchQuery(NEAR.text, NEAR.filters, mode=NEAR.mode, min_score=0.0, limit=5, cursor=cursor)
            )
            shown, cursor = [*shown, *ids(page)], page.next_cursor
        assert len(shown) == ARTICLES - 1
    except CursorExpired:
        pass
    assert f"a{hidden}" not in shown
    reader.close()


def test_an_archive_that_was_restored_is_another_one(index: IndexFolder, store: MilvusStore) -> None:
    with Archive(index.archive) as archive:
        renew_archive_id(archive)
        with pytest.raises(IndexDamaged, match="another archive"):
            Carrier(index, store).carry(archive, 1)
    with pytest.raises(IndexDamaged, match="DATELINE_MILVUS_PREFIX"):
        ingested(index, record(90))
    generation_jobs.reindex(index)
    ingested(index, record(90))
    assert jobs.verify(index) == []


def test_an_archive_that_ends_before_what_milvus_holds_is_refused(index: IndexFolder, store: MilvusStore) -> None:
    with Archive(index.archive) as archive:
        carried = Carrier(index, store).known(1)
        with pytest.raises(IndexDamaged, match="as after a restore"):
            carrying.next_portion(archive, carried, archive.last_change() + 1)


def test_writes_are_taken_while_milvus_is_away_where_the_archive_is(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("DATELINE_MILVUS_URI", "http://127.0.0.1:9")
        jobs.check_writable(index)


def test_the_note_beside_an_archive_names_no_server(index: IndexFolder) -> None:
    ingested(index, record(90))
    note = (index.root / "engine.json").read_text(encoding="utf-8")
    assert "://" not in note
    assert ".db" not in note


def test_a_filter_on_words_that_is_told_of_late_leaves_the_order_as_it_was(index: IndexFolder) -> None:
    library = opened(index)
    now = Filters(utc_now())
    with_words = ids(search(library, SearchQuery("ferry report -penalties", now, limit=20)))
    without = [hit for hit in ids(search(library, SearchQuery("ferry report", now, limit=20))) if hit in with_words]
    assert with_words
    assert with_words == without
    library.close()
