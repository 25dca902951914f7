"""Running the HTTP service."""

from __future__ import annotations

import asyncio
import copy
import os
import socket
from contextlib import suppress
from functools import partial
from typing import Any, cast

from indexer.encoder import prepare_encoder
from indexer.errors import DatelineError, SettingError
from indexer.generations import read_manifest
from indexer.layout import IndexFolder
from search_api.connections import Patience, PatientProtocol
from search_api.keys import Keys
from search_api.progress import line_on_stderr
from search_api.settings import Settings
from search_api.starting import access_notice, unknown_variables

KEEP_ALIVE_S = 75
"""How long a connection may rest: longer than proxies in front let theirs, so that none is closed as it is used."""

SHUTDOWN_S = 30
"""How long what is under way may take when the service is stopped."""


TRUSTED_PROXIES = "127.0.0.1,::1"
"""Whose X-Forwarded-For is believed, unless FORWARDED_ALLOW_IPS (uvicorn's own variable) names others."""


def serve(index: IndexFolder, settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Run the HTTP service until it is stopped.

    Raises SettingError for a port that cannot be had, and for a service that other machines reach while it has no keys.
    """
    import uvicorn

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
        prepare_encoder(read_manifest(index).model_name, index.models, tell)
    os.environ["DATELINE_INDEX"] = str(index.root)  # each worker reads its settings anew
    os.environ["DATELINE_HOST"] = host
    uvicorn.run(
        "search_api.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=cast("type[asyncio.Protocol]", partial(PatientProtocol, patience=patience)),
        server_header=False,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", TRUSTED_PROXIES),
        access_log=False,
        log_config=_logging(uvicorn.config.LOGGING_CONFIG),
        timeout_graceful_shutdown=SHUTDOWN_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


def _logging(ours: dict[str, Any]) -> dict[str, Any]:
    """uvicorn's own log, and the packages' beside it: what is found damaged, what is built."""
    config = copy.deepcopy(ours)
    config["formatters"]["plain"] = {"format": "%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s"}
    config["handlers"]["plain"] = {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}
    for package in ("search_api", "indexer"):
        config["loggers"][package] = {"handlers": ["plain"], "level": "INFO", "propagate": False}
    return config


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
