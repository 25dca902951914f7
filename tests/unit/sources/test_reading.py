from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.sources import ReadPosition, read_files
from indexer.sources.items import Reading
from indexer.sources.reading import LEAST_PAGES
from tests.support import NOW, ROOT, children, record, write_jsonl

PAGES = LEAST_PAGES + 6


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for number in range(PAGES):
        path = tmp_path / f"{number:03}.html"
        text = record(number)["body"].replace("\n\n", "</p><p>")
        path.write_text(
            "" if number == 5 else f"<html><body><h1>Report {number}</h1><p>{text}</p><p>{text}</p></body></html>"
        )
        made.append(path)
    made.insert(40, write_jsonl(tmp_path / "between.jsonl", [record(1000), "broken"]))
    return made


def test_several_processes_yield_what_one_does_in_the_same_order(files: list[Path]) -> None:
    alone = list(read_files(files, Reading(NOW), processes=1))
    assert list(read_files(files, Reading(NOW), processes=2)) == alone
    assert len(alone) == PAGES + 2


@pytest.mark.parametrize("processes", [1, 2])
def test_the_position_grows_with_the_bytes_that_were_read(files: list[Path], processes: int) -> None:
    noise = random.Random(5)
    records = [record(number) | {"body": noise.randbytes(1000).hex()} for number in range(300)]
    lines = write_jsonl(files[0].with_name("long.jsonl"), records)
    packed = lines.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(lines.read_bytes()))
    gone = files[0].with_name("gone.jsonl")
    position = ReadPosition([*files, packed, gone])
    places = [
        position.at for _ in read_files([*files, packed, gone], Reading(NOW), position=position, processes=processes)
    ]
    assert places == sorted(places)
    assert len({place for place in places if place > position.of - packed.stat().st_size}) > 1
    assert position.at == position.of == sum(path.stat().st_size for path in [*files, packed])


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_the_processes_end_with_the_one_that_is_killed(files: list[Path]) -> None:
    script = (
        "import sys, time; from pathlib import Path; from datetime import datetime, UTC\n"
        "from indexer.sources import read_files; from indexer.sources.items import Reading\n"
        "if __name__ == '__main__':\n"
        "    items = read_files(sorted(map(Path, sys.argv[1:])), Reading(datetime.now(UTC)), processes=2)\n"
        "    next(items); print('begun', flush=True); time.sleep(60)\n"
    )
    path = files[0].with_name("reader.py")
    path.write_text(script)
    arguments = [sys.executable, str(path), *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    workers = children(process.pid)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    deadline = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker for worker in workers if alive(worker)]
