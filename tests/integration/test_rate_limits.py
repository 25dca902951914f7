"""How many requests an address and a key may make."""

from __future__ import annotations

import asyncio
import logging
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from limits.aio.storage import Storage

from indexer.layout import IndexFolder
from search_api.app import create_app
from search_api.callers import counted_address
from search_api.keys import Keys, Scope
from search_api.rates import MOST_COUNTS, CountsInMemory, Policy, Rates, rate_of, storage_of
from search_api.settings import Settings
from tests.support import NOW, index_of, record

NEWS = "https://news.example"
PATH = "/v1/stories"
BROKEN: list[str] | None = ["async+broken"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        return index_of(tmp_path_factory.mktemp("rates"), [record(number) for number in range(8)])


Asked = Callable[..., TestClient]


@pytest.fixture
def asked(index: IndexFolder) -> Asked:
    """A service with such limits, as one address asks it; again with `of`, as another does."""

    def made(address: str, of: TestClient | None = None, **settings: Any) -> TestClient:
        app = of.app if of else create_app(Settings(index=index.root, **settings), clock=lambda: NOW)
        client = TestClient(app, raise_server_exceptions=False, client=(address, 5000))
        if of is None:
            state: Any = app
            state.state.library.refresh()
        return client

    return made


def test_an_address_is_told_where_it_stands_and_refused_past_its_limit(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="3/hour")
    for left in (2, 1, 0):
        answer = client.get(PATH)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"address";q=3;w=3600'
        assert answer.headers["ratelimit"].startswith(f'"address";r={left};t=3')
    answer = client.get(PATH)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["ratelimit"].startswith('"address";r=0;t=3')
    assert 3590 <= int(answer.headers["retry-after"]) <= 3600
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "more than 3 requests in 3600 s" in answer.json()["detail"]
    assert asked("203.0.113.8", client).get(PATH).status_code == 200


def test_a_window_ends(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="1/second")
    assert client.get(PATH).status_code == 200
    answers = (client.get(PATH) for _ in range(20))  # on a slow machine each may come in a window of its own
    refused = next(answer for answer in answers if answer.status_code == 429)
    time.sleep(int(refused.headers["retry-after"]))
    assert client.get(PATH).status_code == 200


def test_a_page_is_refused_as_a_page(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="1/hour")
    client.get("/")
    answer = client.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("::ffff:203.0.113.7", 1), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::", 1), "2001:db8:1:3::/64"),
        (("127.0.0.1", 1), None),
        (("::1", 1), None),
        (("::ffff:127.0.0.1", 1), None),
        (("", 1), None),
        (None, None),
    ],
)
def test_ipv6_counts_by_connection_and_this_machine_not_at_all(
    client: tuple[str, int] | None, counted: str | None
) -> None:
    assert counted_address({"client": client}) == counted


def test_this_machine_health_and_files_are_not_counted(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="1/hour")
    for _ in range(3):
        for path in ("/healthz", "/readyz", "/static/search.js", "/widget.js"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
    local = asked("127.0.0.1", client)
    for _ in range(3):
        answer = local.get(PATH)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
    assert client.get(PATH).status_code == 200


def test_a_key_has_a_count_of_its_own_wherever_it_is_used(index: IndexFolder, asked: Asked) -> None:
    keys = Keys.of(index)
    keyed = [{"Authorization": f"Bearer {keys.add(name, Scope.READ, now=NOW)}"} for name in ("one", "other")]
    client = asked("203.0.113.7", rate_address="1/hour", rate_key="2/hour")
    assert client.get(PATH).status_code == 200
    assert client.get(PATH).status_code == 429
    first = client.get(PATH, headers=keyed[0])
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=3600'
    assert asked("127.0.0.1", client).get(PATH, headers=keyed[0]).status_code == 200
    assert asked("198.51.100.1", client).get(PATH, headers=keyed[0]).status_code == 429
    assert client.get(PATH, headers=keyed[1]).status_code == 200


def test_readers_with_a_widget_key_count_by_address(index: IndexFolder, asked: Asked) -> None:
    key = Keys.of(index).add("site", Scope.WIDGET, now=NOW, origins=[NEWS])
    client = asked("203.0.113.7", rate_address="1/hour", rate_key="1/hour")
    for address in ("203.0.113.7", "203.0.113.8"):
        answer = asked(address, client).get(f"/v1/articles/a0/related?key={key}", headers={"Origin": NEWS})
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"].startswith('"address"')
        assert "RateLimit" in answer.headers["access-control-expose-headers"]


def test_wrong_keys_are_few_and_a_right_one_is_let_through_for_all_that(index: IndexFolder, asked: Asked) -> None:
    right = {"Authorization": f"Bearer {Keys.of(index).add('guessed', Scope.READ, now=NOW)}"}
    client = asked("203.0.113.7", reads="key", rate_wrong_keys="3/hour")
    tries: list[dict[str, Any]] = [
        {"url": PATH, "headers": {"Authorization": "Bearer dl_" + "x" * 43}},
        {"url": "/v1/articles/a0/related?key=dl_wrong", "headers": {"Origin": NEWS}},
        {"url": "/v1/articles/a0", "headers": {"Authorization": "Bearer a"}},
    ]
    assert client.get(PATH).status_code == 401
    for each in tries:
        assert client.get(**each).status_code == 401
    for each in tries:
        answer = client.get(**each)
        assert answer.status_code == 429
        assert answer.headers["ratelimit-policy"] == '"wrong-keys";q=3;w=3600'
    assert client.get(PATH, headers=right).status_code == 200
    assert asked("203.0.113.8", client).get(PATH, headers=right).status_code == 200
    assert client.get(PATH).status_code == 401


def test_a_wrong_key_where_reads_are_open_is_not_held_against_anybody(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_wrong_keys="1/hour")
    for _ in range(3):
        answer = client.get(PATH, headers={"Authorization": "Bearer of-some-proxy"})
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"].startswith('"address"')


def test_an_empty_limit_is_none(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="", rate_key="", rate_wrong_keys="")
    for _ in range(5):
        assert "ratelimit" not in client.get(PATH).headers


def test_pages_of_allowed_origins_may_read_where_they_stand(asked: Asked) -> None:
    client = asked("203.0.113.7", rate_address="1/hour", cors_origins=[NEWS])
    for status in (200, 429):
        answer = client.get(PATH, headers={"Origin": NEWS})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == NEWS
        assert answer.headers["access-control-expose-headers"] == "RateLimit, RateLimit-Policy, Retry-After"
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization", "Origin": NEWS}
    assert client.options(PATH, headers=asks).status_code == 200


class Broken(Storage):
    """A storage whose server is gone, or does not answer."""

    STORAGE_SCHEME = BROKEN

    def __init__(self, uri: str = "", **_: str) -> None:
        super().__init__(uri)
        self.hangs = "hangs" in uri

    @property
    def base_exceptions(self) -> type[Exception]:
        return ConnectionError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        if self.hangs:
            await asyncio.sleep(60)
        raise ConnectionError(f"nobody is there to count {key} ({amount}, {expiry})")

    async def get(self, key: str) -> int:
        return await self.incr(key, 0)

    async def get_expiry(self, key: str) -> float:
        return await self.incr(key, 0)

    async def check(self) -> bool:
        return False

    async def reset(self) -> int | None:
        return None

    async def clear(self, key: str) -> None:
        await self.incr(key, 0)


@pytest.mark.parametrize("uri", ["broken://x", "broken://hangs"])
def test_a_storage_that_fails_stops_nobody_and_is_logged_once_in_a_while(
    asked: Asked, caplog: pytest.LogCaptureFixture, uri: str
) -> None:
    client = asked("203.0.113.7", rate_address="1/hour", rate_storage=uri)
    started = time.monotonic()
    with caplog.at_level(logging.ERROR, "search_api.rates"):
        for _ in range(10):
            answer = client.get(PATH)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
    assert len([one for one in caplog.records if "are not counted" in one.message]) == 1
    assert time.monotonic() - started < 5


def test_counts_in_memory_are_bounded_and_what_ended_goes_first() -> None:
    async def counted() -> None:
        storage = CountsInMemory(most=100)
        rates = Rates(storage, {Policy.ADDRESS: rate_of("2/hour")})
        for number in range(1000):
            await rates.counted(Policy.ADDRESS, f"10.0.{number // 256}.{number % 256}")
            assert len(storage) <= 100
        newest = await rates.counted(Policy.ADDRESS, "10.0.3.231")
        assert newest is not None
        assert newest.left == 0
        brief = CountsInMemory(most=100)
        for number in range(50):
            await brief.incr(str(number), 0)
        await brief.incr("last", 60)
        assert len(brief) == 1

    asyncio.run(counted())


def test_as_many_counts_as_are_held_take_little_memory() -> None:
    async def filled() -> None:
        rates = Rates(storage, {Policy.ADDRESS: rate_of("1200/minute")})
        for number in range(MOST_COUNTS):
            await rates._count(Policy.ADDRESS, f"2001:db8:{number:x}:2::/64")

    storage = CountsInMemory()
    tracemalloc.start()
    asyncio.run(filled())
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(storage) == MOST_COUNTS
    assert held < 30e6


@pytest.mark.parametrize(
    "text", ["fast", "1200", "0/minute", "-1/minute", "12/fortnight", "1/minute and more", "9/second;99/hour"]
)
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number of requests and a time"):
        rate_of(text)


def test_a_storage_that_is_none_is_refused_by_its_scheme(tmp_path: Path) -> None:
    assert isinstance(storage_of("memory://"), CountsInMemory)
    for uri in ("", "nowhere://x", str(tmp_path)):
        with pytest.raises(ValueError, match="expected memory://, or an address such as redis://"):
            storage_of(uri)
