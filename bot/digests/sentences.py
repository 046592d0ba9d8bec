"""What people wrote, cut into sentences: line by line, so that no text however odd takes more than one look at each letter."""

import re
from collections.abc import Iterator

_END = re.compile(r"(?<=[^\d\s.][.!?]) (?=[\"“„(]?[A-ZÄÖÜ0-9])|(?<=\w\)) ?; ?")


def sentences(text: str) -> Iterator[str]:
    """Each on one line, with single spaces; quoted lines (`> ...`) are left out. A line ends a sentence, whatever it ends with."""
    for line in text.splitlines():
        said = " ".join(line.split())
        if said and not said.startswith(">"):
            yield from filter(None, map(str.strip, _END.split(said)))
