"""Settings from `DATELINE_*` environment variables."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.errors import SettingError
from indexer.models import DEFAULT_MODEL
from search_api.keys import plain_origin
from search_api.rates import rate_of, storage_of
from search_api.reads import Reads


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Engine(StrEnum):
    """Where articles are searched."""

    EMBEDDED = "embedded"
    MILVUS = "milvus"


class Settings(BaseSettings):
    """Every setting, with its default; a wrong value is refused at start by its variable's name."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", extra="ignore")

    index: Path = Field(default=Path("var/index"), description="Folder of the index.")
    model: str = Field(
        default=DEFAULT_MODEL,
        min_length=1,
        description="Embedding model of a new index: a name, or a folder with its files.",
    )
    engine: Engine = Field(
        default=Engine.EMBEDDED,
        description="Where articles are searched: `embedded` in files of the index, `milvus` in Milvus (extra `milvus`).",
    )
    milvus_uri: str = Field(
        default="var/milvus.db",
        min_length=1,
        description="Milvus: a server such as http://127.0.0.1:19530, or a file of Milvus Lite, whose name ends with .db.",
    )
    milvus_token: SecretStr | None = Field(default=None, description="Token, or user:password, that Milvus asks for.")
    milvus_prefix: str = Field(
        default="dateline",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,60}$",
        description="What the names of its collections begin with; two indexes in one Milvus need two.",
    )
    milvus_replicas: int = Field(
        default=1,
        ge=1,
        description="Query nodes of a server that hold each collection; with 2, searches go on while one of them is gone.",
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
    reads: Reads = Field(
        default=Reads.AUTO,
        description="Who may read: `open` everybody, `key` whoever sends a key, `auto` everybody where the service is bound to "
        "this machine only, else whoever sends a key.",
    )
    rate_address: str = Field(
        default="1200/minute",
        description="How many requests without a key an address may make, such as 20/second; empty: any number.",
    )
    rate_key: str = Field(
        default="12000/minute", description="How many requests may be made with one key; empty: any number."
    )
    rate_wrong_keys: str = Field(
        default="30/minute", description="How many wrong keys an address may try; empty: any number."
    )
    rate_storage: str = Field(
        default="memory://",
        description="Where requests are counted: memory:// each worker for itself, redis://127.0.0.1:6379/0 all together.",
    )
    timeout_s: float = Field(
        default=30.0, ge=0, allow_inf_nan=False, description="Seconds after which a read is given up; 0: never."
    )
    header_timeout_s: float = Field(
        default=10.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds in which a connection has to send the head of a request; 0: any time.",
    )
    body_timeout_s: float = Field(
        default=20.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that the body of a request may stall; 0: any time.",
    )
    most_connections: int = Field(
        default=800, ge=0, description="Connections that each worker holds at a time; 0: any number."
    )
    bulk_lines: int = Field(
        default=100_000, ge=1, description="Lines of a bulk write that are read; those after them are not stored."
    )

    @field_validator("index")
    @classmethod
    def _folder(cls, index: Path) -> Path:
        if index == Path() or (index.exists() and not index.is_dir()):
            raise ValueError("expected a folder, such as var/index; it need not be there yet")
        return index

    @field_validator("milvus_uri")
    @classmethod
    def _milvus(cls, uri: str) -> str:
        if not uri.startswith(("http://", "https://", "tcp://")) and not uri.endswith(".db"):
            raise ValueError("expected a server such as http://127.0.0.1:19530, or a file whose name ends with .db")
        if "@" in uri.partition("://")[2].partition("/")[0]:
            raise ValueError("expected no user in it; give user:password as DATELINE_MILVUS_TOKEN")
        return uri

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if not host.strip():
            raise ValueError("expected an address such as 127.0.0.1, or 0.0.0.0 for all of this machine")
        return host

    @field_validator("fetch_networks")
    @classmethod
    def _networks(cls, networks: list[str]) -> list[str]:
        try:
            [ip_network(network) for network in networks]
        except ValueError as error:
            raise ValueError(f"{error}; expected networks such as 10.0.0.0/8") from None
        return networks

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        try:
            return origins if origins == ["*"] else [plain_origin(origin) for origin in origins]
        except SettingError as error:
            raise ValueError(str(error)) from None

    @field_validator("rate_address", "rate_key", "rate_wrong_keys")
    @classmethod
    def _rate(cls, rate: str) -> str:
        rate_of(rate)
        return rate

    @field_validator("rate_storage")
    @classmethod
    def _storage(cls, uri: str) -> str:
        storage_of(uri)
        return uri
