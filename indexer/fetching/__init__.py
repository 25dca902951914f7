"""The polite side of the network: addresses fetched within limits, feeds watched."""

from indexer.fetching.addresses import AddressRule
from indexer.fetching.client import Fetcher, Surroundings
from indexer.fetching.feed_state import FeedStates
from indexer.fetching.limits import Limits
from indexer.fetching.polls import Polled, PollResult
from indexer.fetching.stopping import Stop
from indexer.fetching.watching import Watch

__all__ = [
    "AddressRule",
    "FeedStates",
    "Fetcher",
    "Limits",
    "PollResult",
    "Polled",
    "Stop",
    "Surroundings",
    "Watch",
]
