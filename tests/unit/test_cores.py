"""Cores that workers of one machine share out among themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indexer.bulk.cores import take_cores
from tests.support import ROOT

TAKE = """
import os, sys
from indexer.bulk.cores import take_cores
held = take_cores(int(sys.argv[1]))
print(len(held), len(os.sched_getaffinity(0)), flush=True)
input()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="binds processes to cores")


def taken(folder: Path, cores: int) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that holds so many cores, how many it got, and how many it may use."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, str(cores)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"TMPDIR": str(folder)},
    )
    assert process.stdout
    return process, [int(word) for word in process.stdout.readline().split()]


def test_two_workers_have_other_cores_and_a_third_stays_as_it_is(tmp_path: Path) -> None:
    first, (_, all_cores) = taken(tmp_path, 0)
    first.communicate("\n", timeout=60)
    one, got = taken(tmp_path, 1)
    assert got == [1, 1]
    rest, got = taken(tmp_path, all_cores)
    assert got == ([all_cores - 1] * 2 if all_cores > 1 else [0, 1])
    none, got = taken(tmp_path, 1)
    assert got == [0, all_cores]
    for process in (one, rest, none):
        process.communicate("\n", timeout=60)
    again, got = taken(tmp_path, all_cores)
    assert got == [all_cores, all_cores]
    again.communicate("\n", timeout=60)


def test_a_folder_that_somebody_else_put_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("indexer.bulk.cores.os.getuid", lambda: 123)
    monkeypatch.setattr("indexer.bulk.cores.tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / "dateline-cores-123").symlink_to(tmp_path / "elsewhere")
    assert take_cores(1) == []
    assert list((tmp_path / "elsewhere").iterdir()) == []
