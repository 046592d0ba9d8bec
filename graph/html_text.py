"""HTML to readable text in one pass, without recursion and without fetching anything: what mail and chat need."""

import html
import re
from html.parser import HTMLParser

from graph.html_rows import Rows
from graph.unseen import Sheet

_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_BLOCK = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody"}
    | {"thead", "tfoot", "tr", "ul"}
)
_DEEPEST = 2000
_LOOKED_BACK = 40
"""Open elements among which an end tag finds its own; mails leave many open."""
PREVIEW = 200
"""Characters. Newsletters hide the line that mail programs show in their list; it stands first, and says nothing against its reader."""


class _Text(HTMLParser):
    def __init__(self, sheet: Sheet) -> None:
        super().__init__(convert_charrefs=True)
        self._sheet = sheet
        self.parts: list[str] = []
        self._rows = Rows(self.parts)
        self.hidden = False
        """Words were hidden, and not just the preview line of a newsletter."""
        self._hidden_in = ""
        self._unseen = False
        self._depth = self._secret = 0
        self._seen = False
        self._grounds: list[tuple[str, bool]] = []
        """Open elements, and whether anything up to them has a colour of its own behind it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden_in:
            self._depth += tag == self._hidden_in
            return
        given = {name: value or "" for name, value in attrs}
        on_ground = bool(self._grounds and self._grounds[-1][1]) or self._sheet.colours(given)
        unseen = self._sheet.hides(given, on_ground=on_ground)
        if tag not in _VOID and (tag in _HIDDEN or unseen):
            self._hidden_in, self._depth, self._unseen = tag, 1, unseen and tag not in _HIDDEN
            return
        if tag not in _VOID and len(self._grounds) < _DEEPEST:
            self._grounds.append((tag, on_ground))
        self._rows.starts(tag)
        if tag == "br" or tag in _BLOCK:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in {"td", "th"}:
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden_in:
            self._depth -= tag == self._hidden_in
            if self._depth == 0:
                self._hidden_in = ""
            return
        if any(open_ == tag for open_, _ in self._grounds[-_LOOKED_BACK:]):
            while self._grounds.pop()[0] != tag:
                pass
        self._rows.ends(tag)
        if tag in _BLOCK:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        words = any(character.isalnum() for character in data)
        if not self._hidden_in:
            self.parts.append(data)
            self._seen = self._seen or words
        elif self._unseen and words:
            self._secret += len(data)
            self.hidden = self.hidden or self._seen or self._secret > PREVIEW


def html_to_text(source: str) -> str:
    """Visible text only: what a mail hides from its reader, the model does not see either."""
    return read_html(source)[0]


def read_html(source: str) -> tuple[str, bool]:
    """The visible text, and whether there was more that nobody sees."""
    parser = _Text(Sheet.of(source))
    parser.feed(source)
    parser.close()
    return tidy("".join(parser.parts)), parser.hidden


def tidy(text: str) -> str:
    """At most one empty line in a row, no space at line ends."""
    lines = (re.sub(r"[ \t\xa0\r\f\v]+", " ", line).strip() for line in html.unescape(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_QUOTE_STARTS = re.compile(
    r"^(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message)\s*-{2,}"
    r"|_{10,}|(?:from|von|de|da|van)\s*:.{1,200}"
    r"|(?:on|am|le|el|il|op)\b.{4,200}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef).{0,80}:?)\s*$",
    re.IGNORECASE,
)
_HEADER_FOLLOWS = re.compile(
    r"^(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|objet|à|enviado|asunto|para)\s*:", re.IGNORECASE
)


def fold_quoted(text: str) -> str:
    """A mail's own part; the quoted history below it becomes one line that says so."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if not _QUOTE_STARTS.match(line.strip()):
            continue
        is_header = re.match(r"(?:from|von|de|da|van)\s*:", line.strip(), re.IGNORECASE)
        after = [following.strip() for following in lines[index + 1 : index + 6]]
        if is_header and not any(_HEADER_FOLLOWS.match(following) for following in after):
            continue
        own = "\n".join(lines[:index]).strip()
        if own:
            return f"{own}\n\n[{len(lines) - index} lines of quoted history folded]"
        return text
    kept = [line for line in lines if not line.startswith(">")]
    if len(kept) < len(lines) and any(line.strip() for line in kept):
        return "\n".join(kept).strip() + f"\n\n[{len(lines) - len(kept)} lines of quoted history folded]"
    return text
