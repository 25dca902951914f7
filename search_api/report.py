"""What the commands that answer print: for people, or one JSON document."""

from __future__ import annotations

from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from search_api.evaluation_jobs import EvaluationDone
from search_api.query import whole_text
from search_api.results import Explanation, Hit, RelatedAnswer, SearchAnswer, Understood
from search_api.schemas import related_document, search_document

SHOWN_VALUES = 12

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def failure(message: str) -> None:
    err.print(Text.assemble(("error: ", "bold red"), whole_text(message)))


def document(value: dict[str, Any]) -> None:
    out.file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def search(answer: SearchAnswer, *, as_json: bool) -> None:
    if as_json:
        document(search_document(answer).model_dump(mode="json"))
        return
    if not answer.hits:
        out.print("Nothing found.")
    for rank, hit in enumerate(answer.hits, start=1):
        _hit(rank, hit)
    for name, counts in answer.facets.items():
        shown = ", ".join(f"{value} {count:,}" for value, count in list(counts.items())[:SHOWN_VALUES])
        out.print(Text(f"{name}: {shown}"))
    about = "" if answer.total.exact else "at least "
    err.print(f"{len(answer.hits)} of {about}{answer.total.value:,}; {answer.took_ms:.0f} ms", highlight=False)
    _understood(answer.understood)


def _understood(understood: Understood) -> None:
    dates = understood.dates
    if dates and dates.applied:
        err.print(f"Only {dates.described} ({dates.words}); --dates off takes this away", highlight=False)
    if dates and not dates.applied:
        err.print(
            f"No article that answers is {dates.described}, so “{dates.words}” was searched as words", highlight=False
        )
    if understood.suggestion:
        err.print(f"Did you mean: {understood.suggestion}", highlight=False, markup=False)


def related(answer: RelatedAnswer, *, as_json: bool) -> None:
    if as_json:
        document(related_document(answer).model_dump(mode="json"))
        return
    if not answer.hits:
        out.print("No related articles.")
    for rank, hit in enumerate(answer.hits, start=1):
        _hit(rank, hit)
    if answer.fallback_used:
        err.print(f"Articles with score 0.00 are not related: they fill the list ({answer.fallback_used}).")


def _hit(rank: int, hit: Hit) -> None:
    article = hit.article
    out.print(Text.assemble(f"{rank:>3}. ", (article.title or "Untitled", "bold")))
    when = article.published_at.date().isoformat() if article.published_at else None
    copies = f"+{hit.duplicates.count} copies" if hit.duplicates.count else None
    facts = " · ".join(
        part for part in (f"{hit.score:.2f}", article.source, article.section, when, copies, article.id) if part
    )
    out.print(Text(f"     {facts}", style="dim"))
    snippet = Text(f"     {hit.snippet.text}")
    for start, end in hit.snippet.spans:
        snippet.stylize("bold yellow", start + 5, end + 5)
    out.print(snippet)
    if hit.explain:
        out.print(Text(f"     {_explained(hit.score, hit.explain)}", style="dim"))


def _explained(score: float, parts: Explanation) -> str:
    meaning = (
        f"{parts.semantic_ratio:.2f} x meaning {parts.dense:.3f} (cosine {parts.cosine:.3f} of its best chunk, "
        f"{parts.article_cosine:.3f} of the whole; rank {parts.dense_rank})"
    )
    words = (
        f"{1 - parts.semantic_ratio:.2f} x words {parts.lexical:.3f} (BM25 {parts.bm25:.2f} of {parts.full_marks:.2f}; "
        f"rank {parts.lexical_rank})"
    )
    return f"{score:.3f} = ({meaning} + {words}) x recency {parts.recency:.3f}"


def evaluation(done: EvaluationDone, *, as_json: bool) -> None:
    rows = [judged.document() for judged in done.judged]
    if as_json:
        document({"collection": done.collection, "task": str(done.task), "results": rows})
        return
    table = Table(title=f"{done.collection}: {done.task}")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "mode" else "right", no_wrap=True, min_width=len(name))
    for row in rows:
        table.add_row(*(f"{value:.4f}" if "@" in name else str(value) for name, value in row.items()))
    out.print(table)
