from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from indexer.engines.lexical import LexicalIndex
from indexer.errors import IndexDamaged
from indexer.filters import Filters, Holds
from indexer.types import Article
from tests.support import NOW

FLIPS = 40
"""Of each kind of file."""

READ = (".fast", ".idx", ".term")
"""The kinds of file in which some flips are noticed."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words") / "lexical"
    rng = random.Random(3)
    texts = [" ".join(f"word{rng.randrange(60)}" for _ in range(40)) for _ in range(200)]
    articles = (
        Article(id=f"a{number}", title=text[:30], body=text, language="en", published_at=NOW)
        for number, text in enumerate(texts)
    )
    LexicalIndex.append(folder, 0, articles)
    return folder


def read(index: LexicalIndex) -> None:
    """Ask all that an answer may ask."""
    for number in range(0, 60, 7):
        word = f"word{number}"
        terms = index.terms_of(f"{word} word{number + 1}")
        rows, _ = index.search(terms, 10, Filters(NOW))
        index.score(terms, rows)
        index.near(terms)
        index.full_marks(terms, NOW)
        index.dated(terms, 10, Filters(NOW), newest=True)
        index.holds(word, NOW)
        index.rarities([word])
        index.titles_with([word], 5, Filters(NOW))
        index.rows_where(Holds(f"{word} word{number + 1}", exact=True))
    index.common_words("w", (1, 9), 1)


@pytest.fixture
def copies(whole: Path, tmp_path: Path) -> Iterator[Path]:
    return (Path(shutil.copytree(whole, tmp_path / str(number))) for number in count())


def test_a_whole_index_is_read(whole: Path) -> None:
    read(LexicalIndex.open(whole))


@pytest.mark.parametrize("kind", READ)
def test_what_was_damaged_since_it_was_opened_is_told_as_that(copies: Iterator[Path], kind: str) -> None:
    rng = random.Random(kind)
    told = 0
    for copy in (next(copies) for _ in range(FLIPS)):
        index = LexicalIndex.open(copy)
        (path,) = copy.glob(f"*{kind}")
        with path.open("r+b") as file:
            place = rng.randrange(path.stat().st_size)
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 0xFF]))
        try:
            read(index)
        except IndexDamaged:
            told += 1
        shutil.rmtree(copy)
    assert told, "no flip was noticed: the test shows nothing"
