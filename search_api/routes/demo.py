"""A small newsroom's pages, with the related-news element where a site would put it. Only where DATELINE_DEMO asks for it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response

from indexer.articles import is_visible
from indexer.filters import Filters
from indexer.types import Article
from search_api.deps import LibraryDep, NowDep, SettingsDep, TemplatesDep
from search_api.library import Library
from search_api.routes.parameters import NoParametersDep
from search_api.web.pages import POLICY as OWN_POLICY
from search_api.web.pages import page
from search_api.web.widget.files import widget_files

POLICY = f"{OWN_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"
"""As strict as a newsroom's page can be: nothing may make markup or code of a text, and the element does without."""

router = APIRouter(prefix="/demo", include_in_schema=False)


@router.get("/")
def front_page(
    request: Request,
    _: NoParametersDep,
    settings: SettingsDep,
    library: LibraryDep,
    now: NowDep,
    templates: TemplatesDep,
) -> Response:
    """The newsroom's front page: the articles that DATELINE_DEMO names."""
    context = {"articles": _visible(library, settings.demo, now), "sections": _sections(library, now)}
    return page(templates, request, "demo_front.html", context, policy=POLICY)


@router.get("/{article_id}")
def article_page(
    request: Request, article_id: str, _: NoParametersDep, library: LibraryDep, now: NowDep, templates: TemplatesDep
) -> Response:
    """An article as a small newsroom would lay it out, its Related News block filled by the element."""
    article, _version = library.visible_article(article_id, now)
    context = {"article": article, "sections": _sections(library, now), "integrity": widget_files().integrity}
    return page(templates, request, "demo_article.html", context, policy=POLICY)


def _sections(library: Library, now: datetime) -> list[str]:
    view = library.view
    return view.snapshot.sections(Filters(now)) if view else []


def _visible(library: Library, article_ids: list[str], now: datetime) -> list[Article]:
    if library.opened is None:
        return []
    found = (library.records.article(article_id) for article_id in article_ids)
    return [one[0] for one in found if one and is_visible(one[0], now)]
