"""Posts as the WordPress REST API gives them (https://developer.wordpress.org/rest-api/reference/posts/)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from indexer.errors import SourceError
from indexer.sources.fragments import fragment_line
from indexer.sources.items import EXTENT, Extent, Reading, article_item
from indexer.sources.jsonl import MAX_LINE_BYTES, read_lines
from indexer.sources.source_file import SourceFile
from indexer.sources.wordpress_post import (
    classification,
    credited,
    is_article_type,
    post_time,
    publishing,
    stated_language,
)
from indexer.sources.wordpress_text import post_body, post_summary
from indexer.types import Found, Reject


def read_wordpress_json(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The article of each post, or why it is none: of an array of posts, of one post, or of one post a line.

    Pages, attachments and the like are passed over. Raises SourceError for what is no JSON and for an answer that says an error.
    """
    number, yielded = 0, False
    for place, post in read_lines(file) if _has_lines(file) else _posts(file):
        number += 1
        if isinstance(post, Reject):
            yielded = True
            yield post
        elif not isinstance(post, dict) or not ("title" in post or "content" in post):
            yielded = True
            yield Reject(file.name, place, "is no post; expected a JSON object with title or content")
        elif is_article_type(_text(post.get("type"))):
            yielded = True
            yield _article(post, file.name, place, how)
    if not yielded:
        yield Reject(file.name, "file", f"holds no post among its {number:,} items")


def _has_lines(file: SourceFile) -> bool:
    """Whether the first line is a post of its own, and not the beginning of a document."""
    with file.open() as opened:
        line = opened.readline(MAX_LINE_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
        more = opened.read(1)
    try:
        return len(line) > MAX_LINE_BYTES or (isinstance(orjson.loads(line), dict) and bool(more))
    except orjson.JSONDecodeError:
        return False


def _posts(file: SourceFile) -> Iterator[tuple[str, Any]]:
    """The posts of a document that is read as a whole, each with its place."""
    try:
        document = orjson.loads(file.read().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceError(f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    if isinstance(document, dict) and isinstance(document.get("code"), str) and "message" in document:
        said = fragment_line(_text(document["message"]))
        raise SourceError(f"is the answer {document['code'][:80]!r} ({said[:200]}), not posts; ask the site again")
    posts = document if isinstance(document, list) else [document]
    yield from ((f"item {number}", post) for number, post in enumerate(posts, start=1))


def _article(post: dict[str, Any], source: str, place: str, how: Reading) -> Found | Reject:
    title, excerpt, content = (_rendered(post.get(name)) for name in ("title", "excerpt", "content"))
    title, yoast = fragment_line(title), _object(post.get("yoast_head_json"))
    published_at = post_time(_text(post.get("date_gmt")), _text(post.get("date")))
    protected = _object(post.get("content")).get("protected") is True or bool(post.get("password"))
    record = {
        "title": title,
        "body": post_body(content, title) if "content" in post else post_summary(excerpt),
        "url": _text(post.get("link")),
        "published_at": published_at,
        "updated_at": post_time(_text(post.get("modified_gmt"))),
        "source": fragment_line(_text(yoast.get("og_site_name"))),
        "summary": post_summary(excerpt or _text(yoast.get("description")) or _text(yoast.get("og_description"))),
        "language": stated_language(_text(post.get("lang")), _text(yoast.get("og_locale"))),
        "image_url": _image(post, yoast),
        "wp_post_id": post["id"] if isinstance(post.get("id"), int) else None,
        EXTENT: None if "content" in post else Extent.SUMMARY,
        **credited(_names(post, yoast)),
        **_classification(post, yoast),
        **publishing(_text(post.get("status")), published_at, password=protected),
    }
    return article_item(record, source, place, how, partial="_embedded" not in post)


def _names(post: dict[str, Any], yoast: dict[str, Any]) -> list[str]:
    """The names of the authors; their numbers alone are none."""
    embedded = _objects(_object(post.get("_embedded")).get("author"))
    names = [fragment_line(_text(author.get("name"))) for author in embedded]
    return [name for name in names if name] or [fragment_line(_text(yoast.get("author")))]


def _classification(post: dict[str, Any], yoast: dict[str, Any]) -> dict[str, Any]:
    lists = _object(post.get("_embedded")).get("wp:term")
    terms = [term for listed in lists for term in _objects(listed)] if isinstance(lists, list) else []
    named = [
        (_text(term.get("taxonomy")), fragment_line(_text(term.get("name"))), _text(term.get("slug"))) for term in terms
    ]
    found = classification(
        ((name, slug) for taxonomy, name, slug in named if taxonomy == "category"),
        (name for taxonomy, name, _ in named if taxonomy == "post_tag" and name),
    )
    for node in _objects(_object(yoast.get("schema")).get("@graph")):
        section, tags = node.get("articleSection"), node.get("keywords")
        found["section"] = found["section"] or _first(section)
        found["tags"] = found["tags"] or ([_text(tag) for tag in tags] if isinstance(tags, list) else [])
    return found


def _image(post: dict[str, Any], yoast: dict[str, Any]) -> str | None:
    media = _objects(_object(post.get("_embedded")).get("wp:featuredmedia"))
    images = [_text(one.get("source_url")) for one in media] + [_text(post.get("jetpack_featured_media_url"))]
    images += [_text(one.get("url")) for one in _objects(yoast.get("og_image"))]
    return next((image for image in images if image), None)


def _rendered(value: Any) -> str:
    """A title, content or excerpt: the HTML that readers see, else as it was typed."""
    fields = _object(value)
    return _text(fields.get("rendered")) or _text(fields.get("raw")) or _text(value)


def _first(value: Any) -> str | None:
    texts = value if isinstance(value, list) else [value]
    return next((text for text in texts if isinstance(text, str) and text), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
