"""How well an extracted article agrees with what is known of its page. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]|[^\W_]+(?:['\u2019\u200c][^\W_]+)*")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-"})
_SITE_MARK = re.compile(r"\s+[|·»:_/-]+\s+|_+|\s+[|·»]|[|·»]\s+")
_NAMES = re.compile(r"\s*(?:[;,&\n]|\s(?:and|und|et|y)\s)\s*")
_LEAD = re.compile(r"^(?:written\s+)?(?:by|par|von|por)\b[\s:]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extractor read on one page. `published` is ISO text, with a time of day or only a day."""

    title: str = ""
    body: str = ""
    authors: tuple[str, ...] = ()
    byline: str = ""
    published: str = ""
    source: str = ""
    section: str = ""
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a page; an empty field is unknown, unless `exact` says that all of them are right as they are."""

    gold: Extracted
    kept: tuple[str, ...] = ()
    kept_out: tuple[str, ...] = ()
    exact: bool = False


@dataclass(slots=True)
class Share:
    """Points over the number of chances to score one."""

    points: float = 0.0
    chances: int = 0

    def add(self, points: float) -> None:
        self.points += points
        self.chances += 1

    @property
    def value(self) -> float | None:
        return self.points / self.chances if self.chances else None


@dataclass(slots=True)
class Figures:
    """Figure name -> its share over the pages counted so far."""

    shares: dict[str, Share] = field(default_factory=dict)

    def count(self, name: str, points: float) -> None:
        self.shares.setdefault(name, Share()).add(points)

    def values(self) -> dict[str, float]:
        """Every figure that had a chance, with `strings` (below) where both of its parts did."""
        found = {name: share.value for name, share in self.shares.items() if share.value is not None}
        if "kept" in found and "kept out" in found:
            found["strings"] = harmonic_mean(found["kept"], found["kept out"])
        return found


def count_page(figures: Figures, known: Known, found: Extracted) -> None:
    """Add one page to the figures."""
    gold = known.gold
    body = plain(found.body)
    for text in known.kept:
        figures.count("kept", plain(text) in body)
    for text in known.kept_out:
        figures.count("kept out", plain(text) not in body)
    if gold.body and not known.exact:
        figures.count("body F1", token_f1(gold.body, found.body))
    if gold.title:
        figures.count("title", plain(gold.title) == plain(found.title))
        figures.count("title, no site", bool(title_forms(gold.title) & title_forms(found.title)))
    if gold.authors:
        wanted, named = person_names(gold.authors), person_names(found.authors or (found.byline,))
        figures.count("authors", wanted == named)
        figures.count("authors recall", len(wanted & named) / len(wanted))
    if gold.published:
        figures.count("day", same_day(gold.published, found.published))
        if has_time(gold.published):
            figures.count("time", same_minute(gold.published, found.published))
    if known.exact:
        for name in ("body", "source", "section", "url", "language"):
            figures.count(f"exact {name}", plain(getattr(gold, name)) == plain(getattr(found, name)))


def plain(text: str) -> str:
    """A text with one kind of quotes and dashes, single spaces and no invisible characters (NFC)."""
    text = unicodedata.normalize("NFC", text.translate(_QUOTES).replace("\u00ad", "").replace("\u200b", ""))
    return " ".join(text.split())


def tokens(text: str) -> list[str]:
    """Runs of letters and digits in lower case; Chinese, Japanese and Korean by character."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold())


def token_f1(gold: str, found: str) -> float:
    """F1 of the two bags of tokens: shared tokens count as often as both have them (as in SQuAD, Rajpurkar et al. 2016)."""
    wanted, had = Counter(tokens(gold)), Counter(tokens(found))
    shared = (wanted & had).total()
    return 2 * shared / (wanted.total() + had.total()) if shared else 0.0


def harmonic_mean(one: float, other: float) -> float:
    """Zero when either is."""
    return 2 * one * other / (one + other) if one and other else 0.0


def title_forms(title: str) -> set[str]:
    """A title whole, and without what stands before its first or after its last ` | `, ` - ` or the like."""
    text = plain(title).casefold()
    marks = list(_SITE_MARK.finditer(text))
    forms = {text} | ({text[: marks[-1].start()], text[marks[0].end() :]} if marks else set())
    return {form.strip() for form in forms if len(form.split()) > 1 or form == text} - {""}


def person_names(names: Iterable[str]) -> set[str]:
    """Names in lower case, a printed byline's "By" left out and its list cut at commas and "and"."""
    parts = (part for name in names for part in _NAMES.split(_LEAD.sub("", name.strip())))
    return {name for part in parts if (name := plain(part).casefold().strip(" ."))}


def has_time(published: str) -> bool:
    """Whether an ISO text states a time of day."""
    return len(published) > 10


def same_day(gold: str, found: str) -> bool:
    """Whether the days agree, each as printed or in UTC."""
    wanted, had = _moment(gold), _moment(found)
    return bool(wanted and had) and bool(_days(wanted) & _days(had))


def same_minute(gold: str, found: str) -> bool:
    """Whether both state one moment, seconds aside; a time without a zone is UTC."""
    wanted, had = _moment(gold), _moment(found)
    if wanted is None or had is None or not has_time(found):
        return False
    return abs(wanted - had) < timedelta(minutes=1)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _days(moment: datetime | None) -> set[object]:
    return {moment.date(), moment.astimezone(UTC).date()} if moment else set()


def best_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """For each figure the best value that any of the rows has."""
    return {name: max(row[name] for row in rows if name in row) for name in rows[0]}
