"""Worker processes as uvicorn starts them, but that the end of one is seen at once.

uvicorn asks each worker in turn for a sign of life, through a pipe of which it keeps the worker's end too: of one that ends while
it is asked it would hear nothing, and all that time heed neither signals nor the other workers.
"""

from __future__ import annotations

from uvicorn.supervisors import multiprocess


class Worker(multiprocess.Process):
    """One worker; the parent has no copy of its end of the pipe."""

    def start(self) -> None:
        super().start()
        self.child_conn.close()


def see_workers_end() -> None:
    """Have uvicorn start workers of this kind."""
    multiprocess.Process = Worker  # type: ignore[misc]
