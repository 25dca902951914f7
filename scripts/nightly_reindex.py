"""New files in, a new generation built and activated: one JSON report on stdout.

    python scripts/nightly_reindex.py --index var/index incoming/

Safe to run twice: what was taken in before is unchanged and costs no embedding, and without changes no
generation is built. Exit status: 0 done, 1 some items were rejected, 2 it could not be finished (the report has the error).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from indexer.errors import DatelineError
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.ingest_report import counts, rejects
from search_api.settings import Settings


def nightly(index: IndexFolder, sources: list[str]) -> dict[str, Any]:
    """Ingest, then reindex when the serving generation lacks a change or cannot be read; `error` tells that this failed."""
    done = jobs.ingest(index, sources)
    report: dict[str, Any] = {
        "ingest": {**counts(done.report), **rejects(done.report)},
        "reindex": None,
    }
    try:
        built = jobs.renew(index)
        if built is None and done.built is None and jobs.status(index)["changes_since_generation"]:
            built = jobs.reindex(index)
        if built:
            report["reindex"] = {"encoded": built.encoded, "seconds": round(built.seconds, 3), "pruned": built.pruned}
        return report | {"status": jobs.status(index)}
    except DatelineError as error:
        return report | {"error": str(error)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Nightly batch: ingest new files, reindex, activate.")
    parser.add_argument("sources", nargs="+", help="files, folders or globs of articles")
    parser.add_argument("--index", type=Path, default=Settings().index, help="folder of the index")
    arguments = parser.parse_args()
    try:
        report = nightly(IndexFolder(arguments.index), arguments.sources)
    except DatelineError as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return 2
    print(json.dumps(report, ensure_ascii=False))
    if "error" in report:
        return 2
    return 1 if report["ingest"]["rejected"] else 0


if __name__ == "__main__":
    sys.exit(main())
