"""Related articles, stories and suggestions: the same from every engine, and from a reader that has no archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer.articles import article_from_record
from indexer.errors import ArticleNotFound, StoryNotFound
from search_api.library import Library
from search_api.query import Fallback, RelatedMode, RelatedQuery
from search_api.related import related, related_to_draft, related_to_several, related_to_url
from search_api.results import RelatedAnswer
from search_api.stories import StoriesQuery, moving_stories, story_of, story_page
from search_api.suggestions import suggest
from tests.engines.answers import assert_same_related
from tests.engines.places import lacks_words
from tests.support import NOW, anything, record

DRAFT = article_from_record(record(4) | {"id": "draft", "url": "https://draft.example/x"}, now=NOW)[0]
COPY = article_from_record(record(8) | {"id": "draft", "url": "https://draft.example/y"}, now=NOW)[0]

Asked = Callable[[Library], RelatedAnswer]


def query(**fields: Any) -> RelatedQuery:
    return replace(RelatedQuery(anything(), limit=20), **fields)


def of_mode(mode: RelatedMode) -> Asked:
    return lambda library: related(library, "a8", query(mode=mode))


QUESTIONS: dict[str, Asked] = {
    **{f"a8, {mode}": of_mode(mode) for mode in RelatedMode},
    "a17, which has no date": lambda library: related(library, "a17", query()),
    "a19, which is long": lambda library: related(library, "a19", query(limit=5)),
    "the copy": lambda library: related(library, "copy", query()),
    "a window": lambda library: related(library, "a8", query(window=timedelta(days=1), fallback=Fallback.RECENT)),
    "a least score": lambda library: related(library, "a8", query(min_score=0.9)),
    "excluded": lambda library: related(library, "a8", query(exclude=("a4", "copy"), max_per_source=2)),
    "of a section": lambda library: related(library, "a8", query(filters=replace(anything(), sections=("rate",)))),
    "spread": lambda library: related(library, "a8", query(diversity=0.6)),
    "a draft": lambda library: related_to_draft(library, DRAFT, query()),
    "a draft that is a copy": lambda library: related_to_draft(library, COPY, query()),
    "liked and unliked": lambda library: related_to_several(library, None, ("a1", "a2"), ("a3",), query()),
    "an address": lambda library: related_to_url(library, f"{record(8)['url']}?utm_source=mail", query()),
    "an unknown address": lambda library: related_to_url(library, "https://elsewhere.example/x", query()),
    "a withheld one's address": lambda library: related_to_url(library, record(40)["url"], query()),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_same_articles_are_related(library: Library, reference: Library, name: str) -> None:
    if lacks_words(library.index):
        pytest.skip(str(lacks_words(library.index)))
    assert_same_related(QUESTIONS[name](library), QUESTIONS[name](reference))


@pytest.mark.parametrize("name", QUESTIONS)
def test_they_are_to_a_reader_without_the_archive(bare: Library, reference: Library, name: str) -> None:
    if lacks_words(bare.index):
        pytest.skip(str(lacks_words(bare.index)))
    assert_same_related(QUESTIONS[name](bare), QUESTIONS[name](reference))


@pytest.fixture(params=["library", "bare"])
def reader(request: pytest.FixtureRequest, library: Library) -> Library:
    assert library.view
    found: Library = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("article_id", ["withheld", "embargoed", "canceled", "none", '" or seq > 0 or "', "é" * 900])
def test_what_readers_may_not_see_is_not_there(reader: Library, article_id: str) -> None:
    for ask in (lambda: reader.visible_article(article_id, NOW), lambda: related(reader, article_id, query())):
        with pytest.raises(ArticleNotFound):
            ask()
    assert story_of(reader, article_id, NOW) is None


def test_an_article_is_found_by_its_id(reader: Library, reference: Library) -> None:
    for article_id in ("a0", "a7", "a17", "a20", "copy"):
        assert reader.visible_article(article_id, NOW) == reference.visible_article(article_id, NOW)
    after = NOW + timedelta(hours=2)
    assert reader.visible_article("embargoed", after) == reference.visible_article("embargoed", after)


def test_a_story_is_told_alike(reader: Library, reference: Library) -> None:
    for story_id in ("ferry", "rate", "quake"):
        found = story_page(reader, story_id, NOW, limit=3, offset=1)
        expected = story_page(reference, story_id, NOW, limit=3, offset=1)
        assert found == expected
    for article_id in ("a4", "copy", "a3", "recent"):
        assert story_of(reader, article_id, NOW) == story_of(reference, article_id, NOW)
    for story_id in ("none", "", '" or seq > 0 or "'):
        with pytest.raises(StoryNotFound):
            story_page(reader, story_id, NOW, limit=3, offset=0)


def test_the_same_stories_move(reader: Library, reference: Library) -> None:
    for filters in (anything(), replace(anything(), sections=("ferry",)), replace(anything(), now=NOW)):
        for moment in (None, datetime(2026, 1, 12, tzinfo=UTC)):
            asked = StoriesQuery(replace(filters, as_of=moment), timedelta(days=9), 20)
            found = moving_stories(reader, asked)
            assert found == moving_stories(reference, asked)
            assert found or moment is None


@pytest.mark.parametrize(
    "prefix",
    ["ami", "amina d", "final", "sour", "the d", "ngo", "Ünï", "10", "quen", "oll", "ferry rep", "x", '" or s'],
)
def test_suggestions_are_the_same(reader: Library, reference: Library, prefix: str) -> None:
    if lacks_words(reader.index):
        pytest.skip(str(lacks_words(reader.index)))
    assert suggest(reader, prefix, NOW, 12) == suggest(reference, prefix, NOW, 12)


def test_sections_are_the_same(reader: Library, reference: Library) -> None:
    found, expected = reader.view, reference.view
    assert found
    assert expected
    folded = [name.casefold() for name in found.snapshot.sections(anything())]
    assert folded == [name.casefold() for name in expected.snapshot.sections(anything())]
