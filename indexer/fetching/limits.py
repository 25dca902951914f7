"""How much a fetch may take of time, of memory and of other people's servers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of every request; docs/live-feeds.md shows them in a table."""

    connect_s: float = 10
    """To connect, and again for the TLS handshake."""
    read_s: float = 15
    """Between two pieces of an answer."""
    total_s: float = 30
    """From the connection to the last byte of one answer, however steadily it drips."""
    max_bytes: int = 10 << 20
    """Of an answer, both as sent and without its compression."""
    max_redirects: int = 5
    host_delay_s: float = 1
    """From the end of one request to the start of the next one to the same host."""
    max_crawl_delay_s: float = 30
    """A longer Crawl-delay in robots.txt is taken as this."""
    max_turn_s: float = 60
    """A fetch that would have to wait longer for its host's turn is put off instead."""
