"""Whose turn it is: a pause between two requests to one host, and a longer one where the host asked for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from indexer.fetching.limits import Limits
from indexer.fetching.outcomes import Delay, Delayed

MAX_HOSTS = 2_000
"""Of the hosts asked before, those remembered."""


class HostTurns:
    """When each host may be asked next; `clock` tells seconds, `wait` pauses for some and says whether to stop."""

    def __init__(self, limits: Limits, clock: Callable[[], float], wait: Callable[[float], bool]) -> None:
        self._limits = limits
        self._clock = clock
        self._wait = wait
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def take(self, host: str) -> None:
        """Wait for the host's turn; raises Delayed when that would be long, or when asked to stop."""
        pause = self._free_at.get(host, 0.0) - self._clock()
        if pause > self._limits.max_turn_s:
            raise Delayed(Delay.ASKED_TO_WAIT, f"{host} asked to be left alone for {pause:,.0f} more seconds", pause)
        if self._wait(max(pause, 0.0)):
            raise Delayed(Delay.STOPPED, "stopped before it was asked for")

    def done(self, host: str, crawl_delay_s: float | None) -> None:
        """A request to the host has ended."""
        pause = max(self._limits.host_delay_s, min(crawl_delay_s or 0.0, self._limits.max_crawl_delay_s))
        self.hold(host, pause)

    def hold(self, host: str, seconds: float) -> None:
        """Leave the host alone for so long."""
        self._free_at[host] = max(self._free_at.get(host, 0.0), self._clock() + seconds)
        self._free_at.move_to_end(host)
        while len(self._free_at) > MAX_HOSTS:
            self._free_at.popitem(last=False)
