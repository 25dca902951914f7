"""A whole bulk run: what is planned and not done yet is embedded, and all of it is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from indexer.bulk.embedding import Task, Work
from indexer.bulk.on_ray import Workers, connected
from indexer.bulk.plan import KEPT, Input, Plan, Size, load_plan, planned
from indexer.bulk.shards import Shard, read_shard
from indexer.errors import SettingError
from indexer.ingest_report import IngestReport
from indexer.layout import held_lock
from indexer.sources.items import WHOLE_FILE
from indexer.types import Reject

BATCH_ARTICLES = 2048
"""Articles of one portion at most: they are embedded together, and are what a worker that is lost has done in vain."""


@dataclass(slots=True)
class BulkReport:
    """What the shards of these sources hold, those of earlier runs among them: read = articles + rejected."""

    articles: int = 0
    passages: int = 0
    """Different texts of each shard, which is what was embedded."""
    shards: int = 0
    shards_before: int = 0
    """Of the shards, those that were there when the run began."""
    passages_before: int = 0
    others: int = 0
    """Shards in the folder of sources that this run was not given; they stay."""
    seconds: float = 0.0
    rejections: IngestReport = field(default_factory=IngestReport)

    @property
    def read(self) -> int:
        return self.articles + self.rejections.rejected


Progress = Callable[[BulkReport, int, int], None]
"""Called with the report so far, and how many of how many lines and rows are done."""


class BulkRun:
    """One run into one folder; a run that ends early, however it does, is taken up by the next."""

    def __init__(self, work: Work, told: Callable[[str], None], progress: Progress) -> None:
        self.report = BulkReport()
        self._work = work
        self._told = told
        self._progress = progress
        self._done = self._of = 0
        self._whole_files: set[tuple[str, str]] = set()

    def run(self, files: Sequence[Path], wanted: Workers, batch: int = BATCH_ARTICLES) -> None:
        """Embed what of these files has no shard yet.

        Raises SettingError for a folder of another recipe and where there is no room for the workers, IndexBusy while another run
        writes there, BulkFailed when it cannot go on.
        """
        began = time.monotonic()
        kept = self._work.folder / KEPT
        missing, busy = (
            f"nothing can be written to {self._work.folder}",
            f"embeds into {self._work.folder}; wait until it is done",
        )
        try:
            with held_lock(kept, missing, busy), ExitStack() as stack:
                cluster = cache(lambda: stack.enter_context(connected(wanted)))
                _remove_unfinished(kept)
                files = self._sources(files)
                inputs = self._planned(files, lambda: Size.for_workers(cluster().workers(), batch, files))
                tasks = self._missing(inputs)
                self._tick(began)
                for task in cluster().embed(self._work, tasks, self._told) if tasks else ():
                    self._count(task, self._shard(task))
                    self._tick(began)
                _remove_unfinished(kept)
        finally:
            self.report.seconds = time.monotonic() - began

    def _tick(self, began: float) -> None:
        self.report.seconds = time.monotonic() - began
        self._progress(self.report, self._done, self._of)

    def _sources(self, files: Sequence[Path]) -> list[Path]:
        """Each file once; what lies in the folder of the shards is none of the sources."""
        places = list(dict.fromkeys(path.absolute() for path in files))
        sources = [path for path in places if self._work.folder.absolute() not in path.parents]
        if len(sources) < len(places):
            self._told(f"{len(places) - len(sources):,} files in {self._work.folder} are not read: the shards go there")
        return sources

    def _planned(self, files: Sequence[Path], size: Callable[[], Size]) -> list[Input]:
        """The inputs in the order of the files, as they were planned before unless a file was changed; the plan is saved."""
        work = self._work
        plan = load_plan(work.folder) or self._first_plan()
        if plan.recipe.key != work.recipe.key:
            raise SettingError(
                f"{work.folder} holds embeddings of {plan.recipe.model_name} ({plan.recipe.key}), and this run would add "
                f"those of {work.recipe.model_name} ({work.recipe.key}); name another folder by --to"
            )
        known = {one.path: one for one in plan.inputs}
        unchanged = {path for path in files if _is_as_planned(known.get(str(path)))}
        chosen = size() if len(unchanged) < len(files) else None
        found: list[Input] = []
        for path in files:
            before = known.get(str(path))
            if before is None or path not in unchanged:
                assert chosen is not None
                made = planned(path, before.number if before else _next_number(known), chosen)
                if isinstance(made, Reject):
                    self.report.rejections.reject(made)
                    continue
                _remove_shards(work.folder, before)
                known[made.path] = made
            found.append(known[str(path)])
        Plan(work.recipe, tuple(sorted(known.values(), key=lambda one: one.number))).save(work.folder)
        given = {one.path for one in found}
        self.report.others = sum(len(one.portions) for one in known.values() if one.path not in given)
        return found

    def _first_plan(self) -> Plan:
        """Raises SettingError for a folder that has Parquet already: nobody could tell what of it would be read twice."""
        there = next(self._work.folder.glob("*.parquet"), None)
        if there:
            raise SettingError(
                f"{self._work.folder} has {there.name} and others, and no plan of what they hold ({KEPT}/plan.json); "
                "name another folder by --to, or take them away"
            )
        return Plan(self._work.recipe, ())

    def _missing(self, inputs: Sequence[Input]) -> list[Task]:
        """What has no shard; the others are counted."""
        left = []
        for source in inputs:
            for number, portion in enumerate(source.portions):
                task = Task(source, number)
                self._of += portion.count
                shard = self._shard(task)
                if shard is None:
                    left.append(task)
                    continue
                self._count(task, shard)
                self.report.shards_before += 1
                self.report.passages_before += shard.facts.passages
        return left

    def _shard(self, task: Task) -> Shard | None:
        return read_shard(self._work.folder, self._work.recipe.key, task.source, task.number)

    def _count(self, task: Task, shard: Shard | None) -> None:
        if shard is None:
            raise SettingError(
                f"the shard {task.shard} was written, and is not in {self._work.folder} as this machine sees it; "
                "give a folder that every machine of the cluster has at the same place"
            )
        self._done += task.portion.count
        self.report.shards += 1
        self.report.articles += shard.articles
        self.report.passages += shard.facts.passages
        for place, reason in shard.facts.rejects:
            if place in WHOLE_FILE:
                if (task.source.path, reason) in self._whole_files:
                    continue
                self._whole_files.add((task.source.path, reason))
            self.report.rejections.reject(Reject(task.source.path, place, reason))


def _is_as_planned(source: Input | None) -> bool:
    """Whether a file was planned, and is as it was then."""
    try:
        return source is not None and source.is_as_planned
    except OSError:
        return False


def _next_number(known: dict[str, Input]) -> int:
    return max((one.number for one in known.values()), default=-1) + 1


def _remove_unfinished(kept: Path) -> None:
    """What workers were writing when they were killed."""
    for path in kept.glob("*.parquet.*"):
        path.unlink(missing_ok=True)


def _remove_shards(folder: Path, source: Input | None) -> None:
    """Those of a file that was changed since."""
    for number in range(len(source.portions) if source else 0):
        assert source
        (folder / source.shard(number)).unlink(missing_ok=True)
