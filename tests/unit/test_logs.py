from __future__ import annotations

import io
import json
import logging
import logging.config
import pickle
import re
import threading

import pytest

from search_api.logs import FIELDS, Seldom, line_formatter, printable
from search_api.request_notes import RequestNotes, noting
from search_api.serving import logging_config
from search_api.settings import LogFormat, LogLevel

FORGED = "x\n2026-01-01T00:00:00Z ERROR [1] search_api: all keys were revoked\r\u2028\x1b[31m\x00\udcff"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z [A-Z]+ \[\d+\] [\w.]+: .*")


def lines_of(log_format: LogFormat, message: str, **options: object) -> list[str]:
    """What a handler with this formatter writes for one record."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter(log_format))
    record = logging.LogRecord("search_api.test", logging.WARNING, __file__, 1, message, (), None)
    for name, value in options.items():
        setattr(record, name, value)
    handler.handle(record)
    return stream.getvalue().removesuffix("\n").split("\n")


def test_a_text_line_has_time_level_process_logger_and_fields() -> None:
    (line,) = lines_of(
        LogFormat.TEXT, "request", **{FIELDS: {"status": 200, "path": "/a b", "stages_ms": {"dense": 1.5}}}
    )
    assert LINE.fullmatch(line)
    assert line.endswith('search_api.test: request status=200 path="/a b" stages_ms=dense:1.5')


def test_a_json_line_is_one_document_with_the_request_s_id() -> None:
    with noting(RequestNotes("r-1")):
        (line,) = lines_of(LogFormat.JSON, "said", **{FIELDS: {"stages_ms": {"dense": 1.5}}})
    document = json.loads(line)
    assert list(document)[:6] == ["time", "level", "pid", "logger", "event", "request_id"]
    assert (document["level"], document["event"], document["request_id"]) == ("warning", "said", "r-1")
    assert document["stages_ms"] == {"dense": 1.5}


@pytest.mark.parametrize("log_format", LogFormat)
def test_nothing_that_others_sent_makes_a_line_of_its_own(log_format: LogFormat) -> None:
    (line,) = lines_of(log_format, f"found {FORGED}", **{FIELDS: {"path": FORGED, "stages_ms": {"dense": FORGED}}})
    assert line.isprintable()
    assert line.encode()


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_traceback_cannot_forge_a_line_either(log_format: LogFormat) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        info = type(error), error, error.__traceback__
    first, *rest = lines_of(log_format, "unforeseen error", exc_info=info)
    if log_format is LogFormat.JSON:
        assert rest == []
        assert "ValueError" in json.loads(first)["exception"]
    else:
        assert any("ValueError" in line for line in rest)
        assert all(line.startswith("    | ") and line.isprintable() for line in rest)


def test_what_can_be_seen_stays_as_it_is() -> None:
    assert printable("Grüße, 東京 \\n") == "Grüße, 東京 \\n"
    assert printable("a\nb") == "a\\nb"


def test_the_configuration_reaches_every_logger_and_travels_to_workers(capsys: pytest.CaptureFixture[str]) -> None:
    config = pickle.loads(pickle.dumps(logging_config(LogFormat.JSON, LogLevel.INFO)))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("search_api", "indexer", "uvicorn")}
    try:
        logging.config.dictConfig(config)
        logging.getLogger("search_api.test").debug("not told")
        for name in ("search_api.test", "indexer.test", "uvicorn.error"):
            logging.getLogger(name).info("from %s", name)
        logging.getLogger("urllib3").info("not told")
        logging.getLogger("urllib3").warning("slow")
    finally:
        root.handlers[:], root.level = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["event"] for one in told] == [
        "from search_api.test",
        "from indexer.test",
        "from uvicorn.error",
        "slow",
    ]


def test_a_complaint_comes_once_in_a_while_with_how_often_it_was_left_out() -> None:
    now = [100.0]
    seldom = Seldom(10.0, clock=lambda: now[0])
    assert [seldom.due("missing") for _ in range(4)] == [0, None, None, None]
    assert seldom.due("damaged") == 0
    now[0] = 109.9
    assert seldom.due("missing") is None
    now[0] = 110.1
    assert [seldom.due("missing"), seldom.due("missing")] == [4, None]


def test_a_complaint_of_many_threads_is_counted_to_the_last() -> None:
    now = [100.0]
    seldom = Seldom(10.0, clock=lambda: now[0])
    threads = [threading.Thread(target=lambda: [seldom.due("missing") for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now[0] = 200.0
    assert seldom.due("missing") == 8 * 500 - 1


def test_complaints_without_end_are_not_all_remembered() -> None:
    seldom = Seldom(10.0)
    assert all(seldom.due(number) == 0 for number in range(1000))
    assert len(seldom._said) <= 100
