from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fetching.addresses import AddressRule, is_public, permitted_ips, web_address
from indexer.fetching.outcomes import Declined, Refusal

PUBLIC = ("8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111")
PRIVATE = (
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
)
PRIVATE_IPV6 = ("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "2001::1", "100::1")

NO_ADDRESSES = (
    *("", "news.example/feed", "ftp://news.example/", "javascript:alert(1)", "http://", "http:///x", "http://[::1"),
    *("http://a:b@c.example/", "http://@c.example/", "http://c.example:99999/", "http://a b.example/"),
)


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_of_the_public_internet_may_be_asked(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE + PRIVATE_IPV6)
def test_private_shared_local_multicast_and_reserved_addresses_may_not(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", [*PRIVATE, *PUBLIC[:5]])
def test_an_ipv6_form_of_an_ipv4_address_is_as_public_as_that(text: str) -> None:
    number = int(IPv4Address(text))
    mapped, nat64 = (IPv6Address(int(IPv6Address(start)) + number) for start in ("::ffff:0:0", "64:ff9b::"))
    assert [is_public(ip) for ip in (mapped, nat64)] == [text in PUBLIC] * 2
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80) | 1)), "nothing relays 6to4 any more"


@given(st.ip_addresses(v=4))
def test_no_address_that_python_calls_private_passes_as_public(ip: IPv4Address) -> None:
    if ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved:
        assert not is_public(ip)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_python_calls_private_passes_as_public(ip: IPv6Address) -> None:
    if ip.ipv4_mapped is None and (ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast):
        assert not is_public(ip)


def test_a_named_network_may_be_asked_and_only_that() -> None:
    rule = AddressRule((ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")))
    asked = ("10.1.2.3", "fd00:1::5", "8.8.8.8", "10.2.0.1", "::1")
    assert [rule.permits(ip_address(text)) for text in asked] == [True, True, True, False, False]


def test_of_several_addresses_only_the_public_ones_are_connected_to() -> None:
    found = [ip_address(text) for text in ("10.0.0.1", "8.8.8.8", "::1")]
    address = web_address("https://news.example/")
    assert permitted_ips(address, AddressRule(), lambda _host, _port: found) == [ip_address("8.8.8.8")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTPS://News.Example.:443/a?b=1#c", "https://news.example/a?b=1"),
        ("http://news.example:8080", "http://news.example:8080/"),
        ("http://[2606:4700::1111]:81/x", "http://[2606:4700::1111]:81/x"),
        ("https://zeitung.example/straße?q=ä b", "https://zeitung.example/stra%C3%9Fe?q=%C3%A4%20b"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        (" https://news.example/%7Ea%2Fb?utm_source=x ", "https://news.example/%7Ea%2Fb?utm_source=x"),
    ],
)
def test_an_address_is_asked_for_in_its_ascii_spelling(text: str, expected: str) -> None:
    assert web_address(text).text == expected


@pytest.mark.parametrize("text", [*NO_ADDRESSES, "http://" + "a" * 3000])
def test_what_is_no_plain_web_address_is_declined(text: str) -> None:
    with pytest.raises(Declined) as raised:
        web_address(text)
    assert raised.value.why is Refusal.ADDRESS


@given(st.text())
def test_any_text_is_an_address_in_ascii_or_declined(text: str) -> None:
    base = web_address("https://news.example/a/b")
    for relative_to in (None, base):
        try:
            address = web_address(text, relative_to)
        except Declined:
            continue
        assert address.text.isascii()
        assert not set(address.text) & set("\r\n\t ")
