"""An article's words as they are counted and looked for: the terms of each lexical field."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.engines.analysis import analyse, analysis_of, folded, other_terms
from indexer.types import Article, PubStatus

BREAK = "\N{PILCROW SIGN}"
"""Stands between headline, body and their other terms, so that no phrase runs across; no analysis makes a term of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an article in order, BREAK among them.

    `text` has those of headline and body, `title` those of the headline alone, each by the `analysis` of the article's
    language; `exact` and `exact_title` the same words only folded: for exact phrases, spelling and completion.
    """

    analysis: str
    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    exact_title: tuple[str, ...] = ()


def terms_of(article: Article) -> Terms:
    """The terms of an article; none of one that is withheld or canceled, whose words nobody may find out."""
    analysis = analysis_of(article.language)
    title, body = _shown(article)
    headline, exact = analyse(title, analysis), folded(title)
    return Terms(
        analysis=analysis,
        text=(*headline, BREAK, *analyse(body, analysis), *_others(f"{title}\n{body}", analysis)),
        title=(*headline, *_others(title, analysis)),
        exact=(*exact, BREAK, *folded(body)),
        exact_title=tuple(exact),
    )


def exact_terms(article: Article, *, title_only: bool) -> tuple[str, ...]:
    """`Terms.exact` of an article, or `Terms.exact_title`, without the others, which take longer to make."""
    title, body = _shown(article)
    return tuple(folded(title)) if title_only else (*folded(title), BREAK, *folded(body))


def _shown(article: Article) -> tuple[str, str]:
    return (article.title, article.body) if article.pubstatus is PubStatus.USABLE else ("", "")


def _others(text: str, analysis: str) -> list[str]:
    """The other terms of a text after a break; nothing where it has none, so that they lengthen no text without them."""
    others = other_terms(text, analysis)
    return [BREAK, *others] if others else []
