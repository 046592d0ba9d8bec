"""The output gate: a model's Markdown is parsed and written anew, so that only what Teams shows safely remains.

No image, no HTML, no link but to what was retrieved or to a host the tenant allows: a link the model makes up can carry away
what it has read. The same gate stands before cards (bot/teams/card_gate.py).
"""

import re
from collections.abc import Iterable

from bot.teams.cleaning import cleaned, one_line
from bot.teams.links import NOWHERE, Links, linkish
from bot.teams.markdown import DEEPEST_LIST, ENTITY, PARSER, Writer, fenced, line_starts, neutral

PREVIEW_UNITS = 30_000
"""UTF-16 units of an unfinished answer that are shown: with the rest of its activity it stays below what Teams takes."""
_ROUNDS = 8
# Plain paragraphs are written anew exactly as they are, so the common short answer need not be parsed.
_PLAIN = r"\(?[^\W\d_](?:[^\W_]|[ ,.!?;'\"%()€$–—…-]|\[\d{1,3}\](?=[ .,;!?]|\[\d|$|\n))*"
_PLAIN_TEXT = re.compile(rf"{_PLAIN}(?:\n\n{_PLAIN})*")
# What a link, an image or HTML could be made of, for whatever parser; and what reads badly as it stands.
_MATERIAL = re.compile(
    rf"<(?=[a-z/!?])|{ENTITY}|\]\s*\(|\]:|!\[|\\|~~~|^\s*(?:[-*+]|\d+[.)])\s+\[[ x]\]\s", re.IGNORECASE | re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}(?=\s)")
_READS_WELL = frozenset(
    f"{kind}_{end}"
    for kind in ("paragraph", "bullet_list", "ordered_list", "list_item", "blockquote")
    for end in ("open", "close")
) | {"inline", "fence"}


def render(text: str, allowed: Links | Iterable[str] = NOWHERE, *, card: bool = False) -> str:
    """The same text as safe Markdown; rendering it again changes nothing. `allowed`: whole addresses, or addresses and hosts."""
    links = allowed if isinstance(allowed, Links) else Links.of(allowed)
    text = cleaned(text)
    if _is_ordinary(text) and not card:
        return text
    for inline_marks in (True, False):
        shown, again = text, Writer(links, marks=inline_marks, card=card).document(text)
        for _ in range(_ROUNDS):
            if again == shown:
                return shown
            shown, again = again, Writer(links, marks=inline_marks, card=card).document(again)
    return fenced(re.sub(r"[^\w\s]", " ", text))


def _is_ordinary(text: str) -> bool:
    """Whether it reads well as it stands and holds nothing to make a link of: then not a letter is changed."""
    if linkish(text):
        return False
    if _PLAIN_TEXT.fullmatch(text):
        return True
    if _MATERIAL.search(text):
        return False
    tokens = PARSER.parse(text)
    lists = [token.level for token in tokens if token.type.endswith("list_open")]
    return all(token.type in _READS_WELL for token in tokens) and max(lists, default=0) < 2 * DEEPEST_LIST


def preview(text: str) -> str:
    """What may be shown of an answer that is still being written: `preview(a)` is a beginning of `preview(a + b)`.

    Whatever could be a link, an image or HTML is left out, word by word; the final message brings the real thing.
    """
    complete = text[: max(text.rfind(" "), text.rfind("\n")) + 1]
    shown, code = [], False
    for line in cleaned(complete.replace("\r", "")).split("\n"):
        fence = line.lstrip().startswith("```")
        words = line if code or fence else _HEADING.sub("", line)
        shown.append(re.sub(r"\S+", _plain_word, words))
        code ^= fence
    return _within("\n".join(shown), PREVIEW_UNITS)


def _plain_word(match: re.Match[str]) -> str:
    word = re.sub(r"\]\([^\s)]*\)?", "]", match[0].replace("![", "["))
    while (less := re.sub(r"\][(:]", "]", word)) != word:
        word = less
    shown, position = "", 0
    for address in linkish(word):
        shown += word[position : address.start] + address.neutral()
        position = address.start + len(address.text)
    shown += word[position:]
    return re.sub(ENTITY, "&amp;", shown, flags=re.IGNORECASE).replace("<", "&lt;").replace("[](", "[")


def _within(text: str, units: int) -> str:
    """The longest beginning that takes no more than so many UTF-16 units."""
    if len(text) * 2 <= units:
        return text
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def plain(text: str) -> str:
    """Somebody's words (a name, a title) as Markdown that shows exactly them, on one line, with no link."""
    return line_starts(neutral(one_line(text), NOWHERE))


def letters(text: str) -> str:
    """Somebody's words where no Markdown is promised (a title, a button): one line, and nothing a client makes a link of."""
    shown, position = "", 0
    line = one_line(text)
    for address in linkish(line):
        # The name of a file is no secret's way out, though some file's names are hosts too (notes.md).
        shown += line[position : address.start] + (address.text if address.file else address.neutral())
        position = address.start + len(address.text)
    # Some clients read Markdown even there.
    return re.sub(r"\](?=[(:])|!(?=\[)", r"\g<0> ", shown + line[position:])
