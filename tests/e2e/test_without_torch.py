"""An index of the real model where torch is not installed, as in the small image."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from indexer.errors import IndexDamaged, ModelError
from indexer.models import DEFAULT_MODEL
from search_api import jobs
from search_api.embedded_library import EmbeddedLibrary
from search_api.query import SearchQuery
from tests.support import anything, index_of, record


def test_a_model_that_is_not_converted_is_told_as_that_and_found_once_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DATELINE_MODEL", DEFAULT_MODEL)
    index = index_of(tmp_path, [record(1)])
    converted = index.models.rename(tmp_path / "converted elsewhere")
    for package in ("torch", "sentence_transformers", "transformers"):
        monkeypatch.setitem(sys.modules, package, None)

    library = EmbeddedLibrary(index, warm=True)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"not converted yet.* torch is not installed") as caught:
            library.refresh()
        library.note_trouble(caught.value)
        with pytest.raises(ModelError, match="not converted yet"):
            assert library.view
    with pytest.raises(ModelError, match="not converted yet"):
        jobs.search(index, SearchQuery("report", anything()))
    assert "sentence-transformers is used" not in caplog.text
    assert not index.models.exists()

    shutil.copytree(converted, index.models)
    library.refresh()
    assert library.view is not None
    assert len(library.view.snapshot) == 1

    library.note_trouble(IndexDamaged("something else"))
    assert library.view is not None
    library.close()
