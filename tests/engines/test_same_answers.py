"""The same articles in, the same hits out, whatever engine: searches of every mode, filter and order, without a tail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.layout import IndexFolder
from search_api import generation_jobs
from search_api.library import Library
from search_api.query import Collapse, Dates, Facet, Mode, SearchQuery, Sort
from search_api.results import SearchAnswer
from search_api.searcher import search
from tests.engines.answers import TOLERANCE, assert_same_answer
from tests.engines.corpus import HOSTILE, LONG, QUOTED, STORIES, records
from tests.engines.places import Place, copied, lacks_words, opened
from tests.support import NOW, anything, index_of, opened_library, put_in_stories

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
    "xyzzy",
)


def asked(text: str = "report", **fields: Any) -> SearchQuery:
    filters = {name: fields.pop(name) for name in list(fields) if name in FILTERS}
    return replace(SearchQuery(text, replace(anything(), **filters), limit=100, facets=ALL_FACETS), **fields)


FILTERS = {field for field in type(anything()).__slots__}

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
    for name, question in QUESTIONS.items()
    if question.mode is Mode.KEYWORD or any(sign in question.text for sign in '"-:') or question.text
}


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        patch.setenv("DATELINE_ENGINE", "embedded")
        index = index_of(tmp_path_factory.mktemp("corpus"), records())
        put_in_stories(index, STORIES)
        generation_jobs.reindex(index)
        return index


@pytest.fixture(scope="session")
def reference(archive: IndexFolder) -> Iterator[Library]:
    library = opened_library(archive)
    yield library
    library.close()


@pytest.fixture(scope="module")
def library(place: Place, archive: IndexFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder: Path = tmp_path_factory.mktemp("same")
    library = opened(copied(archive, folder / "index"))
    yield library
    library.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_same_question_has_the_same_answer(library: Library, reference: Library, name: str) -> None:
    question = QUESTIONS[name]
    if name in NEEDS_WORDS and lacks_words(library.index):
        pytest.skip(str(lacks_words(library.index)))
    assert_same_answer(search(library, question), search(reference, question))
