"""Settings from `DATELINE_*` environment variables."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.models import DEFAULT_MODEL


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """Every setting, with its default; a wrong value is refused at start by its variable's name."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", extra="ignore")

    index: Path = Field(default=Path("var/index"), description="Folder of the index.")
    model: str = Field(
        default=DEFAULT_MODEL, description="Embedding model of a new index: a name, or a folder with its files."
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` binds to.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that `serve` binds to; 0 takes a free one.")
    contact: str | None = Field(
        default=None, description="Address or mail that sites find in the User-Agent of requests for feeds and pages."
    )
    fetch_networks: list[str] = Field(
        default=[], description='Private networks that feeds may be fetched from, as JSON: ["10.0.0.0/8"].'
    )
    fold_after: int = Field(
        default=10_000,
        ge=0,
        description="Articles changed since the generation after which `serve` builds the next; 0: never.",
    )
    public_url: HttpUrl | None = Field(
        default=None,
        description="Where readers reach the service, such as https://search.example, for links in fragments and feeds; "
        "without it, as each request names it.",
    )
    demo: list[str] = Field(
        default=[],
        description="Ids of articles that a sample newsroom at `/demo/` shows, as JSON; without any it is not there.",
    )
    cors_origins: list[str] = Field(
        default=[],
        description='Origins whose pages may read the API, as JSON: ["https://news.example"]; ["*"] for all.',
    )
    log_format: LogFormat = Field(default=LogFormat.TEXT, description="Form of the log's lines: text or json.")
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="The least that is logged: debug (health checks too), info, warning or error.",
    )
    log_queries: bool = Field(default=False, description="Whether the log has what readers typed.")
    log_addresses: bool = Field(default=False, description="Whether the log has the addresses that requests came from.")
    server_timing: bool = Field(
        default=False, description="Whether answers say in Server-Timing what each stage took, for browsers' tools."
    )
    tracing: bool = Field(
        default=False,
        description="Whether requests are traced by OpenTelemetry (extra `otel`), sent where the OTEL_* variables say.",
    )
