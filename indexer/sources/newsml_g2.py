"""NewsML-G2 (https://iptc.org/standards/newsml-g2/, versions 2.9 to 2.34): the text items of a message, or one item alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lxml import etree

from indexer.errors import SourceError
from indexer.sources.iptc import (
    code_name,
    finish_item,
    first_text,
    item_id,
    item_time,
    language_tag,
    latest,
    publishing_status,
    strictest,
    web_address,
)
from indexer.sources.items import Reading, article_item
from indexer.sources.newsml_g2_content import content_record
from indexer.sources.newsml_g2_names import code_of, credit_fields, described, names, subject_fields
from indexer.sources.safe_xml import children, descend, element_line, local_name, parse_xml
from indexer.sources.source_file import SourceFile
from indexer.types import Found, PubStatus, Reject

_ITEMS = frozenset(["newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"])
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PAGE_RELATIONS = frozenset(["page", "web", "webpage", "canonical", "permalink"])


def read_newsml_g2(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each text newsItem's article, and a Reject for every other item; places count the items from 1."""
    root = parse_xml(file.read())
    items = _items(root)
    pictures = {guid: address for item in items if (guid := item.get("guid")) and (address := _remote_picture(item))}
    for number, item in enumerate(items, start=1):
        place = f"item {number}"
        if reason := _no_text_reason(item):
            yield Reject(file.name, place, reason)
        else:
            yield article_item(finish_item(_record(item, how.now, pictures)), file.name, place, how)


def _items(root: etree._Element) -> list[etree._Element]:
    if local_name(root) in _ITEMS:
        return [root]
    if local_name(root) != "newsMessage":
        raise SourceError(f"begins with <{local_name(root)}>; expected <newsMessage>, <newsItem> or <packageItem>")
    items = [item for held in children(root, "itemSet") for item in held]
    if not items:
        raise SourceError("is a newsMessage without items")
    return items


def _no_text_reason(item: etree._Element) -> str | None:
    """Why an item is no text article, by its class; an item without a class must hold text."""
    stated = next(map(code_of, descend(item, "itemMeta", "itemClass")), "")
    if stated and (code_name(stated) != "text" or local_name(item) != "newsItem"):
        return f"item class {stated} is no text article"
    if local_name(item) != "newsItem":
        return f"a {local_name(item)} is no text article"
    if not stated and not children(item, "contentSet"):
        return "has neither an item class nor content, so it is no text article"
    if not stated and not [*descend(item, "contentSet", "inlineXML"), *descend(item, "contentSet", "inlineData")]:
        return "has no item class and only content that lies elsewhere, so it is no text article"
    return None


def _record(item: etree._Element, now: datetime, pictures: Mapping[str, str]) -> dict[str, Any]:
    """The item's record: what the item says, and what its content says where the item is silent; the stricter hold counts."""
    content = content_record(item, now)
    stated = {
        "id": item_id(item.get("guid") or "", item.get("version") or ""),
        "newsml_version": item.get("version"),
        "language": _language(item),
        "url": _page_address(item),
        "image_url": _picture(item, pictures),
        **_headlines(item),
        **_notes(item),
        **_times(item, now),
        **credit_fields(item),
        **subject_fields(item, _language(item)),
    }
    held = {
        "pubstatus": strictest(_status(item), content.get("pubstatus") or ""),
        "embargoed": latest(stated["embargoed"], content.get("embargoed")),
    }
    return {**content, **{name: value for name, value in stated.items() if value}, **held}


def _headlines(item: etree._Element) -> dict[str, Any]:
    headlines = list(descend(item, "contentMeta", "headline"))
    main = [one for one in headlines if code_name(one.get("role") or "main") in ("main", "headline")]
    return {
        "title": first_text(map(element_line, [*main, *headlines, *descend(item, "itemMeta", "title")])),
        "summary": described(item),
        "slugline": first_text(map(element_line, descend(item, "contentMeta", "slugline"))),
        "dateline": first_text(map(element_line, descend(item, "contentMeta", "dateline"))),
        "urgency": first_text(map(element_line, descend(item, "contentMeta", "urgency"))),
        "located": ", ".join(names(descend(item, "contentMeta", "located"), _language(item))),
    }


def _notes(item: etree._Element) -> dict[str, Any]:
    """The note to editors, which is shown with the article where the item is a correction."""
    note = " ".join(map(element_line, descend(item, "itemMeta", "edNote")))
    signals = [code_name(code_of(signal)) for signal in descend(item, "itemMeta", "signal")]
    if "correction" in signals:
        return {"correction": note or "Corrected version"}
    return {"editor_note": note}


def _times(item: etree._Element, now: datetime) -> dict[str, Any]:
    """Published when first created, updated when this version was: the only time that every version moves on."""

    def moment(*path: str) -> datetime | str | None:
        return item_time(first_text(map(element_line, descend(item, *path))), now)

    version, modified = moment("itemMeta", "versionCreated"), moment("contentMeta", "contentModified")
    first = moment("itemMeta", "firstCreated") or moment("contentMeta", "contentCreated")
    return {
        "published_at": first or version,
        "updated_at": version or modified,
        "embargoed": moment("itemMeta", "embargoed"),
    }


def _status(item: etree._Element) -> str:
    """The publishing status; an embargo that states no end is kept back until a new version lifts it."""
    stated = [publishing_status(code_of(status)) for status in descend(item, "itemMeta", "pubStatus")]
    endless = any(not element_line(embargo) for embargo in descend(item, "itemMeta", "embargoed"))
    return strictest("", *stated, PubStatus.WITHHELD if endless else "")


def _language(item: etree._Element) -> str | None:
    tags = [language.get("tag") for language in descend(item, "contentMeta", "language")]
    return language_tag(*tags, *(one.get(_XML_LANG) for one in [item, *children(item, "contentMeta")]))


def _page_address(item: etree._Element) -> str | None:
    """The article's own page: a link or a remote content that says so, else an alternative id that is a web address."""
    links = [
        link.get("href")
        for link in descend(item, "itemMeta", "link")
        if code_name(link.get("rel") or "") in _PAGE_RELATIONS
    ]
    pages = [
        remote.get("href")
        for remote in descend(item, "contentSet", "remoteContent")
        if (remote.get("contenttype") or "").startswith("text/html")
    ]
    other = [element_line(one) or one.get("id") for one in descend(item, "contentMeta", "altId")]
    return web_address(*links, *pages, *other)


def _picture(item: etree._Element, pictures: Mapping[str, str]) -> str | None:
    """The item's icon, else a picture it links to, there or in the same message."""
    links = list(descend(item, "itemMeta", "link"))
    shown = [link.get("href") for link in links if (link.get("contenttype") or "").startswith("image/")]
    held = [pictures.get(link.get("residref") or link.get("href") or "") for link in links]
    icons = [icon.get("href") for icon in descend(item, "contentMeta", "icon")]
    return web_address(*icons, *held, *shown) or _remote_picture(item)


def _remote_picture(item: etree._Element) -> str | None:
    """The first web address among the item's remote contents that are images."""
    is_picture = any(code_name(code_of(one)) == "picture" for one in descend(item, "itemMeta", "itemClass"))
    return web_address(
        *(
            remote.get("href")
            for remote in descend(item, "contentSet", "remoteContent")
            if (remote.get("contenttype") or ("image/" if is_picture else "")).startswith("image/")
        )
    )
