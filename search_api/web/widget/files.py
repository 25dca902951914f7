"""`/widget.js` and `/widget.css` as they are served: the element's style and words are part of its script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from search_api.web.widget.words import RIGHT_TO_LEFT, WORDS

_HERE = Path(__file__).parent
_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WidgetFiles:
    """The texts of both files, and what an `integrity` attribute says of the script."""

    script: str
    style: str
    integrity: str


@cache
def widget_files() -> WidgetFiles:
    """Both files, put together once a process."""
    style = (_HERE / "widget.css").read_text(encoding="utf-8")
    own = {
        "__STYLE__": _literal(_COMMENT.sub("", style)),
        "__WORDS__": _literal({language: asdict(words) for language, words in WORDS.items()}),
        "__RIGHT_TO_LEFT__": _literal(sorted(RIGHT_TO_LEFT)),
    }
    script = (_HERE / "widget.js").read_text(encoding="utf-8")
    for name, literal in own.items():
        script = script.replace(name, literal)
    digest = base64.b64encode(hashlib.sha384(script.encode()).digest()).decode()
    return WidgetFiles(script, style, f"sha384-{digest}")


def _literal(value: object) -> str:
    """A value as JavaScript spells it; in ASCII, whatever character set a page takes the script for."""
    return json.dumps(value)
