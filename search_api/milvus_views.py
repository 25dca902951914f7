"""What a process knows of the generation that serves in Milvus, and the views of it that answers are made from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from indexer.encoder import Encoder
from indexer.engines.milvus.carrying import Carried
from indexer.engines.milvus.met_snapshot import MetSnapshot
from indexer.engines.milvus.serving import Serving
from indexer.generations import Manifest
from search_api.library import View


@dataclass(frozen=True, slots=True)
class MilvusView(View):
    """A view of a generation in Milvus, made for one question and its next pages."""

    snapshot: MetSnapshot


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the generation that serves: what it was made of, and the change up to which it holds the archive."""

    serving: Serving
    manifest: Manifest
    carried: Carried
    change: int
    encoder: Encoder

    def view(
        self,
        as_of: datetime | None = None,
        *,
        until: int | None = None,
        last_seq: int | None = None,
        without: Collection[int] = (),
    ) -> MilvusView:
        snapshot = MetSnapshot(self.serving, until=until, last_seq=last_seq, without=without)
        return MilvusView(snapshot, self.manifest, self.change, self.encoder, as_of=as_of)


def manifest_of(carried: Carried) -> Manifest:
    """A generation in Milvus as generations are told of."""
    return replace(
        _EMPTY,
        number=carried.number,
        built_at=carried.built_at,
        change=carried.change,
        model_name=carried.model_name,
        model=carried.model,
        recipe=carried.recipe,
        articles=carried.articles,
        chunks=carried.chunks,
        dimension=carried.dimension,
    )


_EMPTY = Manifest(0, 0, "", 0, "", "", "", 0, 0, 0, {"engine": "milvus"}, {})
