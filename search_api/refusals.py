"""What the service refuses for its own sake, each with the time after which to ask again.

DatelineError
└── TryLater
    ├── TooManyRequests     more requests than one address or key may make
    └── TookTooLong         a read that took longer than the service lets one take
"""

from __future__ import annotations

from indexer.errors import DatelineError


class TryLater(DatelineError):
    """Nothing is wrong with the request; it may be sent again after `retry_after_s`."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(TryLater):
    """An address or a key made more requests than it may."""


class TookTooLong(TryLater):
    """A read was given up; what it was doing may still go on."""
