"""Compare the articles read from saved pages with what is known of them, beside trafilatura on the same pages.

    python scripts/compare_extraction.py COLLECTION ... data/sample

A collection is a folder with `pages.jsonl`: one object a page with `file` (its HTML, relative to the folder), `url`, and what is
known: `must_contain` and `must_not_contain` (strings of the body), or `body`; `title`, `author` or `byline`, `date` or
`published_at`. A folder with `articles.jsonl` and `pages/` (the sample) knows every field of its pages exactly.

A page that would be rejected as no article is measured like any other: `rejected` counts such pages. Speed is pages per
second of one process's CPU time, reading the text and all fields.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import trafilatura

from indexer.articles import article_from_record
from indexer.errors import ArticleError
from indexer.sources.html import page_item, parsed_page
from indexer.sources.items import Reading
from indexer.sources.page_record import page_record
from indexer.types import Reject
from scripts.extraction_figures import Extracted, Figures, Known, best_of, count_page, has_time
from search_api.clock import utc_now

Extract = Callable[[bytes, str | None], Extracted]

OURS = "Dateline"

STATED_DATES = {"original_date": True, "outputformat": "%Y-%m-%dT%H:%M:%S%z", "extensive_search": False}
"""htmldate's settings with which a stated time of day survives and no date is made of a year in the page."""

FAVOURS: dict[str, dict[str, bool]] = {
    "balanced": {},
    "precision": {"favor_precision": True},
    "recall": {"favor_recall": True},
}


@dataclass(frozen=True, slots=True)
class Page:
    """A saved page and what is known of it."""

    data: bytes
    url: str | None
    known: Known


def read_collection(folder: Path) -> list[Page]:
    """The judged pages of a folder."""
    if (folder / "pages.jsonl").is_file():
        return [_judged_page(folder, json.loads(line)) for line in _lines(folder / "pages.jsonl")]
    records = {record["id"]: record for record in map(json.loads, _lines(folder / "articles.jsonl"))}
    paths = sorted((folder / "pages").glob("*.html"))
    return [_sample_page(path, records[path.stem.partition("-")[2]]) for path in paths]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _judged_page(folder: Path, row: dict[str, Any]) -> Page:
    names = row.get("author") or row.get("byline") or ""
    gold = Extracted(
        title=row.get("title") or "",
        body=row.get("body") or "",
        authors=(names,) if names else (),
        published=row.get("published_at") or row.get("date") or "",
    )
    known = Known(gold, tuple(row.get("must_contain", [])), tuple(row.get("must_not_contain", [])))
    return Page((folder / row["file"]).read_bytes(), row.get("url"), known)


def _sample_page(path: Path, record: dict[str, Any]) -> Page:
    texts = {name: record.get(name) or "" for name in ("title", "body", "source", "section", "url", "language")}
    gold = Extracted(**texts, authors=tuple(record["authors"]), published=record["published_at"])
    return Page(path.read_bytes(), None, Known(gold, exact=True))


def ours(data: bytes, url: str | None) -> Extracted:
    """What Dateline reads; the date as the page states it, in its zone."""
    try:
        record, _ = page_record(parsed_page(data), utc_now(), url)
        article, _ = article_from_record(record, now=utc_now())
    except ArticleError:
        return Extracted()
    return Extracted(
        title=article.title,
        body=article.body,
        authors=article.authors,
        byline=record["byline"] or "",
        published=record["published_at"].isoformat() if record["published_at"] else "",
        source=article.source or "",
        section=article.section or "",
        url=article.url or "",
        language=article.language,
    )


def library(**settings: Any) -> Extract:
    """What trafilatura reads with some settings."""

    def extract(data: bytes, url: str | None) -> Extracted:
        found = trafilatura.bare_extraction(data, url=url, with_metadata=True, **settings)
        if found is None or isinstance(found, dict):
            return Extracted()
        return Extracted(
            title=found.title or "",
            body=found.text or "",
            authors=tuple((found.author or "").split("; ")) if found.author else (),
            published=_whole_day(found.date or ""),
            source=found.sitename or "",
            section="; ".join(found.categories or []),
            url=found.url or "",
            language=found.language or "",
        )

    return extract


def _whole_day(published: str) -> str:
    """A day without a time where the library's time format only filled it with midnight."""
    return published[:10] if has_time(published) and "T00:00:00" in published else published


def other_settings() -> Iterator[tuple[str, Extract]]:
    """The library's combinations of what it favours, comments and tables, with STATED_DATES."""
    for favour, comments, tables in product(FAVOURS, (True, False), (True, False)):
        name = f"{favour}{'' if comments else ', no comments'}{'' if tables else ', no tables'}"
        options = {"include_comments": comments, "include_tables": tables, "date_extraction_params": STATED_DATES}
        yield name, library(**FAVOURS[favour], **options)


def measure(pages: list[Page], extract: Extract) -> dict[str, float]:
    """Every figure over the pages, and `pages/s`."""
    figures = Figures()
    spent_s = 0.0
    for page in pages:
        begun = time.process_time()
        found = extract(page.data, page.url)
        spent_s += time.process_time() - begun
        count_page(figures, page.known, found)
    return figures.values() | {"pages/s": len(pages) / spent_s}


def rejected(pages: list[Page]) -> int:
    """How many pages Dateline takes for no article."""
    how = Reading(utc_now())
    return sum(isinstance(page_item(page.data, "", "page", how, address=page.url), Reject) for page in pages)


def table(collections: dict[str, dict[str, dict[str, float]]]) -> str:
    """A Markdown table: a line for each figure of each collection (name -> extractor -> figure -> value)."""
    extractors = list(next(iter(collections.values())))
    lines = [f"| pages | figure | {' | '.join(extractors)} |", f"|---|---|{'---|' * len(extractors)}"]
    for collection, columns in collections.items():
        for figure in columns[OURS]:
            cells = " | ".join(_cell(figure, columns[name].get(figure)) for name in extractors)
            lines.append(f"| {collection} | {figure} | {cells} |")
    return "\n".join(lines)


def _cell(figure: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if figure in ("pages/s", "rejected") else f"{value:.3f}"


def compare(pages: list[Page], *, every_setting: bool) -> dict[str, dict[str, float]]:
    """Extractor -> its figures: the library's defaults, its best settings, and ours."""
    settings = {"trafilatura, defaults": measure(pages, library())}
    settings |= {name: measure(pages, extract) for name, extract in other_settings()}
    shown = settings if every_setting else dict(islice(settings.items(), 1))
    best = {f"trafilatura, each figure's best of {len(settings)} settings": best_of(list(settings.values()))}
    return shown | best | {OURS: measure(pages, ours) | {"rejected": rejected(pages)}}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare articles read from pages with what is known of them.")
    parser.add_argument("folders", nargs="+", type=Path, help="collections")
    parser.add_argument("--every-setting", action="store_true", help="a column for each setting of the library")
    arguments = parser.parse_args()
    collections = {}
    for folder in arguments.folders:
        pages = read_collection(folder)
        name = f"{folder.resolve().name} ({len(pages)})"
        collections[name] = compare(pages, every_setting=arguments.every_setting)
    print(table(collections))


if __name__ == "__main__":
    main()
