"""The operators of the search box, read into plain values. Pure; no text is an error.

| typed                                                  | asks for                                                      |
| ------------------------------------------------------ | ------------------------------------------------------------- |
| `ferry`                                                | nothing by itself: a word to search for                       |
| `"cap on flats"`                                       | these words, one after another, letter by letter              |
| `-Santos`, `-"port strike"`, `-section:sport`          | that the article does not hold it, is not it                  |
| `title:`                                               | the word or "phrase" in the headline                          |
| `section:`, `source:`, `author:`, `tag:`, `language:`  | the whole field; asked twice, either value will do            |
| `date:2026`, `date:2026-03..2026-03-10`, `date:2026..` | a year, month or UTC day, or a range, both ends included      |
| `from:`, `since:`, `to:`, `until:`                     | that date and all after it, all before it and that date       |
| `after:`, `before:`                                    | what follows its end, what precedes its beginning             |
| `ferry OR "launch"`                                    | at least one of the operands directly beside each OR          |
| `ferry AND launch`                                     | nothing more than `ferry launch`: AND is left out of the text |
| `ferry NOT launch`, `NOT section:sport`                | the same as `ferry -launch`, `-section:sport`                 |

A parenthesis at the edge of a word is white space. Whatever does not fit (an open quote, an unknown field, a date that
does not exist, a range that ends before it begins, an OR without an operand on each side, a NOT before none) is searched
as typed. OR, AND and NOT are plain words in a text all in capitals, such as an old headline, unless it is short: `NATO
OR EU` is an operator. A straight quote and a curly one may close each other where the right one does not.
A text of more than PASSAGE_WORDS words or operands is searched as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, zip_longest

from indexer.filters import Condition, Fact, Holds, Is, Place, Published
from search_api.calendar_words import calendar_span
from search_api.query import PASSAGE_WORDS

OR = "OR"
AND = "AND"
NOT = "NOT"
CAPITALS_READ = 5
"""OR, AND and NOT are read in a text all in capitals of up to this many words, themselves counted."""

TITLE = "title"
FACTS: Mapping[str, Fact] = {**{fact.value: fact for fact in Fact}, "lang": Fact.LANGUAGE}
"""Fields that are compared as a whole, by the names they are typed by."""
DATES = ("date", "from", "since", "after", "to", "until", "before")

CLOSING: Mapping[str, re.Pattern[str]] = {
    opening: re.compile(f"[{closing}]")
    for opening, closing in {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«"}.items()
}
"""The quotes that open a phrase, each with those that may close it."""
MISTYPED: Mapping[str, re.Pattern[str]] = {
    opening: re.compile(rf"(?<=\S){closing}(?!\w)") for opening, closing in {'"': "”", "“": '"', "„": '"'}.items()
}
"""What else may close it, when it hugs the phrase, where the right quote is missing or belongs to the next phrase."""

_QUOTES = '"“”„«»'
_FIELDS = "|".join((TITLE, *FACTS, *DATES))
_SIGN = re.compile(rf"(?P<minus>(?<![^\s(])-(?=[^\W\d_]|[{_QUOTES}]))?(?:(?P<field>(?ai:{_FIELDS})):(?=\S))?")
_GAP = re.compile(r"(?:[\s)]|\((?![^\s()]*\)[^\s)]))*")
_WORD = re.compile(r"\S*")
_TAIL = re.compile(rf"\)*[^\w\s(){_QUOTES}]*(?=[\s)]|$)")
_LETTER = re.compile(r"[^\W_]")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class TypedQuery:
    """What was typed, taken apart.

    `text` is the words to search for, on one line, without operators; it is empty when there were operators only.
    `phrases` are the exact phrases that are asked for, in the order typed; `literal` are the words
    of all that an article must hold, if only as one choice of an OR: the phrases, words of the title and operands of an
    OR, in that order too. `require` and `exclude` are as in Filters.
    """

    text: str
    phrases: tuple[str, ...] = ()
    require: tuple[tuple[Condition, ...], ...] = ()
    exclude: tuple[Condition, ...] = ()
    literal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Operand:
    """A word, phrase or field. `words` go to the text; `condition` is what it asks for, if plain only beside an OR."""

    words: str
    condition: Condition | None
    plain: bool = False
    excluded: bool = False

    @property
    def connects(self) -> bool:
        return self.plain and self.words in (OR, AND, NOT)

    @property
    def joinable(self) -> bool:
        return self.condition is not None and not self.connects


def read_query(typed: str) -> TypedQuery:
    """The words and the operators of what was typed; without any operator, the text is what was typed, on one line."""
    line = " ".join(typed.split())
    if line.count(" ") >= PASSAGE_WORDS:
        return TypedQuery(line)
    operands = list(islice(_operands(line), PASSAGE_WORDS + 1))
    if len(operands) > PASSAGE_WORDS:  # phrases need no space between them
        return TypedQuery(line)
    joins: dict[int, str] = {}
    if not _is_all_capitals(line):
        operands = list(_negated(operands))
        joins = _joins(operands)
    require = _required(operands, joins)
    exclude = tuple(one.condition for one in operands if one.excluded and one.condition is not None)
    if not (require or exclude or joins):
        return TypedQuery(line)
    words = (one.words for place, one in enumerate(operands) if one.words and place not in joins)
    held = [one for group in require for one in group if isinstance(one, Holds)]
    phrases = tuple(one.words for one in held if one.exact)
    return TypedQuery(" ".join(words), phrases, require, exclude, tuple(one.words for one in held))


def _is_all_capitals(line: str) -> bool:
    words = line.split()
    return len(words) > CAPITALS_READ and " ".join(word for word in words if word not in (OR, AND, NOT)).isupper()


def _negated(operands: Sequence[_Operand]) -> Iterator[_Operand]:
    """The operands, each one behind a NOT turned into an exclusion; a NOT before anything else stays."""
    negating = False
    for here, after in zip_longest(operands, operands[1:]):
        if negating:
            yield replace(here, words="", plain=False, excluded=True)
            negating = False
            continue
        negating = bool(here.plain and here.words == NOT and after and after.joinable and not after.excluded)
        if not negating:
            yield here


def _joins(operands: Sequence[_Operand]) -> dict[int, str]:
    """The places of each OR and AND that stands between two operands; an OR joins no exclusion."""
    joins = {}
    for place in range(1, len(operands) - 1):
        before, here, after = operands[place - 1 : place + 2]
        allowed = here.words == AND or (here.words == OR and not (before.excluded or after.excluded))
        if here.plain and allowed and before.joinable and after.joinable:
            joins[place] = here.words
    return joins


def _required(operands: Sequence[_Operand], joins: Mapping[int, str]) -> tuple[tuple[Condition, ...], ...]:
    """A group for each run of ORs, each field and each other operator, in the order typed."""
    groups: list[list[Condition]] = []
    for place, operand in enumerate(operands):
        if operand.condition is None or operand.excluded or place in joins:
            continue
        if joins.get(place - 1) == OR:
            groups[-1].append(operand.condition)
        elif joins.get(place + 1) == OR or not operand.plain:
            groups.append([operand.condition])
    merged: dict[Fact | int, list[Condition]] = {}
    for number, group in enumerate(groups):
        lone = group[0] if len(group) == 1 else None
        merged.setdefault(lone.field if isinstance(lone, Is) else number, []).extend(group)
    return tuple(map(tuple, merged.values()))


def _operands(line: str) -> Iterator[_Operand]:
    unclosed: set[str] = set()
    at = _end(_GAP, line, 0)
    while at < len(line):
        operand, end = _operand(line, at, unclosed)
        yield operand
        at = _end(_GAP, line, end)


def _operand(line: str, at: int, unclosed: set[str]) -> tuple[_Operand, int]:
    """The operand that begins there, and where it ends. `unclosed` gathers the quotes that nothing closes any more."""
    sign = _SIGN.match(line, at)
    minus, field = sign.group("minus", "field") if sign else (None, None)
    begins = _end(_SIGN, line, at)
    closing = _closing_quote(line, begins, unclosed)
    exact = closing > begins
    end = closing + 1 if exact else _end(_WORD, line, begins)
    value = line[begins + 1 : closing].strip() if exact else _bare(line[begins:end])
    condition = _condition(field.lower() if field else None, value, exact)
    opened = not exact and line[begins : begins + 1] in CLOSING
    if condition is None or opened or not (minus or field or exact):
        return _plain_operand(line[at:end]), end
    tail = _end(_TAIL, line, end) if exact else end
    searched = isinstance(condition, Holds) and not minus
    return _Operand(value + line[end:tail].lstrip(")") if searched else "", condition, excluded=bool(minus)), tail


def _closing_quote(line: str, at: int, unclosed: set[str]) -> int:
    """Where the phrase that opens there is closed; -1 when none opens. A straight or curly quote hugs its phrase."""
    opening = line[at : at + 1]
    if opening not in CLOSING or opening in unclosed or (line[at + 1 : at + 2] == " " and opening not in "«»"):
        return -1
    closing = _closing(line, at)
    if closing is None:
        unclosed.add(opening)
        return -1
    return closing.start()


def _closing(line: str, at: int) -> re.Match[str] | None:
    """The right closing quote; the mistyped one where it is missing or another phrase opens before it or with it."""
    opening = line[at]
    right = CLOSING[opening].search(line, at + 1)
    mistyped = MISTYPED[opening].search(line, at + 1) if opening in MISTYPED else None
    if right is None or mistyped is None:
        return right or mistyped
    again = re.search(rf"(?<=[\s(]){opening}(?=\S)", line[at : right.end() + 1])
    return mistyped if again and mistyped.start() < right.start() else right


def _plain_operand(typed: str) -> _Operand:
    word = _bare(typed)
    asks = _LETTER.search(word) and not word.startswith("-")
    return _Operand(_without_closing_parentheses(typed), Holds(word) if asks else None, plain=True)


def _bare(word: str) -> str:
    """The word without what a sentence puts around it; the dots of an open range stay."""
    bare = _without_closing_parentheses(word.rstrip(",;")).strip(_QUOTES).rstrip(",;")
    return bare if bare.endswith("..") else bare.removesuffix(".")


def _without_closing_parentheses(word: str) -> str:
    surplus = max(0, word.count(")") - word.count("("))
    return word[: max(len(word.rstrip(")")), len(word) - surplus)]


def _condition(field: str | None, value: str, exact: bool) -> Condition | None:
    """What the field, or the word without one, asks for; None when there is no letter or digit, or no such date."""
    if not _LETTER.search(value):
        return None
    if field is None or field == TITLE:
        return Holds(value, Place.TITLE if field else Place.ANYWHERE, exact)
    return Is(FACTS[field], value) if field in FACTS else _published(field, value)


def _published(field: str, value: str) -> Published | None:
    first, dots, last = value.partition("..") if field == "date" else (value, "", "")
    opening, closing = _days(first), _days(last or first)
    if (first and opening is None) or (last and closing is None):
        return None
    start = opening[0] if opening else None
    past = closing[1] if closing and (last or not dots) else None
    if start and past and past <= start:
        return None
    match field:
        case "from" | "since":
            return Published(start, None)
        case "after":
            return Published(past, None)
        case "to" | "until":
            return Published(None, past)
        case "before":
            return Published(None, start)
        case _:
            return Published(start, past)


def _days(value: str) -> tuple[datetime, datetime] | None:
    """The first moment of a year, month or day and the first after it, in UTC; None when there is none."""
    found = _DATE.fullmatch(value)
    try:
        return calendar_span(*(int(part) for part in found.groups() if part)) if found else None
    except (ValueError, OverflowError):
        return None


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found else at
