"""Whether an element of HTML shows its words to a reader: by its own attributes, its classes, and what stands behind it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NOTHING = (
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|(?<![-\w])opacity\s*:\s*0(?:\.0+)?(?![.\d%])"
    r"|font-size\s*:\s*(?:0(?:\.0+)?(?![.\d])|(?:0?\.\d+|1(?:\.\d+)?)\s*(?:px|pt)|0?\.0\d*\s*r?em)|(?<![-\w])font\s*:\s*0"
    r"|text-indent\s*:\s*-\d{3,}|(?<![-\w])(?:left|top)\s*:\s*-\d{4,}|(?<![-\w])color\s*:\s*transparent"
    r"|clip\s*:\s*rect\(\s*0[^)]*\)|clip-path\s*:\s*inset\(\s*(?:50|100)%"
)
_INVISIBLE = re.compile(_NOTHING, re.IGNORECASE)
_NEARLY = r"white|#f{3}(?:f{3})?(?![0-9a-f])|#(?:f[c-f]){3}(?![0-9a-f])|rgba?\(\s*(?:25[0-5][\s,]*){3}"
_WHITE = re.compile(rf"(?<![-\w])color\s*:\s*(?:{_NEARLY})", re.IGNORECASE)
_WHITE_WORD = re.compile(r"white|#?f{3}(?:f{3})?|#?(?:f[c-f]){3}", re.IGNORECASE)
_GROUND = re.compile(
    rf"background(?:-color|-image)?\s*:\s*(?!\s*(?:none|transparent|initial|inherit|unset|{_NEARLY}))", re.IGNORECASE
)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
_MEDIA = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLASS = re.compile(r"(?:[a-z][a-z0-9]*)?\.([\w-]+)", re.IGNORECASE)
_MOST_CSS = 200_000
SUSPECT = re.compile(rf"{_NOTHING}|{_WHITE.pattern}|<font\b|\bhidden\b", re.IGNORECASE)
"""Where this is not found, nothing is hidden."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page's own style sheets say about hiding, as far as single classes go; what is for small screens only is left out."""

    hiding: frozenset[str] = frozenset()
    colouring: frozenset[str] = frozenset()
    dark: bool = False
    """Something else than a class brings a background: then white is nowhere a secret."""

    @staticmethod
    def of(source: str) -> "Sheet":
        hiding, colouring, dark = set[str](), set[str](), False
        for sheet in _SHEET.findall(source[:_MOST_CSS]):
            for selectors, style in _RULE.findall(_MEDIA.sub("", sheet)):
                for selector in selectors.split(","):
                    named = _CLASS.fullmatch(selector.strip())
                    if _GROUND.search(style):
                        dark = dark or named is None
                        colouring.add(named[1] if named else "")
                    if named and _INVISIBLE.search(style):
                        hiding.add(named[1])
        return Sheet(frozenset(hiding), frozenset(colouring), dark)

    def hides(self, attributes: Mapping[str, str], *, on_ground: bool) -> bool:
        """`on_ground`: something has a colour behind this element, so that white is no secret."""
        style = attributes.get("style", "")
        if "hidden" in attributes or (style and _INVISIBLE.search(style)) or self.hiding & _classes(attributes):
            return True
        white = _WHITE.search(style) or _WHITE_WORD.fullmatch(attributes.get("color", "").strip())
        return bool(white) and not on_ground and not self.dark

    def colours(self, attributes: Mapping[str, str]) -> bool:
        """Whether an element has something else than white behind it."""
        ground = attributes.get("bgcolor", "").strip()
        own = bool(ground) and not _WHITE_WORD.fullmatch(ground)
        styled = bool(_GROUND.search(attributes.get("style", ""))) or bool(self.colouring & _classes(attributes))
        return own or styled or "background" in attributes


def _classes(attributes: Mapping[str, str]) -> frozenset[str]:
    return frozenset(attributes.get("class", "").split())
