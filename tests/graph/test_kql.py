"""Queries in Microsoft's search language: nothing a person types becomes an operator."""

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graph.base import Query
from graph.kql import MAX_LENGTH, file_kql, mail_kql, term
from infra.local.graph.kql import parse, terms

WORDS = st.lists(
    st.one_of(st.text(max_size=30), st.sampled_from(["AND", "or", "NOT", "a:b", '"', "(", "from:x", "*", "é"])),
    max_size=8,
)
PROPERTIES = frozenset({"from", "received", "author", "lastmodifiedtime", "filetype", "isdocument"})
OURS = {"from", "received", "author", "lastmodifiedtime", "filetype", "isdocument"}


def test_written_out_for_mail() -> None:
    query = Query(
        all_of=("budget",),
        any_of=("2027", "next year"),
        people=("Ana", "bo@x.org"),
        after=datetime(2026, 11, 1, tzinfo=UTC),
    )
    expected = 'budget AND (2027 OR "next year") AND (from:Ana OR from:"bo@x.org") AND received>=2026-11-01'
    assert mail_kql(query) == expected


def test_written_out_for_files() -> None:
    query = Query(
        any_of=("plan",), people=("Ana",), file_types=(".DOCX", "pdf", "x y"), before=datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert file_kql(query) == (
        "plan AND author:Ana AND lastmodifiedtime<=2026-01-02 AND (filetype:docx OR filetype:pdf) AND isDocument:true"
    )


def test_nothing_to_search_for_is_no_query() -> None:
    assert mail_kql(Query(all_of=('"', "*"))) == ""
    assert file_kql(Query()) == ""


def test_operators_are_words() -> None:
    assert term("not") == '"not"'
    assert term("from:boss") == '"from:boss"'
    assert term('say "hi" (now)') == '"say hi (now)"'


@given(WORDS, WORDS, WORDS)
def test_hostile_words_stay_words(all_of: list[str], any_of: list[str], people: list[str]) -> None:
    query = Query(all_of=tuple(all_of), any_of=tuple(any_of), people=tuple(people))
    for written in (mail_kql(query), file_kql(query)):
        assert len(written) <= MAX_LENGTH + 2000
        assert written.count('"') % 2 == 0
        outside = re.sub(r'"[^"]*"', " ", written)
        depth = 0
        for character in outside:
            depth += (character == "(") - (character == ")")
            assert 0 <= depth <= 1
        assert depth == 0
        if written:
            used = {found.property for found in terms(parse(written, PROPERTIES)) if found.property}
            assert used <= OURS
