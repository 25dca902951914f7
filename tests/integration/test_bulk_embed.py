"""scripts/bulk_embed.py on real Ray clusters: one machine, two nodes, and two of which one is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import stamina
from pyarrow import parquet

from indexer.bulk.embedding import PortionEmbedder, Task, Work
from indexer.bulk.job import BulkReport, BulkRun
from indexer.bulk.on_ray import BulkFailed, Workers, connected
from indexer.bulk.plan import Plan, load_plan
from indexer.encoder import TextHashEncoder, load_encoder
from indexer.errors import IndexBusy, SettingError
from indexer.layout import IndexFolder, held_lock
from indexer.models import DEFAULT_MODEL
from indexer.recipe import Recipe, cut, recipe_for, texts_of
from indexer.runtimes import Device
from indexer.sources import read_files
from indexer.sources.embedded_shard import EMBEDDINGS
from indexer.sources.items import Reading
from indexer.types import Found
from scripts import bulk_embed
from search_api import jobs
from search_api.clock import utc_now
from tests.gated_encoder import WAIT_S, Gate, behind
from tests.support import NOW, ROOT, SAMPLE, record, write_jsonl

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""Ray leaves files and processes to the collector when it shuts down."""

ONE_EACH = Workers(2, cpus=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two nodes with a core each; this process is connected to it. A node that is gone is missed within seconds."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": {"health_check_period_ms": 500}}
    for attempt in stamina.retry_context(
        on=RuntimeError, attempts=3, timeout=None
    ):  # seen: a server of Ray's that did not begin
        with attempt:
            made = Cluster(initialize_head=True, connect=False, head_node_args=head)
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False, logging_level=50)
    made.wait_for_nodes(timeout=60)
    yield made
    ray.shutdown()
    made.shutdown()


def work_into(folder: Path, recipe: Recipe | None = None) -> Work:
    folder.mkdir(exist_ok=True)
    return Work(folder, recipe or recipe_for(TextHashEncoder()), folder / "models", Device.CPU, Reading(NOW))


def quiet(_report: BulkReport, _done: int, _of: int) -> None:
    pass


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for shard in sorted(folder.glob("*.parquet")) for row in parquet.read_table(shard).to_pylist()]


def by_one_process(plan_of: Path, folder: Path) -> list[dict[str, Any]]:
    """What one process makes of the plan of another folder."""
    plan = load_plan(plan_of)
    assert plan
    embedder = PortionEmbedder(work_into(folder, plan.recipe))
    for source in plan.inputs:
        for number in range(len(source.portions)):
            embedder.embed(Task(source, number))
    return rows(folder)


def script(*arguments: str | Path, model: str = "text-hash") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "scripts/bulk_embed.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "DATELINE_MODEL": model},
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=240)
    return process.returncode, out, errors


def test_a_folder_of_another_recipe_or_another_run_is_refused(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", map(record, range(5)))
    out = tmp_path / "out"
    Plan(Recipe("other", "other-1", 100), ()).save(out)
    with pytest.raises(
        SettingError, match=r"holds embeddings of other \(other-1/c1/100\), and this run would add those of text"
    ):
        BulkRun(work_into(out), print, quiet).run([source], ONE_EACH)
    with held_lock(out / ".bulk", "", "embeds"), pytest.raises(IndexBusy, match=r"process \d+ embeds into"):
        BulkRun(work_into(out), print, quiet).run([source], ONE_EACH)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "ray://127.0.0.1:10001"])
def test_an_address_without_a_cluster_is_refused_at_once(address: str) -> None:
    """Before the cluster of this module is there: one that this process is connected to is used, whatever the address."""
    import ray

    assert not ray.is_initialized()
    with pytest.raises(SettingError, match=re.escape(address)), connected(Workers(address=address)):
        raise AssertionError


@pytest.mark.usefixtures("cluster")
def test_two_nodes_share_the_portions_and_what_is_there_is_not_done_again(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [*map(record, range(50)), "{broken", *map(record, range(50, 60))])
    table = tmp_path / "b.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([record(number) for number in range(60, 100)]), table)
    out = tmp_path / "out"
    seen: list[tuple[int, int]] = []
    first = BulkRun(work_into(out), print, lambda _report, done, of: seen.append((done, of)))
    first.run([source, table], ONE_EACH, 10)
    report = first.report
    assert (report.read, report.articles, report.passages, report.shards_before) == (101, 100, 100, 0)
    (reject,) = report.rejections.rejects
    assert (reject.source, reject.place) == (str(source), "line 51")
    whole = rows(out)
    assert [row["id"] for row in whole] == [f"a{number}" for number in range(100)]
    assert whole == by_one_process(out, tmp_path / "alone")
    assert seen[0] == (0, 101)
    assert seen[-1] == (101, 101)
    assert seen == sorted(seen)

    gone, damaged, *others = sorted(out.glob("*.parquet"))
    times = [path.stat().st_mtime_ns for path in others]
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-100])
    (out / ".bulk" / "00000-000000.parquet.host.1").write_bytes(b"left by a killed worker")
    again = BulkRun(work_into(out), print, quiet)
    again.run([source, table], Workers(1), 1000)
    assert (again.report.shards, again.report.shards_before) == (report.shards, report.shards - 2)
    assert (again.report.passages_before, again.report.articles, again.report.rejections.rejected) == (80, 100, 1)
    assert rows(out) == whole
    assert [path.stat().st_mtime_ns for path in others] == times
    assert sorted(path.name for path in (out / ".bulk").iterdir()) == ["lock", "plan.json"]

    more = write_jsonl(tmp_path / "c.jsonl", map(record, range(100, 130)))
    write_jsonl(source, map(record, range(30)))
    changed = BulkRun(work_into(out), print, quiet)
    changed.run([more, source, more], ONE_EACH, 10)
    assert (changed.report.shards_before, changed.report.articles) == (0, 60)
    assert [row["id"] for row in rows(out)] == [f"a{number}" for number in [*range(30), *range(60, 130)]]

    lines: list[str] = []
    source.unlink()
    own = BulkRun(work_into(out), lines.append, quiet)
    own.run([more, source, *out.glob("0*.parquet")], ONE_EACH, 10)
    assert (own.report.shards_before, own.report.shards) == (3, 3)
    assert own.report.rejections.rejects[0].reason == "cannot be read: No such file or directory"
    assert lines == [f"{len(list(out.glob('*.parquet')))} files in {out} are not read: the shards go there"]

    (out / ".bulk" / "plan.json").unlink()
    with pytest.raises(SettingError, match=r"has 0\d+-0\d+.parquet and others, and no plan of what they hold"):
        BulkRun(work_into(out), print, quiet).run([more], ONE_EACH, 10)


def test_a_node_that_is_killed_costs_no_article_and_doubles_none(cluster: Any, tmp_path: Path) -> None:
    """A worker of each node is in the middle of a portion when one of the nodes is killed."""
    source = write_jsonl(tmp_path / "a.jsonl", map(record, range(120)))
    out = tmp_path / "out"
    gate = Gate(tmp_path, out, 5)
    work = replace(work_into(out), load=behind(gate))
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes(timeout=60)
    lines: list[str] = []

    def kill_it() -> int:
        until = time.monotonic() + WAIT_S / 2
        while not gate.is_reached_by(node.node_id) and time.monotonic() < until:
            time.sleep(0.05)
        reached = gate.is_reached_by(node.node_id)
        there = len(list(out.glob("*.parquet")))
        cluster.remove_node(node, allow_graceful=False)
        gate.open()
        return there if reached else 0

    run = BulkRun(work, lines.append, quiet)
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill_it)
        run.run([source], Workers(3, cpus=1), 4)
    assert 5 <= killed.result() < run.report.shards == 30
    assert len(lines) == 1
    assert re.fullmatch(r"workers were lost; \d+ portions are begun again, by [12] workers", lines[0])
    assert run.report.articles == 120
    assert [row["id"] for row in rows(out)] == [f"a{number}" for number in range(120)]
    assert rows(out) == by_one_process(out, tmp_path / "alone")
    assert not list((out / ".bulk").glob("*.parquet.*"))
    done = jobs.ingest(IndexFolder(tmp_path / "index"), [str(out)])
    assert (done.report.new, done.report.encoded, done.report.brought) == (120, 0, 120)


@pytest.mark.usefixtures("cluster")
def test_what_nodes_have_no_room_for_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", map(record, range(10)))
    with connected(Workers(cpus=1)) as two:
        assert two.workers() == 2
    for wanted, room in (
        (Workers(1, cpus=2), 0),
        (Workers(3, cpus=1), 2),
        (Workers(1, cpus=1, gpus=1), 0),
        (Workers(cpus=2), 0),
    ):
        with pytest.raises(SettingError, match=rf"^there is room for {room} workers of .* the machines have 1 CPUs"):
            BulkRun(work_into(tmp_path / "out"), print, quiet).run([source], wanted)
    assert not list((tmp_path / "out").glob("*.parquet"))


class _Missing:
    """What no worker can load."""

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, ("dateline_of_tomorrow",)

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError


@pytest.mark.usefixtures("cluster")
def test_what_workers_cannot_do_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", map(record, range(5)))
    work = work_into(tmp_path / "out")
    Plan(work.recipe, ()).save(work.folder)
    (work.folder / "00000-000000.parquet").mkdir()
    with pytest.raises(BulkFailed, match=r"IsADirectoryError.*\(items 1 on of .*a.jsonl\)"):
        BulkRun(work, print, quiet).run([source], Workers(1))
    with pytest.raises(BulkFailed, match=r"no worker can be started \(.*dateline_of_tomorrow"):
        BulkRun(replace(work, load=_Missing()), print, quiet).run([source], Workers(1))


@pytest.mark.thorough
def test_a_script_that_is_killed_is_taken_up_by_the_next(cluster: Any, tmp_path: Path) -> None:
    source, out = write_jsonl(tmp_path / "a.jsonl", [*map(record, range(1000)), "{broken"]), tmp_path / "out"
    arguments = (source, "--to", out, "--workers", "2", "--batch-size", "10", "--address", cluster.address)
    first = script(*arguments)
    until = time.monotonic() + 120
    while len(list(out.glob("*.parquet"))) < 5 and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    there = len(list(out.glob("*.parquet")))
    assert 5 <= there < 101

    code, said, errors = finished(script(*arguments, "--json"))
    report = json.loads(said)
    assert code == 1, errors
    assert (report["read"], report["articles"], report["rejected"], report["shards"]) == (1001, 1000, 1, 101)
    assert there <= report["shards_before"] < 101
    assert report["rejects"][0]["place"] == "line 1001"
    assert "error" not in report
    assert [row["id"] for row in rows(out)] == [f"a{number}" for number in range(1000)]


@pytest.mark.thorough
def test_real_vectors_of_a_cluster_that_the_script_starts_are_those_of_one_process(tmp_path: Path) -> None:
    few = (SAMPLE / "articles.jsonl").read_text(encoding="utf-8").splitlines()[:4]
    source, out = write_jsonl(tmp_path / "few.jsonl", few), tmp_path / "out"
    code, said, errors = finished(script(source, "--to", out, "--model", DEFAULT_MODEL, "--batch-size", "2", "--json"))
    assert (code, json.loads(said)["shards"]) == (0, 2), errors
    encoder = load_encoder(DEFAULT_MODEL, out / ".bulk" / "models")
    items = [item for item in read_files([source], Reading(utc_now())) if isinstance(item, Found)]
    texts = texts_of(cut(item.article, encoder.tokenizer) for item in items)
    expected = dict(zip(texts, encoder.encode_documents(list(texts.values())), strict=True))
    stored = {one["text_hash"]: one["vector"] for row in rows(out) for one in row[EMBEDDINGS]}
    assert stored == {text_hash: vector.astype("<f2").tobytes() for text_hash, vector in expected.items()}


def test_wrong_use_is_said_with_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", map(record, range(4)))
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(source)])
    for arguments, said in (
        ((tmp_path / "nothing.jsonl", "--to", tmp_path / "out"), "does not exist"),
        ((source, "--to", source / "out"), "a.jsonl"),
        ((source, "--to", tmp_path / "out", "--model", "no/such-model"), "is neither"),
        (
            (source, "--to", tmp_path / "out", "--index", index.root, "--model", DEFAULT_MODEL),
            "the index was built with model text-hash",
        ),
    ):
        monkeypatch.setattr(sys, "argv", ["bulk_embed.py", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as ended:
            sys.exit(bulk_embed.main())
        out, errors = capsys.readouterr()
        assert (ended.value.code, said in errors) == (2, True), errors
        assert said in json.loads(out)["error"]


@pytest.mark.parametrize("option", [("--workers", "0"), ("--batch-size", "0"), ("--gpus-per-worker", "nan")])
def test_a_number_out_of_range_is_said_with_status_2(
    option: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bulk_embed.py", "a.jsonl", "--to", "out", *option])
    with pytest.raises(SystemExit, match="2"):
        bulk_embed.main()
    assert "are 1 or more, --gpus-per-worker is from 0 to 1" in capsys.readouterr().err
