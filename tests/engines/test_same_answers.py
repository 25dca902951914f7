"""The same articles in, the same hits out, whatever engine: searches of every mode, filter and order, without a tail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from search_api.library import Library
from search_api.query import Collapse, Dates, Facet, Mode, SearchQuery, Sort
from search_api.searcher import search
from tests.engines.answers import TOLERANCE, assert_same_answer
from tests.engines.corpus import HOSTILE, LONG, QUOTED
from tests.engines.places import lacks_words
from tests.support import NOW, anything

ALL_FACETS = tuple(Facet)


TEXTS = (
    "ferry report from Oslo",
    "central bank cut its policy rate",
    '"dispatch 8 from Lima"',
    '"report" ferry -Oslo',
    "ferry -harbour",
    'title:"rate report 17"',
    "report section:ferry OR section:quake",
    'report source:"Source 1" -section:final',
    "author:Bello council",
    "Häuser am Fluß",
    "taxa de juros eleições",
    "from:2026-01-03 to:2026-01-05 report",
    "ferry report in March 2019",
    "latest report",
    "zeppelim",
    "quenby ollivander",
    "the valey",
    "xyzzy",
)


def asked(text: str = "report", **fields: Any) -> SearchQuery:
    filters = {name: fields.pop(name) for name in list(fields) if name in FILTERS}
    return replace(SearchQuery(text, replace(anything(), **filters), limit=100, facets=ALL_FACETS), **fields)


FILTERS = set(type(anything()).__slots__)

QUESTIONS = {
    **{f"text: {text}": asked(text) for text in TEXTS},
    **{f"{mode}: {text}": asked(text, mode=mode) for mode in (Mode.KEYWORD, Mode.SEMANTIC) for text in TEXTS[:4]},
    "section": asked(sections=("final",)),
    "source with quotes and a backslash": asked("", sources=(QUOTED,)),
    "source like an expression": asked("", sources=(HOSTILE,)),
    "no such source, like an expression": asked("", sources=('x" or seq > 0 or "x', "\\", "'", "%", "_")),
    "excluded source": asked(exclude_sources=("source 1", QUOTED)),
    "author": asked("", authors=("高橋 一郎",)),
    "tag in other case": asked("", tags=("ÜNÏ",)),
    "tag that is very long": asked("", tags=(LONG.strip(),)),
    "tag with wildcards": asked("", tags=("100%", "a_b")),
    "empty value": asked("", tags=("",)),
    "language and its regional form": asked("", languages=("en",), limit=50),
    "regional form": asked("", languages=("PT-br",)),
    "from": asked("", published_from=datetime(2026, 1, 6, tzinfo=UTC)),
    "to": asked("", published_before=datetime(1950, 1, 1, tzinfo=UTC)),
    "as of": asked(as_of=datetime(2026, 1, 5, tzinfo=UTC)),
    "everything, newest first": asked(""),
    "everything, oldest first": asked("", sort=Sort.OLDEST),
    "filters with phrases": asked('section:ferry -Oslo "its deck"'),
    "newest": asked("ferry report", sort=Sort.NEWEST),
    "oldest": asked("ferry report", sort=Sort.OLDEST, mode=Mode.KEYWORD),
    "by story": asked("ferry report", collapse=Collapse.STORY),
    "not folded": asked("ferry report", collapse=Collapse.NONE),
    "spread": asked("report", diversity=0.5, max_per_source=3),
    "least score": asked("ferry report from Oslo", min_score=0.4),
    "half-life": asked("report", recency="7d"),
    "time words": asked("report yesterday"),
    "time words as words": asked("report yesterday", dates=Dates.OFF),
    "after the embargo": asked("ollivander", now=NOW + timedelta(hours=2)),
}
NEEDS_WORDS = {
    name
    for name, one in QUESTIONS.items()
    if (one.text and one.mode is not Mode.SEMANTIC) or name.startswith("filters w")
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_same_question_has_the_same_answer(library: Library, reference: Library, name: str) -> None:
    question = QUESTIONS[name]
    if name in NEEDS_WORDS and lacks_words(library.index):
        pytest.skip(str(lacks_words(library.index)))
    assert_same_answer(search(library, question), search(reference, question))


@pytest.mark.parametrize("name", [name for number, name in enumerate(QUESTIONS) if number % 4 == 0])
def test_a_reader_without_the_archive_answers_alike(bare: Library, reference: Library, name: str) -> None:
    question = QUESTIONS[name]
    if name in NEEDS_WORDS and lacks_words(bare.index):
        pytest.skip(str(lacks_words(bare.index)))
    assert_same_answer(search(bare, question), search(reference, question))


def test_an_explanation_has_the_same_parts(library: Library, reference: Library) -> None:
    question = replace(QUESTIONS["text: ferry report from Oslo"], explain=True, text="ferry dispatch 0 Mwanza")
    if lacks_words(library.index):
        pytest.skip(str(lacks_words(library.index)))
    found = {hit.article.id: hit.explain for hit in search(library, question).hits}
    expected = {hit.article.id: hit.explain for hit in search(reference, question).hits}
    assert found.keys() == expected.keys()
    for article_id, parts in found.items():
        other = expected[article_id]
        assert parts
        assert other
        assert parts.folded == other.folded
        for name in ("cosine", "article_cosine", "dense", "bm25", "full_marks", "lexical", "blend", "recency"):
            assert getattr(parts, name) == pytest.approx(getattr(other, name), rel=TOLERANCE, abs=TOLERANCE), name


def test_each_page_goes_on_where_the_one_before_ended(library: Library, reference: Library) -> None:
    question = replace(QUESTIONS["everything, newest first"], limit=7)
    expected = [hit.article.id for hit in search(reference, replace(question, limit=100)).hits]
    found, cursor = [], None
    while True:
        page = search(library, replace(question, cursor=cursor))
        found += [hit.article.id for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == expected
