"""The words of a question that say when, read into a span of time. English only. Pure; no text is an error.

A false reading hides the article that is wanted, an unread one hides nothing: in doubt, nothing is read.

Read: today, last night, past three days, two weeks ago, in March, March 2025, 3 to 9 March, on Monday, summer 2025,
2025; after since, from, after, before, until and by. Two times that are joined are read as one or not at all: from the
first to the last (between March and May 2025, 2019 to 2021), or both where they adjoin (March or April 2026).

- A year counts after a preposition, beside an event (`2025 floods`, `election 2024`) and at either end of the text
  unless it belongs to a name (`Iran Telecom 2016`); never as a number of something (`2000 troops`, `flight 1984`).
- A month alone needs a preposition. May and March also need their capital in a text that has capitals and, after all
  prepositions but in, during and since, the end of the text. Short forms of months need a day or a year.
- A month or season with its year may end a name (`Theresa May 2019`): without a preposition, an event stands before it.
- A day without a year or preposition ends the text or clause; elsewhere it names an event (`25 January revolution`).
- A weekday, month or day without a year is the latest that has begun; none is read in a text about plans, nor is a year
  or month that has not ended.
- Not read: times to come (2030, by 2030), comparisons (than last year), what is told from an event (since the 2024
  election), part of a span (end of 2024), a year of the calendar in its first YOUNG days, and any text of more than
  PASSAGE_WORDS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from search_api.calendar_words import MONTHS, THREE_MONTHS, WEEKDAYS, Kind, Reading, both, named_time, pair
from search_api.query import PASSAGE_WORDS


@dataclass(frozen=True, slots=True)
class TimeWords:
    """The `words` as typed, and the time from `start` (inclusive) to `past` (exclusive), both UTC, None where open.

    `rest` is the text without the words, on one line; it may be empty. Years without a preposition stay in it, so that
    it is the whole text: events are named by their year, and the years are useful as words too.
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
AMONG = WITHIN | _set("between on over within") | {""}
"""The prepositions that two times may stand behind; a range also behind from and since."""
YOUNG = timedelta(days=30)
"""A year of the calendar that began less long ago is not read: what it is said to bring is still to come."""

APART = BOUNDS | _set("than with to versus vs")
"""Words that tell or compare something from a time, rather than within it."""
NOT_AFTER = APART | WITHIN | frozenset(THREE_MONTHS)
NOT_AFTER |= _set("and or on at for about over under around nearly almost later end half")
COMPARED, UNTIL = _set("than vs versus compared"), _set("to until till through")
UNREAD = re.compile("(?:and|or|to|until|till|through) (?:tomorrow|next|now|date|so|the day|(?:the )?present)\\b")
"""What joins a time to another that is not read."""
PARTS = _set("ahead half end start beginning day days week weeks month months quarter anniversary class total hundreds")
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
NOT_BESIDE = APART | _set("for over project euro expo cop resolution target hindsight is")
"""Words before a year that make it a name, or tell something from its event."""
YEAR_NAMES = re.compile(
    r"\b(?:made in china 2025|london 2012|rio 2016|tokyo 2020|beijing 2022|paris 2024|cortina 2026)$"
)
"""Names of what happened, or is told, in other years too."""
ASTEROID = re.compile(r"[a-z]{2}\d+", re.IGNORECASE)
NOT_ON = _set(
    "mail sun independent express herald star mirror ban bans banning restriction restrictions crackdown clampdown curb "
    "curbs limit limits rule rules law laws tax ruling"
)
"""Words before on that make a name of the weekday behind it, or an object: Mail on Sunday, ban on Sunday trading."""
OF_WEEKDAY = EVENTS | _set("prayers trading shopping opening school mass service services market football league")
MARCHES = _set("for against in through to by of")
"""Words behind a march that is none of the months."""
NAMES = _set("usa russia india psychology confidence trust faith")
"""Words that make a name of `today`, or of a month, behind them: USA Today, no confidence in May."""
NOT_BEFORE = {
    Kind.DAY_WORD: _set("show programme fm the is we it of"),
    Kind.RECENT: _set("of tonight"),
    Kind.MONTH: _set("on be have not madness"),
    Kind.DAY: _set("be have not attacks bombings revolution movement massacre uprising protests"),
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
                kept = one.kind is Kind.YEAR and not one.preposition
                rest = line if kept else _without(line, one.begin, one.end)
                return TimeWords(line[one.begin : one.end], one.start, one.past, rest)
        word = _START.search(line, max([word.end(), *(one.end for one in readings)]))
    return None


_PREPOSITION = re.compile("(since|from|after|before|until|till|by|in|during|of|on|over|within|for|between) ", re.I)
_JOINT = re.compile(
    r"(?P<range> (?:to|until|till|through) | ?[-–] ?)|(?P<list>(?:,? (?:and|or|&)|,) )(?:(?:in|on|during) )?|(?P<beside> )",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[\d\W]+")
_START = re.compile(r"(?<![^\s(\[\"'“‘])\w")


def _readings(line: str, at: int, now: datetime) -> list[Reading]:
    """What the words from there on may mean: with the preposition, and without."""
    found = _PREPOSITION.match(line, at)
    preposition = found[1].lower() if found else ""
    time = named_time(line, found.end() if found else at, now)
    if time is None:
        return []
    whole = _joined(line, time, preposition, now)
    if whole.end > time.end:
        return [replace(whole, begin=at)]
    bounded = _bounded(time, preposition) if preposition else None
    return [*([replace(bounded, begin=at)] if bounded else []), time]


def _joined(line: str, time: Reading, preposition: str, now: datetime) -> Reading:
    """The time and those that are joined to it, as one; without start and past where they make no one span."""
    closed = preposition in ("from", "since", "between")
    while joint := _JOINT.match(line, time.end):
        last = named_time(line, joint.end(), now)
        if last is None or (joint["beside"] and last.kind is not time.kind and last.kind in (Kind.MONTH, Kind.WEEKDAY)):
            break
        whole = None
        if joint["range"] and (closed or preposition in AMONG):
            whole = pair(time, last)
        elif joint["list"] and preposition in AMONG:
            whole = pair(time, last) if closed else both(time, last)
        span = (whole.start, whole.past) if whole else (None, None)
        time = Reading(last.kind, time.begin, last.end, *span, "between" if closed else preposition, ranged=True)
    return time


def _bounded(time: Reading, preposition: str) -> Reading | None:
    """The time since, before, ... that one; None between nothing else, and after a time that lasts until now."""
    start, past = time.start, time.past
    if time.ranged and preposition in ("from", "between"):
        return replace(time, preposition="between")
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
    if _to_come(line, one, now) or _refused(line, one, last, following) or _in_name(line, one, before, following):
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


def _to_come(line: str, one: Reading, now: datetime) -> bool:
    """Whether the time is no past one, or may be meant as one to come."""
    unended = one.kind in (Kind.YEAR, Kind.DATED) and (one.past is None or one.past > now)
    refused = (
        one.start is one.past is None,
        (one.start or one.past or now) > now,
        one.start and one.past and one.past <= one.start,
        one.kind is Kind.YEAR and one.start and one.start > now - YOUNG,
        (unended or one.kind in (Kind.DAY, Kind.MONTH, Kind.WEEKDAY)) and PLANS.search(line),
    )
    return any(refused)


def _refused(line: str, one: Reading, last: str, following: list[str]) -> bool:
    """Whether the words around it count or compare something, tell it from the time, or mean more or less of it."""
    words, lead = line[one.begin : one.end].lower(), line[max(0, one.begin - 20) : one.begin].lower()
    refused = (
        one.preposition not in ALLOWED[one.kind],
        line[one.end : one.end + 1] in ("-", "–"),
        words[-1].isdigit() and (last in NUMBERED or not COUNTED.isdisjoint(following[:1])),
        one.preposition in APART and (last in CHANGES or not EVENTS.isdisjoint(following[:2])),
        one.preposition == "of" and last in PARTS,
        lead.endswith(("ahead of ", "ahead of the ")),
        any(word.startswith("qualif") for word in following) or not COMPARED.isdisjoint(following[:1]),
        one.preposition == "from" and not UNTIL.isdisjoint(following[:1]),
        words.endswith(" ago") and one.preposition in ("over", "within", "for"),
        words.startswith(("previous", "last night")) and lead.endswith("the "),
        UNREAD.match(" ".join(following)),
    )
    return any(refused)


def _in_name(line: str, one: Reading, before: str, following: list[str]) -> bool:
    """Whether the words are part of a name, or of what is called by its time: Today FM, Person of the Year 2025."""
    words, last = line[one.begin : one.end], before.lower()
    spoken = one.kind in (Kind.DAY_WORD, Kind.RECENT)
    refused = (
        following[:1] and following[0] in NOT_BEFORE.get(one.kind, ()),
        spoken and following[:1] == ["in"] and "history" in following,
        spoken and all(_named(line, word) for word in words.split()) and " " in words,
        one.kind is Kind.YEAR and "year" in words.lower() and "of" in (one.preposition, last),
        words.lower().endswith(WEEKDAYS) and not OF_WEEKDAY.isdisjoint(following[:1]),
        words.lower().endswith(WEEKDAYS) and one.preposition == "on" and last in NOT_ON,
        one.kind is Kind.DAY and not one.preposition and following and line[one.end] not in ",;:.?!)",
        not one.preposition and before and _NAME.match(words) and _ends_name(line, before),
    )
    return any(refused)


_NAME = re.compile(r"(?:the )?(?:may|march|spring|summer|autumn|winter|fall of),?(?: of)? (?:19|20)\d\d", re.IGNORECASE)


def _ends_name(line: str, before: str) -> bool:
    """Whether this word may make a name of May, March or a season behind it: Theresa May, women's march."""
    one_case = line in (line.lower(), line.upper())
    return before.lower() not in EVENTS and (one_case or before.endswith(("'s", "’s")) or _named(line, before))


def _neighbour(words: list[str]) -> str:
    return "".join(words).strip(",;:.?!()\"'“”‘’[]")


def _named(line: str, word: str) -> bool:
    """Whether the word has a capital in a text that has both cases."""
    return word[:1].isupper() and line not in (line.lower(), line.upper())


def _is_year(line: str, one: Reading, before: str, after: list[str]) -> bool:
    """Whether four digits without a preposition are a year: beside an event, or at an end and in no name or count."""
    words = line[one.begin : one.end]
    name = f"{line[max(0, one.begin - 20) : one.begin]}{words}".lower()
    if before.lower() in NOT_BESIDE or YEAR_NAMES.search(name):
        return False
    if _DIGITS.fullmatch(before) or words.endswith("00") or ASTEROID.fullmatch("".join(after[:1])):
        return False
    if not EVENTS.isdisjoint(word.lower() for word in (before, *after)):
        return True
    if (before and after) or before.lower() in NOT_AFTER or "".join(after[:1]).endswith("s"):
        return False
    eventful = not EVENTS.isdisjoint(line.lower().split())
    return eventful or not _named(line, before or "".join(after[:1]))


def _is_month(line: str, one: Reading, last: str, following: list[str]) -> bool:
    """Whether the name of a month means it: `may` and `march` are verbs as well, `Mar` and `Jan` are names."""
    words = re.split(r"[ –-]", line[one.begin : one.end].replace(".", ""))
    name = next(word for word in reversed(words) if not word[:1].isdigit() and word.lower() != "of")
    at_end, month = not following, name.lower()
    if one.kind is Kind.MONTH and (month not in MONTHS or last in NAMES):
        return False
    if month not in ("may", "march"):
        return True
    if one.kind is Kind.MONTH and one.preposition == "in" and following and following[0] in MARCHES:
        return _named(line, name) and following[0] not in ("for", "against")
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
