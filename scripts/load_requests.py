"""What readers ask of a service: typed queries, related lists, completions and pages, in the shares that a news site has."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

SHARES = {"search": 60, "related": 25, "suggest": 10, "page": 5}
"""Of a hundred requests."""

FEWEST_WORDS, MOST_WORDS = 2, 5
"""Of a query that is a piece of a headline."""


@dataclass(frozen=True, slots=True)
class Material:
    """What requests are made of: queries from a file, articles from the service itself."""

    queries: Sequence[str]
    article_ids: Sequence[str]
    titles: Sequence[str]


class Requests:
    """Kinds and addresses without end; the same for the same seed."""

    def __init__(self, material: Material, seed: int) -> None:
        self._material = material
        self._chance = random.Random(seed)

    def __iter__(self) -> Requests:
        return self

    def __next__(self) -> tuple[str, str]:
        kind = self._chance.choices(list(SHARES), list(SHARES.values()))[0]
        article_id = quote(self._chance.choice(self._material.article_ids), safe="")
        match kind:
            case "search":
                return kind, f"/v1/search?{urlencode({'q': self._query()})}"
            case "related":
                return kind, f"/v1/articles/{article_id}/related"
            case "suggest":
                typed = self._query()
                return kind, f"/v1/suggest?{urlencode({'q': typed[: self._chance.randint(1, len(typed))]})}"
            case _:
                pages = (
                    f"/articles/{article_id}",
                    f"/?{urlencode({'q': self._query()})}",
                    f"/widget/related/{article_id}",
                )
                return kind, self._chance.choice(pages)

    def _query(self) -> str:
        """One of the file's queries or, as often, a piece of a headline: seldom the same one twice."""
        words = self._chance.choice(self._material.titles).split() if self._material.titles else []
        if not words or self._chance.random() < 0.5:
            return self._chance.choice(self._material.queries)
        count = self._chance.randint(FEWEST_WORDS, MOST_WORDS)
        first = self._chance.randint(0, max(0, len(words) - count))
        return " ".join(words[first : first + count])


def read_queries(path: Path) -> list[str]:
    """The queries of a text file with one a line, or of judged queries as JSONL."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [json.loads(line)["text"] if line.startswith("{") else line.strip() for line in lines]
