"""Running the HTTP service."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, cast

from indexer.encoder import prepare_encoder
from indexer.errors import DatelineError, SettingError
from indexer.layout import IndexFolder
from search_api.engine_choice import shelf_of
from search_api.keys import Keys
from search_api.progress import line_on_stderr
from search_api.settings import LogFormat, LogLevel, Settings
from search_api.starting import access_notice, unknown_variables
from search_api.tracing import check_packages

COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable by which prometheus_client finds the folder that workers share."""

COUNTS_PREFIX = "dateline-metrics-"

MEMORY_FOLDER = "/dev/shm"

KEEP_ALIVE_S = 75
"""How long a connection may rest: longer than proxies in front let theirs, so that none is closed as it is used."""

SHUTDOWN_S = 30
"""How long what is under way may take when the service is stopped."""

WORKER_ANSWERS_S = 20
"""How long a live worker may be silent, as it starts or later, before another is started in its place: on a busy machine, Python
alone may take longer than uvicorn's own 5 s. A stop waits as long for each that is silent then."""

TRUSTED_PROXIES = "127.0.0.1,::1"
"""Whose X-Forwarded-For is believed, unless FORWARDED_ALLOW_IPS (uvicorn's own variable) names others."""


def serve(index: IndexFolder, settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Run the HTTP service until it is stopped.

    Raises SettingError for a port that cannot be had, and for a service that other machines reach while it has no keys.
    """
    if settings.tracing:
        check_packages()
    import uvicorn

    from search_api.connections import Patience, PatientProtocol  # it loads the whole of uvicorn, too
    from search_api.workers import see_workers_end

    tell = line_on_stderr(shown=True)
    for line in unknown_variables(os.environ):
        tell(f"warning: {line}")
    notice = access_notice(Keys.of(index), host, settings.reads)
    if notice:
        tell(notice)
    patience = Patience(settings.header_timeout_s, settings.body_timeout_s, settings.most_connections)
    if port:
        _check_port(host, port)
    with suppress(DatelineError):  # what is wrong with the index each worker says
        shelf = shelf_of(index)
        if (number := shelf.serving()) is not None:
            prepare_encoder(shelf.manifest(number).model_name, index.models, tell)
    os.environ["DATELINE_INDEX"] = str(index.root)  # each worker reads its settings anew
    os.environ["DATELINE_HOST"] = host
    see_workers_end()
    signal.signal(signal.SIGTERM, _ended)  # uvicorn raises it again once what was under way is answered
    with _counted_together() if workers > 1 else nullcontext():
        uvicorn.run(
            "search_api.app:serving_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=cast("type[asyncio.Protocol]", partial(PatientProtocol, patience=patience)),
            server_header=False,
            forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", TRUSTED_PROXIES),
            access_log=False,
            log_config=logging_config(settings.log_format, settings.log_level),
            timeout_graceful_shutdown=SHUTDOWN_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_worker_healthcheck=WORKER_ANSWERS_S,
        )


def _ended(*_: object) -> None:
    """To be stopped is no failure, before the server runs or after: the process ends with 0."""
    raise SystemExit(0)


@contextmanager
def _counted_together() -> Iterator[None]:
    """A folder in which the workers count, so that each can tell of all; it has to be named before they start.

    It is in memory where that can be: workers write by memory maps, and one on a full disk would end them.
    """
    in_memory = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
    with TemporaryDirectory(prefix=COUNTS_PREFIX, dir=in_memory) as folder:
        os.environ[COUNTS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[COUNTS_FOLDER]


def logging_config(log_format: LogFormat, level: LogLevel) -> dict[str, Any]:
    """For `logging.config.dictConfig`: every logger's lines, the server's own among them, go to stderr in one form.

    Other packages' are told from warnings on.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "search_api.logs.line_formatter", "log_format": str(log_format)}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "loggers": {name: {"level": level.upper()} for name in ("search_api", "indexer", "uvicorn")},
        "root": {"handlers": ["stderr"], "level": "ERROR" if level is LogLevel.ERROR else "WARNING"},
    }


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingError(
                f"{host}:{port} cannot be served on ({error.strerror}); choose another --port or --host"
            ) from None
