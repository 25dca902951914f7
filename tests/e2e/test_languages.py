"""Known items in other languages: a reader types words of an article as they come to mind, and it comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.evaluation_jobs import evaluation_library
from search_api.library import Library
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import SAMPLE, anything, index_of, opened_library

KNOWN = [
    ("2d9202efd3eb530461c0", "مسيرة في صفاقس لإزالة تلال الفوسفات"),
    ("2d9202efd3eb530461c0", "تِلال الفوسفات صفاقس قبل الصيف"),
    ("2669ff67a06d581488fb", "ریزش قنات یزد"),
    ("2669ff67a06d581488fb", "ريزش قنات تاريخي در يزد"),
    ("9d2a1c949610dba92777", "radio en zapoteco"),
    ("03e63d7c453bd1bbcc28", "phosphogypse Sfax montagne couverte de terre"),
    ("23e86a636d6f38a0115c", "آب به قنات بازگشت"),
    ("6daea005700ac660c6e4", "la grue du port de Nantes devient belvedere"),
    ("4ce6dda41a4c94c15453", "Arica rechaza planta de litio"),
    ("7f6c87918756d0670135", "pont ferme Lyon cables rompus"),
    ("75de300b1007ab838a8a", "دونده نابينا ماراتن تبريز"),
    ("0cff20b382345eecaf9f", "زراعة النخيل في البصرة"),
    ("0cff20b382345eecaf9f", "مزارعو البصره النخيل"),
    ("21c0292ce40859938d27", "معمل الصابون في حلب"),
    ("2c0848151b09c0ff736b", "موزه فرش اصفهان گره ها"),
    ("2c0848151b09c0ff736b", "موزه‌ي فرش اصفهان شمارش گره‌ها با دوربين"),
    ("c32d6f6be33ad906a9a4", "final de Monterrey zurda paraguaya"),
    ("c420e099af9717558e51", "Salar Norte agua de mar"),
    ("2669ff67a06d581488fb", "قنات زارچبالا باغ انار و پسته"),
    ("2c0848151b09c0ff736b", "دوربین موزه فرش گره‌هاى فرش را ميشمارد"),
    ("21c0292ce40859938d27", "الصَّابُون والحلب معمل"),
    ("c420e099af9717558e51", "tuberia de agua desalada al cerro Chuno"),
    ("7f45471c10777dc02742", "gouttieres passerelle Saint-Irenee rouverte"),
    ("7f45471c10777dc02742", "réouverture de la passerelle à Lyon, gouttières"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATELINE_MODEL", raising=False)
        shared = IndexFolder(tmp_path_factory.getbasetemp() / "sample" / "index")
        with evaluation_library(shared, SAMPLE) as evaluated:
            yield evaluated


def first(library: Library, text: str, mode: Mode) -> str | None:
    hits = search(library, SearchQuery(text, anything(utc_now()), mode)).hits
    return hits[0].article.id if hits else None


@pytest.mark.parametrize("mode", [Mode.KEYWORD, Mode.HYBRID])
@pytest.mark.parametrize(("article_id", "text"), KNOWN, ids=lambda value: value[:24])
def test_an_article_of_the_sample_comes_first_for_its_own_words(
    library: Library, article_id: str, text: str, mode: Mode
) -> None:
    assert first(library, text, mode) == article_id


ARTICLES = [
    {
        "id": "ja1",
        "language": "ja",
        "title": "東京大学が新しい望遠鏡を公開",
        "body": "東京大学の研究者は、山の上に新しい望遠鏡を建てた。",
    },
    {
        "id": "ja2",
        "language": "ja",
        "title": "京都の寺で火災",
        "body": "京都市の古い寺で夜に火災があり、屋根が焼けた。",
    },
    {
        "id": "zh1",
        "language": "zh",
        "title": "上海港口起重机工人罢工",
        "body": "上海港口的起重机工人星期一开始罢工，要求缩短夜班。",
    },
    {
        "id": "zh2",
        "language": "zh",
        "title": "北京地铁开通新线路",
        "body": "北京地铁的新线路星期二开通，连接两座火车站。",
    },
    {
        "id": "ko1",
        "language": "ko",
        "title": "부산에서 등대 축제 열려",
        "body": "부산 항구에서 토요일 등대 축제가 열렸다.",
    },
    {"id": "th1", "language": "th", "title": "ชาวประมงภูเก็ตพบเรือเก่า", "body": "ชาวประมงที่ภูเก็ตพบเรือเก่าใต้น้ำเมื่อวันจันทร์"},
    {
        "id": "ru1",
        "language": "ru",
        "title": "В Казани открыли новый трамвай",
        "body": "Новая трамвайная линия соединила вокзал с университетом.",
    },
    {
        "id": "tr1",
        "language": "tr",
        "title": "Iğdır'da kayısı hasadı başladı",
        "body": "Iğdır'ın köylerinde kayısı hasadı bu yıl erken başladı.",
    },
    {
        "id": "de1",
        "language": "de",
        "title": "Mühlen am Fluss mahlen wieder",
        "body": "Die alten Mühlen am Fluss haben nach dem Hochwasser wieder geöffnet.",
    },
    {
        "id": "en1",
        "language": "en",
        "title": "Tram line opens",
        "body": "A new tram line opened between the station and the university.",
    },
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        folder: Path = tmp_path_factory.mktemp("mixed")
        opened = opened_library(index_of(folder, ARTICLES))
        yield opened
        opened.close()


@pytest.mark.parametrize(
    ("text", "article_id"),
    [
        ("東京大学 望遠鏡", "ja1"),
        ("寺の火災", "ja2"),
        ("起重机工人罢工", "zh1"),
        ("地铁新线路", "zh2"),
        ("寺", "ja2"),
        ("부산 등대", "ko1"),
        ("등대가", "ko1"),
        ("เรือเก่า", "th1"),
        ("новые трамваи Казань", "ru1"),
        ("IĞDIR KAYISI", "tr1"),
        ("muhle fluss", "de1"),
        ("Muehle Fluss", "de1"),
        ("igdirda kayisi", "tr1"),
        ('"新しい望遠鏡"', "ja1"),
        ("tram lines", "en1"),
    ],
)
def test_words_find_their_article_in_a_mixed_archive(mixed: Library, text: str, article_id: str) -> None:
    assert first(mixed, text, Mode.KEYWORD) == article_id


def test_what_was_found_is_marked_without_overlaps_in_the_text_as_it_is(mixed: Library) -> None:
    (hit,) = search(mixed, SearchQuery("東京大学", anything(utc_now()), Mode.KEYWORD)).hits
    assert hit.snippet.text == ARTICLES[0]["body"]
    assert [hit.snippet.text[start:end] for start, end in hit.snippet.spans] == ["東京大学"]


def test_right_to_left_text_comes_out_as_it_went_in(library: Library) -> None:
    hits = search(library, SearchQuery("موزه فرش اصفهان", anything(utc_now()))).hits
    assert hits[0].article.title == "موزه فرش اصفهان گره‌ها را با دوربین می‌شمارد"
    assert "\u200c" in hits[0].snippet.text
