"""The HTTP service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.api_contract import completed
from search_api.body_limit import BodyLimit
from search_api.clock import utc_now
from search_api.compression import Compression
from search_api.errors import register_errors
from search_api.heads import Heads
from search_api.keys import Keys
from search_api.library import Library
from search_api.maintenance import Maintenance
from search_api.query import SearchQuery
from search_api.routes import api, demo, health, pages, related, stories, upkeep, widget, writes
from search_api.searcher import search
from search_api.settings import Settings
from search_api.web.formatting import add_filters
from search_api.widget_access import WidgetAccess
from search_api.write_desk import WriteDesk

WEB = Path(__file__).parent / "web"


def create_app(settings: Settings | None = None, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The service over the index that the settings name; `clock` gives the time that embargoes are held against.

    It opens the index and answers one query of its own before it takes any, so that no reader waits for the model.
    """
    settings = settings or Settings()
    index = IndexFolder(settings.index)
    library = Library(index, warm=True)
    desk = WriteDesk(index, library)
    maintenance = Maintenance(index, library, fold_after=settings.fold_after)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            library.refresh()
            search(library, SearchQuery("news", Filters(clock())))
        except Exception as error:
            library.note_trouble(error)
        library.start()
        maintenance.start()
        yield
        maintenance.close()
        desk.close()
        library.close()

    app = FastAPI(
        title="Dateline",
        version=version("dateline"),
        summary="Semantic search and related articles for news.",
        lifespan=lifespan,
    )
    app.state.library = library
    app.state.desk = desk
    app.state.maintenance = maintenance
    app.state.keys = Keys.of(index)
    app.state.clock = clock
    app.state.settings = settings
    app.state.templates = add_filters(Jinja2Templates(WEB / "templates"))
    app.state.templates.env.globals["demo"] = bool(settings.demo)
    app.add_middleware(BodyLimit)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["GET"])
    app.add_middleware(WidgetAccess, keys=app.state.keys)
    app.add_middleware(Compression)
    app.add_middleware(Heads)
    register_errors(app)
    describe = app.openapi
    app.openapi = lambda: completed(describe())  # type: ignore[method-assign]
    shown = (demo,) if settings.demo else ()
    for part in (api, related, stories, writes, upkeep, health, widget, pages, *shown):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=WEB / "static"), name="static")
    return app
