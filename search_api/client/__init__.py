"""A typed client of a running service, over HTTP: nothing of the search engine is imported with it.

    from search_api.client import Dateline

    with Dateline("http://127.0.0.1:8000") as dateline:
        for hit in dateline.search("why did oil prices fall", limit=5).hits:
            print(hit.published_at, hit.title, hit.url)

It is written from docs/openapi.json, and `tests/unit/test_client_openapi.py` fails for whatever is there and not here. To add an
operation: its answer as a dataclass in `answers`, `write_answers` or `stats_answers`, options as a TypedDict in `parameters`
where there are more than a few, a function in `calls`, and one line in each of the two `clients`.
"""

from search_api.client.answers import Article, Hit, Related, Search, Stories, StoryPage, Suggest
from search_api.client.clients import AsyncDateline, Dateline
from search_api.client.connection import Retries
from search_api.client.errors import (
    BadAnswer,
    Conflict,
    DatelineClientError,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    ProblemError,
    TooManyRequests,
    Unavailable,
    Unreachable,
)
from search_api.client.parameters import ArticleRecord
from search_api.client.stats_answers import Stats
from search_api.client.write_answers import BulkResult, Generations, Ready, Receipt, Versions, Written

__all__ = [
    "Article",
    "ArticleRecord",
    "AsyncDateline",
    "BadAnswer",
    "BulkResult",
    "Conflict",
    "Dateline",
    "DatelineClientError",
    "Generations",
    "Gone",
    "Hit",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "ProblemError",
    "Ready",
    "Receipt",
    "Related",
    "Retries",
    "Search",
    "Stats",
    "Stories",
    "StoryPage",
    "Suggest",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
    "Versions",
    "Written",
]
