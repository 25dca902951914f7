"""The pages people see: search, an article, a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, model_validator

from indexer.errors import CursorExpired, QueryError
from indexer.filters import Filters
from search_api.deps import LibraryDep, NowDep, TemplatesDep
from search_api.fallback import latest
from search_api.metrics import listed, searched
from search_api.query import RelatedQuery, clean_query_text
from search_api.related import related
from search_api.results import SearchAnswer
from search_api.routes.parameters import SearchParameters, StoryParameters, VersionParameters
from search_api.searcher import search
from search_api.stories import StoriesQuery, moving_stories, story_of, story_page
from search_api.web import search_page as shown
from search_api.web.addresses import CURSOR, Address
from search_api.web.changes import changes
from search_api.web.pages import page
from search_api.web.widget.words import WORDS
from search_api.write_schemas import versions_document

RELATED = 5
MOVING = 8
MOVING_WINDOW = timedelta(days=7)
TOLD = 12
"""How many texts of its story an article's page tells."""

router = APIRouter(include_in_schema=False)


def _without_empty(given: Any) -> Any:
    """An empty choice of a form asks nothing."""
    return (
        {name: value for name, value in given.items() if value not in ("", [""])} if isinstance(given, dict) else given
    )


class PageParameters(SearchParameters):
    """The search page: the API's parameters. Without `q` filters list all that they let through, and without those the page
    shows what is new. What others add to a link is passed over, on every page.
    """

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    q: str = ""

    _empty = model_validator(mode="before")(_without_empty)

    def text(self) -> str:
        return clean_query_text(self.q) if self.q.strip() else ""


class ArticlePageParameters(VersionParameters):
    model_config = ConfigDict(extra="ignore")

    _empty = model_validator(mode="before")(_without_empty)


class StoryPageParameters(StoryParameters):
    model_config = ConfigDict(extra="ignore")

    _empty = model_validator(mode="before")(_without_empty)


_KNOWN = frozenset(field.alias or name for name, field in PageParameters.model_fields.items())
_ANEW = frozenset({"q", CURSOR})
"""What a new question does not keep."""


@router.get("/")
def front_page(
    request: Request,
    parameters: Annotated[PageParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    address = Address.of(request.query_params.multi_items(), _KNOWN)
    context: dict[str, Any] = {
        "parameters": parameters,
        "answer": None,
        "problem": None,
        "kept": address.all_but(_ANEW),
        "chips": shown.chips(address, None),
        "unfiltered": shown.unfiltered(address, None),
        "again": address.changed({}),
    }
    if not parameters.q.strip() and not shown.is_filtered(address):
        return page(templates, request, "search.html", context | _news(library, now))
    try:
        query = replace(parameters.query(now), facets=shown.FACETS, explain=True)
        answer = searched(search(library, query))
    except (QueryError, CursorExpired) as error:
        return page(templates, request, "search.html", context | {"problem": str(error)}, 422)
    return page(templates, request, "search.html", context | _found(address, parameters, query.filters, answer))


def _news(library: LibraryDep, now: NowDep) -> dict[str, Any]:
    """What the page shows before anything is asked."""
    filters = Filters(now)
    view = library.view
    return {
        "articles": view.snapshot.count(filters) if view else 0,
        "sections": view.snapshot.sections(filters) if view else [],
        "stories": (stories := moving_stories(library, StoriesQuery(filters, MOVING_WINDOW, MOVING))),
        "newest": [] if stories else latest(library, filters, MOVING),
    }


def _found(address: Address, parameters: PageParameters, filters: Filters, answer: SearchAnswer) -> dict[str, Any]:
    first, past = filters.published_from, filters.published_before
    return {
        "answer": answer,
        "chips": shown.chips(address, answer),
        "unfiltered": shown.unfiltered(address, answer),
        "is_backwards": first is not None and past is not None and first >= past,
        "orders": shown.orders(address, parameters.sort, by_date=not answer.understood.text),
        "folding": shown.folding(address, parameters.collapse),
        "narrowings": shown.narrowings(address, answer),
        "timeline": shown.timeline(address, answer),
        "next_page": address.following(answer.next_cursor) if answer.next_cursor else None,
        "corrected": address.changed({"q": answer.understood.suggestion}),
        "dates_form": shown.dates_form(address, answer),
        "days": {name: (address.value(name) or "")[: len("2026-03-09")] for name in ("from", "to")},
    }


@router.get("/articles/{article_id}")
def article_page(
    request: Request,
    article_id: str,
    parameters: Annotated[ArticlePageParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    _, current = library.visible_article(article_id, now)
    article, version = library.visible_article(article_id, now, parameters.version)
    versions = versions_document(article_id, library.records.versions(article_id), now).versions
    earlier = next((one.version for one in versions if one.version < version and not one.deleted), None)
    story = story_of(library, article_id, now)
    context = {
        "number": library.records.seq_of(article_id),
        "article": article,
        "version": version,
        "is_current": version == current,
        "related": listed(related(library, article_id, RelatedQuery(Filters(now=now), limit=RELATED))),
        "said": WORDS["en"],
        "story": story,
        "timeline": story_page(library, story.id, now, limit=TOLD, offset=0).timeline
        if story and story.size > 1
        else (),
        "versions": versions,
        "earlier": earlier,
        "changes": changes(library.visible_article(article_id, now, earlier)[0], article)
        if parameters.version and earlier
        else None,
    }
    return page(templates, request, "article.html", context)


@router.get("/stories/{story_id}")
def story(
    request: Request,
    story_id: str,
    parameters: Annotated[StoryPageParameters, Query()],
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    told = story_page(library, story_id, now, limit=parameters.limit, offset=parameters.offset)
    past = parameters.offset + parameters.limit
    context = {
        "told": told,
        "limit": parameters.limit,
        "before": max(0, min(parameters.offset, told.story.size) - parameters.limit) if parameters.offset else None,
        "after": past if past < told.story.size else None,
    }
    return page(templates, request, "story.html", context)
