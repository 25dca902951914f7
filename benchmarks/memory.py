"""Resident memory and disk, as the kernel counts them."""

from __future__ import annotations

import re
from pathlib import Path


def process_mb(pid: int) -> float:
    """A process's resident memory; what it shares with others counts by its share (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def session_mb(session: int) -> float:
    """The resident memory of all processes of a session."""
    return sum(process_mb(pid) for pid in session_processes(session))


def session_processes(session: int) -> list[int]:
    """The processes that were started in a session and still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def disk_mb(folder: Path, *, but: str | None = None) -> float:
    """The size of all files below a folder, without one folder in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    counted = (path for path in files if path.relative_to(folder).parts[0] != but)
    return sum(path.stat().st_size for path in counted) / 1e6
