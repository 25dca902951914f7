"""The cluster that the other tests start: beside another, without traces, and with a reason where it cannot be had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pymilvus import MilvusClient

from tests.cluster.cluster import STARTED, Cluster, missing

pytestmark = pytest.mark.cluster


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes whose working folder is this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text(encoding="utf-8").replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def test_a_second_cluster_is_one_of_its_own_and_leaves_no_process_and_only_logs(
    cluster: Cluster, tmp_path: Path
) -> None:
    MilvusClient(cluster.uri).create_collection("first", dimension=4)
    with Cluster(tmp_path / "second") as second:
        assert len(processes_of(second.folder)) == len(STARTED) + 1
        assert MilvusClient(second.uri).list_collections() == []
        assert MilvusClient(cluster.uri).list_collections() == ["first"]
        second.kill("querynode2", "etcd")
        assert second.dead() == ["etcd", "querynode2"]
    assert processes_of(second.folder) == []
    assert second.alive() == []
    assert {log.stem for log in second.logs.iterdir()} >= {"etcd", "proxy1", "querynode1", "querynode2"}
    assert not (second.folder / "data").exists()
    assert len(processes_of(cluster.folder)) == len(cluster.alive())
    MilvusClient(cluster.uri).drop_collection("first")


def test_without_etcd_the_reason_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "setpriv").symlink_to(
        shutil.which("setpriv") or pytest.fail("util-linux is there where clusters start")
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing() == "no etcd on the path: apt-get install etcd-server"
