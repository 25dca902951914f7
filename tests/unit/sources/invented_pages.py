# ruff: noqa: E501 (pages keep their long lines)
"""Pages invented for these tests: one article in six layouts, and pages that hold none."""

from __future__ import annotations

TITLE = "Ferry crews end strike as harbour board agrees to new rota"
PARAGRAPHS = (
    "Ferry crews in Port Selwyn returned to work on Tuesday after the harbour board agreed to a new rota, ending a strike "
    "that had stranded lorries on both sides of the strait for nine days.",
    "The agreement limits night crossings to four a week for each crew and adds a second engineer to the winter timetable, "
    "according to a statement that both sides signed shortly after midnight.",
    "“Nobody won this,” said Halima Oduya, who led the talks for the crews.",
    "The first boat left the eastern quay at six with eleven lorries and one wedding party on board, and the board said that "
    "the full timetable would run again from Thursday.",
)
RELATED = (
    "Dredgers reach the inner basin at last",
    "Why the night boat is always late",
    "A short history of the eastern quay",
)
BODY = "\n\n".join(PARAGRAPHS)
TEXT = "\n".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
LINKS = "".join(f'<li><a href="/r/{number}">{title}</a></li>' for number, title in enumerate(RELATED))
MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Home", "World", "Harbour", "Sport", "Opinion"))

PLAIN_DUMP = f"""<html><head><title>{TITLE}</title></head><body><ul>{MENU}</ul>
<h1>{TITLE}</h1><p>By Staff, Agencies</p>{TEXT}
<h3>Comments</h3><h3>Related News</h3><ul>{LINKS}</ul><p>Copyright 2019 The Strait Herald. All rights reserved.</p></body></html>"""

JSON_LD = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{TITLE} | The Strait Herald</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [{{"@type": "WebSite", "name": "x"}},
{{"@type": ["ReportageNewsArticle"], "headline": "{TITLE}", "datePublished": "2026-03-10T07:15:00+02:00",
"dateModified": "2026-03-10T09:00:00Z", "author": [{{"@type": "Person", "name": "Halima Oduya"}},
{{"@type": "Organization", "name": "Herald Newsroom"}}], "articleSection": "Harbour", "keywords": "ferries, strikes",
"image": {{"url": "https://herald.example/boat.jpg"}}, "inLanguage": "en-GB", "description": "Nine days of strike end.",
"publisher": {{"name": "The Strait Herald"}}, "mainEntityOfPage": {{"@id": "https://herald.example/ferry?utm_source=x"}}}}]}}</script>
</head><body><header><nav><ul>{MENU}</ul></nav></header><main><article><h1>{TITLE}</h1>
<div class="byline">By Halima Oduya</div><div class="article-body">{TEXT}</div></article>
<aside class="most-read"><h2>Most read</h2><ol>{LINKS}</ol></aside></main><footer>&copy; 2021 The Strait Herald</footer></body></html>"""

OPEN_GRAPH = f"""<html lang="en"><head><title>{TITLE} - Strait Online</title><meta property="og:title" content="{TITLE}">
<meta property="og:site_name" content="Strait Online"><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-03-10T05:15:00Z"><meta property="article:section" content="Harbour">
<meta property="article:tag" content="ferries"><meta property="article:tag" content="strikes">
<meta name="author" content="Halima Oduya and Jon Stell"><meta property="og:image" content="https://strait.example/b.jpg">
<link rel="canonical" href="https://strait.example/news/7?utm_medium=mail"></head><body>
<div class="menu"><ul>{MENU}</ul></div><h1>{TITLE}</h1><div class="share-buttons"><a>Facebook</a> <a>Telegram</a></div>
<div class="text">{TEXT}</div><div class="newsletter-box"><h4>The tide table</h4><p>Get the news of the harbour in your inbox
every morning before the first boat leaves.</p></div><div class="related-block"><h3>Related News</h3><ul>{LINKS}</ul></div>
<div id="comments"><h3>Comments (2)</h3><p>I waited for two days on the western quay and nobody told us anything at all.</p></div>
</body></html>"""

TABLES = f"""<html><head><title>Old Quay News - {TITLE}</title><meta property="og:site_name" content="Old Quay News"></head>
<body><table><tr><td><a href="/">Home</a><br><a href="/w">World</a></td><td><h1>{TITLE}</h1><div>By Jon Stell in Accra</div>
<div>10-03-2026 | 05:15</div><div>{TEXT}</div><b>Related News</b><div><a href="/1">{RELATED[0]}</a></div>
<b>Comments</b><div>Be the first to comment.</div></td></tr></table><p>Copyright 2017-2020.</p></body></html>"""

BLOG = f"""<!doctype html><html lang="en"><head><title>{TITLE} - Quayside</title><meta property="og:site_name" content="Quayside"></head>
<body class="single-post"><nav><ul>{MENU}</ul></nav><article class="post"><header><h1 class="entry-title">{TITLE}</h1>
<div class="entry-meta"><time datetime="2026-03-10T05:15:00Z">10 March</time> <span class="author">Jon Stell</span></div></header>
<figure><img src="b.jpg"><figcaption>The eastern quay on Monday. Photograph: archive of the harbour board.</figcaption></figure>
<div class="entry-content"><p>{PARAGRAPHS[0]}</p><p class="read-also">Read also: <a href="/r">{RELATED[0]}</a></p>
<p>{PARAGRAPHS[1]}</p><p>Advertisement</p><p>{PARAGRAPHS[2]}</p><p>{PARAGRAPHS[3]}</p><p>Photo: J. Stell / Quayside</p></div></article>
<section class="related-posts"><h2>You may also like</h2>{LINKS}</section></body></html>"""

PRINTED_DATE = f"""<html lang="en"><head><title>{TITLE}</title></head><body><div class="page"><h1>{TITLE}</h1>
<p class="credit">By Halima Oduya and Jon Stell</p><p>March 10, 2026 05:15</p><section>{TEXT}</section></div>
<div class="more"><h2>Latest news</h2><p><a href="/1">{RELATED[0]}</a> The dredgers took eleven weeks longer than planned, and
the board has not said why.</p><p><a href="/2">{RELATED[1]}</a> It has been late since the bridge was closed to lorries.</p></div></body></html>"""

LAYOUTS = {
    "plain dump": PLAIN_DUMP,
    "json-ld": JSON_LD,
    "open graph": OPEN_GRAPH,
    "tables": TABLES,
    "blog": BLOG,
    "printed date": PRINTED_DATE,
}

ARABIC_TITLE = "عودة العبارات إلى العمل بعد اتفاق مع هيئة الميناء"
ARABIC_PARAGRAPHS = (
    "عادت أطقم العبارات إلى العمل يوم الثلاثاء بعد أن وافقت هيئة الميناء على جدول جديد للمناوبات ينهي إضرابا استمر تسعة أيام.",
    "وقالت الهيئة في بيان إن الجدول الكامل سيعود ابتداء من يوم الخميس المقبل على ضفتي المضيق.",
)
ARABIC = f"""<html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{ARABIC_TITLE}</title></head><body>
<h1>{ARABIC_TITLE}</h1><div class="writer">بقلم: سلمى حداد</div><div>١٠ مارس ٢٠٢٦</div>
<div class="item-text"><p>{ARABIC_PARAGRAPHS[0]}</p><p>{ARABIC_PARAGRAPHS[1]}</p></div>
<h4>التعليقات</h4><h4>أخبار ذات صلة</h4><ul><li><a href="/1">تاريخ قصير للرصيف الشرقي</a></li></ul></body></html>"""

INDEX = "<html><head><title>Harbour news</title></head><body><h1>Harbour</h1>" + "".join(
    f'<div><h2><a href="/{number}">Headline number {number} about the harbour</a></h2><p>The board met on day {number} and heard '
    "a short report about the state of the boats and of the quay.</p></div>"
    for number in range(8)
)
ERROR = """<html><head><title>404 - page not found</title></head><body><h1>Page not found</h1><p>The page that you were looking for
could not be found on this server. It may have been moved, or it may have been deleted some time ago.</p></body></html>"""
