"""Who sends a request: from which address, with which key."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.datastructures import Headers

IPV6_PREFIX = 64
"""Bits of an IPv6 address that name one connection to the network: whoever has it has all addresses below."""


def bearer_of(headers: Headers) -> str | None:
    """The key of `Authorization: Bearer KEY`; None without one."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def counted_address(scope: dict[str, Any]) -> str | None:
    """The address that a request is counted under: IPv4 whole, IPv6 by its first 64 bits; None for this machine's own.

    Behind a proxy on this machine it is the one that the proxy names in X-Forwarded-For (uvicorn puts it there).
    """
    client = scope.get("client")
    try:
        address = ip_address(client[0] if client else "")
    except ValueError:  # a local socket has no address
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return None if address.is_loopback else str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped
    return None if address.is_loopback else str(address)
