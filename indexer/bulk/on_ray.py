"""Portions embedded by the workers of a Ray cluster: Ray Data hands each of them one portion at a time.

A worker writes its shard itself, so what travels is names and counts. Where a worker or its machine is lost, its portion is
given up, the others go on, and what is missing at the end is done in another round, with as many workers as there is room for
by then: a portion never waits for a worker that has no place to come back to.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.bulk.cores import take_cores
from indexer.bulk.embedding import PortionEmbedder, Task, Work
from indexer.errors import DatelineError, SettingError
from indexer.processes import usable_cores

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray's own variables, unless they are set: nothing is sent to its makers, and its lines do not stand among Dateline's."""

ANSWERS_S = 10.0
"""How long the head of a cluster may take to answer."""

RUNS_S = 60.0
"""How long a machine may take to run what takes no time, once workers were lost."""


class BulkFailed(DatelineError):
    """A run that cannot go on; what is written stays, and the next run goes on from there."""


@dataclass(frozen=True, slots=True)
class Workers:
    """How many are wanted (None: as many as there is room for), what each needs, and of which cluster.

    `address` is as Ray takes it (`auto`, `HOST:PORT`); without it a cluster is started on this machine, for this run.
    """

    number: int | None = None
    cpus: int = 1
    gpus: float = 0
    address: str | None = None


class Cluster:
    """A cluster that is connected to."""

    def __init__(self, wanted: Workers) -> None:
        self._wanted = wanted

    def workers(self) -> int:
        """How many to start now; raises SettingError where there is no room for so many, which Ray would wait for without end."""
        room = self._room()
        wanted = self._wanted.number if self._wanted.number is not None else room
        if room < max(wanted, 1):
            raise SettingError(
                f"there is room for {room} workers of {self._need()}, and {max(wanted, 1)} are wanted; the machines have "
                f"{self._have()}: start fewer workers, give each less (--cpus-per-worker, --gpus-per-worker), or add machines"
            )
        return wanted

    def embed(self, work: Work, tasks: Sequence[Task], told: Callable[[str], None]) -> Iterator[Task]:
        """Each task once its shard is written, in whatever order; raises BulkFailed when that cannot be.

        `told` gets a line when workers were lost.
        """
        left = dict(enumerate(tasks))
        workers = self.workers()
        while left:
            before = len(left)
            for number in self._round(work, left, min(workers, len(left))):
                yield left.pop(number)
            if not left:
                return
            if len(left) == before:
                first = next(iter(left.values()))
                raise BulkFailed(
                    f"every worker was lost before it had finished a portion, as of {first.source.path} from item "
                    f"{first.portion.first + 1:,}: is memory short? Run it again with fewer workers or a smaller --batch-size"
                )
            workers = min(workers, self._room(_answering()))
            if workers < 1:
                raise BulkFailed(f"no machine with {self._need()} is left; run it again when there is one")
            told(f"workers were lost; {len(left):,} portions are begun again, by {min(workers, len(left))} workers")

    def _round(self, work: Work, tasks: Mapping[int, Task], workers: int) -> Iterator[int]:
        """The numbers of the tasks that were finished; those of lost workers are not among them."""
        with _silence():
            from ray import data
            from ray.data.exceptions import SystemException
            from ray.exceptions import RayError
            from ray.util.annotations import RayDeprecationWarning

            context = data.DataContext.get_current()
            context.enable_progress_bars = context.print_on_execution_start = False
            context.max_errored_blocks = -1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RayDeprecationWarning)  # of max_restarts: it has no other place yet
                done = data.from_items(
                    [{"number": number} for number in tasks], override_num_blocks=len(tasks)
                ).map_batches(
                    _Worker,
                    fn_constructor_args=(work, dict(tasks), self._wanted.cpus),
                    batch_size=1,
                    compute=data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
                    num_cpus=self._wanted.cpus,
                    num_gpus=self._wanted.gpus or None,
                    max_restarts=-1,
                    max_task_retries=0,
                )
            try:
                for row in done.iter_rows():
                    if row["error"]:
                        raise BulkFailed(str(row["error"]))
                    yield int(row["number"])
            except (RayError, SystemException) as error:
                said = str(error).strip().splitlines() or [type(error).__name__]
                raise BulkFailed(
                    f"no worker can be started ({said[-1][:200]}); has every machine this Dateline and dateline[ray]?"
                ) from error

    def _room(self, answering: Container[str] | None = None) -> int:
        """So many workers the machines that are there now (of them those `answering`) can hold, each whole on one of them."""
        import ray

        alive = [node for node in ray.nodes() if node["Alive"]]
        machines = [node["Resources"] for node in alive if answering is None or node["NodeID"] in answering]
        return sum(
            min(
                int(machine.get(kind, 0) // of_each)
                for kind, of_each in (("CPU", self._wanted.cpus), ("GPU", self._wanted.gpus))
                if of_each
            )
            for machine in machines
        )

    def _need(self) -> str:
        return f"{self._wanted.cpus} CPUs" + (f" and {self._wanted.gpus:g} GPUs" if self._wanted.gpus else "")

    def _have(self) -> str:
        import ray

        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return ", ".join(f"{one.get('CPU', 0):g} CPUs and {one.get('GPU', 0):g} GPUs" for one in machines) or "none"


def _answering() -> set[str]:
    """The machines that run something when they are asked to: for a while Ray counts a lost one among those alive."""
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(_answer)
    asked = {
        ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(): node
        for node in ray.nodes()
        if node["Alive"]
    }
    answered = set()
    for one in ray.wait(list(asked), num_returns=len(asked), timeout=RUNS_S)[0] if asked else ():
        with suppress(RayError):
            ray.get(one)
            answered.add(str(asked[one]["NodeID"]))
    return answered


def _answer() -> None:
    """What a machine is asked to run."""


@contextmanager
def connected(wanted: Workers) -> Iterator[Cluster]:
    """The cluster at the address, else one of this machine's cores; one that this process is connected to is used as it is.

    Raises SettingError where Ray is not installed or nothing answers at the address.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with _silence():
        try:
            import ray
            import ray.data
        except ModuleNotFoundError as error:
            raise SettingError(f"bulk embedding needs {error.name}; run: pip install 'dateline[ray]'") from None
        mine = not ray.is_initialized()
        if mine:
            _check_address(wanted.address)
            how: dict[str, Any] = {"address": wanted.address} if wanted.address else {"address": "local"}
            if not wanted.address:
                how |= {"num_cpus": usable_cores(), "include_dashboard": False}
            try:
                with _no_stderr():
                    ray.init(**how, log_to_driver=False, logging_level=logging.CRITICAL)
            except (ConnectionError, ValueError, RuntimeError) as error:
                what = f"no Ray cluster at {wanted.address}" if wanted.address else "Ray cannot be started here"
                raise SettingError(f"{what}: {_first_line(error)}") from None
    try:
        yield Cluster(wanted)
    finally:
        if mine:
            ray.shutdown()


class _Worker:
    """In an actor of Ray's: takes rows with the number of a task, gives rows with that number and what went wrong with it."""

    def __init__(self, work: Work, tasks: Mapping[int, Task], cpus: int) -> None:
        self._cores = take_cores(cpus)
        self._tasks = tasks
        self._embedder = PortionEmbedder(work)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        numbers = [int(number) for number in batch["number"]]
        return {"number": numbers, "error": [self._error(number) for number in numbers]}

    def _error(self, number: int) -> str:
        try:
            self._embedder.embed(self._tasks[number])
        except Exception as error:  # it would be one of a lost worker's, and the portion done again
            task = self._tasks[number]
            said = str(error) if isinstance(error, DatelineError) else f"{type(error).__name__}: {error}"
            return f"{said} (items {task.portion.first + 1:,} on of {task.source.path})"
        return ""


@contextmanager
def _silence() -> Iterator[None]:
    """Without Ray's lines about each execution, and without what it warns of in its own code."""
    logger = logging.getLogger("ray.data")
    before = logger.level
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, ResourceWarning):
            warnings.filterwarnings("ignore", category=category, module=r"ray\.|importlib")
        warnings.filterwarnings("ignore", message=".*use_push_based_shuffle", category=DeprecationWarning)
        try:
            logger.setLevel(logging.CRITICAL)
            yield
        finally:
            logger.setLevel(before)


def _check_address(address: str | None) -> None:
    """Raises SettingError for an address where nothing answers, which Ray would try again for many minutes."""
    if address in (None, "auto", "local"):
        return
    assert address
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdigit():
        raise SettingError(f"--address {address} is neither auto nor HOST:PORT of the head of a Ray cluster")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWERS_S).close()
    except (OSError, OverflowError) as error:
        raise SettingError(
            f"no Ray cluster answers at {address} ({error}); start one there: ray start --head --port {port}"
        ) from None


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Without what compiled code says of its start, such as that it is told to be quiet."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
