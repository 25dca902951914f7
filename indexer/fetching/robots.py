"""What a site's robots.txt allows, as RFC 9309 has it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from indexer.fetching.addresses import WebAddress, web_address
from indexer.fetching.exchange import Answer
from indexer.fetching.outcomes import Declined, Delay, Delayed, Refusal

KEPT_S = 24 * 3600.0
"""How long a robots.txt is believed (RFC 9309 section 2.4)."""

UNKNOWN_KEPT_S = 600.0
"""How long a site whose robots.txt cannot be had is left alone before it is asked again."""

MAX_ROBOTS_BYTES = 512 << 10
"""Of a longer robots.txt the rest is not read (section 2.5 wants at least 500 KiB)."""

MAX_SITES = 200

_PRODUCT = "Dateline"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """One site's rules until a time of the clock: `rules` None allows everything, `unknown` says why there are none."""

    until: float
    rules: Protego | None = None
    unknown: str | None = None


class Robots:
    """The rules of the sites asked lately; `ask` fetches a robots.txt, redirects followed, and raises as a fetch does."""

    def __init__(self, ask: Callable[[WebAddress], Answer], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._sites: OrderedDict[str, SiteRules] = OrderedDict()

    def check(self, address: WebAddress) -> float | None:
        """The site's Crawl-delay, if it has one.

        Raises Declined where the site disallows the address, Delayed where its rules are unknown.
        """
        site = self._site(address)
        if site.unknown is not None:
            left = site.until - self._clock()
            raise Delayed(Delay.ROBOTS_UNKNOWN, f"{address.origin}/robots.txt cannot be had: {site.unknown}", left)
        if site.rules is None:
            return None
        if not site.rules.can_fetch(address.text, _PRODUCT):
            raise Declined(Refusal.ROBOTS, f"{address.origin}/robots.txt disallows {address.target}")
        delay: float | None = site.rules.crawl_delay(_PRODUCT)
        return delay

    def _site(self, address: WebAddress) -> SiteRules:
        known = self._sites.get(address.origin)
        if known and known.until > self._clock():
            return known
        site = self._fetched(address)
        self._sites[address.origin] = site
        self._sites.move_to_end(address.origin)
        while len(self._sites) > MAX_SITES:
            self._sites.popitem(last=False)
        return site

    def _fetched(self, address: WebAddress) -> SiteRules:
        try:
            answer = self._ask(web_address(f"{address.origin}/robots.txt"))
        except Delayed as error:
            if error.why is Delay.STOPPED:
                raise
            return self._unknown(str(error), error.retry_after_s)
        except Declined as error:
            if error.why is Refusal.PRIVATE:
                raise
            _log.info("%s/robots.txt is not used: %s", address.origin, error)
            return SiteRules(self._clock() + KEPT_S)
        if answer.status >= 500 or answer.status == 429:
            return self._unknown(f"it answers with status {answer.status}", None)
        if answer.status != 200:
            return SiteRules(self._clock() + KEPT_S)
        return SiteRules(self._clock() + KEPT_S, Protego.parse(answer.data.decode("utf-8", errors="replace")))

    def _unknown(self, why: str, retry_after_s: float | None) -> SiteRules:
        return SiteRules(self._clock() + max(retry_after_s or 0.0, UNKNOWN_KEPT_S), unknown=why)
