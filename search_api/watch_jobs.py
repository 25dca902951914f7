"""Feeds taken in from the network: once, or for as long as the process runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path

from indexer.encoder import Encoder, load_encoder
from indexer.errors import SourceError
from indexer.fetching import AddressRule, FeedStates, Fetcher, Polled, Stop, Surroundings, Watch
from indexer.ingest import Ingest
from indexer.ingest_report import IngestReport
from indexer.layout import IndexFolder
from indexer.sources.feed_list import FeedAddress, read_feed_list
from indexer.takedown import stays_out
from indexer.types import Found, Reject
from search_api.clock import utc_now
from search_api.jobs import build_first, model_of, quarantine_of, written_archive
from search_api.settings import Settings


@dataclass(frozen=True, slots=True)
class WatchDone:
    """What the polls came to, all together."""

    report: IngestReport
    polls: list[Polled]
    feeds: int


@dataclass
class _Intake:
    """Stores what the polls bring, one run of ingest for each."""

    index: IndexFolder
    report: IngestReport = field(default_factory=IngestReport)

    @cached_property
    def _encoder(self) -> Encoder:
        with written_archive(self.index) as archive:
            return load_encoder(model_of(archive), self.index.models)

    def take(self, items: Sequence[Found | Reject]) -> None:
        """Returns when everything is durable and searchable; raises IndexBusy while another process writes."""
        encoder, now = self._encoder, utc_now()
        with written_archive(self.index) as archive:
            report = Ingest(archive, encoder, now=now).run(items)
            build_first(self.index, archive, encoder)
            rejects = [reject for reject in report.rejects if not stays_out(reject, archive)]
            quarantine_of(self.index).put(rejects, at=now)
        self.report.add(report)


def watch(
    index: IndexFolder,
    arguments: Sequence[str],
    *,
    fetch_pages: bool = False,
    once: bool = False,
    polled: Callable[[Polled], None] = lambda _: None,
) -> WatchDone:
    """Poll the feeds that the arguments name, those due once, or until SIGINT or SIGTERM. Calls `polled` after each poll."""
    feeds = feeds_of(arguments)
    settings = Settings()
    rule = AddressRule(tuple(ip_network(network) for network in settings.fetch_networks))
    intake, stop, polls = _Intake(index), Stop(), []

    def note(poll: Polled) -> None:
        polls.append(poll)
        polled(poll)

    fetcher = Fetcher(contact=settings.contact, rule=rule, around=Surroundings(wait=stop.wait))
    with FeedStates.held(index.root / "watch") as states, stop.on_signals():
        watched = Watch(feeds, fetcher, states, intake.take, utc_now, stop.wait, fetch_pages)
        if once:
            for poll in watched.once():
                note(poll)
        else:
            watched.run(note)
    return WatchDone(intake.report, polls, len(feeds))


def is_feed_address(argument: str) -> bool:
    """Whether an argument of `ingest` names a place on the network."""
    return argument.lower().startswith(("http://", "https://"))


def feeds_of(arguments: Sequence[str]) -> list[FeedAddress]:
    """The feeds of addresses, and of files that list feeds; raises SourceError for an argument that is neither."""
    feeds: list[FeedAddress] = []
    for argument in arguments:
        if is_feed_address(argument):
            feeds.append(FeedAddress(argument))
            continue
        try:
            data = Path(argument).expanduser().read_bytes()
        except OSError as error:
            raise SourceError(
                f"{argument} cannot be read ({error.strerror}); --watch takes addresses of feeds and files that list them"
            ) from None
        feeds += read_feed_list(data, argument)
    return feeds
