"""A polite client: one request at a time, robots.txt obeyed, redirects checked one by one, everything bounded."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from time import monotonic, sleep

import httpcore2

from indexer.fetching.addresses import AddressRule, Resolve, WebAddress, permitted_ips, resolved, web_address
from indexer.fetching.charsets import in_utf8
from indexer.fetching.exchange import Answer, Exchange
from indexer.fetching.freshness import max_age_s, retry_after_s
from indexer.fetching.limits import Limits
from indexer.fetching.outcomes import (
    Declined,
    Delay,
    Delayed,
    Fetched,
    Gone,
    NotModified,
    Outcome,
    Refusal,
    Refused,
    TryLater,
)
from indexer.fetching.robots import MAX_ROBOTS_BYTES, Robots
from indexer.fetching.turns import HostTurns

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


def user_agent(contact: str | None) -> str:
    """What requests say they come from; `contact` is an address where a site's owner finds out more."""
    product = f"Dateline/{version('dateline')}"
    words = (
        " ".join("".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()").split())
        if contact
        else ""
    )
    return f"{product} (+{words})" if words else product


def slept(seconds: float) -> bool:
    """Pause, and never ask to stop."""
    sleep(seconds)
    return False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a fetcher has around it: `wait` pauses for some seconds and says whether to stop (as threading.Event.wait does)."""

    clock: Callable[[], float] = monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[float], bool] = slept
    resolve: Resolve = resolved


class Fetcher:
    """Fetches addresses one after another, for one thread. It makes no proxy's connections and keeps no cookies."""

    def __init__(
        self,
        *,
        contact: str | None = None,
        rule: AddressRule | None = None,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        around: Surroundings | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._rule = rule or AddressRule()
        self._around = around or Surroundings()
        self._exchange = Exchange(self._limits, user_agent(contact), tls or httpcore2.default_ssl_context())
        self._turns = HostTurns(self._limits, self._around.clock, self._around.wait)
        self._robots = Robots(self._robots_txt, self._around.clock)

    def fetch(self, address: str, etag: str | None = None, last_modified: str | None = None) -> Outcome:
        """What the address holds now; with the `etag` or `last_modified` of an earlier fetch, only if it changed.

        Never raises for anything a server does.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        try:
            return self._fetch(address, headers)
        except Declined as error:
            return Refused(address, error.why, str(error))
        except Delayed as error:
            return TryLater(address, error.why, str(error), error.retry_after_s)

    def _fetch(self, address: str, headers: Mapping[str, str]) -> Outcome:
        final, answer, permanent = self._followed(web_address(address), headers)
        age = max_age_s(answer.headers.get("cache-control"))
        if answer.status == 304 and headers:
            return NotModified(address, age)
        if answer.status in (404, 410):
            return Gone(address, answer.status, f"{final.text} answers with status {answer.status}")
        if answer.status != 200:
            raise Declined(Refusal.STATUS, f"{final.text} answers with status {answer.status}")
        content_type = answer.headers.get("content-type")
        return Fetched(
            address,
            final.text,
            answer.status,
            in_utf8(answer.data, content_type),
            content_type,
            answer.headers.get("etag"),
            answer.headers.get("last-modified"),
            age,
            final.text if permanent else None,
        )

    def _followed(
        self, address: WebAddress, headers: Mapping[str, str], *, robots: bool = False
    ) -> tuple[WebAddress, Answer, bool]:
        """Where the redirects end, the answer there, and whether there were any and all of them permanent."""
        permanent: list[bool] = []
        for _ in range(self._limits.max_redirects + 1):
            answer = self._answer(address, headers, robots=robots)
            if answer.status not in _REDIRECTS:
                return address, answer, bool(permanent) and all(permanent)
            permanent.append(answer.status in _PERMANENT)
            address = _redirected(address, answer)
        raise Declined(
            Refusal.REDIRECTS, f"more than {self._limits.max_redirects} redirects, the last to {address.text}"
        )

    def _answer(self, address: WebAddress, headers: Mapping[str, str], *, robots: bool) -> Answer:
        """One hop: the site's robots.txt (unless this is one), the host's turn, its IP address, the request."""
        crawl_delay_s = None if robots else self._robots.check(address)
        self._turns.take(address.host)
        ips = permitted_ips(address, self._rule, self._around.resolve)
        try:
            answer = self._exchange.ask(address, ips, headers, cut_at=MAX_ROBOTS_BYTES if robots else None)
        finally:
            self._turns.done(address.host, crawl_delay_s)
        if answer.status == 429 or answer.status >= 500:
            raise self._busy(address, answer)
        return answer

    def _busy(self, address: WebAddress, answer: Answer) -> Delayed:
        pause = retry_after_s(answer.headers.get("retry-after"), self._around.now())
        if pause is not None:
            self._turns.hold(address.host, pause)
        why = Delay.ASKED_TO_WAIT if answer.status == 429 or pause is not None else Delay.SERVER_ERROR
        until = "" if pause is None else f" and asks to wait for {pause:,.0f} seconds"
        return Delayed(why, f"{address.text} answers with status {answer.status}{until}", pause)

    def _robots_txt(self, address: WebAddress) -> Answer:
        return self._followed(address, {}, robots=True)[1]


def _redirected(address: WebAddress, answer: Answer) -> WebAddress:
    location = answer.headers.get("location")
    if not location:
        raise Declined(Refusal.STATUS, f"{address.text} answers with status {answer.status} and no address to go to")
    to = web_address(location, relative_to=address)
    if address.scheme == "https" and to.scheme == "http":
        raise Declined(
            Refusal.REDIRECTS, f"{address.text} redirects to {to.text}, out of https; name that address if it is meant"
        )
    return to
