from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexBusy
from indexer.fetching import AddressRule, FeedStates, Fetcher, Polled, PollResult, Watch, taking
from indexer.fetching import feed_content as reading
from indexer.sources.feed_list import FeedAddress
from indexer.types import Found, Reject
from tests.integration.local_site import Asked, FakeTime, LocalSite, answer
from tests.support import NOW, ROOT

HERE_ONLY = AddressRule((ip_network("127.0.0.1/32"),))
TEXT = "The ferry came back to the harbour on Monday with lorries on its deck, and nobody was hurt. " * 4


@dataclass
class Desk:
    """A watch over one site, with what it handed on."""

    site: LocalSite
    folder: Path
    times: FakeTime = field(default_factory=FakeTime)
    pages: bool = False
    taken: list[list[Found | Reject]] = field(default_factory=list)
    trouble: Exception | None = None
    """Raised by the next take in place of storing."""

    def take(self, items: Sequence[Found | Reject]) -> None:
        if self.trouble:
            raise self.trouble
        self.taken.append(list(items))

    def watch(self, *targets: str, section: str | None = None) -> Watch:
        feeds = [FeedAddress(f"{self.site.address}{target}", None, section) for target in targets or ("/feed",)]
        around = self.times.around()
        fetcher = Fetcher(rule=HERE_ONLY, around=around)
        states = FeedStates(self.folder)
        return Watch(feeds, fetcher, states, self.take, around.now, around.wait, self.pages, lambda: 0.5)

    def poll(self, target: str = "/feed", section: str | None = None) -> Polled:
        """Polls the one feed, once it is due."""
        watch = self.watch(target, section=section)
        due = watch.states.load(f"{self.site.address}{target}").next_poll_at
        if due:
            self.times.seconds = max(self.times.seconds, 1000 + (due - NOW).total_seconds())
        (polled,) = watch.once()
        return polled

    def titles(self) -> list[str]:
        return [item.article.title for batch in self.taken for item in batch if isinstance(item, Found)]

    def articles(self) -> dict[str, Any]:
        return {item.article.title: item.article for batch in self.taken for item in batch if isinstance(item, Found)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with LocalSite() as site:
        yield Desk(site, tmp_path)


def lines(*records: dict[str, Any] | str) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in records)


def item(desk: Desk, number: int, **facts: Any) -> dict[str, Any]:
    summary = {"extent": "summary", "body": f"Summary of story {number}."}
    return {
        "title": f"Story {number}",
        "url": f"{desk.site.address}/story/{number}",
        "language": "en",
        **summary,
        **facts,
    }


def page(title: str, head: str = "") -> bytes:
    html = f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1><p>{TEXT}</p></article></body></html>"
    return answer(html, content_type="text/html; charset=utf-8")


def test_new_and_changed_items_are_handed_on_once(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1), item(desk, 2)))
    first = desk.poll()
    assert (first.result, first.items) == (PollResult.TAKEN, 2)
    assert desk.poll().items == 0
    desk.site.replies["/feed"] = answer(lines(item(desk, 3), item(desk, 2, title="Story 2, corrected"), item(desk, 1)))
    assert desk.poll().items == 2
    assert desk.titles() == ["Story 1", "Story 2", "Story 3", "Story 2, corrected"]


def test_the_section_of_the_list_is_given_to_items_without_one(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1), item(desk, 2, section="Sport")))
    desk.poll(section="World")
    assert {title: article.section for title, article in desk.articles().items()} == {
        "Story 1": "World",
        "Story 2": "Sport",
    }


def test_an_unchanged_feed_is_asked_for_conditionally_after_a_restart_too(desk: Desk) -> None:
    def reply(asked: Asked, connection: socket.socket) -> None:
        same = asked.headers.get("if-none-match") == 'W/"7"'
        connection.sendall(answer(status=304) if same else answer(lines(item(desk, 1)), etag='W/"7"'))

    desk.site.replies["/feed"] = reply
    results = [desk.poll().result for _ in range(3)]
    assert results == [PollResult.TAKEN, PollResult.NOT_MODIFIED, PollResult.NOT_MODIFIED]
    assert desk.titles() == ["Story 1"]


def test_a_feed_that_changes_is_polled_more_often_and_one_that_does_not_less(desk: Desk) -> None:
    gaps = []
    for number in range(4):
        desk.site.replies["/feed"] = answer(lines(item(desk, number)))
        polled = desk.poll()
        assert polled.next_poll_at
        gaps.append((polled.next_poll_at - desk.times.now()).total_seconds() / 60)
    assert gaps == pytest.approx([7.5, 5, 5, 5])
    for _ in range(20):
        polled = desk.poll()
    assert polled.next_poll_at
    assert polled.next_poll_at - desk.times.now() == timedelta(hours=6)


def test_a_feed_that_says_how_long_it_is_fresh_is_left_alone_for_so_long(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)), cache_control="max-age=3600")
    polled = desk.poll()
    assert polled.next_poll_at == desk.times.now() + timedelta(hours=1)


def test_failures_back_off_and_success_ends_that(desk: Desk) -> None:
    pauses = []
    desk.site.replies["/feed"] = answer(status=404)
    for _ in range(12):
        polled = desk.poll()
        assert polled.result is PollResult.FAILED
        assert polled.next_poll_at
        pauses.append((polled.next_poll_at - desk.times.now()).total_seconds() / 60)
    assert pauses[:4] == pytest.approx([5, 10, 20, 40])
    assert pauses[-1] == pytest.approx(24 * 60)
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)))
    assert desk.poll().items == 1
    assert desk.watch().states.load(f"{desk.site.address}/feed").failures == 0


def test_a_feed_is_not_polled_before_the_time_its_host_asked_for(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(status=429, retry_after="7200")
    polled = desk.poll()
    assert polled.next_poll_at == desk.times.now() + timedelta(hours=2)
    assert desk.watch().once() == []


def test_a_feed_that_is_gone_is_never_polled_again(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(status=410)
    assert desk.poll().result is PollResult.GONE
    desk.times.seconds += 365 * 24 * 3600
    assert desk.watch().once() == []
    reports: list[Polled] = []
    desk.watch().run(reports.append)
    assert reports == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (page("Sign in"), "the address holds html, not a feed"),
        (answer(""), "the answer is empty"),
        (answer(b"\x89PNG" + b"\0" * 100), "the address holds binary data, not a feed"),
        (answer("Under maintenance"), "the address holds page-text, not a feed"),
        (answer(b"\x1f\x8b\x08broken"), "compression is damaged"),
    ],
    ids=["a page", "nothing", "a picture", "text", "broken gzip"],
)
def test_what_is_no_feed_is_a_failure_and_no_article(desk: Desk, reply: bytes, reason: str) -> None:
    desk.site.replies["/feed"] = reply
    polled = desk.poll()
    assert polled.result is PollResult.FAILED
    assert reason in polled.reason
    assert desk.taken == []


def test_a_bad_item_is_reported_once_and_counted_at_every_poll(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1), "{broken"))
    assert desk.poll().rejects == 1
    desk.site.replies["/feed"] = answer(lines(item(desk, 2), item(desk, 1), "{broken"))
    assert desk.poll().rejects == 1
    rejects = [one for batch in desk.taken for one in batch if isinstance(one, Reject)]
    assert [(reject.source, reject.place) for reject in rejects] == [(f"{desk.site.address}/feed", "line 2")]


def test_a_feed_without_end_is_cut_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ITEMS", 3)
    desk.site.replies["/feed"] = answer(lines(*(item(desk, number) for number in range(5))))
    assert desk.poll().items == 3
    (reject,) = [one for batch in desk.taken for one in batch if isinstance(one, Reject)]
    assert "more than 3 items" in reject.reason


def test_items_that_cannot_be_stored_now_come_again(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)), etag='"1"')
    desk.trouble = IndexBusy("process 7 is writing")
    polled = desk.poll()
    assert (polled.result, polled.reason) == (PollResult.INDEX_BUSY, "process 7 is writing")
    assert polled.next_poll_at == desk.times.now() + timedelta(minutes=1)
    desk.trouble = None
    assert desk.poll().items == 1


def test_what_was_not_stored_when_the_watch_died_comes_again_and_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH_ITEMS", 2)
    desk.site.replies["/feed"] = answer(lines(*(item(desk, number) for number in range(5))), etag='"1"')

    class Killed(BaseException):
        pass

    def dies_at_the_second(items: Sequence[Found | Reject]) -> None:
        if desk.taken:
            raise Killed
        desk.taken.append(list(items))

    watch = desk.watch()
    with pytest.raises(Killed):
        Watch(watch.feeds, watch.fetcher, watch.states, dies_at_the_second, watch.now, watch.wait).once()
    assert desk.titles() == ["Story 0", "Story 1"]
    assert desk.poll().items == 3
    assert desk.titles() == [f"Story {number}" for number in range(5)]
    assert "if-none-match" not in desk.site.asked[-1].headers


def test_a_damaged_state_costs_a_poll_and_nothing_else(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)))
    desk.poll()
    (state,) = desk.folder.glob("*.json")
    for damage in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"address": 1}',
        state.read_bytes().replace(b'"interval_s":', b'"interval":'),
    ):
        state.write_bytes(damage)
        assert desk.poll().items == 1


def test_two_watches_of_one_index_are_refused(tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    leftover = tmp_path / "watch" / "abc.json.123.new"
    leftover.write_text("{")
    with FeedStates.held(tmp_path / "watch"):
        assert not leftover.exists()
        with pytest.raises(IndexBusy, match=r"process \d+ is watching feeds"), FeedStates.held(tmp_path / "watch"):
            pass
    with FeedStates.held(tmp_path / "watch"):
        pass


def test_the_longest_overdue_feed_is_first_and_a_listed_twice_one_is_polled_once(desk: Desk) -> None:
    desk.site.replies |= {"/a": answer(lines(item(desk, 1))), "/b": answer(lines(item(desk, 2)))}
    desk.poll("/a")
    desk.times.seconds += 24 * 3600
    polls = desk.watch("/a", "/b", "/a").once()
    assert [polled.address.rpartition("/")[2] for polled in polls] == ["b", "a"]


def test_a_watch_polls_when_feeds_are_due_and_ends_when_asked(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)))
    reports: list[Polled] = []

    def report(polled: Polled) -> None:
        reports.append(polled)
        desk.times.stop = len(reports) == 3

    desk.watch().run(report)
    assert [polled.items for polled in reports] == [1, 0, 0]
    assert max(desk.times.waits) <= 60
    assert desk.times.seconds - 1000 > (7.5 + 11.25) * 60


def test_pages_are_read_only_when_asked_for(desk: Desk) -> None:
    desk.site.replies |= {"/feed": answer(lines(item(desk, 1))), "/story/1": page("Story 1 in full")}
    desk.poll()
    assert desk.site.targets() == ["/feed"]
    desk.pages = True
    polled = desk.poll()
    assert (polled.items, polled.pages) == (1, 1)
    assert desk.titles() == ["Story 1", "Story 1 in full"]


def test_what_a_page_does_not_state_is_the_feeds(desk: Desk) -> None:
    desk.pages = True
    facts = {"published_at": "2026-05-30T09:30:00Z", "authors": ["A. Writer"], "section": "World", "tags": ["ferry"]}
    stated = '<meta property="article:section" content="Harbour"><meta property="article:published_time" content="2026-05-30">'
    desk.site.replies |= {
        "/feed": answer(lines(item(desk, 1, **facts), item(desk, 2, **facts))),
        "/story/1": page("One"),
        "/story/2": page("Two", stated),
    }
    desk.poll()
    one, two = desk.articles()["One"], desk.articles()["Two"]
    assert one.body == TEXT.strip()
    assert (one.authors, one.section, one.tags) == (("A. Writer",), "World", ("ferry",))
    assert one.published_at.isoformat() == "2026-05-30T09:30:00+00:00"
    assert "extent" not in one.extra
    assert two.section == "Harbour"
    assert two.published_at == one.published_at


def test_an_item_keeps_its_id_when_its_page_is_elsewhere(desk: Desk) -> None:
    desk.site.replies["/feed"] = answer(lines(item(desk, 1)))
    desk.poll()
    desk.pages = True
    desk.site.replies |= {
        "/story/1": answer(status=302, location="/2026/ferry?utm_source=feed"),
        "/2026/ferry?utm_source=feed": page("Ferry"),
    }
    desk.poll()
    as_feed, as_page = desk.articles()["Story 1"], desk.articles()["Ferry"]
    assert as_page.id == as_feed.id
    assert as_page.url == f"{desk.site.address}/2026/ferry"


def test_an_item_whose_page_gives_nothing_is_taken_as_the_feed_has_it_with_the_reason(desk: Desk) -> None:
    desk.pages = True
    desk.site.replies |= {
        "/robots.txt": answer("User-agent: *\nDisallow: /story/2\n"),
        "/feed": answer(lines(item(desk, 1), item(desk, 2), item(desk, 3), item(desk, 4, body=TEXT * 3, extent=None))),
        "/story/3": answer("<html><title>Log in</title><p>Please sign in.</p></html>", content_type="text/html"),
        "/story/4": page("Story 4"),
    }
    polled = desk.poll()
    assert (polled.items, polled.pages) == (4, 0)
    reasons = {one.address.rpartition("/")[2]: one.reason for one in polled.pages_not_read}
    assert "status 404" in reasons["1"]
    assert "robots.txt disallows" in reasons["2"]
    assert "no article found" in reasons["3"]
    assert "less text than the feed" in reasons["4"]
    assert desk.titles() == [f"Story {number}" for number in (1, 2, 3, 4)]
    asked = len(desk.site.asked)
    assert desk.poll().items == 0
    assert [one.target for one in desk.site.asked[asked:]] == ["/robots.txt", "/feed"]


def test_a_page_that_fails_for_now_is_tried_at_three_polls(desk: Desk) -> None:
    desk.pages = True
    desk.site.replies |= {"/feed": answer(lines(item(desk, 1)), etag='"1"'), "/story/1": answer(status=503)}
    counts = [(polled.items, len(polled.pages_not_read)) for polled in (desk.poll() for _ in range(4))]
    assert counts == [(1, 1), (0, 1), (0, 1), (0, 0)]
    assert desk.site.targets().count("/story/1") == 3
    assert "if-none-match" not in desk.site.asked[-1].headers
    desk.site.replies["/feed"] = answer(lines(item(desk, 2)), etag='"2"')
    desk.site.replies["/story/2"] = answer(status=503)
    desk.poll()
    desk.site.replies["/story/2"] = page("Story 2 at last")
    assert desk.poll().pages == 1
    assert desk.titles() == ["Story 1", "Story 2", "Story 2 at last"]


def test_the_pages_past_a_polls_limit_wait_for_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MAX_PAGES_A_POLL", 3)
    monkeypatch.setattr(taking, "BATCH_PAGES", 2)
    desk.pages = True
    desk.site.replies["/feed"] = answer(lines(*(item(desk, number) for number in range(5))), etag='"1"')
    desk.site.replies |= {f"/story/{number}": page(f"Page {number}") for number in range(5)}
    first = desk.poll()
    assert (first.items, first.waiting) == (3, 2)
    assert first.next_poll_at == desk.times.now() + timedelta(minutes=5)
    second = desk.poll()
    assert (second.items, second.waiting) == (2, 0)
    assert [len(batch) for batch in desk.taken] == [2, 1, 2]
    assert desk.titles() == [f"Page {number}" for number in range(5)]


def test_a_stop_between_pages_keeps_what_was_read_and_leaves_the_rest(desk: Desk) -> None:
    desk.pages = True
    desk.site.replies["/feed"] = answer(lines(*(item(desk, number) for number in range(3))), etag='"1"')

    def then_stop(_: Asked, connection: socket.socket) -> None:
        desk.times.stop = True
        connection.sendall(page("Page 0"))

    desk.site.replies |= {"/story/0": then_stop, "/story/1": page("Page 1"), "/story/2": page("Page 2")}
    polled = desk.poll()
    assert (polled.result, polled.items) == (PollResult.STOPPED, 1)
    desk.times.stop = False
    assert desk.poll().items == 2
    assert desk.titles() == ["Page 0", "Page 1", "Page 2"]


def sitemap(desk: Desk, *targets: str) -> bytes:
    entries = "".join(
        f"<url><loc>{desk.site.address}{target}</loc><lastmod>2026-05-30</lastmod></url>" for target in targets
    )
    return answer(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>')


def test_the_pages_that_a_sitemap_only_lists_are_read(desk: Desk) -> None:
    desk.site.replies |= {"/feed": sitemap(desk, "/story/1", "/story/2"), "/story/1": page("Story 1")}
    assert (desk.poll().items, desk.poll(section="World").items) == (0, 0)
    desk.pages = True
    polled = desk.poll(section="World")
    assert (polled.items, polled.pages, len(polled.pages_not_read)) == (1, 1, 1)
    assert desk.titles() == ["Story 1"]
    assert (desk.articles()["Story 1"].section, desk.articles()["Story 1"].body) == ("World", TEXT.strip())
    reject = desk.taken[-1][-1]
    assert isinstance(reject, Reject)
    assert (reject.place, f"{desk.site.address}/story/2 cannot be read" in reject.reason) == ("entry 2", True)
    assert "status 404" in reject.reason
    taken = len(desk.taken)
    assert (desk.poll(section="World").items, len(desk.taken)) == (0, taken)


def test_a_listed_page_that_fails_for_now_is_rejected_when_it_is_given_up(desk: Desk) -> None:
    desk.pages = True
    desk.site.replies |= {"/feed": sitemap(desk, "/story/1"), "/story/1": answer(status=503)}
    counts = []
    for _ in range(4):
        desk.poll()
        counts.append(sum(len(batch) for batch in desk.taken))
    assert counts == [0, 0, 1, 1]


def test_importing_starts_nothing() -> None:
    code = (
        "import socket, threading; socket.socket.connect = socket.getaddrinfo = None; "
        "import indexer.fetching; print(threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "1"
