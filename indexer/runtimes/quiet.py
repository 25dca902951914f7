"""OpenVINO without its telemetry."""

from __future__ import annotations

import sys
from typing import Any


def import_openvino() -> Any:
    """OpenVINO; unless it was imported before, it tells nobody of its use.

    Imported with its package openvino-telemetry, it sends what runs here to Google Analytics, unasked, and keeps an id for that
    at ~/intel. Where that package cannot be imported it has something that does nothing in its place.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
