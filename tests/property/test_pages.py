"""Pages of results: each article once, in order, whatever the page size, and whatever happens to the index meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import CursorExpired
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.cursors import Pin, Place, make_cursor
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.query import Collapse, Facet, Mode, SearchQuery, Sort
from search_api.results import SearchAnswer
from search_api.searcher import search
from tests.support import NOW, anything, index_of, opened_library, put_in_stories, record, write_jsonl

STORIES = (None, *(f"story{number}" for number in range(10)), None, "story0")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    """Sixty articles in a generation and twenty in the tail; every seventh is a copy of another under another source.

    Copies or not, they are in eleven stories, but for some that are in none.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        records = [record(number) for number in range(80)]
        for number in range(7, 80, 7):
            records[number] |= {name: records[number - 4][name] for name in ("title", "body")} | {"source": "Wire"}
        records[10] |= {"published_at": None}
        records[20] |= {"source": None}
        folder: Path = tmp_path_factory.mktemp("pages")
        index = index_of(folder, records[:60])
        put_in_stories(index, {f"a{number}": STORIES[number % 13] or "other" for number in range(60)})
        generation_jobs.reindex(index)
        jobs.ingest(index, [str(write_jsonl(folder / "more.jsonl", records[60:]))])
        put_in_stories(index, {f"a{number}": STORIES[number % 13] for number in range(50, 80)})
        return index


@pytest.fixture(scope="module")
def library(index: IndexFolder) -> Iterator[Library]:
    opened = opened_library(index)
    yield opened
    opened.close()


def walk(library: Library, query: SearchQuery) -> tuple[list[str], SearchAnswer]:
    """The ids of all pages in order, and the first page's answer."""
    first = answer = search(library, query)
    seen = [hit.article.id for hit in answer.hits]
    while answer.next_cursor:
        answer = search(library, replace(query, cursor=answer.next_cursor))
        assert answer.total == first.total
        seen += [hit.article.id for hit in answer.hits]
    return seen, first


queries = st.builds(
    SearchQuery,
    text=st.sampled_from(
        ["ferry report from Lima", "bank", "latest dispatch", "quake -Oslo", "section:final", '"policy rate"']
    ),
    filters=st.builds(
        lambda sections, sources: replace(anything(), sections=sections, exclude_sources=sources),
        sections=st.sampled_from([(), ("ferry", "rate")]),
        sources=st.sampled_from([(), ("Source 1",)]),
    ),
    mode=st.sampled_from(Mode),
    sort=st.sampled_from(Sort),
    recency=st.sampled_from(["auto", "off", "7d"]),
    collapse=st.sampled_from(Collapse),
    max_per_source=st.none() | st.integers(1, 5),
    diversity=st.sampled_from([0.0, 0.3, 1.0]),
    min_score=st.none() | st.sampled_from([0.0, 0.3]),
    facets=st.just((Facet.SECTION, Facet.SOURCE, Facet.DATE)),
    limit=st.integers(1, 30),
)


@settings(max_examples=120, deadline=None)
@given(query=queries, other_limit=st.integers(1, 100))
def test_every_article_comes_once_and_in_the_same_order_whatever_the_page_size(
    library: Library, query: SearchQuery, other_limit: int
) -> None:
    seen, first = walk(library, query)
    assert len(seen) == len(set(seen)) == first.total.value
    assert walk(library, replace(query, limit=other_limit))[0] == seen


@settings(max_examples=60, deadline=None)
@given(query=queries)
def test_what_is_shown_keeps_the_caps_the_floor_and_the_counts(library: Library, query: SearchQuery) -> None:
    answer = search(library, replace(query, limit=100))
    sources = [hit.article.source for hit in answer.hits]
    if query.max_per_source is not None:
        assert all(sources.count(source) <= query.max_per_source for source in set(sources) if source)
    if query.min_score is not None:
        assert all(hit.score >= query.min_score for hit in answer.hits)
    named = [source for source in sources if source]
    assert dict(answer.facets["source"]) == {source: named.count(source) for source in set(named)}
    assert sum(answer.facets["section"].values()) == answer.total.value
    copies = sum(hit.duplicates.count for hit in answer.hits)
    assert copies == 0 or query.collapse is not Collapse.NONE


@settings(max_examples=60, deadline=None)
@given(query=queries)
def test_stories_are_folded_into_their_best_and_nothing_else_is_left_out(library: Library, query: SearchQuery) -> None:
    plain = replace(query, limit=100, diversity=0.0, max_per_source=None)
    by_text = search(library, replace(plain, collapse=Collapse.DUPLICATES)).hits
    by_story = search(library, replace(plain, collapse=Collapse.STORY)).hits
    best = {hit.story.id if hit.story else hit.article.id: hit for hit in reversed(by_text)}
    assert by_story == tuple(hit for hit in by_text if best[hit.story.id if hit.story else hit.article.id] is hit)


@settings(max_examples=60, deadline=None)
@given(query=queries.filter(lambda query: query.sort is not Sort.RELEVANCE))
def test_an_order_by_date_is_exact(library: Library, query: SearchQuery) -> None:
    hits = search(library, replace(query, limit=100)).hits
    dates = [hit.article.published_at for hit in hits if hit.article.published_at]
    assert dates == sorted(dates, reverse=query.sort is Sort.NEWEST)
    assert all(hit.article.published_at for hit in hits[: len(dates)])


@pytest.mark.parametrize("words", ["ferry", "report bank", "cup final penalties"])
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_by_date_come_all_articles_that_hold_enough_of_the_words_and_no_others(
    library: Library, words: str, sort: Sort
) -> None:
    asked = words.split()
    least = -(-2 * len(asked) // 3)
    expected = set()
    for number in range(80):
        found = library.archive.article(f"a{number}")
        assert found
        text = f"{found[0].title} {found[0].body}".lower()
        if sum(word in text for word in asked) >= least:
            expected.add(found[0].id)
    query = SearchQuery(words, anything(), mode=Mode.KEYWORD, sort=sort, collapse=Collapse.NONE, limit=100)
    assert {hit.article.id for hit in search(library, query).hits} == expected


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_still_while_articles_come_and_a_generation_is_built(tmp_path: Path, sort: Sort) -> None:
    index = index_of(tmp_path, [record(number) for number in range(30)])
    library = opened_library(index)
    query = SearchQuery("report dispatch ferry", anything(), sort=sort, limit=7)
    still, _ = walk(library, query)
    first = search(library, query)
    seen = [hit.article.id for hit in first.hits]
    answer = first
    for step in range(30, 90, 15):
        if answer.next_cursor is None:
            break
        more = write_jsonl(tmp_path / "more.jsonl", [record(number) for number in range(step, step + 15)])
        jobs.ingest(index, [str(more)])
        if step == 45:
            generation_jobs.reindex(index)
        library.refresh()
        answer = search(library, replace(query, cursor=answer.next_cursor))
        assert answer.total == first.total
        seen += [hit.article.id for hit in answer.hits]
    assert seen == still
    assert len(search(library, replace(query, limit=100)).hits) > len(still)
    library.close()


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("same_process", [True, False])
def test_pages_lose_and_repeat_nothing_when_the_view_is_no_longer_held(
    tmp_path: Path, sort: Sort, same_process: bool
) -> None:
    """Nine changed moments, with somebody paging at each, push the first out; edits and new articles change all statistics."""
    index = index_of(tmp_path, [record(number) for number in range(50)])
    first_worker, other_worker = opened_library(index), EmbeddedLibrary(index)
    query = SearchQuery("report dispatch ferry Lima", anything(), sort=sort, limit=9, recency="off")
    answer = first = search(first_worker, query)
    expected, _ = walk(first_worker, query)
    seen = [hit.article.id for hit in answer.hits]
    for step in range(9):
        edited = record(step * 5) | {"body": f"{record(step * 5)['body']} It was edited."}
        new = [record(number) for number in range(60 + step * 40, 100 + step * 40)]
        jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [edited, *new]))])
        first_worker.refresh()
        search(first_worker, replace(query, text="somebody else's dispatch", limit=1))
    worker = first_worker if same_process else other_worker
    while answer.next_cursor:
        answer = search(worker, replace(query, cursor=answer.next_cursor))
        seen += [hit.article.id for hit in answer.hits]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(expected)
    assert len(seen) == first.total.value
    first_worker.close()
    other_worker.close()


@pytest.mark.parametrize("sort", list(Sort))
def test_a_story_never_comes_back_when_the_view_is_no_longer_held(tmp_path: Path, sort: Sort) -> None:
    """An article of each story is edited, so that it becomes the first of it."""
    records = [record(number) for number in range(50)]
    index = index_of(tmp_path, records)
    stories = {f"a{number}": f"story{number % 16 if number % 5 else number}" for number in range(50)}
    put_in_stories(index, stories)
    library = opened_library(index)
    query = SearchQuery("report ferry Lima", anything(), Mode.KEYWORD, sort=sort, min_score=0.0, limit=4)
    query = replace(query, collapse=Collapse.STORY)
    expected, first = walk(library, query)
    seen = [hit.article.id for hit in first.hits]
    for step in range(9):
        first_of_all = "2025-12-01" if sort is Sort.OLDEST else "2026-05-20"
        change = {"title": "Report report report", "published_at": first_of_all}
        edited = [one | change for one in records[16 + step : 32 : 9]]
        jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", edited))])
        library.refresh()
        search(library, replace(query, text="somebody else's dispatch", limit=1))
    answer = first
    while answer.next_cursor:
        answer = search(library, replace(query, cursor=answer.next_cursor))
        seen += [hit.article.id for hit in answer.hits]
    told = [stories[article_id] for article_id in seen]
    assert len(told) == len(set(told))
    assert set(told) == {stories[article_id] for article_id in expected}
    library.close()


def test_a_made_up_change_is_no_place_to_go_on_from(library: Library) -> None:
    query = SearchQuery("report dispatch", anything(), limit=9)
    assert library.view is not None
    for change in (0, library.view.change + 1, 2**40):
        cursor = make_cursor(query, Place(9, Pin(library.view.manifest.number, change, NOW), ()))
        with pytest.raises(CursorExpired):
            search(library, replace(query, cursor=cursor))


def test_a_cursor_of_a_moment_to_come_shows_nothing_under_embargo(tmp_path: Path) -> None:
    hidden = record(1) | {"title": "Embargoed merger", "embargoed": (NOW + timedelta(days=3)).isoformat()}
    library = opened_library(index_of(tmp_path, [record(0), hidden]))
    query = SearchQuery('"embargoed merger"', anything(), facets=(Facet.SECTION,))
    assert library.view is not None
    later = Pin(library.view.manifest.number, library.view.change, NOW + timedelta(days=10))
    answer = search(library, replace(query, cursor=make_cursor(query, Place(0, later, ()))))
    assert (answer.total.value, dict(answer.facets["section"])) == (0, {})
    library.close()
