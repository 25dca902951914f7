from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.errors import IndexBusy, IndexDamaged, SettingError
from indexer.layout import IndexFolder, held_lock
from search_api.keys import PREFIX, Keys, Scope
from tests.support import command

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return IndexFolder(tmp_path / "index")


def test_a_key_is_known_by_its_holder_alone_and_the_file_never_holds_it(index: IndexFolder) -> None:
    keys = Keys.of(index)
    assert keys.all() == ()
    written = keys.add("cms", Scope.WRITE, now=AT)
    ruled = keys.add("desk", Scope.ADMIN, now=AT)
    assert written.startswith(PREFIX)
    assert len({written, ruled}) == 2
    for key, name, scope in ((written, "cms", Scope.WRITE), (ruled, "desk", Scope.ADMIN)):
        held = Keys.of(index).holder(key)
        assert held is not None
        assert (held.name, held.scope, held.created_at) == (name, scope, "2026-06-01T12:00:00Z")
        assert key not in keys.path.read_text(encoding="utf-8")
    for stranger in ("", PREFIX, written[:-1], f"{written} ", "Grüße", "\udcff"):
        assert keys.holder(stranger) is None


def test_admin_includes_write_and_not_the_other_way() -> None:
    assert Scope.ADMIN.covers(Scope.WRITE)
    assert Scope.ADMIN.covers(Scope.ADMIN)
    assert Scope.WRITE.covers(Scope.WRITE)
    assert not Scope.WRITE.covers(Scope.ADMIN)


def test_what_another_process_made_or_revoked_counts_at_once(index: IndexFolder) -> None:
    service, desk = Keys.of(index), Keys.of(index)
    key = desk.add("cms", Scope.WRITE, now=AT)
    assert service.holder(key)
    desk.revoke("cms")
    assert service.holder(key) is None
    again = desk.add("cms", Scope.WRITE, now=AT)
    assert service.holder(again)
    assert service.holder(key) is None
    index.root.joinpath("keys.json").unlink()
    assert service.holder(again) is None


def test_a_change_within_one_tick_of_the_clock_is_seen(index: IndexFolder) -> None:
    service, desk = Keys.of(index), Keys.of(index)
    first = desk.add("cms", Scope.WRITE, now=AT)
    facts = desk.path.stat()
    assert service.holder(first)
    desk.revoke("cms")
    second = desk.add("cms", Scope.WRITE, now=AT)
    os.utime(desk.path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert desk.path.stat().st_size == facts.st_size
    assert service.holder(second)
    assert service.holder(first) is None


def test_only_the_owner_may_read_the_file(index: IndexFolder) -> None:
    keys = Keys.of(index)
    keys.add("cms", Scope.WRITE, now=AT)
    assert keys.path.stat().st_mode & 0o777 == 0o600
    keys.add("desk", Scope.ADMIN, now=AT)
    assert keys.path.stat().st_mode & 0o777 == 0o600


def test_names_that_are_taken_unknown_or_none_are_refused_by_name(index: IndexFolder) -> None:
    keys = Keys.of(index)
    keys.add("cms", Scope.WRITE, now=AT)
    with pytest.raises(SettingError, match="'cms' already"):
        keys.add("cms", Scope.ADMIN, now=AT)
    with pytest.raises(SettingError, match="no key is named 'CMS'"):
        keys.revoke("CMS")
    for name in ("", " cms", "a\nb", "x" * 101):
        with pytest.raises(SettingError, match="cannot name a key"):
            keys.add(name, Scope.WRITE, now=AT)
    assert [key.name for key in keys.all()] == ["cms"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"keys": []}',
        '{"format_version": 2, "keys": []}',
        '{"format_version": 1, "keys": [{}]}',
        '{"format_version": 1, "keys": [{"name": "a", "scope": "all", "created_at": "", "sha256": ""}]}',
        '{"format_version": 1, "keys": [{"name": "a", "scope": "admin", "created_at": "", "sha256": "ä"}]}',
        '{"format_version": 1, "keys": [{"name": 1, "scope": "admin", "created_at": "", "sha256": "'
        + "0" * 64
        + '"}]}',
    ],
)
def test_a_damaged_file_lets_nobody_in_and_is_named(index: IndexFolder, text: str) -> None:
    keys = Keys.of(index)
    key = keys.add("cms", Scope.WRITE, now=AT)
    keys.path.write_text(text, encoding="utf-8")
    with pytest.raises(IndexDamaged, match=r"keys\.json cannot be read"):
        keys.holder(key)
    with pytest.raises(IndexDamaged, match=r"keys\.json cannot be read"):
        keys.add("desk", Scope.ADMIN, now=AT)


def test_two_changes_at_once_do_not_lose_one(index: IndexFolder) -> None:
    with (
        held_lock(index.root, "", "is changing it", name="keys.lock"),
        pytest.raises(IndexBusy, match="is changing"),
    ):
        Keys.of(index).add("cms", Scope.WRITE, now=AT)


def test_the_command_lists_makes_and_revokes(index: IndexFolder) -> None:
    root = ("--index", str(index.root))
    assert "No keys" in command("keys", *root).stdout
    made = command("keys", "--new", "cms", *root)
    key = made.stdout.strip()
    held = Keys.of(index).holder(key)
    assert held is not None
    assert held.scope is Scope.WRITE
    assert "shown this once" in made.stderr
    desk = json.loads(command("keys", "--new", "desk", "--scope", "admin", "--json", *root).stdout)
    assert (desk["name"], desk["scope"]) == ("desk", "admin")
    assert Keys.of(index).holder(desk["key"])
    listed = json.loads(command("keys", "--json", *root).stdout)["keys"]
    assert [(entry["name"], entry["scope"]) for entry in listed] == [("cms", "write"), ("desk", "admin")]
    assert listed[0].keys() == {"name", "scope", "created_at"}
    assert "cms: write, made 20" in command("keys", *root).stdout
    assert json.loads(command("keys", "--revoke", "cms", "--json", *root).stdout) == {"revoked": "cms"}
    assert Keys.of(index).holder(key) is None
    for wrong, message in (
        (("--new", "desk"), "already"),
        (("--revoke", "cms"), "no key is named"),
        (("--scope", "write"), "--scope goes with --new"),
        (("--new", "a", "--revoke", "desk"), "not both"),
    ):
        done = command("keys", *wrong, *root)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
