"""HTML of mails to text: visible words in order, nothing hidden, nothing that crashes."""

from hypothesis import given
from hypothesis import strategies as st

from graph.html_text import fold_quoted, html_to_text


def test_blocks_become_lines_and_hidden_text_disappears() -> None:
    page = (
        "<style>x</style><p>One&nbsp;<b>two</b></p><div style='display:none'>no<div>no</div></div>"
        "<ul><li>three<li>four</ul><script>alert(1)</script><table><tr><td>a<td>b</table>"
    )
    assert html_to_text(page) == "One two\n\n- three\n- four\n\na | b"


def test_rows_of_data_stay_rows() -> None:
    outlook = "".join(
        f"<tr><td><p class=MsoNormal>{item}<o:p></o:p></p></td><td><p>{planned}</p></td><td><p>{left}</p></td></tr>"
        for item, planned, left in (("Item", "Planned", "Left"), ("Firmware", "", "24 560"), ("Tools", "12", "&nbsp;"))
    )
    text = html_to_text(f"<p>See:</p><table>{outlook}</table><p>Regards</p>")
    assert [line for line in text.split("\n") if line] == [
        "See:",
        "Item | Planned | Left",
        "Firmware | | 24 560",
        "Tools | 12",
        "Regards",
    ]


def test_a_layout_of_tables_stays_one_below_the_other() -> None:
    long = "word " * 60
    page = f"<table><tr><td><table><tr><td>Menu<td>Home</table><td><p>{long}</p><p>end</p></table>"
    lines = [line for line in html_to_text(page).split("\n") if line]
    assert lines == ["Menu | Home", long.strip(), "end"]
    alone = "<table><tr><td></td><td><h1>News</h1><p>of today</p></td><td></td></tr></table>"
    assert [line for line in html_to_text(alone).split("\n") if line] == ["News", "of today"]


@given(
    st.lists(
        st.sampled_from(["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<tbody>", "x", "<p>y</p>"]),
        max_size=60,
    )
)
def test_no_word_is_lost_in_any_table(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    assert (text.count("x"), text.count("y")) == (pieces.count("x"), pieces.count("<p>y</p>"))


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
