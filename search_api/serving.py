"""Running the HTTP service."""

from __future__ import annotations

import os
import socket

from indexer.errors import SettingError
from indexer.layout import IndexFolder
from search_api.library import prepare_model
from search_api.progress import line_on_stderr


def serve(index: IndexFolder, *, host: str, port: int, workers: int) -> None:
    """Run the HTTP service until it is stopped; raises SettingError for a port that cannot be had."""
    import uvicorn

    if port:
        _check_port(host, port)
    prepare_model(index, line_on_stderr(shown=True))
    os.environ["DATELINE_INDEX"] = str(index.root)
    uvicorn.run("search_api.app:create_app", factory=True, host=host, port=port, workers=workers, access_log=False)


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
