"""The pure parts of the benchmark beside peers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.corpus import headline_queries, passage, read_corpus
from benchmarks.figures import Times, agreement, percentile, recall, table
from benchmarks.measuring import LEVELS, Figures, Indexed, InProcess, OverHttp, levels
from benchmarks.report import in_process_table, over_http_table, verdict
from benchmarks.serving import Served
from benchmarks.system import SystemName
from indexer.encoder import load_encoder


def test_times_are_the_median_the_95th_percentile_and_the_rate() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert percentile(list(range(101)), 95) == 95
    times = Times.of([10, 20, 30], seconds=1.5)
    assert (times.p50_ms, times.p95_ms, times.per_s) == pytest.approx((20, 29, 2))
    assert Times.median_of([Times(1, 9, 5), Times(3, 8, 6), Times(2, 7, 4)]) == Times(2, 8, 5)


def test_recall_counts_what_is_as_near_as_the_last_and_nothing_twice() -> None:
    passages = np.array([[1, 0], [0.8, 0.6], [0.8, 0.6], [0, 1]], dtype=np.float32)
    queries = np.array([[1, 0]], dtype=np.float32)
    assert recall([[0, 1]], queries, passages, 2) == recall([[0, 2]], queries, passages, 2) == 1.0
    assert recall([[0, 0]], queries, passages, 2) == recall([[0, 3]], queries, passages, 2) == 0.5
    assert recall([[]], queries, passages, 2) == 0.0


def test_answers_agree_when_ids_and_order_do() -> None:
    assert agreement([["1", "2"], ["3"]], [["1", "2"], ["3"]]) == 1.0
    assert agreement([["1", "2"], ["3"]], [["2", "1"], ["3"]]) == 0.5


def test_a_table_has_a_rule_below_its_head() -> None:
    assert table(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


def test_a_round_with_few_queries_asks_at_every_number_of_clients() -> None:
    assert levels(440) == list(LEVELS)
    assert levels(44) == [(1, 8), (4, 12), (16, 24)]
    assert [count for _, count in levels(3)] == [1, 1, 1]


def test_queries_are_whole_headlines_of_some_words_each_once() -> None:
    titles = [
        'Ferry "Amal" capsizes off Makassar',
        "ferry amal capsizes off makassar",
        "Too short",
        "A headline that goes on for far more words than anybody would type",
        "One that was cut off by its site…",
        None,
    ]
    assert headline_queries(iter([{"title": title} for title in titles])) == ["Ferry Amal capsizes off Makassar"]


def test_a_long_article_becomes_a_passage_of_its_first_chunk() -> None:
    tokenizer = load_encoder().tokenizer
    sentences = [f"The ferry left harbour {number} with lorries on deck." for number in range(60)]
    made = passage({"title": "Ferry", "body": " ".join(sentences)}, "7", tokenizer)
    assert made is not None
    line, text = made
    assert '"id": "7"' in line
    assert text.startswith(f"Ferry\n{sentences[0]}")
    assert sentences[-1] not in text
    assert len(tokenizer.spans(text)) <= tokenizer.max_tokens


def test_the_sample_is_a_corpus_with_questions_without_operators() -> None:
    read = read_corpus(None, passages=20, queries=10)
    assert (len(read.lines), len(read.texts), len(read.queries)) == (20, 20, 10)
    assert not any('"' in query or ":" in query for query in read.queries)
    assert read.key == read_corpus(None, passages=20, queries=10).key
    assert read.key != read_corpus(None, passages=19, queries=10).key


def test_the_tables_compare_with_dateline() -> None:
    figures = Figures()
    for system, p50 in ((SystemName.DATELINE, 5.0), (SystemName.TXTAI, 30.0), (SystemName.CHROMA, 15.0)):
        figures.indexed[system] = Indexed(seconds=2.0, disk_mb=30.0, embedded_per_s=50.0)
        figures.in_process[system] = InProcess([Times(p50, 2 * p50, 1000 / p50)] * 3, recall=0.9, memory_mb=400.0)
    for served, per_s in ((Served(SystemName.DATELINE, 2), 240.0), (Served(SystemName.TXTAI, 1), 30.0)):
        rounds = {clients: [Times(4.0, 8.0, per_s)] * 3 for clients, _ in LEVELS}
        figures.over_http[served] = OverHttp(rounds, [2.0], [500.0], [1.0, 0.99])
    rows = in_process_table(figures)[2:]
    assert [row.rsplit(" | ", 1)[1] for row in rows] == ["1.00 |", "6.00 |", "3.00 |"]
    first, second = over_http_table(figures)[2:]
    assert first.endswith("| 99%, 0 | 1.000 |")
    assert second.startswith("| txtai, 1 | 2.0 | 500 | 4.0, 8.0; 30 |")
    assert second.endswith("| 0.125 |")
    told = " ".join(verdict(figures))
    assert "takes 0.17 of the fastest hybrid peer's (txtai, hybrid)" in told
    assert "8.0 times as many requests a second as txtai" in told
