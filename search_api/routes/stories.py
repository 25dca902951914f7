"""The JSON endpoints about stories: those that are moving, and one with its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from indexer.types import Article
from search_api.deps import LibraryDep, NowDep
from search_api.routes.api import cached
from search_api.routes.parameters import StoriesParameters, StoryParameters
from search_api.schemas import ProblemDocument
from search_api.stories import moving_stories, story_page
from search_api.story_schemas import StoriesDocument, StoryPageDocument, stories_document, story_document

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}
_NOT_CHANGED = {"description": "Not changed since the ETag given."}

router = APIRouter(prefix="/v1", tags=["stories"], responses={304: _NOT_CHANGED, 422: _PROBLEM, 503: _PROBLEM})


@router.get("/stories", summary="Stories that are moving", response_model=StoriesDocument)
def get_stories(
    parameters: Annotated[StoriesParameters, Query()], request: Request, library: LibraryDep, now: NowDep
) -> Response:
    """Stories with new articles, those that move most first; single articles after stories of several."""
    stories = moving_stories(library, parameters.query(now))
    document = stories_document(parameters.window, stories)
    return cached(document.model_dump_json(), "application/json", request, _ids(*(story.told for story in stories)))


@router.get("/stories/{story_id}", summary="One story", response_model=StoryPageDocument, responses={404: _PROBLEM})
def get_story(
    story_id: str,
    parameters: Annotated[StoryParameters, Query()],
    request: Request,
    library: LibraryDep,
    now: NowDep,
) -> Response:
    """A story from its beginning. An id that was merged into another story answers with that one."""
    page = story_page(library, story_id, now, limit=parameters.limit, offset=parameters.offset)
    return cached(story_document(page).model_dump_json(), "application/json", request, _ids(page.told))


def _ids(*told: Iterable[Article]) -> list[str]:
    """The id of each article, once."""
    return list(dict.fromkeys(article.id for articles in told for article in articles))
