"""What nobody sees, nobody is told by it: characters that carry text past a reader's eyes are taken out of evidence.

Letters stay as they are, look-alikes too. What a script or an emoji needs stays: joiners, one variation selector, marks of
direction, the spaces without width of Thai or Khmer.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

from graph.base import Document

_REGIONS = "\U000e0065\U000e006e\U000e0067", "\U000e0073\U000e0063\U000e0074", "\U000e0077\U000e006c\U000e0073"
_FLAG = f"\U0001f3f4\U000e0067\U000e0062(?:{'|'.join(_REGIONS)})\U000e007f"
"""England, Scotland, Wales: the only emoji of tag characters (https://unicode.org/reports/tr51/#valid-emoji-tag-sequences)."""
_TAGS = "\U000e0000-\U000e007f"
_OVERRIDES = "\u202d\u202e"
# Embeddings and isolates, which mail programs put around names; deprecated and annotation controls; fillers and blanks of
# no width; unassigned code points that are to be shown as nothing (https://unicode.org/reports/tr44/#Default_Ignorable_Code_Point).
_NEVER = (
    "\u202a-\u202c\u2066-\u2069\u206a-\u206f\ufff0-\ufffb\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2060-\u2065\u3164"
    "\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0080-\U000e00ff\U000e01f0-\U000e0fff\ud800-\udfff"
)
_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
# The form feed stays: it stands between pages (`bot.grounding.pages`).
_BREAKS = "\x0b\x85\u2028\u2029"
_NEIGHBOURS = "\u200b-\u200f\u061c\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""These stay or go by what stands around them."""
_ANY = re.compile(f"[{_TAGS}{_OVERRIDES}{_NEVER}{_CONTROLS}{_BREAKS}{_NEIGHBOURS}]")
_GONE = re.compile(f"({_FLAG})|([{_TAGS}{_OVERRIDES}])|[{_NEVER}{_CONTROLS}]+|([{_BREAKS}])")
_RUN = re.compile(f"[{_NEIGHBOURS}]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_CARRIES = 8
"""So many in a row spell something; newsletters fill their first line with two or three at a time."""
_ZERO_WIDTH_SPACE, _NON_JOINER, _JOINER = "\u200b", "\u200c", "\u200d"
_DIRECTION = frozenset("\u200e\u200f\u061c")


@dataclass(frozen=True, slots=True)
class Cleaned:
    text: str
    hidden: bool
    """Something was there for a machine only; the odd soft hyphen does not count."""


def cleaned(text: str) -> Cleaned:
    """Without what nobody sees. Idempotent; ordinary text of any language comes back as it was."""
    if not _ANY.search(text):
        return Cleaned(text, hidden=False)
    hidden = False

    def gone(found: re.Match[str]) -> str:
        nonlocal hidden
        flag, secret, line_break = found.groups()
        hidden = hidden or bool(secret) or (not flag and len(found.group()) >= _CARRIES)
        return flag or ("\n" if line_break else "")

    def judged(found: re.Match[str]) -> str:
        nonlocal hidden
        kept = _kept(found.group(), solid[: found.start()][-1:], solid[found.end() :][:1], _line(solid, found))
        hidden = hidden or len(found.group()) - len(kept) >= _CARRIES
        return kept

    solid = _GONE.sub(gone, text)
    return Cleaned(_RUN.sub(judged, solid) if _RUN.search(solid) else solid, hidden)


def one_line(text: str) -> str:
    """A title or a name: what it says on one line."""
    return " ".join(cleaned(text).text.split())


def readable(document: Document) -> Document:
    """The document as evidence: its words and everything that names it. Says in `hidden` that something was taken out."""
    body, title, author = cleaned(document.text), cleaned(document.title), cleaned(document.author)
    hidden = document.hidden or body.hidden or title.hidden or author.hidden
    changed = replace(
        document,
        title=one_line(document.title),
        author=one_line(document.author),
        place=one_line(document.place),
        text=body.text,
        hidden=hidden,
    )
    return document if changed == document else changed


def _line(text: str, found: re.Match[str]) -> str:
    """What stands on the same line, as far as it matters to a mark of direction."""
    start = max(text.rfind("\n", 0, found.start()) + 1, found.start() - 400)
    end = text.find("\n", found.end())
    return text[start : min(end if end >= 0 else len(text), found.end() + 400)]


def _kept(run: str, before: str, after: str, line: str) -> str:
    """At most one variation selector and then one other, where both neighbours call for it."""
    selector = run[0] if _varies(run[0], before) else ""
    other = next((sign for sign in run if not _is_selector(sign)), "")
    if other in _DIRECTION:
        other = other if _RIGHT_TO_LEFT.search(line) else ""
    elif other == _ZERO_WIDTH_SPACE:
        other = other if _breaks_without_spaces(before) or _breaks_without_spaces(after) else ""
    elif other:
        pictures = other == _JOINER and _is_picture(selector or before) and _is_picture(after)
        other = other if _joins(before) or pictures else ""
    return selector + other


def _is_selector(sign: str) -> bool:
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def _varies(sign: str, before: str) -> bool:
    """Emoji and signs come plain or coloured, mathematical signs and ideographs in variants; letters do not."""
    if not _is_selector(sign) or not before or before.isspace():
        return False
    ideograph = "\u3400" <= before <= "\u9fff" or "\uf900" <= before <= "\ufaff" or before >= "\U00020000"
    if sign > "\ufe0f":
        return ideograph
    if sign in "\ufe0e\ufe0f":
        return not (before.isascii() and before.isalpha())
    return ideograph or "\u1000" <= before <= "\u109f" or unicodedata.category(before) == "Sm"


def _joins(before: str) -> bool:
    """A letter or sign of a script whose letters change shape: Arabic, Persian, the scripts of India and around it."""
    return bool(before) and before >= "\u0590" and unicodedata.category(before)[0] in "LM"


def _is_picture(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) in {"So", "Sk", "Sm"} or sign in "\ufe0f\u20e3\U000e007f")


def _breaks_without_spaces(sign: str) -> bool:
    """Scripts written without spaces: Thai, Lao, Tibetan, Myanmar, Khmer, Balinese, Chinese, Japanese."""
    if not sign:
        return False
    return any(
        low <= sign <= high
        for low, high in (("\u0e00", "\u109f"), ("\u1780", "\u1aff"), ("\u1b00", "\u1b7f"), ("\u3000", "\u9fff"))
    )
