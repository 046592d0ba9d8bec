"""Passages cut into pieces that can be quoted: sentences, lines, and table rows together with their headings."""

import re

# A full stop ends a sentence when a space and something that can begin one follow, and it does not end an abbreviation,
# an initial or an ordinal ("Dr.", "J.", "1. October").
_END = re.compile(r"(?<=[.!?。！？…])[\"'”»)\]]*\s+(?=[\"'“„«(\[]?[^\W_a-z])")
_NOT_AN_END = re.compile(
    r"(?:\b\w|\b\d{1,2}|\b(?:dr|mr|mrs|ms|prof|st|nr|no|bzw|ca|inc|ltd|vs|etc|approx|tel|abs|z\.b|d\.h|e\.g|i\.e))\.$",
    re.IGNORECASE,
)
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_RULE = re.compile(r"^[\s|:+=-]+$")
_LIST_MARK = re.compile(r"^\s*(?:[-*+•·–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_MARKUP = re.compile(r"\*\*|__|`|^>+\s*")
LONGEST = 400
"""Characters of one piece; longer ones are cut at a space."""


def pieces(text: str) -> list[str]:
    """In the order of the text, trimmed, none empty. A table's row reads `heading: value; heading: value`."""
    found: list[str] = []
    headings: list[str] = []
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        row = _ROW.match(line)
        if row or not line.strip() or _HEADING.match(line) or _LIST_MARK.match(line) or _is_field(line):
            found += _sentences(" ".join(paragraph))
            paragraph = []
        if row:
            headings = _add_row(row.group(1), headings, found)
            continue
        headings = []
        if _RULE.match(line):
            continue
        stripped = _MARKUP.sub("", _HEADING.sub("", _LIST_MARK.sub("", line))).strip()
        if _HEADING.match(line) or _is_field(line):
            found.append(stripped[:LONGEST])
        elif stripped:
            paragraph.append(stripped)
    return [piece for piece in found if any(c.isalnum() for c in piece)]


def _is_field(line: str) -> bool:
    """`Budget: 42,000 EUR` stands for itself, whatever comes next."""
    name, colon, value = line.partition(": ")
    return bool(colon and value.strip()) and len(name) <= 40 and line.count(". ") == 0


def _add_row(row: str, headings: list[str], found: list[str]) -> list[str]:
    cells = [_MARKUP.sub("", cell).strip() for cell in row.split("|")]
    if all(not cell or _RULE.match(cell) for cell in cells):
        return headings
    if not headings:
        return cells
    values = [f"{head}: {cell}" if head else cell for head, cell in zip(headings, cells, strict=False) if cell]
    found.append("; ".join(values)[:LONGEST])
    return headings


def _sentences(paragraph: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(paragraph):
        sentence = paragraph[start : end.start()]
        if _NOT_AN_END.search(sentence):
            continue
        sentences.append(paragraph[start : end.end()].strip())
        start = end.end()
    sentences.append(paragraph[start:].strip())
    return [_shortened(sentence) for sentence in sentences if sentence]


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else sentence[:LONGEST].rsplit(" ", 1)[0] + " …"
