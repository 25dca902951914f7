"""Pages cut while articles are written, by any worker; generations built, switched and gone back to while somebody reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.archive import Archive
from indexer.errors import CursorExpired, GenerationMissing, QueryError
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.engine_choice import open_library
from search_api.library import Library
from search_api.query import Mode, SearchQuery, Sort
from search_api.results import SearchAnswer
from search_api.searcher import search
from tests.engines.answers import ids
from tests.engines.places import Place, opened, taken_up, until
from tests.support import NOW, anything, index_of, record, write_jsonl

ARTICLES = 24
LISTED = SearchQuery("language:en", anything(), limit=5)
NEAR = SearchQuery("report of the day", anything(), mode=Mode.SEMANTIC, min_score=0.0, limit=5)


@pytest.fixture
def index(own: Place, tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path / own.name, [record(number) for number in range(ARTICLES)])


@pytest.fixture
def library(index: IndexFolder) -> Iterator[Library]:
    library = opened(index)
    yield library
    library.close()


def ingested(index: IndexFolder, *records: dict[str, Any]) -> None:
    jobs.ingest(index, [str(write_jsonl(index.root.parent / "more.jsonl", records))])


def pages(reader: Library, question: SearchQuery, cursor: str | None) -> Iterator[SearchAnswer]:
    """Every page from a cursor on."""
    while True:
        answer = search(reader, replace(question, cursor=cursor))
        yield answer
        cursor = answer.next_cursor
        if cursor is None:
            return


def corrected(number: int) -> dict[str, Any]:
    return record(number) | {"title": f"Corrected {number}", "updated_at": "2026-05-30T00:00:00Z"}


@pytest.mark.parametrize(
    "question", [LISTED, replace(LISTED, sort=Sort.OLDEST), NEAR], ids=["newest", "oldest", "near"]
)
@pytest.mark.parametrize("worker", ["the same", "another"])
def test_no_page_repeats_or_leaves_out_an_article_while_others_are_written(
    index: IndexFolder, library: Library, question: SearchQuery, worker: str
) -> None:
    first = search(library, question)
    shown = ids(first)
    reader = library if worker == "the same" else opened(index)
    unseen = next(number for number in range(ARTICLES) if f"a{number}" not in shown)
    ingested(index, record(90), record(91), corrected(unseen), corrected(int(shown[0][1:])))
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        known = archive.known(f"a{unseen + 1}")
        assert known
        archive.touch(known.seq, at=NOW)
    reader.refresh()
    rest = pages(reader, question, first.next_cursor)
    shown += ids(next(rest))
    ingested(index, record(92), corrected(90))
    reader.refresh()
    for page in rest:
        shown += ids(page)
    assert len(set(shown)) == len(shown)
    assert set(shown) >= {f"a{number}" for number in range(ARTICLES)}
    assert set(shown) <= {f"a{number}" for number in (*range(ARTICLES), 90, 91, 92)}
    if worker == "the same":
        assert set(shown) == {f"a{number}" for number in range(ARTICLES)}
    everything = [hit for page in pages(reader, question, None) for hit in ids(page)]
    assert sorted(everything) == sorted({*shown, "a90", "a91", "a92"})
    if reader is not library:
        reader.close()


def test_an_article_withdrawn_between_two_pages_is_on_none_and_is_counted_no_more(
    index: IndexFolder, library: Library
) -> None:
    question = replace(LISTED, facets=())
    first = search(library, question)
    unseen = next(number for number in range(ARTICLES) if f"a{number}" not in ids(first))
    ingested(index, record(unseen) | {"pubstatus": "canceled", "updated_at": "2026-05-30T00:00:00Z"})
    library.refresh()
    rest = [hit for page in pages(library, question, first.next_cursor) for hit in ids(page)]
    assert sorted([*ids(first), *rest, f"a{unseen}"]) == sorted(f"a{number}" for number in range(ARTICLES))


def test_a_cursor_of_another_query_is_refused(library: Library) -> None:
    cursor = search(library, LISTED).next_cursor
    with pytest.raises(QueryError, match="does not belong"):
        search(library, replace(NEAR, cursor=cursor))


def test_readers_go_on_while_generations_are_switched_and_old_cursors_expire(
    index: IndexFolder, library: Library
) -> None:
    cursor = search(library, LISTED).next_cursor
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                library.refresh()
                found = search(library, replace(LISTED, limit=100))
                if len(found.hits) != ARTICLES:
                    wrong.append(ids(found))
            except Exception as error:
                wrong.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = generation_jobs.reindex(index)
        assert (done.manifest.number, done.activated, done.pruned) == (2, True, [])
        third = generation_jobs.reindex(index)
        assert (third.manifest.number, third.pruned) == (3, [1])
    finally:
        stop.set()
        reader.join()
    assert wrong == []
    other = opened(index)
    assert search(other, LISTED).generation == 3
    with pytest.raises(CursorExpired):
        search(other, replace(LISTED, cursor=cursor))
    other.close()


def test_the_generation_from_before_serves_again_with_what_was_written_since(index: IndexFolder) -> None:
    generation_jobs.reindex(index)
    ingested(index, record(60))
    assert generation_jobs.rollback(index).number == 1
    library = opened(index)
    answer = search(library, replace(LISTED, limit=100))
    assert (answer.generation, len(answer.hits)) == (1, ARTICLES + 1)
    with pytest.raises(GenerationMissing):
        generation_jobs.rollback(index)
    with pytest.raises(GenerationMissing, match="7"):
        generation_jobs.activate(index, 7)
    ingested(index, record(61))
    generation_jobs.activate(index, 2)
    wait_for_generation(library, 2)
    answer = search(library, replace(LISTED, limit=100))
    assert (answer.generation, len(answer.hits)) == (2, ARTICLES + 2)
    assert [one["serving"] for one in generation_jobs.generations_of(index)] == [False, True]
    assert jobs.verify(index) == []
    library.close()


def wait_for_generation(library: Library, number: int) -> None:
    until(lambda: (view := taken_up(library).view) is not None and view.manifest.number == number)


def test_a_reader_whose_generation_was_pruned_takes_up_the_one_that_serves(
    index: IndexFolder, library: Library
) -> None:
    generation_jobs.reindex(index, keep=0)
    ingested(index, record(70))
    wait_for_generation(library, 2)
    assert len(search(library, replace(LISTED, limit=100)).hits) == ARTICLES + 1


def test_a_generation_of_another_model_serves_and_the_one_before_can_be_gone_back_to(index: IndexFolder) -> None:
    done = generation_jobs.reindex(index, model="all-MiniLM-L6-v2")
    assert done.encoded > 0
    library = opened(index)
    assert library.encoder
    assert library.encoder.fingerprint == done.manifest.model
    assert len(search(library, replace(NEAR, limit=100)).hits) == ARTICLES
    ingested(index, record(50))
    library.refresh()
    assert len(search(library, replace(NEAR, limit=100)).hits) == ARTICLES + 1
    assert generation_jobs.rollback(index).encoded == 1
    wait_for_generation(library, 1)
    library.refresh()
    assert len(search(library, replace(NEAR, limit=100)).hits) == ARTICLES + 1
    library.close()


def test_a_generation_is_read_by_its_number_whether_it_serves_or_not(index: IndexFolder) -> None:
    done = generation_jobs.reindex(index, activate=False)
    assert (done.manifest.number, done.activated) == (2, False)
    library = open_library(index, generation=2)
    library.refresh()
    answer = search(library, replace(LISTED, limit=100))
    assert (answer.generation, len(answer.hits)) == (2, ARTICLES)
    assert generation_jobs.serving(index) == 1
    library.close()
