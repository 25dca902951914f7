"""Who may read and write, by key, by address bound to, by widget key."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from indexer.errors import IndexDamaged, SettingError
from indexer.layout import IndexFolder
from search_api import keys as keys_module
from search_api.app import create_app
from search_api.keys import Keys, Scope
from search_api.reads import Reads, is_always_open, is_loopback
from search_api.routes import api, demo, docs, health, pages, related, stories, upkeep, widget, writes
from search_api.settings import Settings
from search_api.starting import access_notice
from tests.faults.service import Service
from tests.support import NOW, command, index_of, record

NEWS = "https://news.example"

READS = [
    "/",
    "/?q=ferry",
    "/articles/a0",
    "/articles/a0/related.rss",
    "/widget/related/a0",
    "/docs",
    "/openapi.json",
    "/v1/search?q=ferry",
    "/v1/suggest?q=fer",
    "/v1/articles/a0",
    "/v1/articles/a0/related",
    "/v1/articles/a0/versions",
    "/v1/related?url=https://news.example/x",
    "/v1/stories",
    "/v1/generations",
]
LISTS = [
    "/v1/articles/a0/related",
    "/v1/related?url=https://news.example/x",
    "/widget/related/a0",
    "/articles/a0/related.rss",
]
OPEN = ["/healthz", "/readyz", "/widget.js", "/widget.css", "/static/search.js", "/static/dateline.svg"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        return index_of(tmp_path_factory.mktemp("access"), [record(number) for number in range(12)])


@pytest.fixture(scope="module")
def sent(index: IndexFolder) -> dict[Scope, dict[str, str]]:
    """For each scope the header with a key of it."""
    keys = Keys.of(index)
    made = {scope: keys.add(str(scope), scope, now=NOW) for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN)}
    made[Scope.WIDGET] = keys.add("pages", Scope.WIDGET, now=NOW, origins=[NEWS])
    return {scope: {"Authorization": f"Bearer {key}"} for scope, key in made.items()}


@pytest.fixture(scope="module")
def client(index: IndexFolder, sent: dict[Scope, dict[str, str]]) -> Iterator[TestClient]:
    """Of a service whose reads need a key."""
    assert sent
    app = create_app(Settings(index=index.root, reads=Reads.KEY), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def service_of(index: IndexFolder, **settings: Any) -> TestClient:
    return TestClient(
        create_app(Settings(index=index.root, **settings), clock=lambda: NOW), raise_server_exceptions=False
    )


@pytest.mark.parametrize("path", READS)
def test_a_read_needs_a_key_that_is_for_reading(
    client: TestClient, sent: dict[Scope, dict[str, str]], path: str
) -> None:
    for headers, status in (({}, 401), ({"Authorization": "Bearer dl_" + "x" * 43}, 401), (sent[Scope.WIDGET], 403)):
        answer = client.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert '"a3"' not in answer.text
        assert "/a3" not in answer.text
    for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN):
        answer = client.get(path, headers=sent[scope])
        assert answer.status_code == 200, scope
        directives = answer.headers["cache-control"].split(", ")
        assert "private" in directives
        assert "public" not in directives
        assert "Authorization" in answer.headers["vary"]


@pytest.mark.parametrize("path", OPEN)
def test_health_and_files_are_open_at_any_time(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "private" not in answer.headers.get("cache-control", "")
    assert client.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../v1/search?q=ferry",
        "/static/%2e%2e/v1/search?q=ferry",
        "//healthz",
        "/healthz/",
        "/HEALTHZ",
        "/metrics",
        "/v1/stats",
        "/nowhere",
    ],
)
def test_nothing_gets_by_on_a_path_that_looks_open(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (401, 404)
    assert "hits" not in answer.text
    assert answer.status_code == 401 or path.startswith("/static/")


def test_every_address_that_there_is_asks_for_a_key(client: TestClient) -> None:
    asked = 0
    for part in (api, demo, docs, health, pages, related, stories, upkeep, widget, writes):
        for route in part.router.routes:
            assert isinstance(route, APIRoute)
            method = "".join(route.methods or ())
            path = route.path.replace("{number}", "1").replace("{article_id}", "a0").replace("{story_id}", "s")
            if not is_always_open(path):
                assert client.request(method, path).status_code == 401, (method, path)
                asked += 1
    assert asked > 20


def test_a_key_for_reading_writes_nothing(client: TestClient, sent: dict[Scope, dict[str, str]]) -> None:
    for method, path in (("PUT", "/v1/articles/a0"), ("DELETE", "/v1/articles/a0"), ("POST", "/v1/articles:bulk")):
        body = {"title": "New"} if method == "PUT" else None
        assert client.request(method, path, headers=sent[Scope.READ], json=body).status_code == 403
    assert client.post("/v1/articles/a0/takedown", json={"reason": "x"}, headers=sent[Scope.WRITE]).status_code == 403
    assert client.get("/v1/articles/a0", headers=sent[Scope.READ]).status_code == 200
    assert client.post("/v1/search", json={"q": "ferry"}, headers=sent[Scope.READ]).json()["hits"]


def test_a_browser_is_refused_with_a_page(client: TestClient) -> None:
    answer = client.get("/articles/a0", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")
    assert answer.headers["content-type"].startswith("text/html")
    assert "A key is needed" in answer.text
    assert client.get("/v1/articles/a0", headers={"Accept": "text/html"}).json()["status"] == 401


@pytest.mark.parametrize("path", LISTS)
def test_a_widget_key_opens_lists_for_its_pages_and_nothing_else(
    client: TestClient, sent: dict[Scope, dict[str, str]], path: str
) -> None:
    key = sent[Scope.WIDGET]["Authorization"].removeprefix("Bearer ")
    with_key = f"{path}{'&' if '?' in path else '?'}key={key}"
    answer = client.get(with_key, headers={"Origin": NEWS})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == NEWS
    assert "private" in answer.headers["cache-control"]
    assert "public" not in answer.headers["cache-control"]
    assert client.get(with_key, headers={"Origin": "https://other.example"}).status_code == 403
    assert client.get(with_key).status_code == 403
    assert client.get(path, headers={"Origin": NEWS}).status_code == 401
    assert client.get(f"/v1/search?q=ferry&key={key}", headers={"Origin": NEWS}).status_code == 401


def test_open_reads_need_no_key_and_public_lists_may_be_kept_by_caches(index: IndexFolder) -> None:
    with service_of(index, host="0.0.0.0", reads="open") as client:
        for path in READS:
            assert client.get(path).status_code == 200
        assert client.get(LISTS[0]).headers["cache-control"].startswith("public")
        assert client.get(LISTS[0], headers={"Authorization": "Bearer wrong"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("news-desk.local", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_by_itself_a_service_asks_for_keys_where_other_machines_reach_it(host: str, is_open: bool) -> None:
    assert is_loopback(host) == is_open
    assert Reads.AUTO.need_key(host) != is_open
    assert Reads.KEY.need_key(host)
    assert not Reads.OPEN.need_key(host)


def test_a_revoked_key_counts_no_more_with_the_next_request(index: IndexFolder, client: TestClient) -> None:
    sent = {"Authorization": f"Bearer {Keys.of(index).add('brief', Scope.READ, now=NOW)}"}
    assert client.get("/v1/stories", headers=sent).status_code == 200
    Keys.of(index).revoke("brief")
    assert client.get("/v1/stories", headers=sent).status_code == 401


def test_a_wrong_key_is_compared_as_a_right_one_is(
    index: IndexFolder, client: TestClient, sent: dict[Scope, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def watched(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    class Watched:
        compare_digest = staticmethod(watched)

    monkeypatch.setattr(keys_module, "hmac", Watched)
    right = sent[Scope.READ]["Authorization"]
    assert client.get("/v1/stories", headers={"Authorization": right}).status_code == 200
    of_right, compared[:] = list(compared), []
    answer = client.get("/v1/stories", headers={"Authorization": right[:-1] + ("A" if right[-1] != "A" else "B")})
    assert answer.status_code == 401
    assert compared == of_right
    assert len(compared) % len(Keys.of(index).all()) == 0
    assert set(compared) == {(64, 64)}


def test_keys_that_cannot_be_read_open_nothing(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(4)])
    key = Keys.of(index).add("desk", Scope.ADMIN, now=NOW)
    Keys.of(index).path.write_text("{}", encoding="utf-8")
    with service_of(index, reads="key") as client:
        answer = client.get("/v1/stories", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 503
        assert str(index.root) not in answer.text
        assert client.get("/healthz").status_code == 200
    with service_of(index) as client:
        assert client.get("/v1/stories", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_the_description_says_who_may_ask(client: TestClient, sent: dict[Scope, dict[str, str]]) -> None:
    paths = client.get("/openapi.json", headers=sent[Scope.READ]).json()["paths"]
    search = paths["/v1/search"]["get"]
    assert {"401", "403", "429", "503"} <= search["responses"].keys()
    assert search["security"] == [{}, {"HTTPBearer": []}]
    assert "401" not in paths["/healthz"]["get"]["responses"]
    assert paths["/v1/articles/{article_id}"]["put"]["security"] == [{"HTTPBearer": []}]


def test_a_service_without_keys_is_bound_to_this_machine_only(tmp_path: Path) -> None:
    keys = Keys.of(IndexFolder(tmp_path))
    for reads in (Reads.AUTO, Reads.KEY):
        with pytest.raises(SettingError, match=r"not to 0\.0\.0\.0: make a key .*--scope read.*DATELINE_READS=open"):
            access_notice(keys, "0.0.0.0", reads)
    assert "nobody can write" in str(access_notice(keys, "0.0.0.0", Reads.OPEN))
    assert "open, on this machine only; writes need a key" in str(access_notice(keys, "::1", Reads.AUTO))
    assert "there are none yet" in str(access_notice(keys, "127.0.0.1", Reads.KEY))
    keys.add("desk", Scope.READ, now=NOW)
    for host in ("0.0.0.0", "127.0.0.1"):
        assert access_notice(keys, host, Reads.AUTO) is None
    keys.path.write_text("{}", encoding="utf-8")
    assert "cannot be read" in str(access_notice(keys, "127.0.0.1", Reads.AUTO))
    with pytest.raises(IndexDamaged, match="cannot be read"):
        access_notice(keys, "0.0.0.0", Reads.AUTO)


def test_the_command_refuses_to_serve_other_machines_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    done = command("serve", "--index", str(root), "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "holds no keys" in done.stderr
    assert "dateline keys --new NAME --scope read" in done.stderr
    monkeypatch.setenv("DATELINE_HOST", "0.0.0.0")
    assert command("serve", "--index", str(root), "--port", "0").returncode == 2


class Keyless(Service):
    """A service whose index holds no key."""

    def __enter__(self) -> Service:
        self.start()
        return self


def test_a_service_without_keys_says_that_reads_are_open_here(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(4)])
    with Keyless(index, tmp_path / "log", workers=1) as service:
        assert service.ask("GET", "/v1/stories").status == 200
        assert service.ask("PUT", "/v1/articles/a0", {"title": "New"}).status == 401
    assert service.log.count("Reads are open, on this machine only; writes need a key") == 1


def test_every_worker_of_a_service_for_other_machines_asks_for_a_key(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(4)])
    with Service(index, tmp_path / "log", workers=2, DATELINE_HOST="0.0.0.0") as service:
        address = f"http://127.0.0.1:{service.port}"
        for _ in range(10):
            assert httpx2.get(f"{address}/v1/stories").status_code == 401
            assert service.ask("GET", "/v1/stories").status == 200
        answer = httpx2.get(f"{address}/healthz")
        assert answer.status_code == 200
        assert "server" not in answer.headers
    assert "Reads are open" not in service.log
