"""What a model writes never shows an image, HTML, or a link to anything but what was retrieved."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.teams.gate import plain, preview, render

LINK = "https://contoso.sharepoint.com/a_b(1).docx?web=1"
ALLOWED = frozenset({LINK})
READER = MarkdownIt("commonmark", {"html": True})

FRAGMENTS = [
    "[a](http://evil.example/x)",
    "![x](http://evil.example/p.png)",
    "[x][1]",
    "[1]: http://evil.example/",
    "<http://evil.example/>",
    "<img src=x>",
    "<b>",
    "&lt;",
    "&#32;",
    "http://evil.example/?a",
    "www.evil.example",
    "evil.example/x",
    "**",
    "*",
    "_",
    "`",
    "```",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "> ",
    "# ",
    "[1]",
    "(",
    ")",
    "!",
    "a",
    "b c",
    "|",
    "|-|-|\n",
    "    ",
    "\t",
    "\\",
    LINK,
    f"[ok]({LINK})",
    "---",
    "===",
]
markdown = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)


def links(shown: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', READER.render(shown))


@given(markdown | st.text(max_size=40))
def test_rendering_is_safe_and_rendering_again_changes_nothing(text: str) -> None:
    shown = render(text, ALLOWED)
    assert render(shown, ALLOWED) == shown
    html = READER.render(shown)
    assert "<img" not in html
    assert "<b>" not in html
    assert all(link.startswith("https://contoso.sharepoint.com/a_b") for link in links(shown))


@given(markdown, markdown)
def test_a_preview_only_grows_and_holds_no_link(one: str, two: str) -> None:
    shown = preview(one + two)
    assert shown.startswith(preview(one))
    html = READER.render(shown)
    assert "<img" not in html
    assert "<b>" not in html
    assert not links(shown)


@given(st.text(max_size=60))
def test_plain_words_are_one_paragraph_without_links(text: str) -> None:
    shown = plain(text)
    assert not links(shown)
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("The budget is 4.2 million [1][2].", "The budget is 4.2 million [1][2]."),
        ("See [the plan](https://evil.example/?q=secret).", "See the plan."),
        ("![chart](https://evil.example/?q=secret) done", "chart done"),
        ("Look at https://evil.example/?q=secret, now", "Look at evil[.]example/…, now"),
        ("<at>Ana</at> & <script>x</script>", "&lt;at>Ana&lt;/at> & &lt;script>x&lt;/script>"),
        (f"[plan]({LINK.replace('(', '%28').replace(')', '%29')})", "[plan](https://contoso.sharepoint.com/a_b%281%29.docx?web=1)"),
        ("# Result\n\ntext", "**Result**\n\ntext"),
        ("- a\n- b [1]", "- a\n- b [1]"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("|Name|Sum|\n|-|-|\n|A|1 [2]|", "**Name · Sum**\n\n- **A**: 1 [2]"),
        ("`code` and\n\n```py\nx = 1\n```", "`code` and\n\n```py\nx = 1\n```"),
        ("[1]: https://evil.example/", "\\[1\\]: evil[.]example"),
        ("[1](https://evil.example/)", "1"),
        ("[1] (see there)", "[1] (see there)"),
        ("Fee: 5 * 3 * 2", "Fee: 5 * 3 * 2"),
        ("a\u202eb\U000e0041c", "abc"),
    ],
)  # fmt: skip
def test_examples(written: str, shown: str) -> None:
    assert render(written, ALLOWED) == shown


WORDS = st.sampled_from(
    [
        "budget", "Ana Ruiz", "4.2 million", "3.5%", "Plan.docx", "Q3/Q4", "e.g.", "don't", "5 > 3", "a < b", "R&D", "#1", "C#",
        "snake_case", "~5", "漢字", "\u05e9\u05dc\u05d5\u05dd", "Füße", "\U0001f469\u200d\U0001f4bb",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "10:30", "(maybe)",
        "ana@contoso.com", "**bold**", "*quiet*", "`x = [1]`", "$5",
    ]
)  # fmt: skip
SENTENCE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join).map(lambda words: f"It says {words} [1][2].")
LIST = st.lists(SENTENCE, min_size=1, max_size=4).map(lambda items: "\n".join(f"- {item}" for item in items))
NUMBERED = st.lists(SENTENCE, min_size=1, max_size=4).map(
    lambda items: "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
)
NESTED = SENTENCE.map(lambda words: f"- {words}\n  - {words}\n    1. {words}")
BLOCK = st.one_of(
    SENTENCE, LIST, NUMBERED, NESTED, SENTENCE.map("> {}".format), st.just("```py\nx = {'a': [1]}  # 1 < 2\n```")
)
ANSWER = st.lists(BLOCK, min_size=1, max_size=5).map("\n\n".join)


@settings(deadline=None)
@given(ANSWER)
def test_an_ordinary_answer_leaves_as_it_was_written(answer: str) -> None:
    assert render(answer, ALLOWED) == answer


@settings(deadline=None)
@given(ANSWER)
def test_beside_what_must_be_changed_the_rest_reads_the_same(answer: str) -> None:
    """One link too many in it, and everything is written anew: the reader still sees the very same letters and marks."""
    shown = render(f"{answer}\n\nSee https://evil.com/x", ALLOWED)
    assert shown.endswith("See evil[.]com/…")
    assert READER.render(shown.removesuffix("See evil[.]com/…").strip()) == READER.render(answer)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        # Headings, rules and boxes are promised on no client.
        ("Result\n===\n\n---\n\ntext", "**Result**\n\ntext"),
        ("- [ ] call Bo\n- [x] write", "- ☐ call Bo\n- ☑ write"),
        ("~~old~~ new <b>x</b>", "~~old~~ new &lt;b>x&lt;/b>"),
        # A short table of plain words keeps its columns, numbers to the right.
        ("|Name|Sum|\n|-|-|\n|Ana|12|\n|Bo|3|", "```\nName  Sum\n----  ---\nAna    12\nBo      3\n```"),
        ("|名前|数|\n|-|-|\n|漢字|1|", "```\n名前  数\n----  --\n漢字   1\n```"),
        # Right-to-left words would not stand in columns.
        ("|\u05e9\u05dd|Sum|\n|-|-|\n|\u05d0\u05d1|1|", "**\u05e9\u05dd · Sum**\n\n- **\u05d0\u05d1**: 1"),
        # What a code block would lose, a list keeps.
        ("|Name|Sum|\n|-|-|\n|A **b**|1 [2]|", "**Name · Sum**\n\n- A **b**: 1 [2]"),
        ("|Name|Sum|When|\n|-|-|-|\n|A|1 [2]|May|\n|B||June|", "- **A** · Sum: 1 [2] · When: May\n- **B** · When: June"),
        # A wide row becomes a block.
        (f"|Name|Why|Who|\n|-|-|-|\n|A|{'long words ' * 8}|Bo|\n|B|no|Al|",
         f"**A**\n\n- Why: {('long words ' * 8).strip()}\n- Who: Bo\n\n**B**\n\n- Why: no\n- Who: Al"),
        # Lists nest three deep.
        ("- a\n  - b\n    - c\n      - d\n        - e\n", "- a\n  - b\n    - c\n    - d\n    - e"),
        # Formulas stay what was written.
        (r"So \(\frac{a_1}{b*c}\) and \[\sum_{i} x_i * 2\] it is", r"So `\frac{a_1}{b*c}` and `\sum_{i} x_i * 2` it is"),
        ("$a_1 * b_1 * c$ costs $5", "$a_1 * b_1 * c$ costs $5"),
        ("Text\u200b with \u2066hidden\u2069 si\u00adgns\U000e0041 and \u200f\u05e9\u200f",
         "Text with hidden signs and \u200f\u05e9\u200f"),
        ("\ud83d broken", "\ufffd broken"),
    ],
)  # fmt: skip
def test_it_reads_well_on_every_client(written: str, shown: str) -> None:
    assert render(written, ALLOWED) == shown
    assert render(shown, ALLOWED) == shown
