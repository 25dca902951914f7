from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.articles import normalise_body
from indexer.chunking import Tokenizer, chunk_article, sentence_spans
from indexer.encoder import ModelTokenizer, WordTokenizer
from indexer.models import find_model
from indexer.types import Article

REAL: Tokenizer = ModelTokenizer(find_model("all-MiniLM-L6-v2"))

texts = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "The ferry sank. ",
                "“Why?” she asked. ",
                "5.3 km away, Mr. Ng said! ",
                "می‌رود. ",
                "今日は晴れ。",
                "\n\n",
                "word ",
                "x" * 300,
            ]
        ),
        st.text(max_size=20),
    ),
    max_size=120,
).map(lambda parts: normalise_body("".join(parts)))


@given(body=texts, title=st.text(max_size=80), tokenizer=st.sampled_from([WordTokenizer(), REAL]))
def test_offsets_point_into_the_body_exactly_and_every_chunk_fits(body: str, title: str, tokenizer: Tokenizer) -> None:
    article = Article(id="a", title=" ".join(title.split()), body=body, language="en")
    chunks = chunk_article(article, tokenizer)
    for chunk in chunks:
        passage = body[chunk.start : chunk.end]
        assert passage == passage.strip()
        assert chunk.text.endswith(passage)
        assert len(tokenizer.spans(chunk.text)) <= tokenizer.max_tokens
    ends = [0, *(chunk.end for chunk in chunks)]
    assert all(chunk.start >= end for chunk, end in zip(chunks, ends, strict=False))


@given(body=texts)
def test_chunks_cover_every_visible_character_once(body: str) -> None:
    chunks = chunk_article(Article(id="a", title="T", body=body), WordTokenizer())
    covered = "".join(body[chunk.start : chunk.end] for chunk in chunks)
    assert "".join(covered.split()) == "".join(body.split())


def test_chunks_are_whole_sentences_of_about_equal_length() -> None:
    sentence = "The harbour master counted the lorries on the lower deck twice before the gate was shut."
    article = Article(id="a", title="Ferry", body=" ".join([sentence] * 17), language="en")
    chunks = chunk_article(article, WordTokenizer())
    assert len(chunks) > 1
    lengths = [len(WordTokenizer().spans(chunk.text)) for chunk in chunks]
    assert max(lengths) - min(lengths) <= 2 * len(WordTokenizer().spans(sentence))
    assert all(article.body[chunk.end - 1] == "." for chunk in chunks)


def test_the_headline_is_context_and_is_shortened_when_very_long() -> None:
    article = Article(id="a", title="word " * 400, body="A short body.", language="en")
    (chunk,) = chunk_article(article, WordTokenizer())
    assert chunk.text.startswith("word word")
    assert chunk.text.endswith("\nA short body.")


def test_an_article_without_body_is_its_headline() -> None:
    (chunk,) = chunk_article(Article(id="a", title="Only a headline", body=""), WordTokenizer())
    assert (chunk.start, chunk.end, chunk.text) == (0, 0, "Only a headline")


def test_sentences_end_at_paragraph_breaks() -> None:
    text = "No full stop here\n\nMr. Ng left. He will be back."
    assert [text[a:b] for a, b in sentence_spans(text, "en")] == [
        "No full stop here",
        "Mr. Ng left.",
        "He will be back.",
    ]
