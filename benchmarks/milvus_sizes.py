"""Measure how large articles are as rows of Milvus, and how the table of words grows, without a server.

    python -m benchmarks.milvus_sizes ARTICLES.jsonl ...

Bytes are of what a row holds, without its vectors, whose size depends on the index. Articles are read in an order mixed by a
fixed number, so that the growth of the words is that of the archive, not of one source after the other. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from math import log
from pathlib import Path
from statistics import mean

import numpy as np

from indexer.archive_stored import Stored
from indexer.engines.documents import Document, document_of
from indexer.engines.milvus.keys import Kind, word_key
from indexer.engines.milvus.rows import Row, article_row, chunk_rows
from indexer.sources import open_source
from indexer.types import Article, Found
from search_api.clock import utc_now

VECTORS = ("vector", "embedding")
NUMBERS_OF_A_WORD = 3 * 8 + 2 * 4
"""Bytes of a row of words beside its key and the word: three numbers and a vector of two dimensions."""


def without_vectors(row: Row) -> int:
    """The bytes of a row's other fields; a number or flag as 8."""

    def size(value: object) -> int:
        if isinstance(value, str):
            return len(value.encode())
        return sum(map(size, value)) if isinstance(value, list) else 8

    return sum(size(value) for name, value in row.items() if name not in VECTORS)


def documents(articles: Iterable[Article]) -> Iterable[Document]:
    """With one chunk each, of one dimension."""
    vector = np.ones((1, 1), dtype=np.float16)
    for seq, article in enumerate(articles):
        yield document_of(Stored(seq, 1, seq, seq, None, article, [(0, 1)], vector, 0), None)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how large articles are as rows of Milvus.")
    parser.add_argument("files", nargs="+", type=Path, metavar="ARTICLES", help="JSONL")
    arguments = parser.parse_args()
    items = [item for path in arguments.files for item in open_source(path, now=utc_now())]
    articles = [item.article for item in items if isinstance(item, Found)]
    np.random.default_rng(1).shuffle(articles)
    of_article, of_chunk, terms, postings = [], [], [], []
    words: dict[str, int] = {}
    grown: list[tuple[int, int]] = []
    steps = {len(articles) >> halvings for halvings in range(4)}
    for count, document in enumerate(documents(articles), start=1):
        of_article.append(without_vectors(article_row(document, 1)))
        of_chunk.append(without_vectors(chunk_rows(document)[0]))
        found = document.terms
        terms.append(len(found.text))
        postings.append(len(set(found.text)))
        for kind, some in ((Kind.TEXT, found.text), (Kind.TITLE, found.title), (Kind.EXACT, found.exact)):
            for word in some:
                key = word_key(kind, word)
                words[key] = len(key.encode()) + len(word.encode()) + NUMBERS_OF_A_WORD
        if count in steps:
            grown.append((count, len(words)))
    print(f"{len(articles):,} articles")
    print("\n| what | mean |\n|---|---|")
    for name, values in (
        ("bytes of an article's row", of_article),
        ("bytes of a chunk's row", of_chunk),
        ("terms of an article", terms),
        ("postings of an article", postings),
        ("bytes of a row of words", list(words.values())),
    ):
        print(f"| {name} | {mean(values):,.0f} |")
    print("\n| articles | rows of words | exponent since the line above |\n|---|---|---|")
    before: tuple[int, int] | None = None
    for count, rows in grown:
        exponent = f"{log(rows / before[1]) / log(count / before[0]):.2f}" if before else ""
        print(f"| {count:,} | {rows:,} | {exponent} |")
        before = count, rows


if __name__ == "__main__":
    main()
