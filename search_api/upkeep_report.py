"""What the commands that keep an index in order print: for people, or one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from search_api.backup_jobs import BackupDone, RestoreDone
from search_api.generation_jobs import ReindexDone, RollbackDone
from search_api.keys import Key, Scope
from search_api.recall_jobs import Recall
from search_api.report import document, err, out
from search_api.takedown_jobs import Receipt


def reindex_document(done: ReindexDone) -> dict[str, Any]:
    """What `reindex --json` prints of a new generation."""
    manifest = done.manifest
    return {
        "generation": manifest.number,
        "activated": done.activated,
        "model": manifest.model_name,
        "change": manifest.change,
        "articles": manifest.articles,
        "chunks": manifest.chunks,
        "encoded": done.encoded,
        "regrouped": asdict(done.regrouped) if done.regrouped else None,
        "pruned": done.pruned,
        "gate": {**asdict(done.gate), "passed": done.gate.passed} if done.gate else None,
        "seconds": round(done.seconds, 3),
    }


def reindex(done: ReindexDone, *, as_json: bool) -> None:
    manifest = done.manifest
    if as_json:
        document(reindex_document(done))
        return
    out.print(
        f"Generation {manifest.number}: {manifest.articles:,} articles, {manifest.chunks:,} chunks, "
        f"{done.encoded:,} newly encoded, {done.seconds:.1f} s"
    )
    if done.regrouped:
        found = done.regrouped
        out.print(f"{found.stories:,} stories, {found.copies:,} copies; {found.moved:,} articles have another place")
    if done.gate:
        verdict = "passed" if done.gate.passed else "failed"
        out.print(
            f"Gate {done.gate.collection} {verdict}: nDCG@10 {done.gate.before:.4f} before, {done.gate.after:.4f} after"
        )
    if done.activated:
        out.print("It is serving.")
    elif done.gate and not done.gate.passed:
        out.print("It was removed; the generation before it is still serving.")
    else:
        out.print("It is not serving; the generation before it still is.")


def status(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        document(found)
        return
    archive, generation = found["archive"], found["generation"]
    out.print(f"Index {found['index']}", highlight=False)
    out.print(
        f"  archive: {archive['articles']:,} articles ({archive['duplicates']:,} are copies), {archive['versions']:,} versions, "
        f"{archive['chunks']:,} chunks, change {archive['change']:,}, {_size(archive['bytes'])}"
    )
    out.print(f"  model: {found['model']['name']} ({found['model']['fingerprint']})")
    if generation is None:
        out.print("  no generation yet; build one: dateline reindex")
        return
    out.print(
        f"  serving generation {generation['number']}: {generation['articles']:,} articles, {generation['chunks']:,} chunks, "
        f"built {generation['built_at']}, {_size(generation['bytes'])}"
    )
    out.print(f"  changes since: {found['changes_since_generation']:,}")


def verify(problems: list[str], figures: Sequence[Recall], *, as_json: bool) -> None:
    if as_json:
        measured = {"recall": [asdict(one) for one in figures]} if figures else {}
        document({"ok": not problems, "problems": problems, **measured})
        return
    for one in figures:
        out.print(one.told, highlight=False, markup=False)
    for problem in problems:
        out.print(problem, highlight=False, markup=False)
    if not problems:
        out.print("All is well: every checksum, count and cross-reference holds.")


def rollback(done: RollbackDone, *, as_json: bool) -> None:
    if as_json:
        document({**asdict(done), "seconds": round(done.seconds, 3)})
        return
    before = f"generation {done.before}" if done.before is not None else "none"
    out.print(
        f"Generation {done.number} serves again ({done.model}), in place of {before}, after {done.seconds:.1f} s",
        highlight=False,
        markup=False,
    )
    if done.encoded:
        out.print(f"{done.encoded:,} texts were encoded that came since under another model.", highlight=False)


def takedown(receipt: Receipt, *, as_json: bool) -> None:
    if as_json:
        document(receipt.document())
        return
    for name, value in receipt.document().items():
        out.print(Text(f"{name}: {_in_words(value)}"))


def _in_words(value: Any) -> str:
    """A value of a document on one line."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_words, value)) or "none"
    if isinstance(value, dict):
        return " ".join(f"{name} {_in_words(of)}" for name, of in value.items())
    return "none" if value is None else str(value)


def backup(done: BackupDone, *, as_json: bool) -> None:
    made = done.backup
    if as_json:
        document(
            {
                "backup": str(done.folder),
                "made_at": made.made_at,
                "generation": made.generation,
                "change": made.change,
                "files": len(made.files),
                "bytes": made.size_bytes,
                "seconds": round(done.seconds, 3),
            }
        )
        return
    out.print(
        f"{done.folder} holds the index as of change {made.change:,}: {len(made.files):,} files, {_size(made.size_bytes)}, "
        f"{done.seconds:.1f} s",
        highlight=False,
        markup=False,
    )


def restore(done: RestoreDone, *, as_json: bool) -> None:
    restored = done.backup
    if as_json:
        document(
            {
                "index": str(done.index),
                "made_at": restored.made_at,
                "generation": restored.generation,
                "change": restored.change,
                "before": str(done.before) if done.before else None,
                "seconds": round(done.seconds, 3),
            }
        )
    else:
        out.print(
            f"{done.index} is as it was at {restored.made_at} (change {restored.change:,}); {done.seconds:.1f} s",
            highlight=False,
            markup=False,
        )
        if done.before:
            out.print(f"The index that was there is at {done.before}", highlight=False, markup=False)
    err.print(
        "Restart the services of this index: until then they answer from the old one and write to it. What was taken in, taken "
        "down or revoked since the backup has to be done again.",
        highlight=False,
    )


def keys(held: Sequence[Key], *, as_json: bool) -> None:
    if as_json:
        document({"keys": [_key(key) for key in held]})
        return
    for key in held:
        bound = f" for {', '.join(key.origins)}" if key.origins else ""
        out.print(Text(f"{key.name}: {key.scope}{bound}, made {key.created_at}"))
    if not held:
        out.print("No keys. Make one: dateline keys --new NAME --scope write", highlight=False)


def _key(key: Key) -> dict[str, Any]:
    origins = {"origins": list(key.origins)} if key.origins else {}
    return {"name": key.name, "scope": str(key.scope), "created_at": key.created_at, **origins}


def new_key(name: str, scope: Scope, key: str, *, as_json: bool) -> None:
    if as_json:
        document({"name": name, "scope": str(scope), "key": key})
        return
    out.print(key, highlight=False, markup=False)
    err.print(
        f"The key {name} ({scope}) is shown this once; the index keeps only its SHA-256.", markup=False, highlight=False
    )


def revoked_key(name: str, *, as_json: bool) -> None:
    if as_json:
        document({"revoked": name})
        return
    out.print(f"The key {name} counts no more.", highlight=False, markup=False)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
