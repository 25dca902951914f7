"""Lists of related articles: never the seed or a copy of it, never a text twice, nothing hidden, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.duplicates import text_key
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.library import Library
from search_api.query import Fallback, RelatedMode, RelatedQuery
from search_api.related import related, related_to_several
from search_api.results import RelatedAnswer
from search_api.seeds import draft_article
from tests.support import NOW, index_of, opened_library, put_in_stories, record, write_jsonl

COUNT = 60
HIDDEN = {"a5", "a6", "a13"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    """Forty articles in a generation and twenty in the tail; copies, hidden ones, ones without date or section, stories."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        records = [record(number) for number in range(COUNT)]
        for number in range(7, COUNT, 7):
            records[number] |= {name: records[number - 4][name] for name in ("title", "body")} | {"source": "Wire"}
        records[5] |= {"pubstatus": "withheld"}
        records[6] |= {"embargoed": (NOW + timedelta(hours=1)).isoformat()}
        records[13] |= {"pubstatus": "canceled"}
        records[10] |= {"published_at": None}
        records[20] |= {"source": None, "section": None}
        folder = tmp_path_factory.mktemp("related")
        index = index_of(folder, records[:40])
        jobs.ingest(index, [str(write_jsonl(folder / "more.jsonl", records[40:]))])
        put_in_stories(index, {f"a{number}": f"story{number % 9}" for number in range(0, COUNT, 2)})
        return index


@pytest.fixture(scope="module")
def library(index: IndexFolder) -> Iterator[Library]:
    opened = opened_library(index)
    yield opened
    opened.close()


names = st.integers(0, COUNT - 1).map(lambda number: f"a{number}")
visible = names.filter(lambda name: name not in HIDDEN)


@st.composite
def queries(draw: st.DrawFn) -> RelatedQuery:
    optional = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "window": st.sampled_from([timedelta(hours=12), timedelta(days=3), timedelta(days=3650 * 9)]),
                "max_per_source": st.integers(1, 3),
                "diversity": st.floats(0, 1),
                "min_score": st.floats(0, 1),
                "fallback": st.sampled_from(Fallback),
                "exclude": st.lists(names, max_size=3).map(tuple),
            },
        )
    )
    sections = draw(st.sampled_from([(), ("ferry",), ("FERRY", "rate"), ("nowhere",)]))
    sources = draw(st.sampled_from([(), ("Wire",), ("Source 0", "Source 1")]))
    asked: dict[str, Any] = {"limit": draw(st.integers(1, 30)), **optional}
    return RelatedQuery(Filters(NOW, sections=sections, sources=sources), draw(st.sampled_from(RelatedMode)), **asked)


def check(library: Library, answer: RelatedAnswer, query: RelatedQuery, never: set[str]) -> None:
    hits = [hit.article for hit in answer.hits]
    assert len(hits) <= query.limit
    assert not {article.id for article in hits} & (never | set(query.exclude) | HIDDEN)
    assert all(is_visible(article, NOW) for article in hits)
    texts = [text_key(article) for article in hits]
    assert len(set(texts)) == len(texts)
    unwanted = [library.archive.article(name) for name in never | set(query.exclude)]
    assert not {text_key(found[0]) for found in unwanted if found} & set(texts)
    sections = {section.casefold() for section in query.filters.sections}
    assert all(not sections or (article.section or "").casefold() in sections for article in hits)
    assert all(not query.filters.sources or article.source in query.filters.sources for article in hits)
    for source in {article.source for article in hits if article.source and query.max_per_source}:
        assert sum(article.source == source for article in hits) <= (query.max_per_source or 0)
    assert all(0 <= hit.score <= 1 for hit in answer.hits)
    assert (answer.filled > 0) == (answer.fallback_used is not None)
    least = query.min_score or 0
    assert all(hit.score >= least - 1e-6 for hit in answer.hits[: len(hits) - answer.filled])


@settings(max_examples=200, deadline=None)
@given(visible, queries())
def test_a_list_holds_only_what_it_may(library: Library, seed: str, query: RelatedQuery) -> None:
    answer = related(library, seed, query)
    check(library, answer, query, {seed})
    mine = library.visible_article(seed, NOW)[0].published_at or NOW
    found = [hit.article.published_at for hit in answer.hits[: len(answer.hits) - answer.filled]]
    if query.window is not None:
        assert all(at is not None and abs(at - mine) <= query.window for at in found)
    if query.mode is RelatedMode.LATEST:
        assert all(at is not None and at > mine for at in found)
        assert found == sorted(found, key=lambda at: at or NOW, reverse=True)
    if query.mode is RelatedMode.BACKGROUND:
        assert all(at is not None and at < mine - timedelta(days=2) for at in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(visible, min_size=1, max_size=4, unique=True), st.lists(visible, max_size=3, unique=True), queries())
def test_what_is_liked_or_not_never_comes_back(
    library: Library, like: list[str], unlike: list[str], query: RelatedQuery
) -> None:
    unlike = [name for name in unlike if name not in like]
    draft = draft_article({"title": "A ferry", "body": record(len(like))["body"]}, NOW)
    for given_draft in (None, draft):
        check(library, related_to_several(library, given_draft, like, unlike, query), query, {*like, *unlike})


@settings(max_examples=40, deadline=None)
@given(visible, queries())
def test_a_draft_with_the_text_of_a_stored_article_is_answered_without_it(
    library: Library, name: str, query: RelatedQuery
) -> None:
    stored = library.visible_article(name, NOW)[0]
    draft = draft_article({"title": "Another headline", "body": stored.body}, NOW)
    check(library, related_to_several(library, draft, (), (), query), query, {name})


@settings(max_examples=60, deadline=None)
@given(visible, st.sampled_from(["ferry", "rate", "quake"]))
def test_a_score_is_the_same_under_every_filter(library: Library, seed: str, section: str) -> None:
    def scores(filters: Filters) -> dict[str, float]:
        query = RelatedQuery(filters, limit=100, min_score=0.0, fallback=Fallback.NONE)
        return {hit.article.id: hit.score for hit in related(library, seed, query).hits}

    everything, narrow = scores(Filters(NOW)), scores(Filters(NOW, sections=(section,)))
    for name in everything.keys() & narrow.keys():
        assert narrow[name] == pytest.approx(everything[name], abs=1e-4)
