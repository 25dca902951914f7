"""A Milvus 2.3.5 cluster on one machine: etcd, four coordinators, the nodes and a proxy, each a process that can be killed.

The binaries come out of the package `milvus` (246 MB unpacked). The log broker is librdkafka's in-process mock of
Kafka: it lives in the process that made the `Cluster`, and is not durable. Objects lie in a folder on this machine.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ETCD = "etcd"
HEALTHY_WITHIN_S = 180.0
SESSION_TTL_S = 6
"""How long the dead keep their place in etcd: a coordinator's successor can start only after that."""

SERVER_IDS = Path("/tmp/milvus")
"""Where Milvus notes which process is which, whatever its settings say."""

PORTS = range(15_000, 32_000)
"""Below the ports that the kernel gives to outgoing connections, so that a port is still free for a restart."""


class Role(StrEnum):
    """What one process of the cluster does, in Milvus's words; an instance is named by its role and a number."""

    ROOT_COORD = "rootcoord"
    DATA_COORD = "datacoord"
    QUERY_COORD = "querycoord"
    INDEX_COORD = "indexcoord"
    DATA_NODE = "datanode"
    INDEX_NODE = "indexnode"
    QUERY_NODE = "querynode"
    PROXY = "proxy"


COORDINATORS = (Role.ROOT_COORD, Role.DATA_COORD, Role.QUERY_COORD, Role.INDEX_COORD)
STARTED = (*COORDINATORS, Role.DATA_NODE, Role.INDEX_NODE, Role.QUERY_NODE, Role.QUERY_NODE, Role.PROXY)

SECTIONS = {
    Role.ROOT_COORD: "rootCoord",
    Role.DATA_COORD: "dataCoord",
    Role.QUERY_COORD: "queryCoord",
    Role.DATA_NODE: "dataNode",
    Role.INDEX_NODE: "indexNode",
    Role.QUERY_NODE: "queryNode",
    Role.PROXY: "proxy",
}
"""The section of milvus.yaml that says where a role listens; the index coordinator is served by the data coordinator."""


@dataclass(slots=True)
class Instance:
    """One process: its role, where it listens, where it says whether it is healthy (ports of 127.0.0.1)."""

    role: Role
    port: int
    health_port: int
    process: subprocess.Popen[bytes]


def missing() -> str | None:
    """Say what the cluster needs and this machine lacks, with the command that installs it; None where nothing is."""
    if find_spec("milvus") is None:
        return "no package milvus: pip install --no-deps milvus==2.3.5"
    if find_spec("confluent_kafka") is None:
        return "no package confluent-kafka: pip install -e '.[cluster]'"
    if shutil.which("setpriv") is None:
        return "no setpriv on the path: apt-get install util-linux"
    if shutil.which(ETCD) is None:
        return "no etcd on the path: apt-get install etcd-server"
    return None


class Cluster:
    """A running cluster in a folder of its own: two query nodes, one of each other node, all coordinators, a proxy.

    Instances are named `querynode1`, `querynode2`, `proxy1` and so on; etcd is `etcd`. Start them from the main thread:
    a process is killed by the kernel when the thread that started it ends, so that none outlives a killed test run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self._instances: dict[str, Instance] = {}
        self._etcd: subprocess.Popen[bytes] | None = None
        self._spawned: list[subprocess.Popen[bytes]] = []
        self._taken: set[int] = set()
        self._etcd_ports = (self._free_port(), self._free_port())
        self._ports = {role: self._free_port() for role in SECTIONS}
        self._proxy_internal_port = self._free_port()
        self._broker: Any = None
        self._brokers = ""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        """Where clients connect: the proxy, over plain HTTP/2."""
        return f"http://127.0.0.1:{self._ports[Role.PROXY]}"

    def start(self) -> None:
        """Unpack the binaries, start every role and wait until each says it is healthy; raise TimeoutError where not."""
        self.logs.mkdir(parents=True)
        self._unpack()
        self._start_broker()
        self.start_etcd()
        for role in STARTED:
            self.add(role)
        self.wait_healthy()

    def stop(self) -> None:
        """Kill every process and wait for its end; the logs stay in the folder, the data and the binaries do not."""
        for process in self._spawned:
            process.kill()
            process.wait()
            (SERVER_IDS / f"server_id_{process.pid}").unlink(missing_ok=True)
        self._broker = None
        for part in ("bin", "data", "etcd"):
            shutil.rmtree(self.folder / part, ignore_errors=True)

    def alive(self) -> list[str]:
        """The names of all instances that run, etcd among them, in the order they were started."""
        etcd = [ETCD] if self._etcd and self._etcd.poll() is None else []
        return etcd + [name for name, instance in self._instances.items() if instance.process.poll() is None]

    def dead(self) -> list[str]:
        """The names of all instances that were started and run no more, killed or by themselves."""
        alive = set(self.alive())
        return [name for name in (ETCD, *self._instances) if name not in alive]

    def kill(self, *names: str) -> None:
        """SIGKILL these instances and wait until they are gone."""
        processes = [self._process(name) for name in names]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def restart(self, name: str) -> None:
        """Start an instance that is dead, at the same address (a coordinator's: once its session has expired)."""
        assert self._process(name).poll() is not None, f"{name} still runs: kill it first"
        if name == ETCD:
            self.start_etcd()
            return
        was = self._instances[name]
        self._instances[name] = self._launch(name, was.role, was.port)

    def add(self, role: Role) -> str:
        """Start another instance of a role, at a port of its own, and return its name."""
        number = 1 + sum(instance.role == role for instance in self._instances.values())
        name = f"{role}{number}"
        port = self._ports.get(role, 0) if number == 1 else self._free_port()
        self._instances[name] = self._launch(name, role, port)
        return name

    def names(self, *roles: Role) -> list[str]:
        """The names of the living instances of these roles."""
        alive = self.alive()
        return [name for name, instance in self._instances.items() if instance.role in roles and name in alive]

    def wait_healthy(self, names: Iterable[str] | None = None, *, timeout_s: float = HEALTHY_WITHIN_S) -> None:
        """Wait until these instances (every living one of Milvus) say that they are healthy; TimeoutError names who does not."""
        waiting = [name for name in (self.alive() if names is None else names) if name != ETCD]
        deadline = time.monotonic() + timeout_s
        while waiting := [name for name in waiting if not self._is_healthy(name)]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not healthy after {timeout_s:.0f} s: {', '.join(waiting)}; logs: {self.logs}")
            time.sleep(0.2)

    def start_etcd(self) -> None:
        """Start etcd on its folder, the first time or after its death."""
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        flags = {
            "--data-dir": str(self.folder / "etcd"),
            "--listen-client-urls": client,
            "--advertise-client-urls": client,
            "--listen-peer-urls": peer,
            "--initial-advertise-peer-urls": peer,
            "--initial-cluster": f"default={peer}",
        }
        self._etcd = self._spawn(ETCD, [ETCD, *(word for flag in flags.items() for word in flag)], {})

    def _process(self, name: str) -> subprocess.Popen[bytes]:
        if name == ETCD:
            assert self._etcd, "etcd was never started"
            return self._etcd
        return self._instances[name].process

    def _is_healthy(self, name: str) -> bool:
        instance = self._instances[name]
        if instance.process.poll() is not None:
            raise RuntimeError(f"{name} has ended with {instance.process.returncode}; log: {self.logs / name}.log")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{instance.health_port}/healthz", timeout=2) as answer:
                return b"OK" in answer.read()
        except OSError:
            return False

    def _unpack(self) -> None:
        from milvus import _initialize_data_files

        _initialize_data_files(str(self.folder))

    def _start_broker(self) -> None:
        from confluent_kafka import Producer

        self._broker = Producer({"test.mock.num.brokers": 1, "log_level": 3})
        found = self._broker.list_topics(timeout=30).brokers.values()
        self._brokers = ",".join(f"{broker.host}:{broker.port}" for broker in found)

    def _launch(self, name: str, role: Role, port: int) -> Instance:
        settings = self.folder / "settings" / name
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "milvus.yaml").write_text(json.dumps(self._settings(role, port), indent=1), encoding="utf-8")
        (settings / "glog.conf").write_text("--logtostderr=true\n--minloglevel=1\n", encoding="utf-8")
        health_port = self._free_port()
        environment = {
            "LD_LIBRARY_PATH": str(self.folder / "bin"),
            "MILVUSCONF": str(settings),
            "METRICS_PORT": str(health_port),
        }
        run = [str(self.folder / "bin" / "milvus"), "run", role, "-alias", name]
        return Instance(role, port, health_port, self._spawn(name, run, environment))

    def _spawn(self, name: str, run: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *run],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._spawned.append(process)
        return process

    def _settings(self, role: Role, port: int) -> dict[str, Any]:
        """What differs from Milvus's defaults, for one instance; JSON is YAML."""
        address = {"ip": "127.0.0.1"}
        settings: dict[str, Any] = {SECTIONS[each]: address | {"port": at} for each, at in self._ports.items()}
        if role in SECTIONS:
            settings[SECTIONS[role]]["port"] = port
        settings["proxy"]["internalPort"] = self._proxy_internal_port
        settings["rootCoord"]["dmlChannelNum"] = 4
        return settings | {
            "etcd": {"endpoints": f"127.0.0.1:{self._etcd_ports[0]}", "use": {"embed": False}},
            "common": {"storageType": "local", "session": {"ttl": SESSION_TTL_S}},
            "localStorage": {"path": str(self.folder / "data")},
            "mq": {"type": "kafka"},
            "kafka": {"brokerList": self._brokers},
            "log": {"level": "info", "stdout": True},
        }

    def _free_port(self) -> int:
        while True:
            port = random.choice(PORTS)
            with socket.socket() as listening:
                try:
                    listening.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in self._taken:
                self._taken.add(port)
                return port
