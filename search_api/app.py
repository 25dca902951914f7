"""The HTTP service, put together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from fastapi.templating import Jinja2Templates

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.api_contract import completed
from search_api.api_description import describe_api
from search_api.body_limit import BodyLimit
from search_api.clock import utc_now
from search_api.compression import Compression
from search_api.engine_choice import open_library
from search_api.errors import register_errors
from search_api.following import Follower
from search_api.heads import Heads
from search_api.index_facts import IndexFigures
from search_api.keys import Keys
from search_api.maintenance import Maintenance
from search_api.metrics import keep_observing
from search_api.observing import Observing, Routed
from search_api.query import SearchQuery
from search_api.rate_limits import HEADERS, RateLimits
from search_api.rates import Policy, Rates, rate_of, storage_of
from search_api.read_access import ReadAccess
from search_api.routes import api, demo, docs, health, measures, pages, related, stories, upkeep, widget, writes
from search_api.searcher import search
from search_api.security_headers import SecurityHeaders
from search_api.settings import Engine, Settings
from search_api.time_limit import GivenUp, TimeLimit
from search_api.tracing import Tracing
from search_api.web.formatting import add_filters
from search_api.widget_access import WidgetAccess
from search_api.write_desk import WriteDesk

WEB = Path(__file__).parent / "web"

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own spans hold what readers asked; `tracing` makes ours."""


PATIENCE_S = 2.0
"""How long a service may take to open its index before it answers at all: that it is alive, and not ready."""


def serving_app() -> FastAPI:
    """What each worker of `dateline serve` runs."""
    return create_app(
        patience_s=PATIENCE_S, opened=gc.freeze
    )  # what is there then stays: collections need not look at it again


def create_app(
    settings: Settings | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    patience_s: float | None = None,
    opened: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The service over the index that the settings name; `clock` gives the time that embargoes are held against.

    It opens the index and answers one query of its own before it takes any, so that no reader waits for the model; when that
    takes longer than `patience_s`, it begins to answer, and says that it is not ready yet. `opened` is called once it is ready.
    """
    settings = settings or Settings()
    index = IndexFolder(settings.index)
    library = open_library(index, warm=True)
    follower = Follower(library)
    desk = WriteDesk(index, library)
    fold_after = settings.fold_after if settings.engine is Engine.EMBEDDED else 0  # Milvus has no tail to be folded
    maintenance = Maintenance(index, library, fold_after=fold_after)
    tracing = Tracing() if settings.tracing else None

    def first_question() -> None:
        search(library, SearchQuery("news", Filters(clock())))
        opened()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        follower.start(first_question, patience_s=patience_s)
        maintenance.start()
        observed = asyncio.create_task(keep_observing(library))
        yield
        observed.cancel()
        maintenance.close()
        desk.close()
        follower.close()
        library.close()
        if tracing:
            tracing.close()

    app = FastAPI(
        title="Dateline",
        version=version("dateline"),
        summary="Semantic search and related articles for news.",
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
    )
    app.state.library = library
    app.state.follower = follower
    app.state.desk = desk
    app.state.maintenance = maintenance
    app.state.keys = Keys.of(index)
    app.state.clock = clock
    app.state.figures = IndexFigures(library)
    app.state.tracing = tracing
    app.state.settings = settings
    app.state.templates = add_filters(Jinja2Templates(WEB / "templates"))
    app.state.templates.env.globals["demo"] = bool(settings.demo)
    app.state.given_up = GivenUp()
    _add_middleware(app, settings, tracing)
    register_errors(app)
    describe = app.openapi
    app.openapi = lambda: completed(describe_api(describe()))  # type: ignore[method-assign]
    shown = (demo,) if settings.demo else ()
    for part in (api, related, stories, writes, upkeep, health, measures, widget, docs, pages, *shown):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=WEB / "static"), name="static")
    return app


def _add_middleware(app: FastAPI, settings: Settings, tracing: Tracing | None) -> None:
    """What a request passes through before it reaches its endpoint, the innermost first (see ARCHITECTURE.md)."""
    keys = app.state.keys
    app.add_middleware(Routed)
    app.add_middleware(BodyLimit)
    app.add_middleware(TimeLimit, most_s=settings.timeout_s, given_up=app.state.given_up)
    app.add_middleware(ReadAccess, keys=keys, needs_key=settings.reads.need_key(settings.host))
    app.add_middleware(WidgetAccess, keys=keys)
    app.add_middleware(RateLimits, rates=_rates(settings), keys=keys)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET"],
        allow_headers=["Authorization"],
        expose_headers=HEADERS,
    )
    app.add_middleware(Compression)
    app.add_middleware(Heads)
    app.add_middleware(Observing, settings=settings, tracing=tracing)
    inside = app.build_middleware_stack
    is_secure = settings.public_url is not None and settings.public_url.scheme == "https"
    app.build_middleware_stack = lambda: SecurityHeaders(inside(), secure_origin=is_secure)  # type: ignore[method-assign]


def _rates(settings: Settings) -> Rates:
    rates = {
        Policy.ADDRESS: settings.rate_address,
        Policy.KEY: settings.rate_key,
        Policy.WRONG_KEYS: settings.rate_wrong_keys,
    }
    return Rates(storage_of(settings.rate_storage), {policy: rate_of(text) for policy, text in rates.items()})
