from __future__ import annotations

import gzip
import socket
import ssl
import struct
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from indexer.fetching.addresses import AddressRule, Ip, resolved
from indexer.fetching.client import Fetcher, Surroundings
from indexer.fetching.limits import Limits
from indexer.fetching.outcomes import Delay, Fetched, Gone, NotModified, Outcome, Refusal, Refused, TryLater
from tests.integration.local_site import Asked, FakeTime, LocalSite, answer, redirect
from tests.support import NOW

HERE_ONLY = AddressRule((ip_network("127.0.0.1/32"),))
LIMITS = Limits(max_bytes=100_000)
HASTY = replace(LIMITS, read_s=1.5, total_s=2.5)
"""For servers that are slow on purpose; a busy machine makes any server this slow at times."""


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as started:
        yield started


@pytest.fixture
def times() -> FakeTime:
    return FakeTime()


@pytest.fixture
def fetcher(times: FakeTime) -> Fetcher:
    return Fetcher(rule=HERE_ONLY, limits=LIMITS, around=times.around())


@pytest.fixture
def hasty(times: FakeTime) -> Fetcher:
    return Fetcher(rule=HERE_ONLY, limits=HASTY, around=times.around())


def delayed(outcome: Outcome, why: Delay) -> TryLater:
    assert isinstance(outcome, TryLater), outcome
    assert outcome.why is why, outcome
    return outcome


def refused(outcome: Outcome, why: Refusal) -> Refused:
    assert isinstance(outcome, Refused), outcome
    assert outcome.why is why, outcome
    return outcome


def data(outcome: Outcome) -> bytes:
    assert isinstance(outcome, Fetched), outcome
    return outcome.data


def test_an_answer_comes_whole_with_what_its_headers_say(site: LocalSite, times: FakeTime) -> None:
    site.replies["/feed?x=1&y=%20"] = answer(
        "hello", etag='"v1"', last_modified="Mon, 01 Jun 2026 10:00:00 GMT", cache_control="public, max-age=900"
    )
    fetcher = Fetcher(
        contact="https://desk.example/about (us)\r\nX: y", rule=HERE_ONLY, limits=LIMITS, around=times.around()
    )
    address = f"{site.address}/feed?x=1&y= #part"
    assert fetcher.fetch(address) == Fetched(
        address,
        f"{site.address}/feed?x=1&y=%20",
        200,
        b"hello",
        "text/plain",
        '"v1"',
        "Mon, 01 Jun 2026 10:00:00 GMT",
        900.0,
    )
    headers = site.asked[-1].headers
    assert headers["host"] == f"127.0.0.1:{site.port}"
    assert headers["user-agent"].startswith("Dateline/")
    assert headers["user-agent"].endswith(" (+https://desk.example/about usX: y)")
    assert "cookie" not in headers
    assert "if-none-match" not in headers


def test_what_did_not_change_is_not_sent_again(site: LocalSite, fetcher: Fetcher) -> None:
    def reply(asked: Asked, connection: socket.socket) -> None:
        same = asked.headers.get("if-none-match") == '"v1"' or "if-modified-since" in asked.headers
        connection.sendall(answer(status=304, cache_control="max-age=60") if same else answer("new"))

    site.replies["/feed"] = reply
    assert data(fetcher.fetch(f"{site.address}/feed")) == b"new"
    assert data(fetcher.fetch(f"{site.address}/feed", etag='"v0"')) == b"new"
    assert fetcher.fetch(f"{site.address}/feed", etag='"v1"') == NotModified(f"{site.address}/feed", 60.0)
    dated = fetcher.fetch(f"{site.address}/feed", last_modified="Mon, 01 Jun 2026 10:00:00 GMT")
    assert isinstance(dated, NotModified)


def test_an_unasked_not_modified_is_no_answer(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/feed"] = answer(status=304)
    assert "status 304" in refused(fetcher.fetch(f"{site.address}/feed"), Refusal.STATUS).reason


def slow_headers(site: LocalSite) -> Callable[[Asked, socket.socket], None]:
    def reply(_: Asked, __: socket.socket) -> None:
        site.released.wait(5)

    return reply


def dripping(site: LocalSite, start: bytes) -> Callable[[Asked, socket.socket], None]:
    """Sends a start, then a byte every 20 ms: never silent for long."""

    def reply(_: Asked, connection: socket.socket) -> None:
        connection.sendall(start)
        while not site.released.wait(0.02):
            connection.sendall(b"x")

    return reply


def endless(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["in the headers", "in the body"]
)
def test_a_steady_drip_ends_at_the_total_limit(site: LocalSite, hasty: Fetcher, start: bytes) -> None:
    site.replies["/slow"] = dripping(site, start)
    started = time.monotonic()
    delayed(hasty.fetch(f"{site.address}/slow"), Delay.TIMEOUT)
    assert time.monotonic() - started < 2.5 + 2.5


def test_silence_ends_at_the_read_limit(site: LocalSite, hasty: Fetcher) -> None:
    site.replies["/silent"] = slow_headers(site)
    assert "1.5 seconds of silence" in delayed(hasty.fetch(f"{site.address}/silent"), Delay.TIMEOUT).reason


def test_an_answer_past_the_size_limit_is_refused_declared_or_endless(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/huge"] = answer(b"x" * 100_001)
    site.replies["/endless"] = endless
    site.replies["/fits"] = answer(b"x" * 100_000)
    assert "more than 100,000 bytes" in refused(fetcher.fetch(f"{site.address}/huge"), Refusal.TOO_LARGE).reason
    refused(fetcher.fetch(f"{site.address}/endless"), Refusal.TOO_LARGE)
    assert len(data(fetcher.fetch(f"{site.address}/fits"))) == 100_000


def test_compressed_answers_are_unpacked(site: LocalSite, fetcher: Fetcher) -> None:
    bare = zlib.compressobj(wbits=-15)
    site.replies["/gzip"] = answer(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", content_encoding="GZip")
    site.replies["/zlib"] = answer(zlib.compress(b"three"), content_encoding="deflate")
    site.replies["/bare"] = answer(bare.compress(b"four") + bare.flush(), content_encoding="deflate")
    fetched = [data(fetcher.fetch(f"{site.address}/{name}")) for name in ("gzip", "zlib", "bare")]
    assert fetched == [b"one two", b"three", b"four"]


def test_a_gzip_bomb_is_stopped_before_it_fills_memory(site: LocalSite, fetcher: Fetcher) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(60)) + packer.flush()
    assert len(bomb) < LIMITS.max_bytes
    site.replies["/bomb"] = answer(bomb, content_encoding="gzip")
    tracemalloc.start()
    outcome = fetcher.fetch(f"{site.address}/bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    refused(outcome, Refusal.TOO_LARGE)
    assert peak < 4 << 20


def test_damaged_compression_is_tried_again_later(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/broken"] = answer(b"not gzip at all", content_encoding="gzip")
    site.replies["/cut"] = answer(gzip.compress(b"x" * 5000)[:-12], content_encoding="gzip")
    delayed(fetcher.fetch(f"{site.address}/broken"), Delay.DAMAGED)
    delayed(fetcher.fetch(f"{site.address}/cut"), Delay.DAMAGED)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_an_encoding_that_was_not_asked_for_is_refused(site: LocalSite, fetcher: Fetcher, encoding: str) -> None:
    site.replies["/x"] = answer(b"\x0b\x02\x80hello\x03", content_encoding=encoding)
    assert repr(encoding) in refused(fetcher.fetch(f"{site.address}/x"), Refusal.ENCODING).reason
    assert site.asked[-1].headers["accept-encoding"] == "gzip, deflate"


def test_an_endless_video_is_refused_by_its_type_without_being_read(site: LocalSite, fetcher: Fetcher) -> None:
    def video(_: Asked, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: Video/mp4; x=y\r\n\r\n")
        site.released.wait(5)

    site.replies["/clip"] = video
    assert "video/mp4, not text" in refused(fetcher.fetch(f"{site.address}/clip"), Refusal.NOT_TEXT).reason


def test_redirects_are_followed_and_permanent_ones_reported(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies |= {"/a": redirect("/b", 301), "/b": redirect("c?d=1", 308), "/c?d=1": answer("there")}
    site.replies |= {"/t": redirect(f"{site.address}/b", 302)}
    moved, temporary = fetcher.fetch(f"{site.address}/a"), fetcher.fetch(f"{site.address}/t")
    assert isinstance(moved, Fetched)
    assert isinstance(temporary, Fetched)
    assert (moved.data, moved.final_address) == (b"there", f"{site.address}/c?d=1")
    assert (moved.moved_to, temporary.moved_to) == (f"{site.address}/c?d=1", None)


def test_five_redirects_are_followed_and_a_loop_is_not(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies |= {f"/{n}": redirect(f"/{n + 1}") for n in range(5)} | {
        "/5": answer("end"),
        "/loop": redirect("/loop"),
    }
    assert data(fetcher.fetch(f"{site.address}/0")) == b"end"
    assert "more than 5 redirects" in refused(fetcher.fetch(f"{site.address}/loop"), Refusal.REDIRECTS).reason
    assert site.targets().count("/loop") == 6


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://127.0.0.2/", Refusal.PRIVATE),
        ("http://10.1.2.3/admin", Refusal.PRIVATE),
        ("http://169.254.169.254/latest/meta-data", Refusal.PRIVATE),
        ("http://[::ffff:10.0.0.1]/", Refusal.PRIVATE),
        ("http://2130706434/", Refusal.PRIVATE),
        ("file:///etc/passwd", Refusal.ADDRESS),
        ("gopher://127.0.0.1/", Refusal.ADDRESS),
        ("http://user:secret@127.0.0.1/", Refusal.ADDRESS),
        ("http://[::1", Refusal.ADDRESS),
        ("", Refusal.STATUS),
    ],
)
def test_a_redirect_to_what_may_not_be_asked_is_not_followed(
    site: LocalSite, fetcher: Fetcher, to: str, why: Refusal
) -> None:
    site.replies["/out"] = redirect(to)
    outcome = refused(fetcher.fetch(f"{site.address}/out"), why)
    assert "secret" not in outcome.reason
    assert site.targets() == ["/out"]


def test_without_a_network_named_nothing_local_is_asked(site: LocalSite, times: FakeTime) -> None:
    outcome = Fetcher(limits=LIMITS, around=times.around()).fetch(f"http://localhost:{site.port}/")
    assert "no public address" in refused(outcome, Refusal.PRIVATE).reason
    assert site.asked == []


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to(site: LocalSite, times: FakeTime) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.2"]])

    def rebinding(host: str, port: int) -> list[Ip]:
        assert (host, port) == ("news.test", site.port)
        return [ip_address(text) for text in next(answers)]

    site.replies["/a"] = answer("by the checked address")
    fetcher = Fetcher(rule=HERE_ONLY, limits=LIMITS, around=times.around(rebinding))
    assert data(fetcher.fetch(f"http://news.test:{site.port}/a")) == b"by the checked address"
    assert site.asked[-1].headers["host"] == f"news.test:{site.port}"
    refused(fetcher.fetch(f"http://news.test:{site.port}/a"), Refusal.PRIVATE)
    assert site.targets() == ["/a"]


def test_a_name_without_an_address_is_tried_again_later(times: FakeTime) -> None:
    around = times.around(lambda _host, port: resolved("a" * 64 + ".test", port))
    outcome = Fetcher(limits=LIMITS, around=around).fetch("http://news.test/")
    assert ".test cannot be resolved" in delayed(outcome, Delay.ROBOTS_UNKNOWN).reason


def test_status_404_and_410_say_that_there_is_nothing(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/never-again"] = answer("x", status=410)
    outcomes = [fetcher.fetch(f"{site.address}/{name}") for name in ("nothing", "never-again")]
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Gone)] == [404, 410]
    site.replies["/paid"] = answer("x", status=402)
    assert "status 402" in refused(fetcher.fetch(f"{site.address}/paid"), Refusal.STATUS).reason


def test_retry_after_holds_the_whole_host_in_seconds_or_until_a_date(
    site: LocalSite, fetcher: Fetcher, times: FakeTime
) -> None:
    site.replies["/busy"] = answer(status=429, retry_after="120")
    site.replies["/down"] = answer(status=503, retry_after=format_datetime(NOW + timedelta(minutes=10), usegmt=True))
    site.replies["/else"] = answer("fine")
    assert delayed(fetcher.fetch(f"{site.address}/busy"), Delay.ASKED_TO_WAIT).retry_after_s == 120
    other = delayed(fetcher.fetch(f"{site.address}/else"), Delay.ASKED_TO_WAIT)
    assert "120 more seconds" in other.reason
    times.seconds = 1000 + 125
    later = delayed(fetcher.fetch(f"{site.address}/down"), Delay.ASKED_TO_WAIT)
    assert later.retry_after_s == pytest.approx(600 - 125)
    times.seconds = 1000 + 601
    assert data(fetcher.fetch(f"{site.address}/else")) == b"fine"
    assert site.targets() == ["/busy", "/down", "/else"]


def test_a_server_error_without_a_time_is_tried_again_later(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/down"] = answer(status=500)
    outcome = delayed(fetcher.fetch(f"{site.address}/down"), Delay.SERVER_ERROR)
    assert outcome.retry_after_s is None


def reset(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "reply",
    [
        reset,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbroken\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"\x00\x01\x02 this is not HTTP\r\n\r\n",
        b"",
    ],
    ids=["reset", "too short", "broken chunks", "huge header", "not HTTP", "nothing"],
)
def test_a_broken_transfer_is_tried_again_later(site: LocalSite, fetcher: Fetcher, reply: bytes) -> None:
    site.replies["/x"] = reply
    assert "the connection to 127.0.0.1 failed" in delayed(fetcher.fetch(f"{site.address}/x"), Delay.NETWORK).reason


def test_a_closed_port_is_tried_again_later(times: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = Fetcher(rule=HERE_ONLY, limits=LIMITS, around=times.around()).fetch(f"http://127.0.0.1:{port}/")
    assert "failed" in delayed(outcome, Delay.ROBOTS_UNKNOWN).reason


def test_chunks_and_an_empty_body_are_fine(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies["/chunks"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    site.replies["/empty"] = answer(b"")
    assert data(fetcher.fetch(f"{site.address}/chunks")) == b"abcde"
    assert data(fetcher.fetch(f"{site.address}/empty")) == b""


def test_the_charset_of_the_headers_counts_only_where_the_text_says_nothing_and_fits(
    site: LocalSite, fetcher: Fetcher
) -> None:
    cyrillic = "Паром вернулся".encode("cp1251")
    stated = b'<meta charset="windows-1251">' + cyrillic
    site.replies["/header"] = answer(cyrillic, content_type="text/html; charset=windows-1251")
    site.replies["/wrong"] = answer("Паром".encode(), content_type="text/html; charset=iso-8859-1")
    site.replies["/stated"] = answer(stated, content_type="text/html; charset=utf-8")
    site.replies["/unknown"] = answer(cyrillic, content_type="text/html; charset=klingon")
    assert data(fetcher.fetch(f"{site.address}/header")).decode() == "Паром вернулся"
    assert data(fetcher.fetch(f"{site.address}/wrong")).decode() == "Паром"
    assert data(fetcher.fetch(f"{site.address}/stated")) == stated
    assert data(fetcher.fetch(f"{site.address}/unknown")) == cyrillic


def test_a_host_is_left_alone_for_a_second_between_requests_and_as_long_as_its_crawl_delay(
    site: LocalSite, fetcher: Fetcher, times: FakeTime
) -> None:
    site.replies["/a"] = answer("a")
    for _ in range(3):
        fetcher.fetch(f"{site.address}/a")
    assert times.waits == [1.0, 1.0, 1.0]
    site.replies["/robots.txt"] = answer("User-agent: *\nCrawl-delay: 7\n")
    times.seconds += 25 * 3600
    fetcher.fetch(f"{site.address}/a")
    fetcher.fetch(f"{site.address}/a")
    assert times.waits[3:] == [1.0, 7.0]
    site.replies["/robots.txt"] = answer("User-agent: Dateline\nCrawl-delay: 86400\n")
    times.seconds += 25 * 3600
    fetcher.fetch(f"{site.address}/a")
    fetcher.fetch(f"{site.address}/a")
    assert times.waits[5:] == [1.0, 30.0]


def test_a_stop_ends_a_fetch_before_it_asks(site: LocalSite, fetcher: Fetcher, times: FakeTime) -> None:
    times.stop = True
    delayed(fetcher.fetch(f"{site.address}/a"), Delay.STOPPED)
    assert site.asked == []


def test_robots_txt_is_obeyed_read_once_a_day_and_at_every_hop(
    site: LocalSite, fetcher: Fetcher, times: FakeTime
) -> None:
    site.replies["/robots.txt"] = answer("User-agent: *\nDisallow: /\n\nUser-agent: dateline\nDisallow: /private\n")
    site.replies |= {"/open": answer("yes"), "/to-private": redirect("/private/x")}
    assert data(fetcher.fetch(f"{site.address}/open")) == b"yes"
    assert (
        "robots.txt disallows /private/x" in refused(fetcher.fetch(f"{site.address}/private/x"), Refusal.ROBOTS).reason
    )
    refused(fetcher.fetch(f"{site.address}/to-private"), Refusal.ROBOTS)
    assert [one.target for one in site.asked] == ["/robots.txt", "/open", "/to-private"]
    times.seconds += 24 * 3600 + 1
    site.replies["/robots.txt"] = answer("User-agent: *\nDisallow: /\n")
    refused(fetcher.fetch(f"{site.address}/open"), Refusal.ROBOTS)


def test_a_site_whose_robots_txt_cannot_be_had_is_left_alone_for_now(
    site: LocalSite, fetcher: Fetcher, times: FakeTime
) -> None:
    site.replies |= {"/robots.txt": answer(status=500), "/a": answer("a")}
    outcome = delayed(fetcher.fetch(f"{site.address}/a"), Delay.ROBOTS_UNKNOWN)
    assert outcome.retry_after_s == 600
    assert "answers with status 500" in outcome.reason
    delayed(fetcher.fetch(f"{site.address}/a"), Delay.ROBOTS_UNKNOWN)
    assert len(site.asked) == 1
    times.seconds += 601
    site.replies["/robots.txt"] = answer("nothing here", status=403)
    assert data(fetcher.fetch(f"{site.address}/a")) == b"a"


def test_a_site_whose_robots_txt_does_not_come_is_left_alone_for_now(site: LocalSite, hasty: Fetcher) -> None:
    site.replies |= {"/robots.txt": slow_headers(site), "/a": answer("a")}
    assert "took too long" in delayed(hasty.fetch(f"{site.address}/a"), Delay.ROBOTS_UNKNOWN).reason
    assert site.targets() == []


def test_of_a_huge_robots_txt_the_first_half_megabyte_counts(site: LocalSite, times: FakeTime) -> None:
    fetcher = Fetcher(rule=HERE_ONLY, around=times.around())
    padding = b"# nothing\n" * 60_000
    site.replies["/robots.txt"] = answer(b"User-agent: *\nDisallow: /first\n" + padding + b"Disallow: /last\n")
    site.replies["/last"] = answer("read")
    refused(fetcher.fetch(f"{site.address}/first"), Refusal.ROBOTS)
    assert data(fetcher.fetch(f"{site.address}/last")) == b"read"


def test_a_robots_txt_that_redirects_for_ever_forbids_nothing(site: LocalSite, fetcher: Fetcher) -> None:
    site.replies |= {"/robots.txt": redirect("/robots.txt"), "/a": answer("a")}
    assert data(fetcher.fetch(f"{site.address}/a")) == b"a"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of news.test that signs itself, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=news.test"
    arguments = [*made.split(), "-addext", "subjectAltName=DNS:news.test", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(arguments, check=True, capture_output=True)
    return cert, key


def test_https_verifies_the_name_though_the_address_is_given_and_never_falls_back_to_http(
    certificate: tuple[Path, Path], times: FakeTime
) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*certificate)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    around = times.around(lambda _host, _port: [ip_address("127.0.0.1")])
    fetcher = Fetcher(rule=HERE_ONLY, limits=LIMITS, tls=trusted, around=around)
    stranger = Fetcher(rule=HERE_ONLY, limits=LIMITS, around=around)
    with LocalSite(tls=server_side) as secure, LocalSite() as plain:
        secure.replies |= {"/a": answer("safe"), "/down": redirect(f"http://news.test:{plain.port}/a")}
        plain.replies |= {"/a": answer("open"), "/up": redirect(f"https://news.test:{secure.port}/a")}
        assert data(fetcher.fetch(f"https://news.test:{secure.port}/a")) == b"safe"
        assert data(fetcher.fetch(f"http://news.test:{plain.port}/up")) == b"safe"
        assert (
            "out of https" in refused(fetcher.fetch(f"https://news.test:{secure.port}/down"), Refusal.REDIRECTS).reason
        )
        wrong_name = delayed(fetcher.fetch(f"https://other.test:{secure.port}/a"), Delay.ROBOTS_UNKNOWN)
        assert "other.test" in wrong_name.reason
        assert "certificate" in wrong_name.reason
        untrusted = stranger.fetch(f"https://news.test:{secure.port}/a")
        assert "certificate" in delayed(untrusted, Delay.ROBOTS_UNKNOWN).reason
        assert plain.targets() == ["/up"]


def test_real_time_is_the_default() -> None:
    assert abs((Surroundings().now() - datetime.now(UTC)).total_seconds()) < 60
    assert Surroundings().wait(0) is False
