"""Words as the lexical index holds them: stemmed by the language of the text, or only folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

import regex
from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

FOLDED = "folded"
"""The analysis of a language without a stemmer, and of exact phrases: case and accents are folded, nothing else."""

_WITHOUT_STOP_WORDS = frozenset({"ar", "el", "ro", "ta", "tr"})
"""Languages that have a stemmer but no list of stop words."""

_SNOWBALL = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Languages with a stemmer, by tag."""

_LONGEST_WORD = 60
_WORD = regex.compile(r"[\p{Alphabetic}\p{N}]+")
"""A word, as tantivy's tokenizer cuts it: vowel signs belong to it, an underscore does not."""


_NAME = regex.compile(r"(?<=[\p{L}\p{N},;)\u2019'\u201d\"\-\u2013] |[(\u201c\u2018-])\p{Lu}[\p{Alphabetic}\p{N}]+")
"""A word with a capital that does not begin a sentence."""


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word of a text."""
    return (match.span() for match in _WORD.finditer(text))


def words_of(text: str) -> list[str]:
    """The words of a text as they are written."""
    return [text[start:end] for start, end in word_spans(text)]


def analysis_of(language: str) -> str:
    """The name of the analysis that a text of this language (BCP 47) gets."""
    primary = language.partition("-")[0].lower()
    return primary if primary in _SNOWBALL else FOLDED


def analyse(text: str, analysis: str) -> list[str]:
    """The terms of a text, in order, stop words left out."""
    terms: list[str] = _analyzer(analysis).analyze(text)
    return terms


def named_terms(text: str, analysis: str) -> frozenset[str]:
    """The terms of words that are written like names: with a capital, elsewhere than at the beginning of a sentence."""
    terms = (_term(analysis, match.group()) for match in _NAME.finditer(text))
    return frozenset(term for term in terms if term is not None)


def folded(text: str) -> list[str]:
    """The words of a text, case and accents folded."""
    return analyse(text, FOLDED)


@lru_cache(maxsize=len(_SNOWBALL) + 1)
def _analyzer(analysis: str) -> Any:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_LONGEST_WORD))
    builder = builder.filter(Filter.lowercase())
    if analysis != FOLDED:
        language = _SNOWBALL[analysis]
        if analysis not in _WITHOUT_STOP_WORDS:
            builder = builder.filter(Filter.stopword(language))
        builder = builder.filter(Filter.stemmer(language))
    return builder.filter(Filter.ascii_fold()).build()


@lru_cache(maxsize=50_000)
def _term(analysis: str, word: str) -> str | None:
    terms = analyse(word, analysis)
    return terms[0] if len(terms) == 1 else None


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One word of a query: what it is in each analysis that keeps it, and how much it weighs."""

    forms: Mapping[str, str]
    weight: float = 1.0

    @property
    def terms(self) -> tuple[str, ...]:
        """Its different terms."""
        return tuple(dict.fromkeys(self.forms.values()))


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """What a lexical query asks for: its words in order of first appearance."""

    words: tuple[QueryWord, ...] = ()
    neighbours: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Pairs of terms that stand beside each other in the query, stop words passed over."""

    @classmethod
    def of_query(cls, text: str, analyses: Iterable[str]) -> QueryTerms:
        """Every word of a typed query as each of these analyses has it; a word weighs as often as it was typed."""
        names = tuple(analyses)
        counts = Counter(words_of(text))
        forms = {word: {name: term for name in names if (term := _term(name, word)) is not None} for word in counts}
        by_forms: dict[tuple[tuple[str, str], ...], int] = {}
        for word, count in counts.items():
            key = tuple(forms[word].items())
            by_forms[key] = by_forms.get(key, 0) + count
        words = tuple(QueryWord(dict(key), float(count)) for key, count in by_forms.items() if key)
        return cls(words, _neighbours(text, names))

    def terms_of(self, language: str) -> frozenset[str]:
        """The terms that match in a text of this language."""
        analysis = analysis_of(language)
        return frozenset(word.forms[analysis] for word in self.words if analysis in word.forms)

    def __bool__(self) -> bool:
        return bool(self.words)


def _neighbours(text: str, analyses: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs: dict[tuple[str, str], None] = {}
    for name in analyses:
        terms = analyse(text, name)
        pairs |= {pair: None for pair in pairwise(terms) if pair[0] != pair[1]}
    return tuple(pairs)


def matching_spans(text: str, language: str, terms: QueryTerms) -> list[tuple[int, int, str]]:
    """(start, end, term) of each word of a text in this language that one of the query's words matches, in order.

    Single letters, such as the s of a possessive, match only when the query has nothing else.
    """
    analysis = analysis_of(language)
    wanted = terms.terms_of(language)
    wanted = frozenset(term for term in wanted if len(term) > 1 or not term.isascii()) or wanted
    if not wanted:
        return []
    words = ((span, _term(analysis, text[slice(*span)])) for span in word_spans(text))
    return [(*span, term) for span, term in words if term is not None and term in wanted]
