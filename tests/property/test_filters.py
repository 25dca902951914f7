"""Filters against brute force, in both arms: nothing that matches is missed, nothing else comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.engines.lexical import WeightedTerms
from indexer.filters import Filters
from indexer.types import Article
from search_api import jobs
from search_api.library import Library
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import NOW, PLACES, anything, index_of, opened_library, record, write_jsonl

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Sixty articles in a generation, then twenty more and some changes in the tail; some hidden, undated, foreign."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        folder: Path = tmp_path_factory.mktemp("filters")
        records = [record(number) for number in range(80)]
        records[3] |= {"pubstatus": "withheld"}
        records[8] |= {"embargoed": (NOW + timedelta(days=1)).isoformat()}
        records[9] |= {"language": "en-GB"}
        records[10] |= {"published_at": None}
        records[11] |= {"section": None, "source": None, "authors": []}
        records[70] |= {"pubstatus": "canceled"}
        index = index_of(folder, records[:60])
        changed = records[5] | {"section": "moved", "body": records[5]["body"] + " It was corrected."}
        jobs.ingest(index, [str(write_jsonl(folder / "more.jsonl", [*records[60:], changed]))])
        opened = opened_library(index)
        assert opened.view is not None
        assert len(opened.view.snapshot) == 80
        yield opened
        opened.close()


def everything(library: Library) -> list[Article]:
    found = [library.archive.article(f"a{number}") for number in range(80)]
    return [item[0] for item in found if item]


def expected(article: Article, filters: Filters) -> bool:
    """What the filters mean, said once more and plainly."""
    language = {article.language.lower(), article.language.lower().split("-")[0]}
    return (
        is_visible(article, filters.now)
        and (not filters.sections or (article.section or "\0").lower() in {name.lower() for name in filters.sections})
        and (not filters.sources or (article.source or "\0").lower() in {name.lower() for name in filters.sources})
        and (article.source or "\0").lower() not in {name.lower() for name in filters.exclude_sources}
        and (not filters.languages or bool(language & {tag.lower() for tag in filters.languages}))
        and (not filters.authors or bool({a.lower() for a in article.authors} & {a.lower() for a in filters.authors}))
        and (not filters.tags or bool(set(article.tags) & set(filters.tags)))
        and (
            not filters.published_from
            or (article.published_at or datetime.min.replace(tzinfo=UTC)) >= filters.published_from
        )
        and (
            not filters.published_before
            or (article.published_at is not None and article.published_at < filters.published_before)
        )
    )


def several(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


moments = st.none() | st.integers(0, 24).map(lambda day: FIRST + timedelta(days=day))
filters = st.builds(
    Filters,
    now=st.just(NOW),
    sections=several(["ferry", "RATE", "moved", "nowhere"]),
    sources=several(["Source 0", "source 1", "none such"]),
    exclude_sources=several(["Source 2", "source 1"]),
    languages=several(["en", "en-GB", "fa"]),
    authors=several(["Author 1", "author 4"]),
    tags=several([PLACES[0].lower(), PLACES[3].lower(), "quake"]),
    published_from=moments,
    published_before=moments,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters)
def test_each_arm_finds_exactly_what_the_filters_let_through(library: Library, wanted: Filters) -> None:
    matching = {article.id for article in everything(library) if expected(article, wanted)}
    words = "ferry bank earthquake cup report"
    for mode in Mode:
        hits = search(library, SearchQuery(words, wanted, mode=mode, limit=100)).hits
        assert {hit.article.id for hit in hits} == matching


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters, words=st.sampled_from(["ferry harbour", "rescuers in Lima", "no such word", "penalties 17"]))
def test_the_lexical_scores_under_a_filter_are_those_without(library: Library, wanted: Filters, words: str) -> None:
    assert library.view is not None
    snapshot = library.view.snapshot
    terms = WeightedTerms.of_query(words)
    rows, scores = snapshot.lexical_search(terms, 100, wanted)
    assert snapshot.lexical.score(terms, rows).tolist() == scores.tolist()


def test_a_single_matching_article_is_found_behind_any_number_of_better_ones(library: Library) -> None:
    only = replace(anything(), authors=("Author 3",), tags=("tunis",), sections=("rate",))
    for mode in Mode:
        assert all(
            expected(hit.article, only) for hit in search(library, SearchQuery("ferry strait", only, mode=mode)).hits
        )
        assert len(search(library, SearchQuery("ferry report", only, mode=mode)).hits) == sum(
            expected(article, only) for article in everything(library)
        )
