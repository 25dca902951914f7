"""From a file of news to passages of one chunk each, and to queries that nobody has asked yet.

An article longer than one chunk ends after its first. The text of a passage is that chunk: the headline, a line break, the
body. Queries are whole headlines of 4 to 10 words of articles that are not indexed; for the sample, whose articles are
all indexed, its judged questions.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.articles import article_from_record, format_time
from indexer.chunking import Tokenizer, chunk_article
from indexer.encoder import load_encoder
from indexer.types import Article
from search_api.clock import utc_now

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
WORDS = (4, 10)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_OPERATOR = re.compile(r'["():]|(?:^|\s)-\w|\bOR\b')


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages as lines of JSONL, the text of each, and queries; `key` names this selection of passages."""

    lines: list[str]
    texts: list[str]
    queries: list[str]

    @property
    def key(self) -> str:
        digest = hashlib.sha256("\0".join([*self.lines, *self.texts]).encode())
        return digest.hexdigest()[:12]


def read_corpus(source: Path | None, passages: int, queries: int) -> Corpus:
    """The first passages of a file (of the sample, without one), each with its place as its id, and queries, so many at most."""
    tokenizer = load_encoder().tokenizer
    records = _records(source or SAMPLE / "articles.jsonl")
    lines: list[str] = []
    texts: list[str] = []
    for record in records:
        made = passage(record, str(len(lines)), tokenizer)
        if made is not None:
            lines.append(made[0])
            texts.append(made[1])
        if len(lines) == passages:
            break
    asked = _spread(headline_queries(records), queries) if source else sample_queries()[:queries]
    return Corpus(lines, texts, asked)


def passage(record: dict[str, Any], article_id: str, tokenizer: Tokenizer) -> tuple[str, str] | None:
    """An article of one chunk as a line, and the chunk's text; None where cutting it down leaves more than one."""
    article, _ = article_from_record(record | {"id": article_id}, now=utc_now())
    chunks = chunk_article(article, tokenizer)
    if len(chunks) > 1:
        article = replace(article, body=article.body[chunks[0].start : chunks[0].end])
        chunks = chunk_article(article, tokenizer)
    return (_line(article), chunks[0].text) if len(chunks) == 1 else None


def headline_queries(records: Iterator[dict[str, Any]]) -> list[str]:
    """Whole headlines of 4 to 10 words, as words alone, each once."""
    found: dict[str, str] = {}
    for record in records:
        title = str(record.get("title") or "")
        words = _WORD.findall(title)
        if WORDS[0] <= len(words) <= WORDS[1] and not title.rstrip().endswith(("…", "...")):
            query = " ".join(words)
            found.setdefault(query.casefold(), query)
    return list(found.values())


def sample_queries() -> list[str]:
    """The sample's judged questions, but for those that hold operators."""
    lines = (SAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [text for text in texts if not _OPERATOR.search(text)]


def _spread(items: list[str], count: int) -> list[str]:
    """So many, spread evenly over the whole list; neighbours in it are far apart in what is returned."""
    chosen = [items[place * len(items) // count] for place in range(count)] if len(items) > count else items
    return sorted(chosen, key=lambda item: hashlib.sha256(item.encode()).digest())


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _line(article: Article) -> str:
    record = {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "body": article.body,
        "published_at": format_time(article.published_at) if article.published_at else None,
        "source": article.source,
        "section": article.section,
        "language": article.language,
    }
    return json.dumps(record, ensure_ascii=False) + "\n"
