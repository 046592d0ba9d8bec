"""Writes parsed Markdown anew with what Teams shows on every client, so that nothing else can remain in it.

Headings become bold, rules go, tables and task lists turn into what a phone shows too, lists nest three deep.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.teams import tables
from bot.teams.links import NOWHERE, Links, linkish

DEEPEST_LIST = 3
_MARKER = re.compile(r"\\\[(\d{1,3}|\.)\\\]")
ENTITY = r"&(?=#\w|\w{1,31};|lt|gt|amp|quot)"
_SPECIAL = re.compile(rf"[\\`*_\[\]<~|]|{ENTITY}", re.IGNORECASE)
_INSIDE_WORD = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])|(?<=\S )\\\*(?=\s)|(?<!~)\\~(?!\\?~)")
_LINE_START = re.compile(
    r"^(\s*)(?:([-+](?=\s|$|[-|: ]*$)|#(?=#{0,5}(?:\s|$))|>|=(?==*\s*$)|:(?=[-:| ]*$))|(\d{1,9})([.)])(?=\s|$))",
    re.MULTILINE,
)
_FORMULA = re.compile(r"\\\((?P<short>[^`\n]{1,400}?)\\\)|\\\[(?P<long>[^`]{1,2000}?)\\\]")
_COMMAND = re.compile(r"(?<!\\)\\[a-zA-Z]{2,}")
_TASK = re.compile(r"\[([ xX])\]\s+")
_CODE_ADDRESS = re.compile(
    r"([a-z][a-z0-9+.-]{0,30}(?=:(?://|\\\\))|\b(?:javascript|vbscript|msteams|onenote|ms-\w{1,20}|data(?=:\w+/))):(?=\S)"
    r"|\b(www)\.(?=\w)|(?<=[=\"'(])//(?=[\w-]+\.)",
    re.IGNORECASE,
)
_MOST_TICKS = 8
_LONG_RUN = re.compile("`{9,}")
_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})


def _formula(state: StateInline, silent: bool) -> bool:
    r"""TeX between \( \) or \[ \] stays as it was written, as code: its backslashes and stars are no Markdown."""
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if found is None or not _COMMAND.search(inside := (found["short"] or found["long"])):
        return False
    if not silent:
        token = state.push("code_inline", "code", 0)
        token.markup, token.content = "`", " ".join(inside.split())
    state.pos = found.end()
    return True


PARSER = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable(["reference", "html_block", "html_inline"])
)
PARSER.inline.ruler.before("escape", "formula", _formula)


def escaped(text: str) -> str:
    """Letters that show as they are."""
    return _SPECIAL.sub(lambda found: {"<": "&lt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}"), text)


def line_starts(text: str) -> str:
    """Without an accidental list, heading or quote at the beginning of a line."""
    return _LINE_START.sub(lambda m: f"{m[1]}{m[3]}\\{m[4]}" if m[3] else f"{m[1]}\\{m[2]}", text)


def neutral(text: str, links: Links, *, linked: bool = False) -> str:
    """Plain letters as Markdown: addresses become links where they may, and are made unusable elsewhere."""
    shown, position = "", 0
    for address in linkish(text):
        target = address.target(links)
        shown += escaped(text[position : address.start])
        position = address.start + len(address.text)
        if target:
            shown += escaped(address.text) if linked else f"[{escaped(address.text)}]({target})"
        elif address.file:
            shown += f"`{address.text}`"
        else:
            shown += escaped(address.neutral())
    return shown + escaped(text[position:])


def fenced(text: str, info: str = "") -> str:
    text = _LONG_RUN.sub("`" * _MOST_TICKS, text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^A-Za-z0-9+#-]', '', info)}\n{text.rstrip(chr(10))}\n{fence}"


class Writer:
    """`marks` off leaves out emphasis and links; `card` leaves out what a card's text cannot show: quotes and code."""

    def __init__(self, links: Links, *, marks: bool = True, card: bool = False) -> None:
        self._links = links
        self._reachable = links if marks else NOWHERE
        self._marks = marks
        self._card = card

    def document(self, text: str) -> str:
        return self._blocks(PARSER.parse(text))

    def _blocks(self, tokens: Sequence[Token], *, tight: bool = False, depth: int = 0) -> str:
        written: list[str] = []
        before = ""
        for kind, inside in children(tokens):
            block = self._block(kind, inside, depth)
            if block:
                # Two lists in a row would become one, or code.
                if written and kind.type in _LISTS and before == kind.type:
                    written.append("\\-\\-\\-")
                written.append(block)
                before = kind.type
        return ("\n" if tight else "\n\n").join(written)

    def _block(self, kind: Token, inside: Sequence[Token], depth: int) -> str:  # noqa: PLR0911 -- one return a kind of block
        match kind.type:
            case "paragraph_open":
                return line_starts(self._inline(inside[0].children or []))
            case "heading_open":
                text = self._inline(inside[0].children or [], bold=False)
                return f"**{text}**" if text and self._marks else line_starts(text)
            case "fence" | "code_block":
                return self._code_block(kind)
            case "blockquote_open":
                quoted = self._blocks(inside, depth=depth)
                return quoted if self._card else _indented(quoted, "> ", "> ")
            case "bullet_list_open" | "ordered_list_open":
                return self._list(kind, inside, depth + 1)
            case "table_open":
                return self._table(inside)
            case _:
                return ""

    def _code_block(self, kind: Token) -> str:
        if not self._card:
            return fenced(self._code(kind.content), kind.info)
        lines = (line.strip() for line in kind.content.splitlines())
        return line_starts("\\\n".join(neutral(line, self._reachable) for line in lines if line))

    def _list(self, kind: Token, inside: Sequence[Token], depth: int) -> str:
        items = [part for _, item in children(inside) for part in (_flat(item) if depth >= DEEPEST_LIST else [item])]
        tight = all(t.hidden for item in items for t, _ in children(item) if t.type == "paragraph_open")
        number = int(kind.attrs.get("start", 1)) if kind.type == "ordered_list_open" else 0
        written = []
        for offset, item in enumerate(items):
            sign = "- " if kind.type == "bullet_list_open" else f"{number + offset}. "
            _tick(item)
            shown = self._blocks(item, tight=tight, depth=depth)
            written.append(_indented(shown, sign, " " * len(sign)))
        return ("\n" if tight else "\n\n").join(written)

    def _table(self, inside: Sequence[Token]) -> str:
        rows = [
            [self._cell(cell.children or []) for cell in row if cell.type == "inline"]
            for _, part in children(inside)
            for _, row in children(part)
        ]
        if len(rows) < 2:
            return line_starts(" · ".join(cell.shown for row in rows for cell in row if cell.shown))
        drawn = "" if self._card else tables.aligned(rows)
        return fenced(drawn) if drawn else tables.listed(rows)

    def _cell(self, tokens: Sequence[Token]) -> tables.Cell:
        letters = "".join(token.content for token in tokens) if all(t.type == "text" for t in tokens) else None
        if letters is not None and (linkish(letters) or re.search(r"\[\d{1,3}\]", letters)):
            letters = None
        return tables.Cell(self._inline(tokens), letters)

    def _inline(self, tokens: Sequence[Token], *, bold: bool = True) -> str:
        pieces = self._pieces(tokens, bold=bold)
        pairs = pairwise([*pieces, ("", False)])
        return "".join(_readable(piece, after) if text else piece for (piece, text), (after, _) in pairs).strip()

    def _pieces(self, tokens: Sequence[Token], *, bold: bool) -> list[tuple[str, bool]]:
        """(Markdown, whether it is plain text)"""
        pieces: list[tuple[str, bool]] = []
        closing: list[str] = []
        for token in tokens:
            match token.type:
                case "text" | "image":
                    pieces.append(
                        (
                            neutral(
                                token.content,
                                self._links if self._marks else Links({}, frozenset()),
                                linked=any(closing),
                            ),
                            True,
                        )
                    )
                case "softbreak" | "hardbreak":
                    pieces.append(("\n" if token.type == "softbreak" else "\\\n", False))
                case "code_inline" if self._card:
                    pieces.append((neutral(token.content, self._reachable), True))
                case "code_inline":
                    pieces.append((_code_span(self._code(token.content)), False))
                case "em_open" | "em_close" if self._marks:
                    pieces.append(("*", False))
                case "strong_open" | "strong_close" if self._marks and bold:
                    pieces.append(("**", False))
                case "s_open" | "s_close" if self._marks and not self._card:
                    pieces.append(("~~", False))
                case "link_open":
                    target = self._links.target(str(token.attrs.get("href", ""))) if self._marks else ""
                    closing.append(f"]({target})" if target else "")
                    pieces.append(("[" if target else "", False))
                case "link_close":
                    pieces.append((closing.pop() if closing else "", False))
        return [piece for piece in pieces if piece[0]]

    def _code(self, code: str) -> str:
        """Code as it is, but for addresses: whether a client makes links of those in code is promised nowhere."""
        allowed = {
            a.start for a in linkish(code) if (to := a.target(self._links)) and to.rstrip("/") == a.text.rstrip("/")
        }

        def unusable(match: re.Match[str]) -> str:
            if match.start() in allowed:
                return match[0]
            return f"{match[1]}[:]" if match[1] else f"{match[2]}[.]" if match[2] else "/[/]"

        return _CODE_ADDRESS.sub(unusable, code)


def _readable(piece: str, after: str) -> str:
    """Citation markers `[1]` and single signs stay as they are, unless what follows would make something else of them."""

    def shown(match: re.Match[str]) -> str:
        following = piece[match.end() : match.end() + 1] or after[:1]
        return (
            match[0] if following and following in "(:[" and not _MARKER.match(piece, match.end()) else f"[{match[1]}]"
        )

    return _INSIDE_WORD.sub(lambda found: found[0][1:], _MARKER.sub(shown, piece))


def _code_span(content: str) -> str:
    content = _LONG_RUN.sub("`" * _MOST_TICKS, content)
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if content[:1] == "`" or content[-1:] == "`" or (content[:1] == content[-1:] == " " != content) else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _tick(item: Sequence[Token]) -> None:
    """`[ ]` and `[x]` at the beginning of an item, as boxes every client shows."""
    if len(item) < 2 or item[0].type != "paragraph_open" or not (letters := item[1].children):
        return
    if letters[0].type == "text" and (box := _TASK.match(letters[0].content)):
        letters[0].content = ("☐ " if box[1] == " " else "☑ ") + letters[0].content[box.end() :]


def _flat(item: Sequence[Token]) -> list[Sequence[Token]]:
    """An item and the items of its inner lists, one after the other."""
    own: list[Token] = []
    inner: list[Sequence[Token]] = []
    for kind, inside in children(item):
        if kind.type in _LISTS:
            inner += [part for _, deeper in children(inside) for part in _flat(deeper)]
        else:
            own += [
                kind,
                *inside,
                *([] if kind.nesting == 0 else [Token(kind.type.replace("_open", "_close"), "", -1)]),
            ]
    return [own, *inner] if own else inner


def children(tokens: Sequence[Token]) -> list[tuple[Token, Sequence[Token]]]:
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
