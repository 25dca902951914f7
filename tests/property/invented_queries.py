"""Texts as a search box gets them, and as none does: operators, times, scripts, marks, damage, great length."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from search_api.query import MAX_QUERY_CHARS
from tests.support import ROOT, SAMPLE

OPERATORS = (
    '"', "“", "”", "„", "«", "»", "'", "’", "-", "--", "–", "(", ")", "((", "))", "..", "...", ",", ";", ":", "::", "*", "~", "^",
    " OR ", " AND ", " NOT ", "OR", "AND", "NOT", " or ", " OR OR ", " NOT NOT ", "title:", "section:", "source:", "author:",
    "tag:", "language:", "lang:", "date:", "from:", "since:", "to:", "until:", "after:", "before:", "TITLE:", "ſection:", "url:",
    '-title:"', 'title:"', "-section:", "-(", '"-"', "site:",
)  # fmt: skip
TIMES = (
    "2026", "2026-03", "2026-02-31", "0000", "9999", "9999-12-31", "2026-03..2026-01", "..2026", "2026..", "last ", "past ",
    "three ", "999 ", "weeks ", "years ago ", "since ", "between ", "and ", "in ", "on Monday ", "May ", "march ", "Q4 ", "30 ",
    "31 February ", "early ", "mid-", "summer ",
    "today", "'s ", "yeſterday ", "the ", "until ", "1900", "2099", "29 February 2023",
)  # fmt: skip
MARKS = (
    "\u202e", "\u202d", "\u2066", "\u2069", "\u200f", "\u200c", "\u200d", "\u00ad", "\ufeff", "\u0000",
    "\u0085", "\u2028", "\x1c",
    "\ud800", "\udfff", "\ud83d", "\uffff", "\U000e0041", "\u0301", "\u0327",
    "e\u0301" * 5, "a" + "\u0301\u0327" * 40, "\u0e49" * 35,
)  # fmt: skip
PATTERNS = (
    "(?i)",
    "(a+)+$",
    "[",
    "]",
    "{9,}",
    "\\",
    "\\d+",
    "$",
    "|",
    ".*",
    "%s",
    "{0}",
    "${x}",
    "%00",
    "\\x00",
    "\\ud800",
)
ATTACKS = (
    "'; DROP TABLE articles;--", "\" OR 1=1 --", "1' UNION SELECT * FROM versions--",
    "title:[* TO *]", "+ferry -boat^9", "body:/.*/",
    "<script>alert(1)</script>", "../../etc/passwd", "\r\nSet-Cookie: a=b", "{{7*7}}", "null", "NaN", "-1", "1e999",
)  # fmt: skip
SENTENCES = (
    "why did the ferry capsize in the strait", "чому перекинувся пором у протоці", "为什么渡轮在海峡倾覆",

    "なぜフェリーは転覆したのか",
    "왜 여객선이 뒤집혔나", "چرا کشتی در تنگه واژگون شد", "لماذا انقلبت العبارة في المضيق", "नौका क्यों पलट गई",
    "γιατί ανατράπηκε το πλοίο",
    "เรือข้ามฟากล่มเพราะอะไร", "feribot neden İSTANBUL'da battı", "warum kenterte die Fähre in der Straße",
    "מדוע התהפכה המעבורת", "🚢🌊🇮🇩👩‍👩‍👧‍👦",
)  # fmt: skip


def _known() -> list[str]:
    judged = [json.loads(line)["text"] for line in (SAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    told = re.findall(r"`([^`\n]+)`", (ROOT / "docs" / "search.md").read_text(encoding="utf-8"))
    return [*judged, *told]


KNOWN = tuple(_known())
"""The sample's judged queries, and what docs/search.md says that one can type."""

_pieces = st.sampled_from((*OPERATORS, *TIMES, *MARKS, *PATTERNS, *ATTACKS, *SENTENCES, " ", " ", "ferry", "a"))
_built = st.lists(_pieces, max_size=60).map("".join)
_spaced = st.lists(_pieces | st.text(max_size=5), max_size=40).map(" ".join)


@st.composite
def _changed(draw: st.DrawFn) -> str:
    """A known query, cut, doubled or with something put into it, up to six times."""
    text = draw(st.sampled_from(KNOWN))
    for _ in range(draw(st.integers(1, 6))):
        first, past = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        put = draw(_pieces | st.characters() | st.just(text[first:past] * 2) | st.just(text[first:past].upper()))
        text = text[:first] + put + text[past:]
    return text


@st.composite
def _long(draw: st.DrawFn) -> str:
    """A few pieces again and again, up to the length that is read, and a little over it."""
    unit = draw(st.lists(_pieces, min_size=1, max_size=4).map("".join))
    length = draw(st.sampled_from((MAX_QUERY_CHARS // 2, MAX_QUERY_CHARS, MAX_QUERY_CHARS + 1, 5 * MAX_QUERY_CHARS)))
    return (unit * (length // len(unit) + 1))[:length] + draw(st.sampled_from(("", '"', "”", ")", " OR", " 2026")))


_any = st.characters(exclude_categories=[])
queries = st.one_of(st.text(_any), _built, _spaced, _changed(), _changed(), _long())
