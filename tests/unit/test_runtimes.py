from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.encoder import ModelTokenizer, load_encoder
from indexer.errors import ModelError, SettingError
from indexer.models import find_model
from indexer.runtimes import Device, choose_runtime, prepare_model
from indexer.runtimes.check_texts import CHECK_TEXTS
from indexer.runtimes.conversion import CHECK_VECTORS, GRAPH, MANIFEST, sha256
from indexer.runtimes.fast import BATCH_TOKENS, FEW_TEXTS, LEAST_COSINE, FastRuntime
from indexer.runtimes.inputs import batches, padded_length
from indexer.runtimes.reference import ReferenceRuntime
from indexer.runtimes.routes import REFUSED
from indexer.shared_cores import SharedCores
from tests.support import static_model

FILES = find_model("all-MiniLM-L6-v2")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that holds the bundled one in its fast form."""
    models = tmp_path_factory.mktemp("models")
    told: list[str] = []
    assert choose_runtime(FILES, models, told.append).name.startswith("openvino")
    assert len(told) == 1
    return models


@pytest.fixture
def models(converted: Path, tmp_path: Path) -> Path:
    """A copy of `converted` to spoil."""
    return Path(shutil.copytree(converted, tmp_path / "models"))


def untold(line: str) -> None:
    raise AssertionError(f"told although nothing is to be done: {line}")


@pytest.mark.skipif(find_spec("openvino_telemetry") is None, reason="there is nothing that would tell")
def test_openvino_tells_nobody_of_its_use(tmp_path: Path) -> None:
    code = (
        "import sys; from indexer.runtimes.quiet import import_openvino; openvino = import_openvino(); "
        "import openvino.tools.ovc.telemetry_utils as told; "
        "print(told.tm.__name__, [name for name, held in sys.modules.items() if held and 'openvino_telemetry' in name])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub []"
    assert not list(tmp_path.iterdir())


def test_a_converted_model_runs_where_torch_is_not_installed(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "sentence_transformers", "transformers"):
        monkeypatch.setitem(sys.modules, package, None)
    runtime = choose_runtime(FILES, converted, untold)
    assert runtime.name.startswith("openvino")
    assert runtime.encode(["ferry", "harbour"]).shape == (2, 384)


def test_a_model_that_needs_torch_says_so_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"not converted yet.* torch is not installed; convert it where that is"):
        ReferenceRuntime(FILES).encode(["ferry"])
    with pytest.raises(SettingError, match="--device cuda needs torch"):
        load_encoder(FILES.name, device=Device.CUDA)


def test_a_damaged_conversion_stays_where_it_cannot_be_made_anew(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = models / FILES.fingerprint / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match="torch is not installed"):
        choose_runtime(FILES, models, untold)
    assert weights.exists()


def test_batches_hold_inputs_of_one_length_within_the_budget() -> None:
    lengths = [16, 256, 32, 16, 256] + [64] * 100
    made = list(batches(lengths, BATCH_TOKENS))
    assert sorted(place for _, places in made for place in places) == list(range(len(lengths)))
    assert all(lengths[place] == length for length, places in made for place in places)
    assert all(length * len(places) <= BATCH_TOKENS for length, places in made)
    assert [length for length, _ in made] == sorted([length for length, _ in made], reverse=True)


def test_a_batch_holds_at_least_one_input_however_long() -> None:
    assert list(batches([BATCH_TOKENS * 2] * 2, BATCH_TOKENS)) == [(BATCH_TOKENS * 2, [0]), (BATCH_TOKENS * 2, [1])]


def test_padding_stays_within_the_models_places() -> None:
    assert [padded_length(tokens, 50) for tokens in (0, 1, 16, 17, 49, 50)] == [16, 16, 16, 32, 50, 50]


def test_the_fast_runtime_agrees_with_the_reference(converted: Path) -> None:
    fast = choose_runtime(FILES, converted, untold)
    expected, found = ReferenceRuntime(FILES).encode(CHECK_TEXTS), fast.encode(CHECK_TEXTS)
    assert len(CHECK_TEXTS) >= FEW_TEXTS
    assert np.einsum("ij,ij->i", expected, found).min() >= LEAST_COSINE
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_an_embedding_does_not_depend_on_what_is_beside_it(converted: Path) -> None:
    fast = choose_runtime(FILES, converted, untold)
    texts = [f"{text} {number}" for number in range(8) for text in CHECK_TEXTS]
    whole = fast.encode(texts)
    assert np.array_equal(whole[::-1], fast.encode(texts[::-1]))
    assert np.array_equal(whole, np.concatenate([fast.encode(texts[:37]), fast.encode(texts[37:])]))
    assert np.array_equal(whole, np.stack([fast.encode([text])[0] for text in texts]))


def test_texts_are_tokenised_and_sorted_some_at_a_time(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = choose_runtime(FILES, converted, untold)
    texts = [f"{number} ferries" for number in range(3 * FEW_TEXTS)]
    expected = fast.encode(texts)
    monkeypatch.setattr("indexer.runtimes.fast.WINDOW", 20)
    assert np.array_equal(fast.encode(texts), expected)


def test_nothing_gives_no_rows(converted: Path) -> None:
    assert len(choose_runtime(FILES, converted, untold).encode([])) == 0


def test_a_prepared_model_needs_no_torch(converted: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from indexer.encoder import ModelTokenizer, load_encoder; "
        f"encoder = load_encoder('all-MiniLM-L6-v2', Path({str(converted)!r})); "
        "encoder.encode_query('ferry'); encoder.encode_documents(['a'] * 40); encoder.word_vectors(['ferry']); "
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_word_vectors_are_those_of_the_model(converted: Path) -> None:
    table = ReferenceRuntime(FILES).input_vectors()
    assert table is not None
    found = load_encoder("all-MiniLM-L6-v2", converted).word_vectors(["ferry"])[0]
    row = table[ModelTokenizer(FILES).ids("ferry")[0]] - table.mean(axis=0)
    assert found[0] == pytest.approx(row / np.linalg.norm(row), abs=1e-5)


@pytest.mark.parametrize("spoil", ["flip", "remove", "manifest"])
def test_a_damaged_conversion_is_made_anew(models: Path, spoil: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = models / FILES.fingerprint
    weights = folder / "model.bin"
    if spoil == "flip":
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
    elif spoil == "remove":
        (folder / GRAPH).unlink()
    else:
        (folder / MANIFEST).write_text("{", encoding="utf-8")
    told: list[str] = []
    with caplog.at_level(logging.WARNING):
        runtime = choose_runtime(FILES, models, told.append)
    assert runtime.name.startswith("openvino")
    assert len(told) == 1
    assert "converted anew" in caplog.text
    assert FastRuntime(FILES, folder).agreement() >= LEAST_COSINE
    assert {path.name for path in models.iterdir()} == {FILES.fingerprint, "lock"}


@pytest.mark.parametrize("wrong", ["of other texts", "not a number"])
def test_a_conversion_that_disagrees_is_not_used(models: Path, wrong: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = models / FILES.fingerprint
    vectors = np.load(folder / CHECK_VECTORS)
    if wrong == "of other texts":
        vectors = np.roll(vectors, 1, axis=0)
    else:
        vectors[5, 0] = np.nan
    np.save(folder / CHECK_VECTORS, vectors)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][CHECK_VECTORS] = sha256(folder / CHECK_VECTORS)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    runtime = choose_runtime(FILES, models, untold)
    assert isinstance(runtime, ReferenceRuntime)
    assert "agrees with sentence-transformers only to" in caplog.text


def test_a_model_that_only_the_reference_runs_is_tried_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files, models = static_model(tmp_path / "model"), tmp_path / "models"
    runtime = choose_runtime(files, models, lambda _: None)
    assert "cannot be converted" in caplog.text
    assert (models / files.fingerprint / REFUSED).is_file()
    assert runtime.encode(["ferry", "bank"]).shape == (2, 8)
    assert isinstance(choose_runtime(files, models, untold), ReferenceRuntime)


def test_a_conversion_that_failed_for_another_reason_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(FILES.folder, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    files, models = find_model(str(tmp_path / "model")), tmp_path / "models"
    told: list[str] = []
    prepare_model(files, models, told.append)
    assert [path.name for path in models.iterdir()] == ["lock"]
    runtime = choose_runtime(files, models, told.append)
    assert len(told) == 2
    assert "this time" in caplog.text
    with pytest.raises(ModelError, match="cannot be loaded"):
        runtime.encode(["ferry"])


def test_of_two_processes_one_converts(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from indexer.models import find_model; from indexer.runtimes import prepare_model; "
        f"prepare_model(find_model('all-MiniLM-L6-v2'), Path({str(tmp_path)!r}), lambda _: print('converting'))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(one.communicate()[0] for one in both) == ["", "converting\n"]
    assert choose_runtime(FILES, tmp_path, untold).name.startswith("openvino")


def test_threads_share_a_runtime(converted: Path) -> None:
    fast = choose_runtime(FILES, converted, untold)
    texts = [f"{text} {number}" for number in range(4) for text in CHECK_TEXTS]
    expected = fast.encode(texts)
    with ThreadPoolExecutor(4) as pool:
        whole = [pool.submit(fast.encode, texts) for _ in range(4)]
        single = [pool.submit(fast.encode, [text]) for text in texts]
    assert all(np.array_equal(expected, one.result()) for one in whole)
    assert all(np.array_equal(row, one.result()[0]) for row, one in zip(expected, single, strict=True))


def test_a_question_among_others_gets_the_vector_that_it_gets_alone(
    converted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = choose_runtime(FILES, converted, untold)
    texts = CHECK_TEXTS[:8]
    alone = fast.encode(texts)
    nobody, everybody = SharedCores(64), SharedCores(0)
    for cores in (nobody, everybody):
        monkeypatch.setattr("indexer.runtimes.fast.CORES", cores)
        assert np.array_equal(fast.encode(texts), alone)
    assert nobody.free == 64


def test_a_batch_that_fails_costs_the_next_ones_nothing(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = choose_runtime(FILES, converted, untold)
    assert isinstance(fast, FastRuntime)
    texts = [f"{text} {number}" for number in range(8) for text in CHECK_TEXTS]
    expected = fast.encode(texts)
    arrays, made = fast._arrays, itertools.count()

    def failing(ids: Sequence[list[int]], length: int) -> dict[str, Any]:
        if next(made) == 2:
            raise MemoryError
        return arrays(ids, length)

    monkeypatch.setattr(fast, "_arrays", failing)
    with pytest.raises(MemoryError):
        fast.encode(texts)
    assert np.array_equal(fast.encode(texts), expected)


def test_half_a_conversion_and_what_killed_ones_left_are_replaced(models: Path) -> None:
    (models / FILES.fingerprint / MANIFEST).unlink()
    left = models / ".converting-left"
    left.mkdir()
    told: list[str] = []
    assert choose_runtime(FILES, models, told.append).name.startswith("openvino")
    assert {path.name for path in models.iterdir()} == {FILES.fingerprint, "lock"}
    assert (models / FILES.fingerprint).stat().st_mode & 0o777 == 0o755


def test_where_nothing_can_be_written_the_model_is_converted_for_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file", encoding="utf-8")
    runtime = choose_runtime(FILES, tmp_path / "models", lambda _: None)
    assert runtime.name.startswith("openvino")
    assert "cannot be kept" in caplog.text
    assert runtime.encode(["ferry"]).shape == (1, 384)
