"""What every answer tells browsers not to do, and that no answer tells of the service's inside."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.layout import IndexFolder
from search_api.app import create_app
from search_api.keys import Keys, Scope
from search_api.routes import api, pages
from search_api.settings import Settings
from search_api.web.pages import POLICY
from tests.support import NOW, index_of, record


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        return index_of(tmp_path_factory.mktemp("inside"), [record(number) for number in range(8)])


@pytest.fixture(scope="module")
def key(index: IndexFolder) -> str:
    return Keys.of(index).add("desk", Scope.ADMIN, now=NOW)


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    settings = Settings(index=index.root, demo=["a0"], public_url="https://search.example", bulk_lines=3)  # type: ignore[arg-type]
    with TestClient(create_app(settings, clock=lambda: NOW), raise_server_exceptions=False) as client:
        yield client


EVERY_KIND = [
    "/",
    "/?q=ferry",
    "/?limit=abc",
    "/articles/a0",
    "/articles/none",
    "/articles/a0/related.rss",
    "/demo/",
    "/demo/a0",
    "/docs",
    "/openapi.json",
    "/widget.js",
    "/widget.css",
    "/widget/related/a0",
    "/widget/related/none",
    "/static/search.js",
    "/static/dateline.svg",
    "/static/none",
    "/static/",
    "/v1/search?q=ferry",
    "/v1/search",
    "/v1/articles/a0",
    "/v1/articles/a0/related?key=wrong",
    "/healthz",
    "/readyz",
    "/nowhere",
]


@pytest.mark.parametrize("path", EVERY_KIND)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_answer_says_what_browsers_shall_not_do(client: TestClient, method: str, path: str) -> None:
    for accept in ("*/*", "text/html"):
        headers = client.request(method, path, headers={"Accept": accept}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in ("no-referrer", "strict-origin-when-cross-origin")
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        if not path.startswith("/widget/related"):
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-frame-options"] == "DENY"
        is_shared = path.startswith("/widget") or path.endswith(".svg")
        assert headers["cross-origin-resource-policy"] == ("cross-origin" if is_shared else "same-origin")


def test_pages_keep_their_own_policies(client: TestClient) -> None:
    answer = client.get("/?q=ferry")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "sandbox" in client.get("/widget/related/a0").headers["content-security-policy"]
    assert client.get("/v1/search?q=ferry").headers["content-security-policy"].endswith("frame-ancestors 'none'")


def test_https_is_asked_for_only_where_readers_have_it(index: IndexFolder) -> None:
    for address in (None, "http://search.example"):
        settings = Settings(index=index.root, public_url=address)  # type: ignore[arg-type]
        answer = TestClient(create_app(settings, clock=lambda: NOW)).get("/healthz")
        assert "strict-transport-security" not in answer.headers


def test_the_page_of_the_api_may_load_what_it_names_and_no_more(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    loaded = re.findall(r'<script src="([^"]+)"', answer.text)
    (inline,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert policy["script-src"].split() == [*loaded, f"'sha256-{digest}'"]
    assert "unsafe" not in policy["script-src"]
    for address in re.findall(r'rel="stylesheet" href="([^"]+)"', answer.text):
        assert address in policy["style-src"]
    assert "/openapi.json" in inline
    assert client.get("/openapi.json").status_code == 200


WRONG: list[tuple[str, str, dict[str, Any]]] = [
    *(
        ("GET", path, {})
        for path in (
            "/v1/search?q=%00",
            "/v1/search?q=%ff%fe",
            "/v1/search?q=x&limit=99999999999999999999999999",
            "/v1/search?q=x&limit=NaN",
            "/v1/search?q=x&min_score=1e999",
            "/v1/search?q=x&from=99999999-01-01",
            "/v1/search?q=x&cursor=%00%ff",
            "/v1/search?q=x&section=" + "y" * 50_000,
            "/v1/search?" + "&".join(f"section={n}" for n in range(3000)),
            "/v1/search?q=" + "(" * 5000,
            "/v1/suggest?q=" + "%F0%9F%92%A9" * 2000,
            "/v1/articles/%00",
            "/v1/articles/..%2f..%2f..%2fetc%2fpasswd",
            "/v1/articles/" + "x" * 10_000,
            "/v1/articles/a0?version=9223372036854775808",
            "/v1/articles/a0/related?window=99999999999y",
            "/v1/related?url=file:///etc/passwd",
            "/v1/related?url=" + "http://x/" * 500,
            "/v1/stories?window=%00",
            "/v1/stories/..%2f..%2fkeys.json",
            "/v1/stories/%ff",
            "/articles/%2e%2e%2f%2e%2e",
            "/articles/a0?version=-1",
            "/widget/related/%00?lang=%ff",
            "/widget/related/a0?heading=" + "x" * 200,
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/..%2f..%2fkeys.json",
            "/static//etc/passwd",
            "/static/%00",
            "/static/%ff",
            "/static/" + "x" * 5000,
            "/demo/..%2f",
            "/?q=%00&section=%ff",
            "/healthz?x=%00",
            "/%00",
            "/%ff%fe",
        )
    ),
    *(
        ("POST", "/v1/search", {"content": content, "headers": {"Content-Type": kind}})
        for kind in (
            "application/json",
            "text/plain",
            "application/json; charset=utf-7",
            "multipart/form-data; boundary=x",
        )
        for content in (
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b'{"q": 1}',
            b'{"q": "\xff\xfe"}',
            b'{"q": "\\ud800"}',
            b'{"q": "\\u0000"}',
            b'{"q": NaN}',
            b'{"q": "x", "limit": 1e400}',
            b'{"q": "x", "limit": ' + b"9" * 5000 + b"}",
            b'{"q": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
            b'{"q": {"q": {}}}',
            b"\x00\x01",
        )
    ),
    *(
        ("POST", "/v1/related", {"json": body})
        for body in ({}, {"like": ["../../keys.json"]}, {"like": "a0"}, {"title": 1}, {"title": "x", "unlike": [None]})
    ),
    *(
        (method, path, {"content": content, "headers": {"Content-Type": "application/json"}})
        for method, path in (("PUT", "/v1/articles/..%2fx"), ("PUT", "/v1/articles/b"), ("POST", "/v1/generations"))
        for content in (
            b"{",
            b"[]",
            b'{"title": 1}',
            b'{"title": "\xff"}',
            b'{"published_at": "9999999"}',
            b'{"version": -1}',
        )
    ),
    ("POST", "/v1/articles/none/takedown", {"json": {"reason": "x"}}),
    ("POST", "/v1/articles/..%2f..%2f/takedown", {"json": {"reason": "\x00"}}),
    ("POST", "/v1/generations/99999999999999999999:activate", {}),
    ("POST", "/v1/generations/-1:activate", {}),
    ("POST", "/v1/generations", {"json": {"gate": "/etc"}}),
    ("POST", "/v1/generations", {"json": {"model": "../../etc"}}),
    ("DELETE", "/v1/articles/%00", {}),
    (
        "POST",
        "/v1/articles:bulk",
        {
            "content": b'{"id": "\xff"}\n[]\n\x00\n{"title": 1}\n{"id": "x"}\n',
            "headers": {"Content-Type": "application/x-ndjson"},
        },
    ),
    ("PATCH", "/v1/search", {}),
    ("TRACE", "/", {}),
]


def tells_of_the_inside(text: str, index: IndexFolder) -> list[str]:
    """What of an answer should have stayed inside."""
    words = [
        "Traceback",
        'File "',
        str(index.root),
        index.root.parent.name,
        "site-packages",
        str(Path.cwd()),
        sys.prefix,
    ]
    words += ["/search_api/", "/indexer/", ".sqlite", "keys.json cannot", "root:x:", "starlette"]
    return [word for word in words if word in text]


@pytest.mark.parametrize(("method", "path", "more"), WRONG)
def test_no_wrong_request_is_answered_with_what_is_inside(
    client: TestClient, index: IndexFolder, key: str, method: str, path: str, more: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {key}", **more.get("headers", {})}
    for accept in ("*/*", "text/html"):
        answer = client.request(method, path, **{**more, "headers": {**headers, "Accept": accept}})
        assert answer.status_code < 500
        assert not tells_of_the_inside(answer.text, index)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/v1/search?q=ferry", "/?q=ferry"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_an_unforeseen_error_tells_nothing_and_is_secured_too(
    client: TestClient, index: IndexFolder, monkeypatch: pytest.MonkeyPatch, path: str, accept: str
) -> None:
    def failing(*_: Any) -> Any:
        raise RuntimeError(f"cannot read {index.root}/archive.sqlite")

    monkeypatch.setattr(api, "search", failing)
    monkeypatch.setattr(pages, "search", failing)
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 500
    assert not tells_of_the_inside(answer.text, index)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def _without_archive(index: IndexFolder) -> None:
    for path in index.root.glob("archive.sqlite*"):
        path.unlink()


def _without_vectors(index: IndexFolder) -> None:
    shutil.rmtree(index.generation(1) / "vectors")


def _nonsense_archive(index: IndexFolder) -> None:
    _without_archive(index)
    index.archive.write_bytes(b"nonsense" * 1000)


def _nonsense_pointer(index: IndexFolder) -> None:
    (index.root / "CURRENT").write_text("../../etc\n")
    _without_vectors(index)


@pytest.mark.parametrize("harm", [_without_archive, _without_vectors, _nonsense_archive, _nonsense_pointer])
def test_a_damaged_index_is_not_described_to_readers(tmp_path: Path, harm: Any) -> None:
    index = index_of(tmp_path / "harmed-index", [record(number) for number in range(4)])
    key = Keys.of(index).add("desk", Scope.ADMIN, now=NOW)
    harm(index)
    app = create_app(Settings(index=index.root, fold_after=0), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        for accept in ("*/*", "text/html"):
            for path in ("/", "/?q=ferry", "/articles/a0", "/v1/search?q=ferry", "/v1/suggest?q=f", "/v1/articles/a0"):
                answer = client.get(path, headers={"Accept": accept})
                assert not tells_of_the_inside(answer.text, index), (path, answer.text)
            for path in ("/v1/articles/a0/related", "/widget/related/a0", "/v1/stories", "/v1/generations", "/readyz"):
                answer = client.get(path, headers={"Accept": accept})
                assert not tells_of_the_inside(answer.text, index), (path, answer.text)
        answer = client.put("/v1/articles/b", json={"title": "B"})
        assert not tells_of_the_inside(answer.text, index)


def test_a_bulk_write_is_read_to_its_limit_and_told_so(client: TestClient, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    for ending in (b"", b"\n"):
        for lines, not_read in ((2, 0), (3, 0), (4, 1), (500, 1)):
            content = b"\n".join(b'{"id": "n%d", "title": "Line %d"}' % (n, n) for n in range(lines)) + ending
            answer = client.post("/v1/articles:bulk", content=content, headers=headers)
            results = [line for line in answer.text.splitlines() if line]
            assert len(results) == min(lines, 3) + not_read
            assert ("a request may have 3 lines" in results[-1]) == bool(not_read)
            assert ('"line":4' in results[-1]) == bool(not_read)
    assert client.get("/v1/articles/n2").status_code == 200
    assert client.get("/v1/articles/n3").status_code == 404
