"""Whether readers may see articles of some kind, without looking at all of those there are."""

from __future__ import annotations

from datetime import datetime

from indexer.engines.searchable import Searchable
from indexer.filters import Condition, Filters

LOOKED_AT = 50
"""Articles of the kind, before all of them are looked at."""


def are_seen(snapshot: Searchable, condition: Condition, now: datetime, least: int = 1) -> bool:
    """Whether `least` articles that meet the condition may be seen; mostly a few of those that meet it tell."""
    for most in (LOOKED_AT, None):
        rows = snapshot.lexical.rows_where(condition, most)
        if int(snapshot.allows(Filters(now), rows).sum()) >= least:
            return True
        if most is not None and len(rows) < most:
            break
    return False
