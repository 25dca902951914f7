"""Requests that no client sends: each is refused or answered as nothing special, at once, and the next reader notices nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from itertools import repeat

import pytest

from tests.faults.service import Service
from tests.hostile.wire import CLOSED, chunked, exchange, json_request, request

SOON_S = 5.0
LARGE = 25_000_000

HEADS: dict[str, bytes] = {
    "a header of 200 KB": request("GET", "/v1/search?q=a", "X-Long: " + "a" * 200_000),
    "10,000 headers": request("GET", "/v1/search?q=a", *(f"X-{number}: {number}" for number in range(10_000))),
    "an address of 200 KB": request("GET", "/v1/search?q=" + "a" * 200_000),
    "no version": b"GET /v1/search?q=a\r\n\r\n",
    "no address": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "a header without a name": request("GET", "/healthz", ": a"),
    "a header with a space in its name": request("GET", "/healthz", "X Y: a"),
    "a header with a NUL": request("GET", "/healthz", "X-Y: a\x00b"),
    "a header with a lone line end": request("GET", "/healthz", "X-Y: a\rb"),
    "two hosts": request("GET", "/healthz", "Host: other.example"),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "a line end in the address": request("GET", "/v1/articles/a\r\nX-Injected: 1"),
    "a raw byte in the address": request("GET", b"/v1/search?q=\xff\xfe\x00"),
}

SMUGGLED = b"GET /v1/stories HTTP/1.1\r\nHost: a\r\n\r\n"
POST = "POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
SMUGGLING: dict[str, bytes] = {
    "two lengths": f"{POST}Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n".encode() + SMUGGLED,
    "two lengths in one": f"{POST}Content-Length: 0, {len(SMUGGLED)}\r\n\r\n".encode() + SMUGGLED,
    "a length with a sign": f"{POST}Content-Length: +{len(SMUGGLED)}\r\n\r\n".encode() + SMUGGLED,
    "a length below nothing": f"{POST}Content-Length: -1\r\n\r\n".encode() + SMUGGLED,
    "a length that is no number": f"{POST}Content-Length: 0x10\r\n\r\n".encode() + SMUGGLED,
    "a length of another script": f"{POST}Content-Length: ".encode() + "١".encode() + b"\r\n\r\n" + SMUGGLED,
    "a length and chunks": f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    + b"0\r\n\r\n"
    + SMUGGLED,
    "chunks and a length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n".encode()
    + b"0\r\n\r\n"
    + SMUGGLED,
    "an unknown coding": f"{POST}Transfer-Encoding: xchunked\r\n\r\n".encode() + b"0\r\n\r\n" + SMUGGLED,
    "chunks twice": f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n".encode() + b"0\r\n\r\n" + SMUGGLED,
    "chunks that are hidden": f"{POST}Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n".encode()
    + b"0\r\n\r\n"
    + SMUGGLED,
    "chunks on a folded line": f"{POST}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n".encode()
    + b"0\r\n\r\n"
    + SMUGGLED,
    "a chunk of endless size": f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode() + b"f" * 40 + b"\r\n" + SMUGGLED,
    "a chunk of no size": f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode() + b"zz\r\n\r\n" + SMUGGLED,
}

BODIES: dict[str, str | bytes] = {
    "100,000 brackets": "[" * 100_000,
    "100,000 objects": '{"q":' * 100_000,
    "a number of 10,000 digits": '{"q": "a", "limit": ' + "9" * 10_000 + "}",
    "a number past all": '{"q": "a", "min_score": 1e999}',
    "not a number": '{"q": "a", "diversity": NaN}',
    "endless": '{"q": "a", "semantic_ratio": -Infinity}',
    "a limit that is true": '{"q": "a", "limit": true}',
    "no UTF-8": b'{"q": "\xff\xfe"}',
    "UTF-16": '{"q": "a"}'.encode("utf-16")[:-1],
    "no JSON": "q=ferry",
    "nothing": "",
    "the same name twice, wrong at last": '{"q": "a", "q": 1}',
    "an object for a text": '{"q": {"$ne": ""}}',
    "a question of a million marks": json.dumps({"q": "a" + "\u0301\u0327" * 500_000}),
    "an unknown name": '{"q": "a", "__proto__": {}}',
}

PATHS = (
    "/static/../settings.py", "/static/../../../../../../etc/passwd", "/static/%2e%2e/%2e%2e/settings.py",
    "/static/..%2f..%2fsettings.py", "/static/%252e%252e%252f%252e%252e%252fsettings.py", "/static/....//....//settings.py",
    "/static/..%5c..%5csettings.py", "/static//etc/passwd", "/static/%00search.js", "/static/search.js%00.css", "/static/.",
    "/static/%2fetc%2fpasswd", "//etc/passwd", "/v1/articles/..%2f..%2fetc%2fpasswd", "/v1/articles/%2e%2e%2f%2e%2e",
    "/v1/articles/a0/../../../etc/passwd", "/articles/..%2f..%2fkeys.json",
    "/stories/..%2farchive.sqlite", "/demo/..%2f..",
    "/v1/articles/%ff%fe",
    "/v1/articles/%00", "/v1/articles/a%00b/related", "/v1/stories/%ed%a0%80", "/widget/related/%C0%AE%C0%AE",
)  # fmt: skip

SYNTAX = (
    "'; DROP TABLE articles;--",
    "' OR '1'='1", "1; ATTACH DATABASE '/tmp/x' AS x", "\" OR \"\"=\"", "a%' ESCAPE '\\",
    "title:[* TO *]",
    "body:/(a+)+$/", "+a -b ^9 ~2", "*:*", "a AND (b OR", "\\", "\"", "((((((", "{!lucene}", "IN [a b]", "%00", "\x01", "null",
)  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_is_none_is_refused_at_once(service: Service, name: str) -> None:
    reply = exchange(service.port, HEADS[name], patience_s=SOON_S)
    assert reply.status in {400, 404, 413, 414, 422, 431, CLOSED}, reply.head
    assert reply.closed
    assert "X-Injected" not in reply.head


def test_ten_thousand_short_headers_are_as_good_as_none(service: Service) -> None:
    reply = exchange(service.port, request("GET", "/v1/search?q=ferry", *repeat("a: b", 9_000)), patience_s=SOON_S)
    assert reply.status == 200


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_request_is_never_taken_for_two(service: Service, name: str) -> None:
    """What follows a body whose end is in doubt is answered by nobody, and the connection is closed."""
    reply = exchange(service.port, SMUGGLING[name], patience_s=SOON_S)
    assert len(reply.statuses) <= 1, reply.raw[:500]
    assert reply.status in {400, 422, 501, CLOSED}
    assert '"stories"' not in reply.raw.decode("latin-1")
    assert reply.closed


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("target", ["/v1/search", "/v1/related"])
def test_a_body_that_is_none_is_refused_in_words(service: Service, target: str, name: str) -> None:
    reply = exchange(service.port, json_request("POST", target, BODIES[name]), patience_s=SOON_S)
    assert reply.status == 422, reply.raw[:500]
    assert json.loads(reply.body)["detail"]


@pytest.mark.parametrize(
    "name", ["100,000 brackets", "no UTF-8", "UTF-16", "a number of 10,000 digits", "not a number"]
)
def test_an_article_that_is_none_is_refused_in_words(service: Service, key: str, name: str) -> None:
    body = BODIES[name]
    reply = exchange(service.port, json_request("PUT", "/v1/articles/odd", body, key), patience_s=SOON_S)
    assert reply.status == 422, reply.raw[:500]
    nested = exchange(
        service.port, json_request("PUT", "/v1/articles/odd", '{"title": "a", "x": ' + "[" * 900 + "]" * 900 + "}", key)
    )
    assert nested.status in {200, 201, 422}


@pytest.mark.parametrize(
    "target", ["/v1/search", "/v1/related", "/v1/articles/a0", "/v1/articles:bulk", "/v1/articles/a0/takedown"]
)
def test_a_compressed_body_is_not_unpacked(service: Service, key: str, target: str) -> None:
    bomb = gzip.compress(b'{"q": "' + b"a" * 50_000_000 + b'"}')
    method = "PUT" if target.endswith("a0") else "POST"
    for coding in ("gzip", "GZIP, gzip", "deflate", "br", "zstd"):
        sent = json_request(method, target, bomb, key, f"Content-Encoding: {coding}")
        reply = exchange(service.port, sent, patience_s=SOON_S)
        assert reply.status in {415, CLOSED}
        assert reply.closed
    assert exchange(service.port, request("GET", "/healthz", "Content-Encoding: identity")).status == 200


def _many(size: int) -> Iterable[bytes]:
    return repeat(b"a" * 65536, size // 65536)


@pytest.mark.parametrize("target", ["/v1/search", "/v1/related", "/v1/articles/a0"])
def test_a_body_too_large_is_not_read(service: Service, key: str, target: str) -> None:
    method = "PUT" if target.endswith("a0") else "POST"
    head = request(method, target, key, "Content-Type: application/json", length=LARGE)
    stated = exchange(service.port, head, patience_s=SOON_S)
    assert (stated.status, stated.closed) == (413, True)
    open_ended = request(method, target, key, "Content-Type: application/json", "Transfer-Encoding: chunked")
    found = exchange(service.port, [open_ended, *chunked(_many(LARGE))], patience_s=4 * SOON_S)
    assert found.status in {413, CLOSED}
    assert found.closed


def test_a_line_too_long_for_an_article_stops_no_other(service: Service, key: str) -> None:
    lines = [
        b'{"id": "before", "title": "Before"}\n',
        b'{"id": "long", "title": "',
        *_many(LARGE),
        b'"}\n',
        b"[" * 100_000 + b"\n",
    ]
    lines += [b'{"id": "n", "title": "a", "x": NaN}\n', b'{"id": "s", "title": "\\ud800"}\n', b"\xff\xfe\n", b"\x00\n"]
    lines += [b'{"id": "../../etc", "title": "a"}\n', b'{"id": "after", "title": "After"}\n']
    head = request("POST", "/v1/articles:bulk", key, "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked")
    reply = exchange(service.port, [head, *chunked(lines)], patience_s=6 * SOON_S)
    assert reply.status == 200
    results = {json.loads(line)["line"]: json.loads(line) for line in reply.body.splitlines() if line.startswith("{")}
    assert [results[number]["status"] for number in (1, 2, 3, 4, 6, 7, 8, 9)] == [
        "created",
        *["rejected"] * 6,
        "created",
    ]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_service(service: Service, path: str) -> None:
    reply = exchange(service.port, request("GET", path), patience_s=SOON_S)
    assert reply.status in {400, 404, 422, CLOSED}, reply.head
    assert "root:" not in reply.body
    assert "BaseSettings" not in reply.body


@pytest.mark.parametrize("typed", SYNTAX)
def test_the_syntax_of_engines_is_only_text(service: Service, typed: str) -> None:
    asked = {
        "q": typed,
        "section": [typed],
        "tag": [typed],
        "author": [typed],
        "language": [typed],
        "facets": ["section"],
    }
    assert service.ask("POST", "/v1/search", asked).json()["total"]["value"] == 0
    assert service.ask("POST", "/v1/search", {"q": typed}).status == 200
    assert service.ask("POST", "/v1/related", {"title": typed, "like": [typed], "exclude": [typed]}).status in {
        404,
        422,
    }
    escaped = "".join(f"%{byte:02x}" for byte in typed.encode())
    assert service.ask("GET", f"/v1/articles/{escaped}").status == 404
    assert service.ask("GET", f"/v1/stories/{escaped}").status == 404
    assert service.ask("GET", f"/v1/suggest?q={escaped}").status == 200
    assert service.ask("GET", f"/v1/search?q=ferry&cursor={escaped}").status == 422


@pytest.mark.parametrize(
    "target",
    ["/v1/articles/{}", "/widget/related/{}", "/articles/{}", "/v1/articles/{}/related", "/{}", "/stories/{}/"],
)
def test_no_line_end_gets_into_the_head_of_an_answer(service: Service, target: str) -> None:
    for injected in (
        "a%0d%0aSet-Cookie:%20stolen=1",
        "a%0aSet-Cookie:%20stolen=1",
        "a%c4%8d%c4%8aSet-Cookie:%20stolen=1",
    ):
        reply = exchange(service.port, request("GET", target.format(injected)), patience_s=SOON_S)
        assert reply.status in {307, 308, 404}, reply.head
        assert not any(line.lower().startswith("set-cookie") for line in reply.head.splitlines())
        assert len(reply.statuses) == 1
