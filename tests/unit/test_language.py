from __future__ import annotations

import pytest

from indexer.language import identify_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "ووعد الوالي بعرض خطة للتغطية بالتربة قبل نهاية مايو"),
        ("fa", "کارشناسان می‌گویند حفر چاه‌های عمیق غیرمجاز در بالادست"),
        ("fa", "كارشناسان مي گويند حفر چاه هاي عميق غيرمجاز در بالادست"),
        ("fr", "Le conseil municipal a voté mardi ce plan"),
        ("es", "La comisión ambiental rechazó el martes la planta"),
        ("de", "Die alten Mühlen am Fluss haben wieder geöffnet"),
        ("ru", "Новая трамвайная линия соединила вокзал с университетом"),
        ("tr", "Iğdır'ın köylerinde kayısı hasadı bu yıl erken başladı"),
        ("ja", "東京で火災"),
        ("zh", "北京地铁开通"),
        ("ko", "부산 등대 축제"),
    ],
)
def test_a_sentence_tells_its_language_and_no_spoken_variety_of_it(language: str, text: str) -> None:
    assert identify_language(text) == language


@pytest.mark.parametrize("text", ["", "Ferry sinks", "東京", "2026 - 14:30"])
def test_too_little_text_is_of_no_known_language(text: str) -> None:
    assert identify_language(text) == "und"
