from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from indexer import models
from indexer.encoder import TextHashEncoder, load_encoder
from indexer.errors import ModelError
from indexer.models import find_model


def test_the_bundled_model_is_verified_and_keeps_its_fingerprint() -> None:
    files = find_model("sentence-transformers/all-MiniLM-L6-v2")
    assert files.name == "all-MiniLM-L6-v2"
    assert files.fingerprint == find_model("all-MiniLM-L6-v2").fingerprint
    assert files.max_tokens == 256


def test_a_damaged_file_of_the_bundled_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(find_model("all-MiniLM-L6-v2").folder, tmp_path / "model")
    (tmp_path / "model" / "vocab.txt").write_text("damaged", encoding="utf-8")
    monkeypatch.setattr(models, "_bundled_folder", lambda: tmp_path / "model")
    with pytest.raises(ModelError, match=r"vocab\.txt has SHA-256 .* expected"):
        find_model("all-MiniLM-L6-v2")


def test_an_unknown_model_is_refused_with_the_way_out() -> None:
    with pytest.raises(ModelError, match=r"no/such-model.*give the path"):
        find_model("no/such-model")


def test_a_local_folder_brings_its_own_prompts_and_limits(tmp_path: Path) -> None:
    folder = tmp_path / "multilingual-e5-small"
    shutil.copytree(find_model("all-MiniLM-L6-v2").folder, folder)
    (folder / "config_sentence_transformers.json").write_text("{}", encoding="utf-8")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": None}), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 1e30}), encoding="utf-8")
    files = find_model(str(folder))
    assert (files.query_prompt, files.document_prompt) == ("query: ", "passage: ")
    assert files.max_tokens == 512
    assert files.fingerprint != find_model("all-MiniLM-L6-v2").fingerprint


def test_the_real_encoder_gives_unit_vectors_in_order() -> None:
    encoder = load_encoder()
    texts = ["A ferry sank in the strait.", "The bank cut its rate.", "A ferry sank in the strait."]
    vectors = encoder.encode_documents(texts)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-5)
    query = encoder.encode_query("boat accident")
    assert query.shape == (vectors.shape[1],)
    assert query @ vectors[0] > query @ vectors[1]


def test_the_text_hash_encoder_is_deterministic_and_knows_common_words() -> None:
    first, second = TextHashEncoder(), TextHashEncoder()
    assert np.array_equal(first.encode_query("the ferry sank"), second.encode_query("the ferry sank"))
    ferry = first.encode_query("ferry accident")
    assert ferry @ first.encode_query("ferry sank") > ferry @ first.encode_query("interest rate")
