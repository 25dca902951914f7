"""Who and what a NewsML-G2 item names: providers, creators, subjects, rights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from indexer.sources.byline import is_person
from indexer.sources.iptc import byline_fields, code_name, first_text, is_top_level_topic
from indexer.sources.safe_xml import children, descend, element_line

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SUMMARY_ROLES = ("summary", "lede", "lead", "abstract", "")


def code_of(element: etree._Element) -> str:
    """The concept that an element means: its QCode, URI or literal."""
    return (element.get("qcode") or element.get("uri") or element.get("literal") or "").strip()


def names(elements: Iterable[etree._Element], language: str | None = None) -> list[str]:
    """The name of each element that has one."""
    return [name for element in elements if (name := _name(element, language))]


def described(item: etree._Element) -> str:
    """The description that summarises the article."""
    descriptions = list(descend(item, "contentMeta", "description"))
    return first_text(
        element_line(one) for role in _SUMMARY_ROLES for one in descriptions if code_name(one.get("role") or "") == role
    )


def credit_fields(item: etree._Element) -> dict[str, Any]:
    """Authors (persons among the creators, else in the byline), source (in the last place a creator who is no person), terms."""
    creators = list(descend(item, "contentMeta", "creator"))
    persons = [one for one in creators if _is_person(one)]
    printed = byline_fields(first_text(map(element_line, descend(item, "contentMeta", "by"))))
    providers = list(descend(item, "itemMeta", "provider"))
    holders = list(descend(item, "rightsInfo", "copyrightHolder"))
    agencies = [one for one in creators if not _is_person(one)]
    sources = [*providers, *descend(item, "contentMeta", "infoSource"), *holders, *agencies]
    terms = [
        first_text(map(element_line, descend(item, "rightsInfo", name))) for name in ("usageTerms", "copyrightNotice")
    ]
    return {
        "byline": printed["byline"],
        "authors": names(persons) or printed["authors"],
        "source": first_text([*names(sources), *(one.get("literal") for one in sources)]),
        "license": first_text(terms),
        "copyright": terms[1] if terms[0] else "",
        "credit": first_text(map(element_line, descend(item, "contentMeta", "creditline"))),
    }


def subject_fields(item: etree._Element, language: str | None) -> dict[str, Any]:
    """The section (the first top-level media topic that has a name), tags and genre."""
    asserted = {code_of(one): name for one in children(item, "assert") if (name := _name(one, language))}
    section, tags = "", []
    for subject in descend(item, "contentMeta", "subject"):
        concepts = children(subject, "mainConcept") or [subject]
        for concept in concepts:
            name = _name(concept, language) or asserted.get(code_of(concept), "")
            tags.append(name)
            for code, topic in [(code_of(concept), name), *_broader(concept, language, asserted)]:
                section = section or (topic if is_top_level_topic(code) else "")
    keywords = [element_line(keyword) for keyword in descend(item, "contentMeta", "keyword")]
    return {
        "section": section,
        "tags": [tag for tag in [*tags, *keywords] if tag],
        "genre": ", ".join(names(descend(item, "contentMeta", "genre"), language)),
    }


def _is_person(creator: etree._Element) -> bool:
    """By its type, else by the look of its name."""
    kind = code_name(creator.get("type") or "")
    return kind == "person" or (not kind and is_person(_name(creator, None)))


def _broader(concept: etree._Element, language: str | None, asserted: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (code_of(one), _name(one, language) or asserted.get(code_of(one), "")) for one in children(concept, "broader")
    ]


def _name(element: etree._Element, language: str | None) -> str:
    """Its name in the language, else the first."""
    found = children(element, "name")
    primary = (language or "").partition("-")[0].lower()
    fitting = [name for name in found if primary and (name.get(_XML_LANG) or "").partition("-")[0].lower() == primary]
    return first_text(map(element_line, [*fitting, *found]))
