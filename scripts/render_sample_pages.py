"""Render some articles of data/sample as saved HTML pages, in the layouts of data/sample/layouts.

    python scripts/render_sample_pages.py

The pages stand beside the articles they show, under the same canonical URL, so each is its own gold.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

SAMPLE = Path(__file__).parents[1] / "data" / "sample"

LAYOUTS = ("bulletin", "broadsheet", "portal", "gazette", "journal", "wire")
"""For English pages, in turn; other languages take `mirror`."""

EVERY = 4
"""One English article in this many becomes a page; of other languages every one."""

RELATED = 4

WORDS = {
    "ar": {"comments": "التعليقات", "related": "أخبار ذات صلة"},
    "fa": {"comments": "نظرات", "related": "اخبار مرتبط"},
    "fr": {"comments": "Commentaires", "related": "À lire aussi"},
    "es": {"comments": "Comentarios", "related": "Noticias relacionadas"},
}


def render_pages() -> dict[str, str]:
    """File name -> HTML, for every article that has a page."""
    lines = (SAMPLE / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    articles = [json.loads(line) for line in lines]
    environment = Environment(loader=FileSystemLoader(SAMPLE / "layouts"), autoescape=True, keep_trailing_newline=True)
    english = [article for article in articles if article["language"] == "en"][::EVERY]
    foreign = [article for article in articles if article["language"] != "en"]
    chosen = [*zip(english, cycle(LAYOUTS), strict=False), *((article, "mirror") for article in foreign)]
    return {
        f"{layout}-{article['id']}.html": environment.get_template(f"{layout}.html.j2").render(
            _context(article, articles)
        )
        for article, layout in chosen
    }


def _context(article: dict[str, Any], articles: list[dict[str, Any]]) -> dict[str, Any]:
    published = datetime.fromisoformat(article["published_at"])
    others = [other for other in articles if other["language"] == article["language"] and other["id"] != article["id"]]
    near = sorted(others, key=lambda other: (other["section"] != article["section"], other["id"]))[:RELATED]
    return {
        "a": article,
        "paragraphs": article["body"].split("\n\n"),
        "sections": sorted({other["section"] for other in articles}),
        "related": [{**other, "lead": other["body"].split("\n\n")[0]} for other in near],
        "visible_date": f"{published.day} {published:%B %Y, %H:%M}",
        "compact_date": f"{published:%d-%m-%Y | %H:%M}",
        "json_ld": _script(_news_article(article)),
        "json_ld_graph": _script(
            {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, _news_article(article)]}
        ),
        "words": WORDS.get(article["language"]),
        "direction": "rtl" if article["language"] in ("ar", "fa") else "ltr",
    }


def _news_article(article: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article["title"],
        "datePublished": article["published_at"],
        "dateModified": article.get("updated_at"),
        "author": [{"@type": "Person", "name": name} for name in article["authors"]],
        "articleSection": article["section"],
        "keywords": article.get("tags"),
        "description": article.get("summary"),
        "inLanguage": article["language"],
        "publisher": {"@type": "NewsMediaOrganization", "name": article["source"]},
        "mainEntityOfPage": {"@type": "WebPage", "@id": article["url"]},
    }
    return {name: value for name, value in fields.items() if value}


def _script(value: dict[str, Any]) -> Any:
    """JSON that is safe inside a script element."""
    return Markup(json.dumps(value, ensure_ascii=False, indent=1).replace("<", "\\u003c"))


def main() -> None:
    pages = SAMPLE / "pages"
    pages.mkdir(exist_ok=True)
    for old in pages.glob("*.html"):
        old.unlink()
    for name, text in render_pages().items():
        (pages / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
