"""The pages people see: search, an article, the related-news widget, and a sample newsroom page that uses it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from indexer.errors import ArticleNotFound, CursorExpired, QueryError
from indexer.filters import Filters
from search_api.deps import LibraryDep, NowDep, TemplatesDep
from search_api.fallback import latest
from search_api.query import Facet, RelatedQuery
from search_api.related import related
from search_api.results import SearchAnswer
from search_api.routes.api import CACHE_CONTROL, cached
from search_api.routes.parameters import NoParametersDep, SearchParameters
from search_api.routes.related import named_in
from search_api.searcher import search

WIDGET_LIMIT = 5
PAGE_FACETS = (Facet.SECTION, Facet.SOURCE)
SHOWN = 8
"""How many values of a facet are offered."""

WIDGET_SCRIPT = Path(__file__).parents[1] / "web" / "static" / "widget.js"

router = APIRouter(include_in_schema=False)


class PageParameters(SearchParameters):
    """The search page: the API's parameters; without `q` it shows the empty form. What others add to a link is passed over."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    q: str = ""


class WidgetParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=WIDGET_LIMIT, ge=1, le=20)
    heading: str = Field(default="Related News", max_length=100)


class DemoParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    article: str | None = None


@router.get("/")
def search_page(
    request: Request,
    parameters: Annotated[PageParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    answer: SearchAnswer | None = None
    problem: str | None = None
    if parameters.q.strip():
        try:
            answer = search(library, replace(parameters.query(now), facets=PAGE_FACETS))
        except (QueryError, CursorExpired) as error:
            problem = str(error)
    view = library.view
    context = {
        "parameters": parameters,
        "answer": answer,
        "problem": problem,
        "articles": int(view.snapshot.allowed(Filters(now)).sum()) if view else 0,
        "sections": view.snapshot.sections(Filters(now)) if view else [],
        "next_page": _link(request, cursor=answer.next_cursor) if answer and answer.next_cursor else None,
        "any_source": _link(request, source=None, cursor=None),
        "without_dates": _link(request, dates="off", cursor=None),
        "corrected": _link(request, q=answer.understood.suggestion, cursor=None) if answer else None,
        "narrowed": {
            name: [(value, number, _link(request, **{name: value}, cursor=None)) for value, number in counts.items()][
                :SHOWN
            ]
            for name, counts in (answer.facets if answer else {}).items()
            if len(counts) > 1
        },
    }
    return templates.TemplateResponse(request, "search.html", context, status_code=422 if problem else 200)


def _link(request: Request, **changed: str | None) -> str:
    """The page's query string with some parameters changed; None takes one away."""
    url = request.url.remove_query_params([name for name, value in changed.items() if value is None])
    return str(url.include_query_params(**{name: value for name, value in changed.items() if value is not None}).query)


@router.get("/articles/{article_id}")
def article_page(
    request: Request,
    article_id: str,
    _: NoParametersDep,
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    article, _version = library.visible_article(article_id, now)
    answer = related(library, article_id, RelatedQuery(Filters(now=now), limit=WIDGET_LIMIT))
    return templates.TemplateResponse(request, "article.html", {"article": article, "related": answer})


@router.get("/widget/related/{article_id}")
def widget_fragment(
    request: Request,
    article_id: str,
    parameters: Annotated[WidgetParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    """The related-news list as an HTML fragment, for server-side includes and for /widget.js."""
    answer = related(library, article_id, RelatedQuery(Filters(now=now), limit=parameters.limit))
    context = {"related": answer, "heading": parameters.heading, "base": str(request.base_url)}
    return cached(templates.get_template("widget.html").render(context), "text/html", request, named_in(answer))


@router.get("/widget.js")
def widget_script() -> FileResponse:
    return FileResponse(WIDGET_SCRIPT, media_type="text/javascript", headers={"Cache-Control": CACHE_CONTROL})


@router.get("/demo/article")
def demo_article(
    request: Request,
    parameters: Annotated[DemoParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    """An article as a small newsroom would lay it out, its Related News block filled by the widget."""
    filters = Filters(now=now)
    article_id = parameters.article
    found = library.visible_article(article_id, now)[0] if article_id else next(iter(latest(library, filters, 1)), None)
    if found is None:
        raise ArticleNotFound(article_id or "")
    view = library.view
    sections = view.snapshot.sections(filters) if view else []
    return templates.TemplateResponse(request, "demo_article.html", {"article": found, "sections": sections})
