"""The parsers of the two query languages: right on what is well formed, one clear error on everything else."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.graph import kql, paths
from infra.local.graph.index import normalise
from infra.local.graph.kql import KqlError, Term, in_range, in_text, matches, parse
from infra.local.graph.odata import ODataError, evaluate, follow, properties
from infra.local.graph.odata_parser import parse_expand, parse_filter, parse_orderby

PROPERTIES = frozenset({"from", "subject", "received"})
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROW: dict[str, Any] = {
    "subject": "Heron's budget",
    "isRead": False,
    "receivedDateTime": "2026-11-18T10:00:00Z",
    "size": 12,
    "from": {"emailAddress": {"address": "Ana@x.example", "name": None}},
    "toRecipients": [{"emailAddress": {"address": "bo@x.example"}}, {"emailAddress": {"address": "cy@x.example"}}],
}


def holds(text: str) -> bool:
    return bool(evaluate(parse_filter(text), lambda parts: follow(ROW, parts)))


def finds(query: str, text: str) -> bool:
    prepared = normalise(text)
    return matches(parse(query, PROPERTIES), lambda term: in_text(term, prepared))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("isRead eq false and size gt 11", True),
        ("isRead eq true or size ge 12 and size lt 12", False),
        ("not (isRead eq true)", True),
        ("subject eq 'heron''s budget'", True),
        ("contains(subject, 'BUDGET') and startswith(subject, 'her')", True),
        ("endswith(tolower(subject),'x')", False),
        ("receivedDateTime ge 2026-11-18T10:00:00Z", True),
        ("receivedDateTime gt 2026-11-18T11:30:00+01:00", False),
        ("receivedDateTime lt 2026-11-18", False),
        ("from/emailAddress/address eq 'ana@x.example'", True),
        ("from/emailAddress/name eq null", True),
        ("from/emailAddress/name ne null", False),
        ("toRecipients/any(r:r/emailAddress/address eq 'cy@x.example')", True),
        ("toRecipients/all(r:r/emailAddress/address eq 'cy@x.example')", False),
        ("size in (1, 12)", True),
        ("missing gt 3", False),
    ],
)
def test_filters_mean_what_odata_says(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    ["", "isRead eq", "(isRead eq true", "foo(subject)", "a eq 'b", "eq eq eq eq", "a eq 1 b", "2026-13-40 eq a", "("],
)
def test_malformed_filters_are_refused(text: str) -> None:
    with pytest.raises(ODataError):
        parse_filter(text)


def test_order_and_expansion_are_read() -> None:
    assert parse_orderby("start/dateTime desc, subject") == [(("start", "dateTime"), True), (("subject",), False)]
    assert parse_expand("attachments($select=id,name),microsoft.graph.itemAttachment/item") == {
        "attachments": "$select=id,name",
        "itemattachment/item": "",
    }
    assert properties(parse_filter("a/b eq 1 and contains(c,'x') or d/any(x:x/e eq 1)")) == ["a/b", "c", "d"]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("heron budget", "the budget of Heron", True),
        ("heron budget", "only Heron here", False),
        ("heron OR budget", "only Heron here", True),
        ("heron or budget", "only Heron here", False),
        ("heron NOT budget", "heron's budget", False),
        ("heron -budget", "heron plan", True),
        ('"budget of heron"', "the budget of Heron", True),
        ('"heron budget"', "the budget of Heron", False),
        ("bud*", "the budget", True),
        ("bud", "the budget", False),
        ("invoices", "one invoice", True),
        ("companies", "the company", True),
        ("invoices*", "invoices", True),
        ("(a OR b) AND c", "b c", True),
        ("(a OR b) c", "a b", False),
        ("10:30 http://x.example/y", "at 10:30 see http://x.example/y", True),
        ("HRN-200", "the hrn-200 pump", True),
        ("who approved the heron budget?", "Tomas approved Heron budget", False),
        ("", "anything", True),
    ],
)
def test_a_space_means_and_and_words_match_whole(query: str, text: str, expected: bool) -> None:
    assert finds(query, text) is expected


def test_properties_and_groups_are_read() -> None:
    assert parse('from:"Ana Ruiz" subject:plan*', PROPERTIES) == kql.And(
        (Term("Ana Ruiz", "from"), Term("plan", "subject", prefix=True))
    )
    assert parse("from:(ana OR bo)", PROPERTIES) == kql.Or((Term("ana", "from"), Term("bo", "from")))
    assert parse("received>=2026-11-01", PROPERTIES) == Term("2026-11-01", "received", ">=")
    assert parse("other:thing", PROPERTIES) == Term("other:thing")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("received>=2026-11-18", True),
        ("received>2026-11-18", False),
        ("received<2026-11-18", False),
        ("received<=2026-11-18", True),
        ("received:2026-11-01..2026-11-18", True),
        ("received:2026-11-18", True),
        ('received:"this week"', True),
        ("received:yesterday", False),
        ('received:"last month"', False),
    ],
)
def test_dates_are_days_in_kql(query: str, expected: bool) -> None:
    moment = datetime(2026, 11, 18, 10, tzinfo=UTC)
    assert matches(parse(query, PROPERTIES), lambda term: in_range(term, moment, NOW)) is expected


@pytest.mark.parametrize("query", ["(a", "a)", '"a', "a AND", "OR a", "from:", "NOT", "()"])
def test_malformed_queries_are_refused(query: str) -> None:
    if query == "from:":
        assert parse(query, PROPERTIES) == Term("from:")
        return
    with pytest.raises(KqlError):
        parse(query, PROPERTIES)


@given(st.text() | st.text("()\"' AB:ORNT*<>=/.-12", max_size=60))
def test_no_text_breaks_the_parsers(text: str) -> None:
    with contextlib.suppress(KqlError):
        matches(parse(text, PROPERTIES), lambda term: in_text(term, " some text "))
    with contextlib.suppress(ODataError):
        evaluate(parse_filter(text), lambda parts: follow(ROW, parts))
    paths.parse(text)


@given(st.lists(st.from_regex(r"[a-z]{4,9}", fullmatch=True), min_size=1, max_size=5), st.randoms())
def test_any_order_of_a_texts_words_finds_it(words: list[str], random: Any) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)
    query = " ".join(f'"{word}"' for word in shuffled)
    assert finds(query, " ".join(words))
    assert not finds(f"{query} absentword", " ".join(words))


@given(st.text())
def test_a_quoted_literal_comes_back_as_written(text: str) -> None:
    literal = text.replace("'", "''")
    assert evaluate(parse_filter(f"'{literal}'"), lambda _: None) == text


@pytest.mark.parametrize("depth", [100, 5000])
def test_deep_nesting_is_refused_and_not_a_crash(depth: int) -> None:
    with pytest.raises(ODataError):
        parse_filter("(" * depth + "a eq 1" + ")" * depth)
    with pytest.raises(KqlError):
        parse("(" * depth + "a" + ")" * depth, PROPERTIES)


@pytest.mark.parametrize(
    ("target", "segments", "arguments"),
    [
        ("/me/mailFolders('inbox')/messages/delta()", ["me", "mailFolders", "inbox", "messages", "delta"], {}),
        ("/drives/b%21x/root/search(q='a%2Fb%20it''s')", ["drives", "b!x", "root", "search"], {"q": "a/b it's"}),
        ("/me/drive/root:/A%20(1)/f(x).docx:/content", ["me", "drive", "root:", "A (1)", "f(x).docx:", "content"], {}),
        ("/me/calendar/microsoft.graph.getSchedule", ["me", "calendar", "getSchedule"], {}),
    ],
)
def test_every_spelling_of_an_address_is_understood(
    target: str, segments: list[str], arguments: dict[str, str]
) -> None:
    parsed = paths.parse(target)
    assert (parsed.segments, parsed.arguments) == (segments, arguments)
