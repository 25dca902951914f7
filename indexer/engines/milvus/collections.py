"""The collections of one generation: names, fields and indexes, as far as a server has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from indexer.engines.milvus.capabilities import Capabilities
from indexer.errors import SettingError

KEY_BYTES = 1024
"""Room for what `keys` makes, which is shorter."""

MOST_VALUES = 4096
"""Of an array: a server takes no more. An article's authors or tags past these are not looked for."""

TEXT_BYTES = 65_535

ENGINE_DIMENSION = 2
"""Of the vector that every collection must have and that those of plain rows have no use for."""

NOWHERE = [0.0] * ENGINE_DIMENSION

_LINKS, _BREADTH = 16, 200  # of the graph of HNSW: neighbours of a node, and how many are looked at when it is built
_K1, _B = 1.2, 0.75  # of BM25, as the engine that needs no server has them

_FLAGS = ("usable",)
_TIMES = ("published", "embargoed", "known_from")
_KEYS = ("section_key", "source_key")
_ARRAYS = ("language_keys", "author_keys", "tag_keys")
_LOOKED_UP = {
    "articles": ("id_key", "url_key", "story_key", "text_key", "text_group", "story", "published", *_KEYS),
    "chunks": ("seq", "published", *_KEYS),
    "words": ("holders", "letters"),
}


class Part(StrEnum):
    """A collection of each generation."""

    ARTICLES = "articles"
    CHUNKS = "chunks"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Names:
    """What the collections of one prefix are called. Raises SettingError for a prefix that Milvus would refuse."""

    prefix: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", self.prefix):
            raise SettingError(
                f"{self.prefix!r} cannot begin the names of collections; give letters, digits and _, a letter first"
            )

    @property
    def alias(self) -> str:
        """What stands for the articles of the generation that serves."""
        return self.prefix

    @property
    def notes(self) -> str:
        """The collection of manifests and marks."""
        return f"{self.prefix}_meta"

    def of(self, generation: int, part: Part) -> str:
        """The collection of a part of a generation."""
        return f"{self.prefix}_{generation}_{part.value}"

    def generation(self, collection: str) -> int | None:
        """The generation whose articles a collection holds; None for any other collection."""
        found = re.fullmatch(rf"{re.escape(self.prefix)}_(\d+)_{Part.ARTICLES.value}", collection)
        return int(found[1]) if found else None


def schema(part: Part, dimension: int, capabilities: Capabilities) -> Any:
    """The fields of a part, as pymilvus has them."""
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    text = {"datatype": DataType.VARCHAR, "max_length": TEXT_BYTES}
    key = {"datatype": DataType.VARCHAR, "max_length": KEY_BYTES}
    several = {"datatype": DataType.ARRAY, "element_type": DataType.VARCHAR, "max_capacity": MOST_VALUES}
    made = MilvusClient.create_schema(enable_dynamic_field=False)
    if part is Part.WORDS:
        made.add_field("word_key", is_primary=True, **key)
        made.add_field("word", **text)
        for name in ("letters", "holders", "version"):
            made.add_field(name, DataType.INT64)
        made.add_field("nowhere", DataType.FLOAT_VECTOR, dim=ENGINE_DIMENSION)
        return made
    numbers = ["version", "change", *_TIMES]
    if part is Part.ARTICLES:
        made.add_field("seq", DataType.INT64, is_primary=True)
        numbers += ["text_group", "story", "length", "text_key", "chunks"]
        for name in ("id_key", "url_key", "story_key"):
            made.add_field(name, **key)
        for name in ("shown", "record"):
            made.add_field(name, max_length=TEXT_BYTES, **several)
        made.add_field("title_words", **text)
        made.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        _add_words(made, text, capabilities, Function, (FunctionType, DataType))
    else:
        made.add_field("id", DataType.INT64, is_primary=True)
        numbers += ["seq"]
        made.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
    for name in numbers:
        made.add_field(name, DataType.INT64)
    for name in _FLAGS:
        made.add_field(name, DataType.BOOL)
    for name in _KEYS:
        made.add_field(name, **key)
    for name in _ARRAYS:
        made.add_field(name, max_length=KEY_BYTES, **several)
    return made


def notes_schema() -> Any:
    """The fields of manifests and marks."""
    from pymilvus import DataType, MilvusClient

    made = MilvusClient.create_schema(enable_dynamic_field=False)
    made.add_field("name", DataType.VARCHAR, max_length=KEY_BYTES, is_primary=True)
    pieces = {"element_type": DataType.VARCHAR, "max_capacity": MOST_VALUES, "max_length": TEXT_BYTES}
    made.add_field("value", DataType.ARRAY, **pieces)
    made.add_field("nowhere", DataType.FLOAT_VECTOR, dim=ENGINE_DIMENSION)
    return made


def indexes(part: Part | None, capabilities: Capabilities) -> Any:
    """The indexes of a part, or of the notes where it is None, as pymilvus has them."""
    from pymilvus.milvus_client.index import IndexParams

    made = IndexParams()
    if part in (None, Part.WORDS):
        made.add_index("nowhere", index_type="FLAT", metric_type="L2", params={})
    else:
        vector = "vector" if part is Part.ARTICLES else "embedding"
        if capabilities.is_lite:
            made.add_index(vector, index_type="FLAT", metric_type="IP", params={})
        else:
            graph = {"M": _LINKS, "efConstruction": _BREADTH}
            made.add_index(vector, index_type="HNSW", metric_type="IP", params=graph)
    if part is Part.ARTICLES and capabilities.words:
        rated = {"bm25_k1": _K1, "bm25_b": _B}
        made.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=rated)
    if part and not capabilities.is_lite:
        for field in _LOOKED_UP[part.value]:
            made.add_index(field, **_scalar_index(field, capabilities))
    return made


def _add_words(
    made: Any, text: dict[str, Any], capabilities: Capabilities, function: Any, kinds: tuple[Any, Any]
) -> None:
    """The words of articles: kept anywhere, found where the server finds words."""
    function_type, data_type = kinds
    if not capabilities.words:
        made.add_field("words", **text)
        return
    # Words are made so that each stays whole; Milvus Lite has no tokenizer that parts at spaces alone.
    tokenizer = "standard" if capabilities.is_lite else "whitespace"
    made.add_field("words", enable_analyzer=True, analyzer_params={"tokenizer": tokenizer}, **text)
    made.add_field("sparse", data_type.SPARSE_FLOAT_VECTOR)
    made.add_function(
        function(
            name="rated_words", function_type=function_type.BM25, input_field_names="words", output_field_names="sparse"
        )
    )


def _scalar_index(field: str, capabilities: Capabilities) -> dict[str, Any]:
    if capabilities.words:
        return {"index_type": "INVERTED"}
    return {"index_type": "Trie" if field.endswith("_key") and field != "text_key" else "STL_SORT"}
