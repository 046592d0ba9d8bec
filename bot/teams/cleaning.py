"""What no reader sees is taken out of a text before anything else looks at it: hidden letters carry messages past people."""

import re

# Bidirectional overrides and isolates, controls, blanks without width, annotations, tag characters. Kept are what scripts and
# emoji need: the joiners, the direction marks, one variation selector after a letter, the three flags written with tags.
_FLAGS = "\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
_HIDDEN = re.compile(
    "(?<=\U0001f3f4)(?P<flag>" + _FLAGS + ")"
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    "|(?<=[\ufe00-\ufe0f\U000e0100-\U000e01ef\\s])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
    "|(?<=[\u200c\u200d\\s])[\u200c\u200d]+"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_HALF_LETTERS = re.compile("[\ud800-\udfff]")


def cleaned(text: str) -> str:
    """The same text without what hides in it; cleaning it again changes nothing. Lines end in \\n, no surrogate stands alone."""
    shown = _HALF_LETTERS.sub("\ufffd", _LINE_ENDS.sub("\n", text))
    while (again := _HIDDEN.sub(lambda found: found["flag"] or "", shown)) != shown:
        shown = again
    return shown


def one_line(text: str) -> str:
    return " ".join(cleaned(text).split())
