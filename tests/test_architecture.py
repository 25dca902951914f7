"""The arrows between modules, drawn once; an import against them fails here."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    [
        *ROOT.glob("indexer/**/*.py"),
        *ROOT.glob("search_api/**/*.py"),
        *ROOT.glob("scripts/*.py"),
        *ROOT.glob("benchmarks/*.py"),
    ]
)

MAX_LINES = 320

ONLY_IN = {
    "faiss": ("indexer/engines/", "benchmarks/codes.py"),
    "tantivy": ("indexer/engines/",),
    "pymilvus": ("indexer/engines/milvus/",),
    "sentence_transformers": ("indexer/runtimes/", "benchmarks/embedding.py"),
    "torch": ("indexer/runtimes/", "scripts/compare_encoders.py"),
    "openvino": ("indexer/runtimes/quiet.py", "indexer/runtimes/conversion.py"),
    "sqlite3": ("indexer/archive_connection.py",),
    "trafilatura": ("indexer/sources/", "scripts/compare_extraction.py"),
    "feedparser": ("indexer/sources/feed_parser.py",),
    "pyarrow": ("indexer/sources/parquet.py", "indexer/bulk/shards.py", "benchmarks/lancedb_system.py"),
    "ray": ("indexer/bulk/on_ray.py",),
    "fastwarc": ("indexer/sources/warc.py", "indexer/sources/http_payload.py"),
    "httpcore2": ("indexer/fetching/",),
    "httpx2": ("search_api/client/", "scripts/load_test.py"),
    "stamina": (
        "search_api/engine_choice.py",
        "indexer/engines/milvus/",
        "search_api/client/",
        "scripts/push_articles.py",
    ),
    "protego": ("indexer/fetching/",),
    "lxml": ("indexer/sources/",),
    "fastapi": (
        "benchmarks/fronts.py",
        "search_api/access.py",
        "search_api/app.py",
        "search_api/deps.py",
        "search_api/errors.py",
        "search_api/observing.py",
        "search_api/routes/",
        "search_api/web/",
    ),
    "pydantic": (
        "search_api/schemas.py",
        "search_api/stats_schemas.py",
        "search_api/story_schemas.py",
        "search_api/write_schemas.py",
        "search_api/settings.py",
        "search_api/starting.py",
        "search_api/routes/",
        "search_api/cli.py",
    ),
    "prometheus_client": ("search_api/metrics.py", "search_api/exposition.py"),
    "structlog": ("search_api/logs.py",),
    "opentelemetry": ("search_api/tracing.py",),
    "limits": ("search_api/rates.py",),
    "uvicorn": ("search_api/connections.py", "search_api/serving.py", "search_api/workers.py"),
    "typer": ("search_api/cli.py", "search_api/cli_options.py", "search_api/upkeep_cli.py"),
}

WRITERS = (
    "indexer.backup",
    "indexer.building",
    "indexer.storing",
    "indexer.takedown",
    "indexer.writing",
    "indexer.ingest",
    "indexer.fetching",
    "indexer.generations",
    "indexer.placer",
    "indexer.quarantine",
    "indexer.recipe",
    "indexer.regrouping",
    "indexer.sources",
)
MAY_WRITE = (
    "search_api/as_of.py",
    "search_api/backup_jobs.py",
    "search_api/bulk.py",
    "search_api/cli.py",
    "search_api/evaluation_jobs.py",
    "search_api/generation_jobs.py",
    "search_api/ingest_report.py",
    "search_api/jobs.py",
    "search_api/embedded_library.py",
    "search_api/library.py",
    "search_api/line_jobs.py",
    "search_api/maintenance.py",
    "search_api/milvus_library.py",
    "search_api/milvus_shelf.py",
    "search_api/milvus_views.py",
    "search_api/opening.py",
    "search_api/progress.py",
    "search_api/recall_jobs.py",
    "search_api/routes/writes.py",
    "search_api/serving.py",
    "search_api/shelves.py",
    "search_api/takedown_jobs.py",
    "search_api/watch_jobs.py",
    "search_api/write_desk.py",
    "search_api/write_schemas.py",
)

PURE = {
    "benchmarks/figures.py",
    "benchmarks/report.py",
    "indexer/articles.py",
    "indexer/chunking.py",
    "indexer/completing.py",
    "indexer/composing.py",
    "indexer/engines/milvus/capabilities.py",
    "indexer/engines/milvus/expressions.py",
    "indexer/engines/milvus/failures.py",
    "indexer/engines/milvus/keys.py",
    "indexer/engines/milvus/pieces.py",
    "indexer/engines/milvus/rows.py",
    "indexer/engines/corpus_words.py",
    "indexer/engines/met_words.py",
    "indexer/engines/scripts.py",
    "indexer/engines/term_counts.py",
    "indexer/engines/word_weights.py",
    "indexer/site_lines.py",
    "indexer/url_twins.py",
    "indexer/urls.py",
    "indexer/duplicates.py",
    "indexer/placing.py",
    "indexer/stories.py",
    "indexer/surroundings.py",
    "indexer/term_prints.py",
    "indexer/filters.py",
    "indexer/records.py",
    "search_api/calendar_words.py",
    "search_api/cursors.py",
    "search_api/moving.py",
    "search_api/query.py",
    "search_api/query_language.py",
    "search_api/recency.py",
    "search_api/related_modes.py",
    "search_api/related_ranking.py",
    "search_api/sentences.py",
    "search_api/time_words.py",
    "search_api/ranking.py",
    "search_api/results.py",
    "search_api/snippets.py",
}
EFFECTS = {"os", "socket", "subprocess", "sqlite3", "shutil", "time", "threading", "pathlib"}


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """The modules a file imports, as dotted names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_follow_the_arrows(path: Path) -> None:
    imported = imports(path)
    if name(path).startswith("indexer/"):
        assert not {found for found in imported if found.startswith(("search_api", "scripts", "benchmarks"))}
    if name(path).startswith("search_api/"):
        assert not {found for found in imported if found.startswith(("scripts", "benchmarks"))}
        if name(path).startswith("search_api/client/"):
            own = {found for found in imported if found.startswith(("search_api", "indexer"))}
            assert all(found.startswith("search_api.client") for found in own), "the client is of nothing else"
        if name(path) not in MAY_WRITE:
            assert not {found for found in imported if found.startswith(WRITERS)}
    if name(path).startswith("scripts/"):
        assert not {found for found in imported if found.startswith("benchmarks")}
    for package, homes in ONLY_IN.items():
        if any(found == package or found.startswith(f"{package}.") for found in imported):
            assert name(path).startswith(homes), f"{name(path)} imports {package}, which belongs to {homes}"


@pytest.mark.parametrize("path", [path for path in MODULES if name(path) in PURE], ids=name)
def test_pure_modules_touch_nothing_outside(path: Path) -> None:
    assert not {found.partition(".")[0] for found in imports(path)} & EFFECTS


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name(path)} has no docstring"
    assert path.stem not in {"utils", "helpers", "common", "base", "factory", "manager", "misc"}


def test_there_is_no_cycle() -> None:
    known = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in MODULES}
    arrows = {module: (imports(path) & known.keys()) - {module} for module, path in known.items()}
    arrows = {module: {to for to in tos if not module.startswith(f"{to}.")} for module, tos in arrows.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for to in arrows[module]:
                visit(to, (*trail, module))
            done.add(module)

    for module in arrows:
        visit(module, ())


def test_importing_the_client_loads_nothing_of_the_engine_or_the_service() -> None:
    code = (
        "import sys, search_api.client; "
        "heavy = {'faiss', 'fastapi', 'indexer', 'numpy', 'openvino', 'pydantic', 'rich', 'starlette', 'tantivy', 'torch'}; "
        "print(sorted(heavy & set(sys.modules)), {m for m in sys.modules if m.startswith('search_api.')} "
        "- {m for m in sys.modules if m.startswith('search_api.client')})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[] set()"


def test_importing_the_packages_loads_no_model_library() -> None:
    code = (
        "import sys, search_api.app, search_api.cli; "
        "print(sorted({'torch', 'sentence_transformers', 'openvino'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_importing_bulk_embedding_loads_no_ray() -> None:
    code = "import sys, scripts.bulk_embed; print(sorted({'ray', 'pyarrow', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_importing_the_service_loads_no_tracing_and_the_commands_no_metrics() -> None:
    code = (
        "import sys, search_api.cli; assert 'prometheus_client' not in sys.modules; "
        "import search_api.app; assert 'opentelemetry.sdk' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
