from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.safe_xml import MAX_MARKUP, children, descend, element_line, local_name, parse_xml


class _Counting(HTTPServer):
    requests_seen = 0


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Counting)
        self.server.requests_seen += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<!ENTITY stolen "fetched">')

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[_Counting]:
    server = _Counting(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def refused(data: bytes) -> str:
    started = time.monotonic()
    with pytest.raises(SourceError) as error:
        parse_xml(data)
    assert time.monotonic() - started < 5
    return str(error.value)


def test_an_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the ferry code is 4711")
    for where in (f'SYSTEM "file://{secret}"', f'SYSTEM "{secret}"', f'PUBLIC "-//x" "file://{secret}"'):
        reason = refused(f"<!DOCTYPE a [<!ENTITY x {where}>]><a>&x;</a>".encode())
        assert reason.startswith("declares entities of its own")
        assert "4711" not in reason


def test_nothing_is_fetched_for_entities_parameter_entities_or_a_doctype(server: _Counting) -> None:
    address = f"http://127.0.0.1:{server.server_port}/x"
    assert "entities" in refused(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]><a>&x;</a>'.encode())
    assert "entities" in refused(f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{address}"> %p;]><a>text</a>'.encode())
    root = parse_xml(f'<!DOCTYPE a SYSTEM "{address}"><a>text &stolen;</a>'.encode())
    assert element_line(root) == "text &stolen;"
    xinclude = f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{address}" parse="text"/>text</a>'
    assert element_line(parse_xml(xinclude.encode())) == "text"
    stylesheet = f'<?xml-stylesheet href="{address}"?><a xmlns:s="x" s:schemaLocation="x {address}">text</a>'
    assert element_line(parse_xml(stylesheet.encode())) == "text"
    assert server.requests_seen == 0


def test_a_parameter_entity_builds_no_other_declaration() -> None:
    declaration = "<!ENTITY % p \"<!ENTITY x 'made'>\"> %p;"
    refused(f"<!DOCTYPE a [{declaration}]><a>&x;</a>".encode())


def test_a_billion_laughs_are_refused_in_text_and_in_attributes() -> None:
    nested = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<!DOCTYPE a [<!ENTITY l0 "lol">{nested}]>'
    refused(f"{declared}<a>&l9;</a>".encode())
    refused(f'{declared}<a b="&l9;"/>'.encode())
    refused(f"{declared}<a/>".encode())


def test_a_quadratic_expansion_is_refused() -> None:
    declared = f'<!DOCTYPE a [<!ENTITY x "{"x" * 100_000}">]>'
    refused(f"{declared}<a>{'&x;' * 50_000}</a>".encode())
    refused(f'{declared}<a b="{"&x;" * 50_000}"/>'.encode())


def test_a_default_attribute_does_not_multiply_a_document() -> None:
    declared = f'<!DOCTYPE r [<!ATTLIST a b CDATA "{"y" * 1_000_000}">]>'
    assert "not well-formed" in refused(f"{declared}<r>{'<a/>' * 5_000}</r>".encode())


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b'<a b="' + b"x" * 20_000_000 + b'"/>',
        b"<a>" + b"x" * 20_000_000 + b"</a>",
        b"<" + b"a" * 2_000_000 + b"/>",
        b"<r>" + b"<a/>" * MAX_MARKUP + b"</r>",
        b"<r>" + b'<a b=""/>' * (MAX_MARKUP // 2) + b"</r>",
        b'<!DOCTYPE r SYSTEM "x"><r>' + b"&b;" * MAX_MARKUP + b"</r>",
        b"",
        b"text",
        b"<a>",
        b"<a>\0</a>",
        b"<a></b>",
        b"<a>&eacute;</a>",
        b"<a/><b/>",
    ],
)
def test_what_is_too_deep_too_large_or_no_xml_is_refused(data: bytes) -> None:
    refused(data)


def test_a_doctype_with_a_system_id_is_allowed_and_its_references_mean_what_they_do_in_html() -> None:
    root = parse_xml(
        b'<?xml version="1.0"?><!DOCTYPE nitf SYSTEM "nitf-3-3.dtd"><nitf>caf&eacute;&nbsp;<em>bar</em> &odd;</nitf>'
    )
    assert element_line(root) == "café bar &odd;"


@pytest.mark.parametrize(
    "data",
    [
        '<?xml version="1.0" encoding="UTF-16"?><a>“Çay”</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>“Çay”</a>'.encode("utf-16-be"),
        '<?xml version="1.0" encoding="windows-1252"?><a>“Çay”</a>'.encode("cp1252"),
        '<?xml version="1.0" encoding="utf-16"?><a>“Çay”</a>'.encode(),
        b"\xef\xbb\xbf" + '<?xml version="1.0" encoding="utf-16"?><a>“Çay”</a>'.encode(),
        b"\xef\xbb\xbf" + '<?xml version="1.0"?><a>“Çay”</a>'.encode(),
        "\n  <?xml version='1.0'?><a>“Çay”</a>".encode(),
        "<a>“Çay”</a>".encode(),
    ],
)
def test_a_document_is_decoded_as_it_says_and_one_wrongly_called_utf_16_as_utf_8(data: bytes) -> None:
    assert element_line(parse_xml(data)) == "“Çay”"


@pytest.mark.parametrize("declared", ["UTF-8", "x-unknown", "US-ASCII"])
def test_a_wrong_declaration_is_refused_rather_than_guessed_at(declared: str) -> None:
    data = f'<?xml version="1.0" encoding="{declared}"?><a>café</a>'.encode("cp1252")
    assert "not well-formed XML" in refused(data)


def test_names_are_found_in_any_namespace_and_comments_are_no_text() -> None:
    root = parse_xml(b'<x:a xmlns:x="u"><b><c>one</c></b><x:b><!-- no --><c>two<br/>three<d>four</d></c></x:b></x:a>')
    assert local_name(root) == "a"
    assert [local_name(child) for child in children(root, "b", "z")] == ["b", "b"]
    assert [element_line(found) for found in descend(root, "b", "c")] == ["one", "two threefour"]
    assert element_line(root, without=frozenset({"d"})) == "onetwo three"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    with suppress(SourceError):
        assert parse_xml(data) is not None


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<a>",
                "</a>",
                "&x;",
                "<!DOCTYPE a [",
                "]>",
                '<!ENTITY x "y">',
                "<![CDATA[",
                "]]>",
                "<?p?>",
                "t",
                '<a b="',
                '">',
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_pieces_of_xml_in_any_order_are_parsed_or_refused(text: str) -> None:
    with suppress(SourceError):
        element_line(parse_xml(text.encode()))
