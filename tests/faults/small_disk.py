"""A disk of a few megabytes that can be filled up.

It is a tmpfs; to mount one a process must be root, or root of a namespace of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ROOT

_INSIDE = "DATELINE_IN_NAMESPACE"
_BLOCKS = (1 << 20, 1 << 16, 1 << 12)
"""Sizes of what is written to fill a disk, the last one a page, so that nothing is left."""


class SmallDisk:
    """Room that a filler takes up and gives back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, *, but_kb: int = 0) -> None:
        """Leave so much room, not one page unless asked; what others free meanwhile is taken by the next call."""
        with self._filler.open("ab", buffering=0) as filler:
            for block in _BLOCKS:
                while _written(filler.fileno(), block):
                    pass
            filler.truncate(max(0, self._filler.stat().st_size - but_kb * 1024))

    def free(self) -> None:
        self._filler.unlink()


def _written(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, bytes(size)) == size
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounted there until the end; raises PermissionError for a process that may not."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount(folder: Path) -> bool:
    """Whether this process may mount a disk there."""
    try:
        with small_disk(folder, 1):
            return True
    except (PermissionError, FileNotFoundError):
        return False


def run_as_root_of_a_namespace(test: str) -> None:
    """Run one test, by its pytest name, where it may mount; skips where there are no such namespaces, fails if it fails."""
    if _INSIDE in os.environ:
        pytest.skip("a tmpfs cannot be mounted here, not even by root of a namespace")
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        subprocess.run([*alone, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk needs root or user namespaces ({error})")
    done = subprocess.run(
        [*alone, sys.executable, "-m", "pytest", "-q", "-s", test],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, _INSIDE: "1"},
    )
    assert done.returncode == 0, done.stdout[-4000:]
    if "1 skipped" in done.stdout:
        pytest.skip("a tmpfs cannot be mounted here, not even by root of a namespace")
