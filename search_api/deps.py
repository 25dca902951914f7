"""What handlers ask for, each by a name: coroutines, since a plain function would be called on another thread, and waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates

from search_api.index_facts import IndexFigures
from search_api.library import Library
from search_api.maintenance import Maintenance
from search_api.settings import Settings
from search_api.write_desk import WriteDesk


async def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


async def _clock(request: Request) -> Callable[[], datetime]:
    clock: Callable[[], datetime] = request.app.state.clock
    return clock


async def _desk(request: Request) -> WriteDesk:
    desk: WriteDesk = request.app.state.desk
    return desk


async def _maintenance(request: Request) -> Maintenance:
    maintenance: Maintenance = request.app.state.maintenance
    return maintenance


async def _figures(request: Request) -> IndexFigures:
    figures: IndexFigures = request.app.state.figures
    return figures


async def _now(request: Request) -> datetime:
    clock: Callable[[], datetime] = request.app.state.clock
    return clock()


async def _templates(request: Request) -> Jinja2Templates:
    templates: Jinja2Templates = request.app.state.templates
    return templates


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _base(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return str(settings.public_url or request.base_url).rstrip("/") + "/"


LibraryDep = Annotated[Library, Depends(_library)]
ClockDep = Annotated[Callable[[], datetime], Depends(_clock)]
DeskDep = Annotated[WriteDesk, Depends(_desk)]
MaintenanceDep = Annotated[Maintenance, Depends(_maintenance)]
FiguresDep = Annotated[IndexFigures, Depends(_figures)]
SettingsDep = Annotated[Settings, Depends(_settings)]
BaseDep = Annotated[str, Depends(_base)]
"""Where readers reach the service, with a slash at the end."""

NowDep = Annotated[datetime, Depends(_now)]
TemplatesDep = Annotated[Jinja2Templates, Depends(_templates)]
