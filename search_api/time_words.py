"""The words of a question that say when, read into a span of time. English only. Pure; no text is an error.

A false reading hides the article that is wanted, an unread one hides nothing: in doubt, nothing is read.

Read: today, last week, past three days, two weeks ago, in March, March 2025, 3 March, on Monday, Q1 2025, summer 2025,
2025; after since, from, after, before, until and by; in pairs such as between March and May 2025, or 2023-2025.

- A year counts after a preposition, beside an event (`2025 floods`, `election 2024`) and at either end of the text
  unless it belongs to a name (`Iran Telecom 2016`); never as a number of something (`2000 troops`, `flight 1984`).
- A month alone needs a preposition. May and March also need their capital in a text that has capitals and, after all
  prepositions but in, during and since, the end of the text. Short forms of months need a day or a year.
- A weekday, month or day without a year is the latest that has begun; none is read in a text about plans.
- Not read: times to come (2030, by 2030), comparisons (than last year), what is told from an event (since the 2024
  election), part of a span (end of 2024), and any text of more than PASSAGE_WORDS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from search_api.calendar_words import MONTHS, Kind, Reading, back, named_time
from search_api.query import PASSAGE_WORDS


@dataclass(frozen=True, slots=True)
class TimeWords:
    """The `words` as typed, and the time from `start` (inclusive) to `past` (exclusive), both UTC, None where open.

    `rest` is the text without the words, on one line; it may be empty.
    """

    words: str
    start: datetime | None
    past: datetime | None
    rest: str


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


BOUNDS = _set("since from after before until till by")
WITHIN = _set("in during of")
ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.DAY_WORD: BOUNDS | _set("between") | {""},
    Kind.RECENT: BOUNDS | WITHIN | _set("on over within for between") | {""},
    Kind.WEEKDAY: _set("on since after between"),
    Kind.MONTH: BOUNDS - {"by"} | _set("in during between"),
    Kind.DAY: BOUNDS - {"by"} | _set("on between") | {""},
    Kind.DATED: BOUNDS | WITHIN | _set("on between") | {""},
    Kind.YEAR: BOUNDS | WITHIN | _set("between") | {""},
}
"""The prepositions each kind of time is read after; the empty one is none."""
RANGES = {"between": _set("and"), "from": _set("to until"), "in": _set("and"), "on": _set("and"), "during": _set("and")}
"""What joins two times after each preposition."""

APART = BOUNDS | _set("than with to versus vs")
"""Words that tell or compare something from a time, rather than within it."""
NOT_AFTER = APART | WITHIN | _set("and or on at for about over under around nearly almost later end")
PARTS = _set("half end start beginning day days week weeks month months quarter anniversary class total hundreds")
CHANGES = _set("rise rises rose fall falls fell grow grew up down cut drop drops dropped increase increased decreased")
NUMBERED = _set("flight route highway area room page no number model version windows agenda vision fiscal than over")
COUNTED = _set(
    "people troops soldiers men women children dead killed injured wounded missing km metres meters miles tons tonnes "
    "barrels homes houses jobs workers refugees migrants deaths points seats film novel book movie song album"
)
EVENTS = _set(
    "election elections vote referendum budget olympics games championship championships cup season report crisis war "
    "attack attacks bombing shooting earthquake quake tsunami flood floods fire fires wildfire wildfires storm "
    "hurricane cyclone typhoon drought crash sinking collapse explosion eruption protest protests strike strikes riots "
    "coup pandemic outbreak summit census festival scandal"
)
NAMES = _set("usa russia india psychology confidence trust faith")
"""Words that make a name of `today`, or of a month, behind them: USA Today, no confidence in May."""
NOT_BEFORE = {
    Kind.DAY_WORD: _set("show programme the is we it"),
    Kind.RECENT: _set("of tonight"),
    Kind.MONTH: _set("on be have not madness"),
    Kind.DAY: _set("be have not"),
}
PLANS = re.compile(
    r"\b(?:will|due|upcoming|scheduled|expected|planned|next|tomorrow"
    r"|to (?:attend|be|begin|end|hold|host|launch|meet|open|resume|sign|start|visit|vote))\b",
    re.IGNORECASE,
)


def read_time_words(text: str, now: datetime) -> TimeWords | None:
    """The first time that the text names, as seen from `now` (with its zone); None when it names none."""
    now = now.astimezone(UTC)
    line = " ".join(text.split())
    word = _START.search(line) if line.count(" ") < PASSAGE_WORDS else None
    while word:
        readings = _readings(line, word.start(), now)
        for one in readings:
            if _fits(line, one, now):
                return TimeWords(line[one.begin : one.end], one.start, one.past, _without(line, one.begin, one.end))
        word = _START.search(line, max([word.end(), *(one.end for one in readings)]))
    return None


_PREPOSITION = re.compile("(since|from|after|before|until|till|by|in|during|of|on|over|within|for|between) ", re.I)
_JOINT = re.compile(" (and|to|until) ", re.IGNORECASE)
_DIGITS = re.compile(r"[\d\W]+")
_START = re.compile(r"(?<![^\s(\[\"'“‘])\w")


def _readings(line: str, at: int, now: datetime) -> list[Reading]:
    """What the words from there on may mean: with the preposition, and without."""
    found = _PREPOSITION.match(line, at)
    bare = named_time(line, found.end() if found else at, now)
    if bare is None or found is None:
        return [bare] if bare else []
    preposition = found[1].lower()
    joint = _JOINT.match(line, bare.end)
    last = named_time(line, joint.end(), now) if joint and joint[1].lower() in RANGES.get(preposition, ()) else None
    whole = _pair(bare, last) if last else _bounded(bare, preposition)
    return [*([replace(whole, begin=at)] if whole else []), *([] if last else [bare])]


def _pair(first: Reading, last: Reading) -> Reading | None:
    """From the one to the other; a month or day without a year takes that of the other. None when it ends first."""
    start = first.start
    if start and last.start and first.kind in (Kind.MONTH, Kind.DAY) and last.kind is not Kind.YEAR:
        start = back(start, start.year - last.start.year, "year")
        start = back(start, 1, "year") if start > last.start else start
    if start is None or last.start is None or start >= last.start:
        return None
    return replace(last, start=start, preposition="between")


def _bounded(time: Reading, preposition: str) -> Reading | None:
    """The time since, before, ... that one; None between nothing else, and after a time that lasts until now."""
    start, past = time.start, time.past
    if preposition in ("since", "from"):
        past = None
    elif preposition == "before":
        start, past = None, start
    elif preposition in BOUNDS:
        start, past = (past, None) if preposition == "after" else (None, past)
    if preposition == "between" or start is past is None:
        return None
    return replace(time, start=start, past=past, preposition=preposition)


def _fits(line: str, one: Reading, now: datetime) -> bool:
    """Whether the words mean this time where they stand, and past articles can lie in it and outside of it."""
    words = line[one.begin : one.end].lower()
    before = _neighbour([word for word in line[max(0, one.begin - 80) : one.begin].split() if word != "the"][-1:])
    after = [_neighbour([word]) for word in line[one.end : one.end + 80].split()[:3]]
    last, following = before.lower(), [word.lower() for word in after if word]
    refused = (
        (one.start or one.past or now) > now,
        one.start and one.past and one.past <= one.start,
        one.preposition not in ALLOWED[one.kind],
        following[:1] and following[0] in NOT_BEFORE.get(one.kind, ()),
        words[-1].isdigit() and (last in NUMBERED or not COUNTED.isdisjoint(following[:1])),
        one.preposition in APART and (last in CHANGES or not EVENTS.isdisjoint(following[:2])),
        one.preposition == "of" and last in PARTS,
        any(word.startswith("qualif") for word in following),
        one.kind in (Kind.DAY, Kind.MONTH, Kind.WEEKDAY) and PLANS.search(line),
    )
    if any(refused):
        return False
    if words.endswith(("'s", "’s")):
        return not one.preposition and last not in APART and (last, words[:5]) != ("in", "today")
    if one.kind is Kind.YEAR and not one.preposition:
        return _is_year(line, one, before, after)
    if not one.preposition and (last in NOT_AFTER or (one.kind in (Kind.DAY, Kind.DATED) and _DIGITS.fullmatch(last))):
        return False
    if one.kind in (Kind.DAY, Kind.MONTH):
        return _is_month(line, one, last, following)
    return one.kind is not Kind.DAY_WORD or not (last in NAMES or (line[one.begin].isupper() and _named(line, before)))


def _neighbour(words: list[str]) -> str:
    return "".join(words).strip(",;:.?!()\"'“”‘’[]")


def _named(line: str, word: str) -> bool:
    """Whether the word has a capital in a text that has both cases."""
    return word[:1].isupper() and line not in (line.lower(), line.upper())


def _is_year(line: str, one: Reading, before: str, after: list[str]) -> bool:
    """Whether four digits without a preposition are a year: beside an event, or at an end and in no name or count."""
    words = line[one.begin : one.end]
    if before.lower() in APART or _DIGITS.fullmatch(before) or words.endswith("00"):
        return False
    if not EVENTS.isdisjoint(word.lower() for word in (before, *after)):
        return True
    if (before and after) or before.lower() in NOT_AFTER or "".join(after[:1]).endswith("s"):
        return False
    eventful = not EVENTS.isdisjoint(line.lower().split())
    return eventful or not _named(line, before or "".join(after[:1]))


def _is_month(line: str, one: Reading, last: str, following: list[str]) -> bool:
    """Whether the name of a month means it: `may` and `march` are verbs as well, `Mar` and `Jan` are names."""
    words = re.split(r"[ -]", line[one.begin : one.end].replace(".", ""))
    name = next(word for word in reversed(words) if not word[:1].isdigit() and word.lower() != "of")
    at_end, month = not following, name.lower()
    if one.kind is Kind.MONTH and (month not in MONTHS or last in NAMES):
        return False
    if month not in ("may", "march"):
        return True
    if one.kind is Kind.DAY:
        return name[0].isupper() or (line == line.lower() and (bool(one.preposition) or at_end))
    clear = at_end or one.preposition in ("in", "during", "since", "between")
    return clear and (name[0].isupper() or line == line.lower())


def _without(line: str, begin: int, end: int) -> str:
    """The line without these words, nor the brackets and commas that only held them."""
    left, right = line[:begin].rstrip(), line[end:].lstrip()
    if left[-1:] + right[:1] in ("()", "[]", '""', "“”", "''", "‘’"):
        left, right = left[:-1].rstrip(), right[1:].lstrip()
    if not left:
        return right.lstrip(" ,;:.!?)–—-")
    if not right or right[0] in ",;:.?!)":
        return left.rstrip(" ,;:–—-") + right
    return f"{left} {right}"
