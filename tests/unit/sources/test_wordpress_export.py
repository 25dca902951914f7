from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.detection import SourceFormat
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.sources.wordpress_export import MAX_ITEM_CHARS
from indexer.sources.wordpress_text import without_shortcodes
from indexer.types import DateOrigin, Found, PubStatus, Reject
from tests.support import NOW, ROOT

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>The Strait Herald</title><link>https://herald.example</link><language>en-GB</language>
<wp:wxr_version>1.2</wp:wxr_version>
<wp:author><wp:author_id>3</wp:author_id><wp:author_login><![CDATA[hoduya]]></wp:author_login>
<wp:author_display_name><![CDATA[Halima Oduya]]></wp:author_display_name></wp:author>
<wp:author><wp:author_login>desk</wp:author_login><wp:author_display_name>Herald Newsroom</wp:author_display_name></wp:author>
"""
TAIL = "</channel></rss>"
CONTENT = """[caption id="attachment_8" align="alignright"]<img src="b.jpg" /> The quay on Monday[/caption]
Ferry crews returned to work on Tuesday after nine days,
and the first boat left at six.

“Nobody won this [strike],” said <em>Halima Oduya</em> of the crews. [gallery ids="1,2"]

<h2>What was agreed</h2>
The agreement limits night crossings to [lead]four[/lead] a week."""
BODY = [
    "Ferry crews returned to work on Tuesday after nine days, and the first boat left at six.",
    "“Nobody won this [strike],” said Halima Oduya of the crews.",
    "What was agreed",
    "The agreement limits night crossings to four a week.",
]


def item(content: str = CONTENT, more: str = "", **fields: str) -> str:
    said = {
        "title": "Ferry strike ends",
        "link": "https://herald.example/2026/03/ferry/",
        "wp:post_id": "71",
        "wp:post_date": "2026-03-10 07:15:00",
        "wp:post_date_gmt": "2026-03-10 05:15:00",
        "wp:post_modified_gmt": "2026-03-10 09:00:00",
        "wp:status": "publish",
        "wp:post_type": "post",
        "wp:post_password": "",
        "dc:creator": "hoduya",
        **{name.replace("__", ":"): value for name, value in fields.items()},
    }
    elements = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in said.items())
    return f"<item>{elements}<content:encoded><![CDATA[{content}]]></content:encoded>{more}</item>\n"


def read(*items: str, head: str = HEAD, tail: str = TAIL) -> list[Found | Reject]:
    data = (head + "".join(items) + tail).encode()
    return list(read_source(SourceFile.in_memory("export.xml", data), Reading(NOW)))


def found(*items: str) -> Found:
    (one,) = read(*items)
    assert isinstance(one, Found), one
    return one


def test_a_post_is_an_article_with_the_fields_of_its_item() -> None:
    terms = (
        '<category domain="category" nicename="uncategorized">Uncategorized</category>'
        '<category domain="category" nicename="harbour"><![CDATA[Harbour &amp; Sea]]></category>'
        '<category domain="category" nicename="work">Work</category>'
        '<category domain="post_tag" nicename="ferries">ferries</category>'
        "<excerpt:encoded>Nine days of strike end. [&amp;hellip;]</excerpt:encoded>"
    )
    one = found(item(more=terms))
    article = one.article
    assert (one.place, one.partial, one.stated_id) == ("item 1", False, False)
    assert article.title == "Ferry strike ends"
    assert article.body.split("\n\n") == BODY
    assert article.url == "https://herald.example/2026/03/ferry/"
    assert article.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)
    assert article.published_from is DateOrigin.RECORD
    assert article.updated_at == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert (article.source, article.section, article.language) == ("The Strait Herald", "Harbour & Sea", "en-GB")
    assert article.authors == ("Halima Oduya",)
    assert article.tags == ("Work", "ferries")
    assert article.summary == "Nine days of strike end.…"
    assert article.extra == {"wp_post_id": "71"}
    assert article.pubstatus is PubStatus.USABLE


def test_block_editor_content_has_no_comments_in_its_text() -> None:
    content = (
        "<!-- wp:paragraph -->\n<p>The crews returned to work on Tuesday after nine days.</p>\n<!-- /wp:paragraph -->\n\n"
        '<!-- wp:image {"id":8} -->\n<figure><img src="b.jpg"/><figcaption>The quay</figcaption></figure>\n<!-- /wp:image -->\n\n'
        "<!-- wp:paragraph -->\n<p>The first boat left the eastern quay at six.</p>\n<!-- /wp:paragraph -->"
    )
    assert found(item(content)).article.body == (
        "The crews returned to work on Tuesday after nine days.\n\nThe first boat left the eastern quay at six."
    )
    assert found(item("<!-- wp:spacer /-->")).article.body == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[sic], [1], [a note] and [ad] stay", "[sic], [1], [a note] and [ad] stay"),
        ("[Video] stays", "[Video] stays"),
        ("a [link](x) and [[gallery]]", "a [link](x) and [gallery]"),
        ("one[gallery]", "one "),
        ("[embed]https://tube.example/1[/embed]two", " two"),
        ('[caption width="3"]<img src="b.jpg"> The quay[/caption]three', " three"),
        ('[contact-form-7 id="4"]four', "four"),
        ("[pull]five[/pull] [pull] six", "five [pull] six"),
        ("seven[/pull]", "seven"),
        ("[caption]eight", " eight"),
    ],
)
def test_shortcodes_go_and_other_words_in_brackets_stay(text: str, expected: str) -> None:
    assert without_shortcodes(text) == expected


def test_thousands_of_unclosed_shortcodes_take_no_longer_than_their_number() -> None:
    assert without_shortcodes("[caption][a x=" * 100_000).replace(" ", "") == "[ax=" * 100_000
    assert without_shortcodes("[" * 1_000_000) == "[" * 1_000_000


@pytest.mark.parametrize(
    ("fields", "pubstatus", "embargoed"),
    [
        ({"wp__status": "draft"}, PubStatus.WITHHELD, None),
        ({"wp__status": "pending"}, PubStatus.WITHHELD, None),
        ({"wp__status": "private"}, PubStatus.WITHHELD, None),
        ({"wp__status": "acf-disabled"}, PubStatus.WITHHELD, None),
        ({"wp__post_password": "harbour"}, PubStatus.WITHHELD, None),
        ({"wp__status": "trash"}, PubStatus.CANCELED, None),
        (
            {"wp__status": "future", "wp__post_date_gmt": "2026-09-01 06:00:00"},
            PubStatus.USABLE,
            datetime(2026, 9, 1, 6, tzinfo=UTC),
        ),
        ({"wp__status": "future", "wp__post_password": "x"}, PubStatus.WITHHELD, None),
    ],
)
def test_what_is_not_public_is_never_shown(
    fields: dict[str, str], pubstatus: PubStatus, embargoed: datetime | None
) -> None:
    article = found(item(**fields)).article
    assert (article.pubstatus, article.embargoed) == (pubstatus, embargoed)


def test_a_draft_has_no_date_and_keeps_its_id_from_export_to_export() -> None:
    draft = {"link": "https://herald.example/?p=71", "wp__status": "draft", "wp__post_date_gmt": "0000-00-00 00:00:00"}
    first, second = found(item(**draft)).article, found(item("Another text.", **draft)).article
    assert first.id == second.id
    assert first.published_at is None
    assert first.published_from is DateOrigin.NONE


def test_a_published_post_without_its_gmt_date_has_the_date_of_its_feed_else_its_own() -> None:
    none = {"wp__post_date_gmt": "0000-00-00 00:00:00"}
    assert found(item(**none, pubDate="Tue, 10 Mar 2026 05:15:00 +0000")).article.published_at == datetime(
        2026, 3, 10, 5, 15, tzinfo=UTC
    )
    local = found(item(**none, pubDate="Mon, 30 Nov -0001 00:00:00 +0000"))
    assert local.article.published_at == datetime(2026, 3, 10, 7, 15, tzinfo=UTC)


def test_a_published_post_dated_far_ahead_is_rejected() -> None:
    (one,) = read(item(wp__post_date_gmt="2031-01-01 00:00:00"))
    assert isinstance(one, Reject)
    assert "days in the future" in one.reason


def test_only_persons_are_authors() -> None:
    newsroom = found(item(dc__creator="desk")).article
    assert (newsroom.authors, newsroom.extra["byline"]) == ((), "Herald Newsroom")
    assert found(item(dc__creator="editor7")).article.authors == ()
    assert found(item(dc__creator="Jon Stell")).article.authors == ("Jon Stell",)
    two = '<category domain="author" nicename="h">hoduya</category><category domain="author" nicename="j">Jon Stell</category>'
    assert found(item(more=two)).article.authors == ("Halima Oduya", "Jon Stell")


def test_a_post_in_another_language_than_the_site_says_so() -> None:
    french = found(item(more='<category domain="language" nicename="fr">Français</category>'))
    assert french.article.language == "fr"
    assert found(item()).article.language == "en-GB"


def test_pages_attachments_and_menus_are_passed_over() -> None:
    types = ("page", "attachment", "nav_menu_item", "revision", "newsletter", "wp_block")
    items = read(*(item(wp__post_type=name) for name in types), item(), item(wp__post_type="local_news", link=""))
    assert [one.place for one in items] == ["item 7", "item 8"]
    assert all(isinstance(one, Found) for one in items)


def test_a_file_without_a_post_is_one_reject() -> None:
    assert read(item(wp__post_type="page")) == [Reject("export.xml", "file", "holds no post among its 1 items")]


def test_a_broken_file_keeps_the_items_before_the_break() -> None:
    first, broken = read(item(), "<item><title>Half a sto", tail="")
    assert isinstance(first, Found)
    assert isinstance(broken, Reject)
    assert broken.place == "item 2"
    assert broken.reason.startswith("is not well-formed XML (")
    assert broken.reason.endswith("only the items before it were read")


def test_control_characters_in_a_post_do_not_end_the_file() -> None:
    assert found(item("The crews\x0b returned\x08 on Tuesday.")).article.body == "The crews returned on Tuesday."


def test_an_item_past_the_limit_is_rejected_and_the_next_is_read() -> None:
    comments = "<wp:comment><wp:comment_content>" + "x" * 9_000_000 + "</wp:comment_content></wp:comment>"
    long, commented, last = read(item("x" * (MAX_ITEM_CHARS + 1)), item(more=comments), item())
    assert isinstance(long, Reject)
    assert (long.place, long.reason) == (
        "item 1",
        "the item has more than 4,000,000 characters; split it into articles",
    )
    assert isinstance(commented, Found)
    assert isinstance(last, Found)


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        (BOMB, "&a9;"),
        ('<!ENTITY file SYSTEM "{file}">', "&file;"),
        ('<!ENTITY % file SYSTEM "{file}"> %file;', ""),
        ('<!ENTITY far SYSTEM "http://192.0.2.1/x">', "&far;"),
    ],
)
def test_a_document_that_declares_entities_is_refused(declared: str, used: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the tide tables")
    declaration = f"<!DOCTYPE rss [{declared.replace('{file}', secret.as_uri())}]><rss"
    (one,) = read(item(more=f"<title>{used}</title>"), head=HEAD.replace("<rss", declaration))
    assert isinstance(one, Reject)
    assert one.place == "file"
    assert "declares entities of its own" in one.reason


GROWTH = """
import resource, sys
from pathlib import Path
from indexer.sources import open_source
from tests.support import NOW
peaks = []
for name in sys.argv[1:]:
    print(*(item.place for item in open_source(Path(name), now=NOW)))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*((peak - peaks[0]) // 1024 for peak in peaks[1:]))
"""


def test_memory_stays_the_same_however_long_an_export_or_an_item_is(tmp_path: Path) -> None:
    attachment = item("x" * 100_000, wp__post_type="attachment")
    comment = "<wp:comment><wp:comment_content>" + "x" * 100_000 + "</wp:comment_content><a/><a/></wp:comment>\n"
    start, end = item().split("</item>")
    paths = [tmp_path / name for name in ("short.xml.gz", "long.xml.gz", "deep.xml.gz")]
    for path, parts in zip(
        paths, ([item()], [*[attachment] * 1000, item()], [start, *[comment] * 1000, "</item>", end]), strict=True
    ):
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.writelines([HEAD, *parts, TAIL])
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, *map(str, paths)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    *places, growth = done.stdout.splitlines()
    assert places == ["item 1", "item 1001", "item 1"]
    assert all(int(megabytes) < 20 for megabytes in growth.split()), growth


WHOLE = (HEAD + item() + item(wp__status="draft") + TAIL).encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    for one in read_source(SourceFile.in_memory("x.xml", HEAD.encode() + data), Reading(NOW)):
        assert isinstance(one, (Found, Reject))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 60), st.binary(max_size=30))
def test_a_damaged_export_is_read_or_rejected(start: int, length: int, new: bytes) -> None:
    data = WHOLE[:start] + new + WHOLE[start + length :]
    items = list(read_source(SourceFile.in_memory("x.xml", data), Reading(NOW), SourceFormat.WORDPRESS_EXPORT))
    assert items
    assert all(isinstance(one, (Found, Reject)) for one in items)
