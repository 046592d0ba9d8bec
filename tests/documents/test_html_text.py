"""HTML of mails to text: visible words in order, nothing hidden, nothing that crashes."""

from hypothesis import given
from hypothesis import strategies as st

from graph.html_text import fold_quoted, html_to_text


def test_blocks_become_lines_and_hidden_text_disappears() -> None:
    page = (
        "<style>x</style><p>One&nbsp;<b>two</b></p><div style='display:none'>no<div>no</div></div>"
        "<ul><li>three<li>four</ul><script>alert(1)</script><table><tr><td>a<td>b</table>"
    )
    assert html_to_text(page) == "One two\n\n- three\n- four\n\na b"


def test_quoted_history_is_folded_with_a_note() -> None:
    mail = "Yes, agreed.\n\nFrom: Ana\nSent: Monday\nTo: Bo\nSubject: Plan\n\nOld words"
    assert fold_quoted(mail) == "Yes, agreed.\n\n[6 lines of quoted history folded]"
    assert "Old" not in fold_quoted("Ja.\n\nAm 3. Mai 2026 um 10:00 schrieb Ana <a@x.org>:\n> Old")
    assert fold_quoted("From: here on it is easy.\nReally.") == "From: here on it is easy.\nReally."


def test_a_mail_that_is_only_history_stays_whole() -> None:
    mail = "-----Original Message-----\nFrom: Ana\nWords"
    assert fold_quoted(mail) == mail


@given(st.text(alphabet=st.sampled_from("<>/abdivp!-&;\"' =\n"), max_size=300))
def test_any_text_is_taken(source: str) -> None:
    assert isinstance(html_to_text(source), str)
    assert isinstance(fold_quoted(source), str)
