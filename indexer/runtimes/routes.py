"""Which runtime a model gets: the fast one where it agrees with the reference, else the reference."""

from __future__ import annotations

import fcntl
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from indexer.errors import ModelError
from indexer.layout import sync_files, sync_folder
from indexer.models import ModelFiles
from indexer.runtimes.accelerator import AcceleratorRuntime
from indexer.runtimes.conversion import MANIFEST, convert_apart
from indexer.runtimes.fast import LEAST_COSINE, FastRuntime, read_manifest
from indexer.runtimes.reference import NoTorch, ReferenceRuntime, require_torch
from indexer.types import Embeddings

logger = logging.getLogger(__name__)

REFUSED = f"refused-{version('openvino')}.txt"
"""In a model's folder: why this OpenVINO cannot convert it, so that nobody tries again."""

_ASIDE = ".converting-"


class Embedder(Protocol):
    """Runs one model; prompts are already in the texts."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Embeddings: ...


class Runtime(Embedder, Protocol):
    """An embedder for queries too, which also knows the model's table of token vectors."""

    def warm_up(self) -> None: ...

    def input_vectors(self) -> Embeddings | None: ...


class Device(StrEnum):
    """Where documents are embedded."""

    CPU = "cpu"
    CUDA = "cuda"


def on_device(files: ModelFiles, device: Device) -> Embedder:
    """The model on a GPU; raises SettingError where there is none, ModelError when it does not agree with the reference there."""
    return AcceleratorRuntime(files, device)


def choose_runtime(files: ModelFiles, models: Path | None, told: Callable[[str], None]) -> Runtime:
    """The fast runtime when its vectors of real sentences are those of the reference (cosine at least .999), else the reference.

    The converted model is kept in `models`, below the model's fingerprint; without `models`, or where it cannot be written, the
    model is converted for this process only. `told` gets a line when that takes a while. Raises NoTorch where the model is not
    converted and cannot be; the next call may find it converted elsewhere.
    """
    if models is None:
        return _converted_for_now(files, told)
    kept = models / files.fingerprint
    try:
        _prepare(files, models, told)
        if _is_refused(kept):
            return ReferenceRuntime(files)
        try:
            return _agreeing(files, kept)
        except ModelError as error:
            require_torch(files)
            logger.warning("%s; it is converted anew", error)
        with _alone(models):
            _discard_damaged(files, kept)
        _prepare(files, models, told)
        return _agreeing(files, kept)
    except NoTorch:
        raise
    except ChildProcessError as error:
        logger.warning("%s; sentence-transformers is used this time", error)
        return ReferenceRuntime(files)
    except (ModelError, OSError) as error:
        logger.warning(
            "the converted model cannot be kept in %s (%s); it is converted for this process only", models, error
        )
        return _converted_for_now(files, told)


def prepare_model(files: ModelFiles, models: Path, told: Callable[[str], None]) -> None:
    """Convert the model into `models` if it is not there; whoever needs it meets, and tells, what stands against that."""
    with suppress(OSError, NoTorch):
        _prepare(files, models, told)


def _prepare(files: ModelFiles, models: Path, told: Callable[[str], None]) -> None:
    """Raises NoTorch, ChildProcessError when converting failed, another OSError where `models` cannot be written."""
    kept = models / files.fingerprint
    if _is_converted(kept) or _is_refused(kept):
        return
    require_torch(files)
    models.mkdir(parents=True, exist_ok=True)
    with _alone(models):
        if not (_is_converted(kept) or _is_refused(kept)):
            _convert_into(files, kept, told)


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Wait until no other process converts or discards a model in this folder, and keep them waiting meanwhile."""
    with (models / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _convert_into(files: ModelFiles, kept: Path, told: Callable[[str], None]) -> None:
    """Needs the folder alone: then what stands aside in it was left by processes that were killed."""
    for left in [*kept.parent.glob(f"{_ASIDE}*"), *([kept] if kept.exists() else [])]:
        shutil.rmtree(left)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=kept.parent))
    try:
        try:
            _convert(files, aside, told)
        except ModelError as error:
            (aside / REFUSED).write_text(f"{error}\n", encoding="utf-8")
            logger.warning("%s; sentence-transformers is used; to try again, delete %s", error, kept)
        aside.chmod(0o755)  # the service may run as another user
        for path in aside.iterdir():
            path.chmod(0o644)
        sync_files(aside)
        aside.rename(kept)
        sync_folder(kept.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _discard_damaged(files: ModelFiles, kept: Path) -> None:
    """Delete a conversion unless it is whole by now. Needs the folder alone; raises OSError where it cannot be deleted."""
    try:
        read_manifest(files, kept)
    except ModelError:
        if kept.exists():
            shutil.rmtree(kept)


def _is_converted(kept: Path) -> bool:
    return _holds(kept, MANIFEST)


def _is_refused(kept: Path) -> bool:
    return _holds(kept, REFUSED)


def _holds(folder: Path, name: str) -> bool:
    """Whether this process can see that file; another user's folder may be closed to it."""
    try:
        return (folder / name).is_file()
    except PermissionError:
        return False


def _converted_for_now(files: ModelFiles, told: Callable[[str], None]) -> Runtime:
    require_torch(files)
    try:
        with tempfile.TemporaryDirectory() as folder:
            _convert(files, Path(folder), told)
            return _agreeing(files, Path(folder))
    except (ModelError, OSError) as error:
        logger.warning("%s; the slower route of sentence-transformers is used", error)
        return ReferenceRuntime(files)


def _convert(files: ModelFiles, folder: Path, told: Callable[[str], None]) -> None:
    told(f"converting {files.name} for this processor, once: some seconds")
    convert_apart(files, folder)


def _agreeing(files: ModelFiles, folder: Path) -> Runtime:
    """The fast runtime of a folder, or the reference where the two differ; raises ModelError when the folder is damaged."""
    try:
        runtime = FastRuntime(files, folder)
        agreement = runtime.agreement()
    except RuntimeError as error:
        logger.warning("%s cannot be run by OpenVINO (%s); sentence-transformers is used", files.name, error)
        return ReferenceRuntime(files)
    if agreement >= LEAST_COSINE:
        return runtime
    logger.warning(
        "%s converted (%s) agrees with sentence-transformers only to %.4f, so that is used",
        files.name,
        runtime.name,
        agreement,
    )
    return ReferenceRuntime(files)
