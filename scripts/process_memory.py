"""How much memory a process and those that it started hold of their own, read from /proc."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


class Memory:
    """Watches the processes that are there when it is made; those that come and go later (a build) do not count."""

    def __init__(self, pid: int) -> None:
        self.pids = _family(pid)

    def held_mb(self) -> float:
        """Resident memory that is not a file's, of all that still run, in MB."""
        return sum(_own_kb(pid) for pid in self.pids) / 1024


def _family(pid: int) -> list[int]:
    parents = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _own_kb(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)
