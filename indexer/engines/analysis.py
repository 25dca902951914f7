"""Words as the lexical index holds them: stemmed by the language of the text, or only folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import regex
from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from indexer.engines.light_stemming import arabic_stem, persian_stem
from indexer.engines.scripts import (
    HALF_SPACE,
    compound_spans,
    han_spans,
    is_plain,
    pair_spans,
    pairs,
    parts,
    plain,
    word_spans,
)
from indexer.engines.stop_words import STOP_WORDS

FOLDED = "folded"
"""The analysis of a language without a stemmer, and of exact phrases: case and accents are folded, nothing else."""

_WITHOUT_STOP_WORDS = frozenset({"el", "ro", "ta"})
"""Languages that have a stemmer but no list of stop words."""

_OWN_STOP_WORDS_ONLY = frozenset({"ar", "fa", "tr"})
"""Languages of which tantivy has no list."""

_SNOWBALL = {
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
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Languages with a stemmer of tantivy's, by tag."""

_LIGHT: Mapping[str, Callable[[str], str]] = {"ar": arabic_stem, "fa": persian_stem}
"""Languages with a stemmer here."""

_WRITTEN_AS: Mapping[str, str] = {
    tag: language
    for language, tags in {
        "ar": ("ara", "arb", "ary", "arz"),
        "de": ("deu", "ger"),
        "en": ("eng",),
        "es": ("spa",),
        "fa": ("fas", "per", "pes", "prs"),
        "fr": ("fra", "fre"),
        "ru": ("rus",),
        "tr": ("tur",),
    }.items()
    for tag in tags
}
"""Tags of three letters, which some archives state."""

_ACCENTS_TELL = frozenset({"es", "fr", "it", "pt", "ro", "tr"})
"""Languages whose stemmers know endings by accents: a word typed without them gets another stem."""

_LONGEST_WORD = 60
_WITH_MARKS = r"[\p{Alphabetic}\p{N}][\p{Alphabetic}\p{N}\p{M}]*"
_MARK = regex.compile(r"(?V1)[\p{M}--\p{Alphabetic}]")
"""tantivy's own tokenizer cuts words at these."""

_NAME = regex.compile(r"(?<=[\p{L}\p{N},;)\u2019'\u201d\"\-\u2013] |[(\u201c\u2018-])\p{Lu}[\p{Alphabetic}\p{N}]+")
"""A word with a capital that does not begin a sentence."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are written."""
    return [text[start:end] for start, end in word_spans(text)]


def analysis_of(language: str) -> str:
    """The name of the analysis that a text of this language (BCP 47) gets."""
    stated = language.partition("-")[0].lower()
    primary = _WRITTEN_AS.get(stated, stated)
    return primary if primary in _SNOWBALL or primary in _LIGHT else FOLDED


def analyse(text: str, analysis: str) -> list[str]:
    """The terms of a text, in order, stop words left out; what is written without spaces as pairs of letters."""
    between = parts(_lettered(text, analysis), korean=True)
    return list(chain.from_iterable(pairs(run) if run else _stemmed(words, analysis) for words, run in between))


def other_terms(text: str, analysis: str) -> list[str]:
    """What else a text is to be found by, each once.

    Single Chinese characters; compounds with a half-space as one word; the stems of words as typed without accents.
    """
    spans = chain(han_spans(text), compound_spans(text), _accented(text, analysis))
    found = dict.fromkeys(term for span in spans for term in _others(analysis, text[slice(*span)]))
    known = set(analyse(text, analysis)) if found else set()
    return [term for term in found if term not in known]


def named_terms(text: str, analysis: str) -> frozenset[str]:
    """The terms of words that are written like names: with a capital, elsewhere than at the beginning of a sentence."""
    terms = (_term(analysis, match.group()) for match in _NAME.finditer(text))
    return frozenset(term for term in terms if term is not None)


def folded(text: str) -> list[str]:
    """The words of a text, case and accents folded; what is written without spaces letter by letter."""
    between = parts(plain(text), korean=False)
    return list(chain.from_iterable(run or _stemmed(words, FOLDED) for words, run in between))


def _lettered(text: str, analysis: str) -> str:
    """The text in plain letters; the capital of a dotless i is I in Turkish."""
    return plain(text.replace("I", "ı").replace("İ", "i") if analysis == "tr" else text)


def _stemmed(text: str, analysis: str) -> list[str]:
    terms: list[str] = _analyzer(analysis, marks=not text.isascii() and _MARK.search(text) is not None).analyze(text)
    stem = _LIGHT.get(analysis)
    return terms if stem is None else [stem(term) for term in terms]


@lru_cache(maxsize=128)
def _analyzer(analysis: str, *, marks: bool = False, accents: bool = True) -> Any:
    """The analysis of plain letters; without `accents`, they are folded before the stemmer sees them."""
    builder = TextAnalyzerBuilder(Tokenizer.regex(_WITH_MARKS) if marks else Tokenizer.simple())
    builder = builder.filter(Filter.remove_long(_LONGEST_WORD)).filter(Filter.lowercase())
    if analysis != FOLDED and analysis not in _WITHOUT_STOP_WORDS:
        if analysis not in _OWN_STOP_WORDS_ONLY:
            builder = builder.filter(Filter.stopword(_SNOWBALL[analysis]))
        if analysis in STOP_WORDS:
            builder = builder.filter(Filter.custom_stopword(list(STOP_WORDS[analysis])))
    if not accents:
        builder = builder.filter(Filter.ascii_fold())
    if analysis in _SNOWBALL:
        builder = builder.filter(Filter.stemmer(_SNOWBALL[analysis]))
    return builder.filter(Filter.ascii_fold()).build()


@lru_cache(maxsize=50_000)
def _term(analysis: str, word: str) -> str | None:
    terms = analyse(word, analysis)
    return terms[0] if len(terms) == 1 else None


@lru_cache(maxsize=50_000)
def _others(analysis: str, word: str) -> tuple[str, ...]:
    """What else one word, compound or character is to be found by."""
    if HALF_SPACE in word:
        return _joined(analysis, word)
    if analysis not in _ACCENTS_TELL:
        return tuple(analyse(word, analysis))
    terms: list[str] = _analyzer(analysis, accents=False).analyze(_lettered(word, analysis))
    return tuple(terms)


def _joined(analysis: str, compound: str) -> tuple[str, ...]:
    """The term of a compound written as one word, where it is another than those of its parts."""
    parted = analyse(compound, analysis)
    return tuple(term for term in analyse(compound.replace(HALF_SPACE, ""), analysis) if term not in parted)


def _accented(text: str, analysis: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word with an accent, in a language whose stemmer goes by them."""
    if analysis in _ACCENTS_TELL and not text.isascii():
        yield from (span for span in word_spans(text) if not text[slice(*span)].isascii())


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
        counts = Counter(text[start:end] for start, end in pair_spans(text))
        forms = {word: {name: term for name in names if (term := _term(name, word)) is not None} for word in counts}
        for start, end in compound_spans(text):
            counts[text[start:end]] += 1
            forms[text[start:end]] = {name: term for name in names for term in _joined(name, text[start:end])}
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

    Where words are written without spaces, spans are of two letters and overlap. Of a compound with a half-space a part is
    marked, or the whole where no part of it begins the match.
    Single letters, such as the s of a possessive, match only when the query has nothing else.
    """
    analysis = analysis_of(language)
    wanted = terms.terms_of(language)
    wanted = frozenset(term for term in wanted if len(term) > 1 or not term.isascii()) or wanted
    if not wanted:
        return []
    if is_plain(text):
        words = _latin_words(frozenset(term[0] for term in wanted) if analysis == "en" else None).finditer(text)
        read = ((match, _wanted(analysis, match.group(), wanted)) for match in words)
        return [(match.start(), match.end(), term) for match, term in read if term is not None]
    found: list[tuple[int, int, str]] = []
    spans = sorted({*pair_spans(text), *han_spans(text), *compound_spans(text)})
    for start, end in spans:
        past = found[-1][1] if found else 0
        if end <= past or (start < past and HALF_SPACE in text[start:end]):
            continue
        term = _wanted(analysis, text[start:end], wanted)
        if term is not None:
            found.append((start, end, term))
    return found


@lru_cache(maxsize=1_000)
def _latin_words(beginnings: frozenset[str] | None) -> re.Pattern[str]:
    """Words in Latin letters; only those that begin so, or with an accent, since an English word and its stem begin alike."""
    if beginnings is None:
        return re.compile(r"[^\W_]+")
    letters = {letter for one in beginnings for letter in (one.lower(), one.upper()) if letter.isalnum()}
    plain = f"[{''.join(sorted(letters))}]|" if letters else ""
    return re.compile(rf"(?<![^\W_])(?:{plain}(?![\W_])[^\x00-\x7f])[^\W_]*")


def _wanted(analysis: str, word: str, wanted: frozenset[str]) -> str | None:
    """The wanted term that a word is."""
    term = _term(analysis, word)
    if term is not None and term in wanted:
        return term
    if word.isascii() or not (analysis in _ACCENTS_TELL or HALF_SPACE in word):
        return None
    return next((other for other in _others(analysis, word) if other in wanted), None)
