"""Filters against brute force, in both arms: nothing that matches is missed, nothing else comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.filters import Condition, Fact, Filters, Holds, Is, Place, Published
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


def everything(library: Library, as_of: datetime | None) -> list[Article]:
    """Each article in the version that is current now, or was then; none that readers may not see now."""
    found = []
    for number in range(80):
        versions = library.archive.history.versions(f"a{number}")
        known = [one.article for one in versions if as_of is None or one.known_from <= as_of]
        if known and is_visible(versions[-1].article, NOW):
            found.append(known[-1])
    return found


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
        and (not filters.as_of or article.published_at is None or article.published_at <= filters.as_of)
        and all(any(meets(article, one) for one in group) for group in filters.require)
        and not any(meets(article, one) for one in filters.exclude)
    )


def meets(article: Article, condition: Condition) -> bool:
    if isinstance(condition, Holds):
        parts = [article.title, article.body] if condition.place is Place.ANYWHERE else [article.title]
        lines = [" ".join(re.findall(r"\w+", part.lower())) for part in parts]
        return any(f" {condition.words.lower()} " in f" {line} " for line in lines)
    if isinstance(condition, Published):
        if article.published_at is None:
            return False
        after = condition.start is None or article.published_at >= condition.start
        return after and (condition.past is None or article.published_at < condition.past)
    values: dict[Fact, tuple[str | None, ...]] = {
        Fact.SECTION: (article.section,),
        Fact.SOURCE: (article.source,),
        Fact.AUTHOR: article.authors,
        Fact.TAG: article.tags,
        Fact.LANGUAGE: (article.language, article.language.partition("-")[0]),
    }
    return condition.value.lower() in [value.lower() for value in values[condition.field] if value]


def several(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


conditions = st.one_of(
    st.builds(
        Holds,
        st.sampled_from(
            ["ferry", "Lima", "policy rate", "report 17", "current near the strait", "nowhere", "from Oslo rates"]
        ),
        st.sampled_from(Place),
        exact=st.just(True),
    ),
    st.builds(Holds, st.sampled_from(["ferry", "Oslo", "inflation", "report", "zebra"]), st.sampled_from(Place)),
    st.builds(Is, st.just(Fact.SECTION), st.sampled_from(["Ferry", "moved", "nowhere"])),
    st.builds(Is, st.just(Fact.TAG), st.sampled_from([PLACES[1], "quake"])),
    st.builds(Is, st.just(Fact.LANGUAGE), st.sampled_from(["en-gb", "en"])),
    st.builds(Is, st.just(Fact.AUTHOR), st.just("author 2")),
    st.builds(Published, st.just(FIRST + timedelta(days=3)), st.none() | st.just(FIRST + timedelta(days=9))),
    st.builds(Published, st.none(), st.just(FIRST + timedelta(days=5))),
)
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
    as_of=moments,
    require=st.lists(st.lists(conditions, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    exclude=st.lists(conditions, max_size=1).map(tuple),
)


@settings(max_examples=250)
@given(wanted=filters)
def test_each_arm_finds_exactly_what_the_filters_let_through(library: Library, wanted: Filters) -> None:
    matching = {article.id for article in everything(library, wanted.as_of) if expected(article, wanted)}
    words = "ferry bank earthquake cup report"
    for mode in Mode:
        hits = search(library, SearchQuery(words, wanted, mode=mode, min_score=0.0, limit=100)).hits
        assert {hit.article.id for hit in hits} == matching


@settings(max_examples=40)
@given(wanted=filters, words=st.sampled_from(["ferry harbour", "rescuers in Lima", "no such word", "penalties 17"]))
def test_the_lexical_scores_under_a_filter_are_those_without(library: Library, wanted: Filters, words: str) -> None:
    assert library.view is not None
    snapshot = library.view.snapshot
    terms = snapshot.lexical.terms_of(words)
    rows, scores = snapshot.by_words(replace(terms, neighbours=()), 100, wanted)
    assert snapshot.lexical.score(replace(terms, neighbours=()), rows).tolist() == scores.tolist()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("number", range(0, 80, 7))
def test_the_only_article_that_a_filter_leaves_is_found_behind_any_number_of_better_ones(
    library: Library, mode: Mode, number: int
) -> None:
    article = library.archive.article(f"a{number}")
    assert article
    moment = article[0].published_at
    if moment is None or number == 70:
        return
    second = timedelta(seconds=1)
    only = replace(anything(), published_from=moment, published_before=moment + second)
    asked = SearchQuery("penalties goals extra time" if number % 4 else "ferry strait", only, mode=mode, min_score=0.0)
    hits = search(library, replace(asked, text=f"{asked.text} dispatch")).hits
    assert [hit.article.id for hit in hits] == [article[0].id]
