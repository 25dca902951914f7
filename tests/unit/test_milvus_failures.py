"""What errors of pymilvus and gRPC mean, and what is told of them."""

from __future__ import annotations

from importlib import import_module

import pytest
from pymilvus.exceptions import CollectionNotExistException, ConnectionNotExistException, MilvusException

from indexer.engines.milvus.capabilities import Capabilities
from indexer.engines.milvus.failures import Failure, failure, is_of_milvus, told
from indexer.errors import EngineError

grpc = import_module("grpc")


def refused(status: str, said: str = "") -> Exception:
    """An error as gRPC raises them: with a status and a text."""
    kind = type("Refused", (grpc.RpcError,), {"code": lambda _: grpc.StatusCode[status], "details": lambda _: said})
    error = kind(said)
    assert isinstance(error, Exception)
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused("UNAVAILABLE"), Failure.REOPEN),
        (refused("CANCELLED"), Failure.REOPEN),
        (refused("DEADLINE_EXCEEDED"), Failure.AGAIN),
        (refused("UNIMPLEMENTED"), Failure.REFUSED),
        (refused("UNAUTHENTICATED"), Failure.REFUSED),
        (MilvusException(grpc.StatusCode.UNAVAILABLE, "Retry timeout"), Failure.REOPEN),
        (MilvusException(2, "Fail connecting to server on 10.0.0.1:19530"), Failure.REOPEN),
        (MilvusException(1, "Unexpected error, message=<Cannot invoke RPC on closed channel!>"), Failure.REOPEN),
        (ConnectionNotExistException(message="should create connection first."), Failure.REOPEN),
        (MilvusException(101, "failed to search: collection not loaded[collection=4708]"), Failure.RELEASED),
        (MilvusException(100, "can't find collection"), Failure.GONE),
        (CollectionNotExistException(100, "no such"), Failure.GONE),
        (MilvusException(1600, "alias not found[database=default][alias=live]"), Failure.GONE),
        (MilvusException(8, "rate limit exceeded"), Failure.AGAIN),
        (MilvusException(9, "deny to write"), Failure.AGAIN),
        (MilvusException(503, "channel not available"), Failure.AGAIN),
        (MilvusException(65535, "fail to search on QueryNode 5: no available shard leader"), Failure.AGAIN),
        (
            MilvusException(65535, "failed to search: attempt #0: failed to search/query delegator 1 for channel"),
            Failure.AGAIN,
        ),
        (
            MilvusException(65535, "empty grpc client: find no available rootcoord, check rootcoord state"),
            Failure.AGAIN,
        ),
        (MilvusException(65535, "unrecoverable error"), Failure.AGAIN),
        (
            MilvusException(
                65535, "attempt #3: rpc error: code = Canceled desc = grpc: the client connection is closing"
            ),
            Failure.AGAIN,
        ),
        (MilvusException(65535, "rpc error: code = Unavailable desc = error reading from server: EOF"), Failure.AGAIN),
        (
            MilvusException(65535, "attempt #3: rpc error: code = Unknown desc = node not match[expectedNodeID=4]"),
            Failure.AGAIN,
        ),
        (MilvusException(65535, "delegator 1: cannot parse expression: like timeout"), Failure.REFUSED),
        (MilvusException(65535, "topk [16385] is invalid, top k should be in range [1, 16384]"), Failure.REFUSED),
        (MilvusException(1, "service not ready[SegmentLoading]"), Failure.AGAIN),
        (MilvusException(65535, "failed to create query plan: field nosuchfield not exist"), Failure.REFUSED),
        (MilvusException(1100, "the length (80000) of 0th string exceeds max length"), Failure.REFUSED),
    ],
)
def test_a_failure_says_whether_another_try_is_worth_it(error: Exception, expected: Failure) -> None:
    assert is_of_milvus(error)
    assert failure(error) is expected


def test_other_errors_are_not_milvus_s() -> None:
    assert not is_of_milvus(TypeError("an argument is missing"))


@pytest.mark.parametrize(
    "said",
    [
        "Fail connecting to server on 10.1.2.3:19530, illegal connection params",
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.1.2.3:19530: refused",
        "dial tcp proxy-1.internal.example:19530: lookup failed",
        "[2001:db8::1]:19530 refused",
        "no answer from http://10.1.2.3:19530/path",
    ],
)
def test_what_is_told_names_no_address(said: str) -> None:
    for error in (MilvusException(65535, said), refused("UNAVAILABLE", said)):
        assert "(address)" in told(error)
        assert not any(part in told(error) for part in ("10.1.2.3", "19530", "2001", "internal"))


def test_only_the_first_line_is_told() -> None:
    assert told(MilvusException(65535, "bad plan\nstack trace: deep")) == "bad plan"
    assert told(MilvusException(65535, "no delegator: stack trace: /src/a.go:3")) == "no delegator"


@pytest.mark.parametrize(
    ("version", "words", "is_lite"),
    [
        ("milvus_lite-3.2.2", True, True),
        ("v2.3.5-lite", False, False),
        ("2.4.23", False, False),
        ("v2.5.0-beta", True, False),
        ("2.6.1", True, False),
        ("v3.0.0", True, False),
        ("v10.0", True, False),
    ],
)
def test_a_version_says_whether_words_are_found(version: str, words: bool, is_lite: bool) -> None:
    found = Capabilities.of(version)
    assert (found.words, found.is_lite) == (words, is_lite)
    assert (found.missing is None) == words
    assert words or "from 2.5 on" in str(found.missing)


def test_a_version_of_another_form_is_refused() -> None:
    with pytest.raises(EngineError, match="'dev'"):
        Capabilities.of("dev")
