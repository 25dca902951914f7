"""Whatever is written, corrected, withheld and deleted in whatever order: what Milvus then answers is what the embedded engine
answers that is built anew from the same archive."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.articles import article_from_record
from indexer.layout import IndexFolder
from indexer.writing import Delete, Put, Write
from search_api.clock import utc_now
from search_api.engine_choice import open_library, store_of
from search_api.query import Facet, Mode, SearchQuery, Sort
from search_api.searcher import search
from search_api.write_desk import WriteDesk
from tests.engines.answers import assert_same_answer
from tests.engines.places import Place, copied, opened
from tests.support import NOW, anything, record

NUMBERS = range(12)

changes = st.tuples(
    st.sampled_from(["put", "put", "put", "again", "longer", "withhold", "embargo", "delete"]), st.sampled_from(NUMBERS)
)
batches = st.lists(st.lists(changes, min_size=1, max_size=8), min_size=1, max_size=3)

QUESTIONS = (
    SearchQuery("ferry report from Oslo", anything()),
    SearchQuery("dispatch zeppelin quay", anything(), mode=Mode.KEYWORD),
    SearchQuery("officials in the mountains", anything(), mode=Mode.SEMANTIC),
    SearchQuery('"a zeppelin" -Lima', anything()),
    SearchQuery("report", replace(anything(), sections=("ferry", "rate")), sort=Sort.NEWEST),
    SearchQuery("", anything(), sort=Sort.OLDEST),
    SearchQuery("", replace(anything(), tags=("airship",))),
)


def write(kind: str, number: int) -> Write:
    """A change of an article, by its kind."""
    if kind == "delete":
        return Delete(f"a{number}")
    fields: dict[str, Any] = record(number)
    if kind == "again":
        fields |= {"title": "A zeppelin", "body": "A zeppelin landed on the quay.", "tags": ["airship"]}
    elif kind == "longer":
        fields |= {"body": "\n\n".join(f"{fields['body']} It was part {part}." for part in range(9))}
    elif kind == "withhold":
        fields |= {"pubstatus": "withheld"}
    elif kind == "embargo":
        fields |= {"embargoed": (NOW + timedelta(days=1)).isoformat()}
    return Put(article_from_record(fields, now=utc_now())[0])


@given(made=batches)
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # each example takes seconds: none is made smaller
    suppress_health_check=list(HealthCheck),
)
def test_any_changes_leave_what_a_fresh_index_holds(place: Place, made: Sequence[Sequence[tuple[str, int]]]) -> None:
    if place.is_embedded:
        pytest.skip("this is what the others are compared with")
    with place.chosen(), tempfile.TemporaryDirectory() as folder:
        index = IndexFolder(Path(folder) / "index")
        library = open_library(index)
        desk = WriteDesk(index, library)
        for batch in [[("put", 0), ("put", 3)], *made]:
            desk.write([write(kind, number) for kind, number in batch], utc_now())
            library.refresh()
        store = store_of(index)
        if store and store.capabilities.missing:
            pytest.skip(store.capabilities.missing)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATELINE_ENGINE", "embedded")
            reference = opened(copied(index, Path(folder) / "copy"))
        for question in QUESTIONS:
            asked = replace(question, limit=100, facets=tuple(Facet))
            assert_same_answer(search(library, asked), search(reference, asked))
        desk.close()
        reference.close()
