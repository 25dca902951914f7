"""Who may read, and what everybody may at any time."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address

_OPEN = frozenset({"/healthz", "/readyz", "/widget.js", "/widget.css"})
_OPEN_FOLDER = "/static/"


class Reads(StrEnum):
    """Who may read."""

    AUTO = "auto"
    OPEN = "open"
    KEY = "key"

    def need_key(self, host: str) -> bool:
        """Whether a service bound to the host asks for a key: by itself one does that other machines reach."""
        return self is Reads.KEY or (self is Reads.AUTO and not is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to a host. A name is taken for another machine's, but for localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_always_open(path: str) -> bool:
    """What is asked for before there is a key: whether the process is well, and files that are the same for everybody."""
    return path in _OPEN or path.startswith(_OPEN_FOLDER)
