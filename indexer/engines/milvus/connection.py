"""One channel to Milvus: calls with a deadline, tried again while it is not ready, and errors that a user can be told."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Any

import stamina

from indexer.engines.milvus.failures import Failure, failure, is_of_milvus, told
from indexer.errors import EngineError, EngineUnavailable, GenerationMissing, SettingError

CONNECT_S = 2.0
"""How long a channel may take to open."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long failed calls are tried again in all, the longest wait between two, and what a user is told to wait after."""

    total_s: float
    wait_max_s: float
    retry_after_s: int


READS = Patience(total_s=2.0, wait_max_s=0.5, retry_after_s=2)
WRITES = Patience(total_s=20.0, wait_max_s=4.0, retry_after_s=10)

_LAST = Patience(total_s=0.0, wait_max_s=0.0, retry_after_s=READS.retry_after_s)
"""One try more."""

LOADING_S = 300.0
"""How long making, indexing and loading a collection may take."""

SETTLED_ROWS = 2_000
"""New rows of a collection of Milvus Lite that are left in memory."""

_INSTALL = "the Milvus engine needs pymilvus, which is not installed; pip install 'dateline[milvus]'"


class _Passing(Exception):
    """A call failed in a way that passes."""


class Connection:
    """Calls methods of pymilvus's client, whose channel opens at the first call and again when it breaks; for many threads.

    Milvus Lite, which takes one write to a collection at a time, is written to by one thread at a time.
    """

    def __init__(self, uri: str, token: str | None, timeout_s: float, replicas: int) -> None:
        if not uri.endswith(".db") and not uri.startswith(("http://", "https://", "tcp://", "unix:")):
            raise SettingError(
                f"{uri!r} is no address of Milvus; give one such as http://localhost:19530, or a file that ends with .db"
            )
        self.uri = uri
        self.is_lite = uri.endswith(".db")
        self._token = token or ""
        self._timeout_s = timeout_s
        self._replicas = replicas
        self._client: Any = None
        self._refused: tuple[float, str] = (-inf, "")
        """When the last channel could not be opened, and why."""
        self._unsettled: Counter[str] = Counter()
        self._opening = Lock()
        self._writing = Lock()

    def read(self, call: str, **details: Any) -> Any:
        """What a reading call gives. Raises EngineUnavailable, EngineError, and GenerationMissing for no such collection."""
        return self._patient(call, READS, self._timeout_s, details)

    def read_to_write(self, call: str, **details: Any) -> Any:
        """The same with the patience of a write, which depends on what this gives."""
        return self._patient(call, WRITES, max(self._timeout_s, WRITES.total_s), details)

    def write(self, call: str, **details: Any) -> Any:
        """What a writing call gives, which must be one that can be repeated. Raises as `read` does."""
        with self._one_at_a_time():
            done = self._patient(call, WRITES, max(self._timeout_s, WRITES.total_s), details)
            if self.is_lite and call == "upsert":
                self._settle(details["collection_name"], len(details["data"]))
            return done

    def arrange(self, call: str, **details: Any) -> Any:
        """What a call gives that makes, loads or drops collections, which may take minutes. Raises as `read` does."""
        with self._one_at_a_time():
            return self._patient(call, WRITES, LOADING_S, details)

    def load(self, collection: str) -> None:
        """Load a collection, as often as it has replicas, and wait until it answers. Raises as `read` does."""
        self.arrange("load_collection", **self._loading(collection))

    def close(self) -> None:
        """Close the channel; a later call opens it again. A file's own server goes on until the process ends."""
        with self._opening:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _settle(self, collection: str, rows: int) -> None:
        """Let Milvus Lite put a collection's new rows in a file: those in memory it looks through one by one."""
        self._unsettled[collection] += rows
        if self._unsettled[collection] >= SETTLED_ROWS:
            self._unsettled[collection] = 0
            self._patient("flush", WRITES, LOADING_S, {"collection_name": collection})

    def _loading(self, collection: str) -> dict[str, Any]:
        return {"collection_name": collection, "replica_number": self._replicas}

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        if not self.is_lite:
            yield
            return
        with self._writing:
            yield

    def _patient(self, call: str, patience: Patience, timeout_s: float, details: dict[str, Any]) -> Any:
        start, tries = time.monotonic(), 0
        try:
            for attempt in stamina.retry_context(
                on=_Passing,
                attempts=None,
                timeout=patience.total_s,
                wait_initial=0.05,
                wait_max=patience.wait_max_s,
                wait_jitter=0.1,
            ):
                tries += 1
                with attempt:
                    return self._once(call, timeout_s, details)
        except _Passing as error:
            # The first try may take longer than all tries should: a node that died is given up by the others after seconds.
            if tries == 1 and time.monotonic() - start < timeout_s / 2 and patience is not _LAST:
                return self._patient(call, _LAST, timeout_s, details)
            raise EngineUnavailable(
                f"Milvus cannot {call} at present: {error}; ask again in {patience.retry_after_s} s",
                patience.retry_after_s,
            ) from error.__cause__
        raise AssertionError("every attempt either returns or raises")

    def _once(self, call: str, timeout_s: float, details: dict[str, Any], *, reload: bool = True) -> Any:
        client = self._opened()
        try:
            return getattr(client, call)(timeout=timeout_s, **details)
        except Exception as error:
            if not is_of_milvus(error):
                raise
            kind = failure(error)
            if kind is Failure.RELEASED and reload and "collection_name" in details:
                self._once("load_collection", timeout_s, self._loading(details["collection_name"]), reload=False)
                return self._once(call, timeout_s, details, reload=False)
            if kind is Failure.REOPEN:
                self._discard(client)
            if kind in (Failure.REOPEN, Failure.AGAIN, Failure.RELEASED):
                raise _Passing(told(error)) from error
            if kind is Failure.GONE:
                raise GenerationMissing(f"Milvus holds no {details.get('collection_name', call)}") from error
            raise EngineError(f"Milvus refused {call}: {told(error)}") from error

    def _opened(self) -> Any:
        asked = time.monotonic()
        with self._opening:
            when, why = self._refused
            if self._client is None and when > asked:  # while this thread waited: not each of many waits for the dead
                raise _Passing(why)
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> Any:
        client_class = _client_class()
        try:
            client = client_class(uri=self.uri, token=self._token, timeout=CONNECT_S, dedicated=True)
        except Exception as error:
            if not is_of_milvus(error):
                raise
            if failure(error) is Failure.REFUSED:
                also = "; its folder must be there, and no other process may have it open" if self.is_lite else ""
                raise EngineError(f"Milvus cannot be opened: {told(error)}{also}") from error
            self._refused = time.monotonic(), told(error)
            raise _Passing(told(error)) from error
        client._handler._on_rpc_error = _not_again
        return client

    def _discard(self, client: Any) -> None:
        with self._opening:
            if self._client is not client:
                return
            self._client = None
        client.close()


def _client_class() -> Any:
    """pymilvus's client, imported so that it changes nothing of this process. Raises SettingError where it is missing."""
    name = "PYTHON_DOTENV_DISABLED"
    before = os.environ.get(name)
    os.environ[name] = "1"  # pymilvus reads a file .env of any folder above into the environment as it is imported
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # else gRPC says on stderr at each fork that it does nothing
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise SettingError(_INSTALL) from error
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    for logger in ("pymilvus", "milvus_lite"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # both log each failure, which is told here
    return MilvusClient


def _not_again(error: Exception) -> bool:
    """Instead of pymilvus's own tries, which go on until the deadline of a call: nobody waits ten seconds for a dead server."""
    raise error
