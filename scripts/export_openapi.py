"""Write docs/openapi.json from the service's own description."""

from __future__ import annotations

import json
from pathlib import Path

from search_api.app import create_app
from search_api.settings import Settings

TARGET = Path(__file__).parents[1] / "docs" / "openapi.json"


def openapi_text() -> str:
    """The OpenAPI document as the file holds it."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(openapi_text(), encoding="utf-8")
