"""Which runtime a model gets: the fast one where it agrees with the reference, else the reference."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from indexer.errors import ModelError
from indexer.layout import sync_files, sync_folder
from indexer.models import ModelFiles
from indexer.runtimes.conversion import MANIFEST, convert_apart
from indexer.runtimes.fast import LEAST_COSINE, FastRuntime
from indexer.runtimes.reference import ReferenceRuntime
from indexer.types import Embeddings

logger = logging.getLogger(__name__)

REFUSED = f"refused-{version('openvino')}.txt"
"""In a model's folder: why this OpenVINO cannot convert it, so that nobody tries again."""

_ASIDE = ".converting-"
_LEFTOVER_S = 3600
"""A conversion takes seconds: what is older was killed."""


class Runtime(Protocol):
    """Runs one model; prompts are already in the texts."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Embeddings: ...

    def input_vectors(self) -> Embeddings | None: ...


def choose_runtime(files: ModelFiles, models: Path | None, told: Callable[[str], None]) -> Runtime:
    """The fast runtime when its vectors of real sentences are those of the reference (cosine at least .999), else the reference.

    The converted model is kept in `models`, below the model's fingerprint; without `models`, or where it cannot be written, the
    model is converted for this process only. `told` gets a line when that takes a while.
    """
    if models is None:
        return _converted_for_now(files, told)
    kept = models / files.fingerprint
    for _ in range(2):
        prepare_model(files, models, told)
        if _is_refused(kept):
            return ReferenceRuntime(files)
        if not _is_converted(kept):
            break
        try:
            return _agreeing(files, FastRuntime(files, kept))
        except RuntimeError as error:
            logger.warning(
                "%s cannot be run by OpenVINO (%s); the slower route of sentence-transformers is used",
                files.name,
                error,
            )
            return ReferenceRuntime(files)
        except ModelError as error:
            logger.warning("%s; it is converted anew", error)
            shutil.rmtree(kept, ignore_errors=True)
    return _converted_for_now(files, told)


def prepare_model(files: ModelFiles, models: Path, told: Callable[[str], None]) -> None:
    """Convert the model into `models` if it is not there; without effect where that cannot be written."""
    kept = models / files.fingerprint
    if _is_converted(kept) or _is_refused(kept):
        return
    try:
        models.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(models)
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=models))
    except OSError as error:
        logger.warning("%s cannot be written (%s), so the converted model is not kept", models, error.strerror)
        return
    try:
        try:
            _convert(files, aside, told)
        except ModelError as error:
            logger.warning("%s; the slower route of sentence-transformers is used", error)
            (aside / REFUSED).write_text(f"{error}\n", encoding="utf-8")
        except ChildProcessError:
            return
        for path in (models, aside):
            path.chmod(0o755)  # the service may run as another user
        for path in aside.iterdir():
            path.chmod(0o644)
        sync_files(aside)
        if not _is_converted(kept):
            shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another process was faster
            aside.rename(kept)
        sync_folder(models)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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


def _remove_leftovers(models: Path) -> None:
    """Remove what conversions that were killed left behind."""
    for path in models.glob(f"{_ASIDE}*"):
        if time.time() - path.stat().st_mtime > _LEFTOVER_S:
            shutil.rmtree(path, ignore_errors=True)


def _converted_for_now(files: ModelFiles, told: Callable[[str], None]) -> Runtime:
    with tempfile.TemporaryDirectory() as folder:
        try:
            _convert(files, Path(folder), told)
        except (ModelError, ChildProcessError) as error:
            logger.warning("%s; the slower route of sentence-transformers is used", error)
            return ReferenceRuntime(files)
        return _agreeing(files, FastRuntime(files, Path(folder)))


def _convert(files: ModelFiles, folder: Path, told: Callable[[str], None]) -> None:
    told(f"converting {files.name} for this processor, once: some seconds")
    convert_apart(files, folder)


def _agreeing(files: ModelFiles, runtime: FastRuntime) -> Runtime:
    try:
        agreement = runtime.agreement()
    except RuntimeError as error:
        logger.warning(
            "%s cannot be run by OpenVINO (%s); the slower route of sentence-transformers is used", files.name, error
        )
        return ReferenceRuntime(files)
    if agreement >= LEAST_COSINE:
        return runtime
    logger.warning(
        "%s converted (%s) agrees with sentence-transformers only to %.4f; its slower route is used",
        files.name,
        runtime.name,
        agreement,
    )
    return ReferenceRuntime(files)
