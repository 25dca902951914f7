"""Which addresses may be asked: public web addresses, and the private networks that the operator names."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from indexer.fetching.outcomes import Declined, Delay, Delayed, Refusal

Ip: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str, int], Sequence[Ip]]

MAX_ADDRESS_CHARS = 2_000

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""The IANA special-purpose registry of IPv4, multicast and what is reserved for the future."""

_GLOBAL_IPV6 = ip_network("2000::/3")
_NOT_PUBLIC_IPV6 = tuple(
    ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
"""6to4 (2002::/16) among them, which nothing relays any more (RFC 7526)."""

_CARRIERS = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
"""IPv6 networks that stand for IPv4 ones (mapped, NAT64): the last 32 bits are the IPv4 address."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http(s) address taken apart, in the spelling in which it is asked for."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return f"{self.scheme}://{host}" if self.port == usual else f"{self.scheme}://{host}:{self.port}"

    @property
    def text(self) -> str:
        return f"{self.origin}{self.target}"


def web_address(text: str, relative_to: WebAddress | None = None) -> WebAddress:
    """The address that a text names; raises Declined for what is no plain http(s) address."""
    if len(text) > MAX_ADDRESS_CHARS:
        raise Declined(Refusal.ADDRESS, f"the address has {len(text):,} characters; the limit is {MAX_ADDRESS_CHARS:,}")
    try:
        parts = urlsplit(urljoin(relative_to.text, text.strip()) if relative_to else text.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise Declined(Refusal.ADDRESS, f"{text!r} is not a valid address; give an http(s) address") from None
    if parts.scheme not in ("http", "https") or not host or not host.isprintable() or " " in host:
        raise Declined(Refusal.ADDRESS, f"{text!r} is not an http(s) address; only those are fetched")
    if parts.username is not None or parts.password is not None:
        raise Declined(Refusal.ADDRESS, f"the address on {host} holds a user name or password; leave them out")
    target = _escaped(parts.path or "/") + (f"?{_escaped(parts.query)}" if parts.query else "")
    return WebAddress(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], target)


def _escaped(text: str) -> str:
    return quote(text, safe="/%:@!$&'()*+,;=~-._?[]", errors="replace")


@dataclass(frozen=True, slots=True)
class AddressRule:
    """Public addresses may be asked, private ones only in the networks of `allowed`."""

    allowed: tuple[Network, ...] = ()

    def permits(self, ip: Ip) -> bool:
        return any(ip in network for network in self.allowed) or is_public(ip)


def is_public(ip: Ip) -> bool:
    """Whether the address is one of the public internet: not private, shared, local, multicast, reserved or an example's.

    https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry. An IPv6 address that stands for
    an IPv4 one is as public as that one.
    """
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC)
    if any(ip in network for network in _CARRIERS):
        return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    return ip in _GLOBAL_IPV6 and not any(ip in network for network in _NOT_PUBLIC_IPV6)


def permitted_ips(address: WebAddress, rule: AddressRule, resolve: Resolve) -> list[Ip]:
    """The addresses that the host resolves to and that may be asked; raises Declined when there is none.

    The connection is made to one of these, so that a name that resolves to something else a moment later is no way in.
    """
    found = resolve(address.host, address.port)
    permitted = [ip for ip in found if rule.permits(ip)]
    if not permitted:
        shown = ", ".join(str(ip) for ip in found[:3])
        raise Declined(
            Refusal.PRIVATE,
            f"{address.host} is at {shown}, which is no public address; name its network as allowed to fetch from it",
        )
    return permitted


def resolved(host: str, port: int) -> list[Ip]:
    """Every address of a host, in the order in which to try them; raises Delayed when the name is not known."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Delayed(Delay.NETWORK, f"the name {host} cannot be resolved ({error})") from None
    return list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))
