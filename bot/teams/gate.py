"""The output gate: a model's Markdown is parsed and written anew, so that only what Teams shows safely remains.

No image, no HTML, no link but to what was retrieved: a link the model makes up can carry away what it has read.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ROUNDS = 8
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["reference", "html_block", "html_inline"])
# Bidirectional overrides, tag characters and controls: they hide or reorder what the reader sees.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_BARE_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:)?//\S+|\bwww\.\S+|\b(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?'\")]}>*_"
_REMOVED = "(link removed)"
_MARKER = re.compile(r"\\\[(\d{1,3})\\\]")
_SPECIAL = re.compile(r"[\\`*_\[\]<~|]|&(?=#|\w)")
_LINE_START = re.compile(r"^(\s*)(?:([-+#>=:])|(\d{1,9})([.)]))", re.MULTILINE)
# Plain paragraphs are written anew exactly as they are, so the common short answer need not be parsed.
_PLAIN = r"\(?[^\W\d_](?:[^\W_]|[ ,.!?;'\"%()€$–—…-]|\[\d{1,3}\](?=[ .,;!?]|\[\d|$|\n))*"
_PLAIN_TEXT = re.compile(rf"{_PLAIN}(?:\n\n{_PLAIN})*")


def render(text: str, allowed_links: frozenset[str] = frozenset()) -> str:
    """The same text as safe Markdown; rendering it again changes nothing. `allowed_links` are whole addresses."""
    text = _HIDDEN.sub("", text.replace("\r\n", "\n"))
    if _PLAIN_TEXT.fullmatch(text) and " \n" not in text and not text.endswith(" ") and "www." not in text.lower():
        return text
    links = {_normal(link): link for link in allowed_links}
    for inline_marks in (True, False):
        shown, again = text, _Writer(links, marks=inline_marks).document(text)
        for _ in range(_ROUNDS):
            if again == shown:
                return shown
            shown, again = again, _Writer(links, marks=inline_marks).document(again)
    return _fenced(text, "")


def preview(text: str) -> str:
    """What may be shown of an answer that is still being written: `preview(a)` is a beginning of `preview(a + b)`.

    Whatever could be a link, an image or HTML is left out, word by word; the final message brings the real thing.
    """
    complete = text[: max(text.rfind(" "), text.rfind("\n")) + 1]
    return re.sub(r"\S+", _plain_word, _HIDDEN.sub("", complete))


def _plain_word(match: re.Match[str]) -> str:
    word = re.sub(r"\]\([^\s)]*\)?", "]", match[0].replace("![", "["))
    word = re.sub(r"\]:", "]", word)
    return _BARE_LINK.sub(_REMOVED, word).replace("<", "&lt;").replace("[](", "[")


def plain(text: str) -> str:
    """Somebody's words (a name, a title) as Markdown that shows exactly them, on one line."""
    shown = " ".join(_HIDDEN.sub("", text).split())
    return _line_starts(_SPECIAL.sub(_escaped, _BARE_LINK.sub(_REMOVED, shown)))


def _normal(link: str) -> str:
    return _PARSER.normalizeLink(link).replace("(", "%28").replace(")", "%29")


def _escaped(match: re.Match[str]) -> str:
    return {"<": "&lt;", "&": "&amp;"}.get(match[0], f"\\{match[0]}")


def _line_starts(text: str) -> str:
    return _LINE_START.sub(lambda m: f"{m[1]}{m[3]}\\{m[4]}" if m[3] else f"{m[1]}\\{m[2]}", text)


def _fenced(text: str, info: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^A-Za-z0-9+#-]', '', info)}\n{text.rstrip(chr(10))}\n{fence}"


class _Writer:
    """Writes a parsed document anew. `marks` off leaves out emphasis and links."""

    def __init__(self, links: dict[str, str], *, marks: bool) -> None:
        self._links = links
        self._marks = marks

    def document(self, text: str) -> str:
        return self._blocks(_PARSER.parse(text))

    def _blocks(self, tokens: Sequence[Token], *, tight: bool = False) -> str:
        written: list[str] = []
        before = ""
        for kind, inside in _children(tokens):
            block = self._block(kind, inside)
            if block:
                # Two lists in a row would become one, or code.
                if written and kind.type in {"bullet_list_open", "ordered_list_open"} and before == kind.type:
                    written.append("\\-\\-\\-")
                written.append(block)
                before = kind.type
        return ("\n" if tight else "\n\n").join(written)

    def _block(self, kind: Token, inside: Sequence[Token]) -> str:  # noqa: PLR0911 -- one return a kind of block
        match kind.type:
            case "paragraph_open":
                return _line_starts(self._inline(inside[0].children or []))
            case "heading_open":
                text = self._inline(inside[0].children or [], bold=False)
                return f"**{text}**" if text and self._marks else _line_starts(text)
            case "fence" | "code_block":
                return _fenced(kind.content, kind.info)
            case "blockquote_open":
                return _indented(self._blocks(inside), "> ", "> ")
            case "bullet_list_open" | "ordered_list_open":
                return self._list(kind, inside)
            case "table_open":
                return self._table(inside)
            case _:
                return ""

    def _list(self, kind: Token, inside: Sequence[Token]) -> str:
        items = _children(inside)
        tight = all(t.hidden for _, item in items for t, _ in _children(item) if t.type == "paragraph_open")
        number = int(kind.attrs.get("start", 1)) if kind.type == "ordered_list_open" else 0
        written = []
        for offset, (_, item) in enumerate(items):
            sign = "- " if kind.type == "bullet_list_open" else f"{number + offset}. "
            written.append(_indented(self._blocks(item, tight=tight), sign, " " * len(sign)))
        return ("\n" if tight else "\n\n").join(written)

    def _table(self, inside: Sequence[Token]) -> str:
        """Tables are promised on no client (format-your-bot-messages): each row becomes a list item, each cell is named."""
        rows = [
            [self._inline(cell.children or []) for cell in row if cell.type == "inline"]
            for _, part in _children(inside)
            for _, row in _children(part)
        ]
        if len(rows) < 2:
            return _line_starts(" · ".join(cell for row in rows for cell in row if cell))
        items = []
        for row in rows[1:]:
            cells = [f"{h}: {c}" if h else c for h, c in zip(rows[0], row, strict=False) if c]
            items.append(f"- {_line_starts(' · '.join(cells))}".rstrip())
        return "\n".join(items)

    def _inline(self, tokens: Sequence[Token], *, bold: bool = True) -> str:
        pieces = self._pieces(tokens, bold=bold)
        pairs = pairwise([*pieces, ("", False)])
        return "".join(_markers(piece, after) if text else piece for (piece, text), (after, _) in pairs).strip()

    def _pieces(self, tokens: Sequence[Token], *, bold: bool) -> list[tuple[str, bool]]:
        """(Markdown, whether it is plain text)"""
        pieces: list[tuple[str, bool]] = []
        closing: list[str] = []
        for token in tokens:
            match token.type:
                case "text" | "image":
                    in_link = any(closing)
                    pieces.append((self._text(token.content, bare=not in_link), True))
                case "softbreak" | "hardbreak":
                    pieces.append(("\n" if token.type == "softbreak" else "\\\n", False))
                case "code_inline":
                    pieces.append((_code(token.content), False))
                case "em_open" | "em_close" if self._marks:
                    pieces.append(("*", False))
                case "strong_open" | "strong_close" if self._marks and bold:
                    pieces.append(("**", False))
                case "link_open":
                    target = self._links.get(_normal(str(token.attrs.get("href", ""))), "") if self._marks else ""
                    closing.append(f"]({_normal(target)})" if target else "")
                    pieces.append(("[" if target else "", False))
                case "link_close":
                    pieces.append((closing.pop() if closing else "", False))
        return [piece for piece in pieces if piece[0]]

    def _text(self, text: str, *, bare: bool) -> str:
        shown, position = "", 0
        for match in _BARE_LINK.finditer(text) if bare else ():
            found = match[0].rstrip(_AFTER_LINK)
            target = self._links.get(_normal(found)) if self._marks else None
            shown += _SPECIAL.sub(_escaped, text[position : match.start()])
            shown += f"[{_SPECIAL.sub(_escaped, found)}]({_normal(target)})" if target else _REMOVED
            position = match.start() + len(found)
        return shown + _SPECIAL.sub(_escaped, text[position:])


def _markers(piece: str, after: str) -> str:
    """Citation markers `[1]` stay as they are, unless what follows would make a link of them."""

    def shown(match: re.Match[str]) -> str:
        following = piece[match.end() : match.end() + 1] or after[:1]
        return match[0] if following and following in "(:" else f"[{match[1]}]"

    return _MARKER.sub(shown, piece)


def _code(content: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if content[:1] == "`" or content[-1:] == "`" or (content[:1] == content[-1:] == " " != content) else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _children(tokens: Sequence[Token]) -> list[tuple[Token, Sequence[Token]]]:
    """Top-level tokens, each with what stands between it and its closing one."""
    found, index = [], 0
    while index < len(tokens):
        start = index
        depth: int = tokens[index].nesting
        while depth > 0:
            index += 1
            depth += tokens[index].nesting
        found.append((tokens[start], tokens[start + 1 : index]))
        index += 1
    return found


def _indented(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        (first if i == 0 else rest) + line if line else (first if i == 0 else rest.rstrip())
        for i, line in enumerate(lines)
    )
