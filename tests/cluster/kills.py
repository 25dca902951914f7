"""What the tests kill of a cluster, and how each part comes back."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.cluster.cluster import COORDINATORS, ETCD, SESSION_TTL_S, Cluster, Role

ETCD_AWAY_S = 3.0


def restart(cluster: Cluster, *names: str, after_s: float = 0) -> None:
    """Kill these instances, all before the first is started again so many seconds later; wait until they are healthy."""
    cluster.kill(*names)
    time.sleep(after_s)
    for name in names:
        cluster.restart(name)
    cluster.wait_healthy(names)


def kill_a_query_node(cluster: Cluster) -> None:
    """The first one; another joins."""
    cluster.kill(cluster.names(Role.QUERY_NODE)[0])
    cluster.wait_healthy([cluster.add(Role.QUERY_NODE)])


def kill_both_query_nodes(cluster: Cluster) -> None:
    """They are restarted at once."""
    restart(cluster, *cluster.names(Role.QUERY_NODE))


def kill_the_data_node(cluster: Cluster) -> None:
    """Another joins."""
    cluster.kill(*cluster.names(Role.DATA_NODE))
    cluster.wait_healthy([cluster.add(Role.DATA_NODE)])


def kill_the_proxy(cluster: Cluster) -> None:
    """It is restarted at once."""
    restart(cluster, *cluster.names(Role.PROXY))


def kill_coordinators_and_proxy(cluster: Cluster) -> None:
    """They are restarted when their sessions have expired."""
    restart(cluster, *cluster.names(*COORDINATORS, Role.PROXY), after_s=SESSION_TTL_S + 1)


def kill_etcd(cluster: Cluster) -> None:
    """It is away for a shorter time than sessions live."""
    cluster.kill(ETCD)
    time.sleep(ETCD_AWAY_S)
    cluster.restart(ETCD)


KILLS: dict[str, Callable[[Cluster], None]] = {
    "nothing": lambda _: None,
    "a query node of two": kill_a_query_node,
    "both query nodes": kill_both_query_nodes,
    "the data node": kill_the_data_node,
    "the proxy": kill_the_proxy,
    "all coordinators and the proxy": kill_coordinators_and_proxy,
    "etcd": kill_etcd,
}
