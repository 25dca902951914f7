"""The related-news block for other sites' pages: the element's script and style, the fragment, and a feed."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, field_validator

from search_api.deps import BaseDep, LibraryDep, NowDep, TemplatesDep
from search_api.metrics import listed
from search_api.query import MAX_LIMIT
from search_api.related import related, related_to_url
from search_api.results import RelatedAnswer
from search_api.routes.api import cached
from search_api.routes.misses import brief_misses
from search_api.routes.related import named_in
from search_api.routes.related_parameters import MAX_URL, RelatedParameters, RelatedQueryDep
from search_api.web.widget.files import widget_files
from search_api.web.widget.words import WORDS, spoken

LIMIT = 5
MAX_HEADING = 100

_LINK = re.compile(r"(https?:/)?/(?![/\\])\S*")

PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800",
}
"""Any page may load the script and the style, also by `crossorigin`, which `integrity` needs. They change with a version."""

FRAGMENT = {
    "Content-Security-Policy": "default-src 'none'; img-src https: http:; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""Opened by itself a fragment is nobody's page."""

router = APIRouter(include_in_schema=False)


class Layout(StrEnum):
    """How the block is laid out."""

    LIST = "list"
    CARDS = "cards"
    COMPACT = "compact"


class FragmentParameters(RelatedParameters):
    """What `/widget/related/{id}` takes: that of a list of related articles, and how it is shown."""

    limit: int = Field(default=LIMIT, ge=1, le=MAX_LIMIT)
    heading: str | None = Field(default=None, max_length=MAX_HEADING)
    layout: Layout | None = None
    lang: str | None = Field(default=None, max_length=35)
    pages: str | None = Field(default=None, max_length=MAX_URL)

    @field_validator("pages")
    @classmethod
    def _leads_to_a_page(cls, pages: str | None) -> str | None:
        if pages and not _LINK.fullmatch(pages):
            raise ValueError(
                "expected an address that an article's id is added to, such as /news/ or https://news.example/"
            )
        return pages


class FragmentOfUrlParameters(FragmentParameters):
    url: str = Field(min_length=1, max_length=MAX_URL)


@router.get("/widget.js")
def widget_script(request: Request) -> Response:
    return _public(widget_files().script, "text/javascript", request)


@router.get("/widget.css")
def widget_style(request: Request) -> Response:
    return _public(widget_files().style, "text/css", request)


def _public(text: str, media_type: str, request: Request) -> Response:
    answer = cached(text, media_type, request)
    answer.headers.update(PUBLIC)
    return answer


@router.get("/widget/related/{article_id}", dependencies=[Depends(brief_misses)])
def fragment(
    request: Request,
    article_id: str,
    parameters: Annotated[FragmentParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
    base: BaseDep,
) -> Response:
    """The related-news block as HTML, for server-side includes and for the element to begin with."""
    article, _version = library.visible_article(article_id, now)
    answer = listed(related(library, article_id, parameters.query(now)))
    return _fragment(request, parameters, templates, answer, article.language, base)


@router.get("/widget/related", dependencies=[Depends(brief_misses)])
def fragment_of_url(
    request: Request,
    parameters: Annotated[FragmentOfUrlParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
    base: BaseDep,
) -> Response:
    """The same for the page at an address."""
    answer = listed(related_to_url(library, parameters.url, parameters.query(now)))
    seed = library.visible_article(answer.seed, now)[0] if answer.seed else None
    return _fragment(request, parameters, templates, answer, seed.language if seed else "en", base)


def _fragment(
    request: Request,
    parameters: FragmentParameters,
    templates: TemplatesDep,
    answer: RelatedAnswer,
    language: str,
    base: str,
) -> Response:
    language = spoken(parameters.lang or language)
    said = WORDS[language]
    context = {
        "related": answer,
        "said": said,
        "language": language,
        "heading": said.heading if parameters.heading is None else parameters.heading,
        "layout": parameters.layout,
        "pages": parameters.pages,
        "base": base,
    }
    sent = cached(templates.get_template("widget.html").render(context).strip(), "text/html", request, named_in(answer))
    sent.headers.update(FRAGMENT)
    return sent


@router.get("/articles/{article_id}/related.rss", dependencies=[Depends(brief_misses)])
def feed(
    request: Request,
    article_id: str,
    parameters: RelatedQueryDep,
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
    base: BaseDep,
) -> Response:
    """The related articles as an RSS 2.0 feed."""
    article, _version = library.visible_article(article_id, now)
    answer = listed(related(library, article_id, parameters.query(now)))
    context = {
        "article": article,
        "related": answer,
        "said": WORDS[spoken(article.language)],
        "base": base,
        "address": f"{base}{str(request.url)[len(str(request.base_url)) :]}",
    }
    text = templates.get_template("related.xml").render(context)
    return cached(text, "application/rss+xml", request, named_in(answer))
