"""Words of Office files that nobody sees on a page: hidden, white on white, or too small to read. They are taken out before reading."""

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Any

from lxml import etree

TINY = 3
"""Half-points: 1.5 pt and less is a speck on paper."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = frozenset({f"{_W}t", f"{_W}delText", f"{_W}instrText"})
_SUSPECT = re.compile(rb"<w:(?:vanish|webHidden)\b|w:color w:val=\"[Ff]|<w:sz w:val=\"[0-3]\"|w:color [^>]*background1")
_NEARLY_WHITE = re.compile(r"(?:[fF][c-fC-F]){3}")
_NO_FILL = frozenset({"", "auto", "none", "clear"})
MOST_PART = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style or a run says of itself; None: nothing."""

    hidden: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    shaded: bool = False

    def under(self, other: "_Look") -> "_Look":
        """`other` stands nearer to the text."""
        return _Look(
            self.hidden if other.hidden is None else other.hidden,
            self.white if other.white is None else other.white,
            self.tiny if other.tiny is None else other.tiny,
            self.shaded or other.shaded,
        )


def without_unseen(data: bytes) -> tuple[bytes, bool]:
    """A .docx without such runs, and whether there were any. Raises nothing for broken parts: they stay as they are."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [entry for entry in archive.infolist() if re.fullmatch(r"word/[a-z]+\d*\.xml", entry.filename)]
        if not any(entry.file_size <= MOST_PART and _SUSPECT.search(archive.read(entry)) for entry in parts):
            return data, False
        styles = _styles(archive)
        changed: dict[str, bytes] = {}
        for entry in parts:
            if entry.filename != "word/styles.xml" and entry.file_size <= MOST_PART:
                left = _cleaned(archive.read(entry), styles)
                if left is not None:
                    changed[entry.filename] = left
        return (_rewritten(archive, changed), True) if changed else (data, False)


def _rewritten(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for entry in archive.infolist():
            copy.writestr(entry.filename, changed.get(entry.filename) or archive.read(entry))
    return target.getvalue()


def _parsed(part: bytes) -> Any:
    try:
        return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return None


def _styles(archive: zipfile.ZipFile) -> dict[str, _Look]:
    """By id, with what a style takes from the one it is based on."""
    tree = _parsed(archive.read("word/styles.xml")) if "word/styles.xml" in archive.namelist() else None
    own: dict[str, tuple[str, _Look]] = {}
    for style in tree.iter(f"{_W}style") if tree is not None else ():
        based = style.find(f"{_W}basedOn")
        shaded = any(_shades(element) for element in style.iter(f"{_W}shd"))
        look = _look(style.find(f"{_W}rPr"))
        look = _Look(look.hidden, look.white, look.tiny, shaded)
        own[_value(style, "styleId")] = ("" if based is None else _value(based), look)
    found: dict[str, _Look] = {}
    for id in own:
        look, at, steps = _Look(), id, 0
        while at in own and steps < 20:
            look, at, steps = own[at][1].under(look), own[at][0], steps + 1
        found[id] = look
    return found


def _cleaned(part: bytes, styles: dict[str, _Look]) -> bytes | None:
    tree = _parsed(part)
    if tree is None:
        return None
    dark = any(not _NEARLY_WHITE.fullmatch(_value(page, "color")) for page in tree.iter(f"{_W}background"))
    removed = False
    for run in list(tree.iter(f"{_W}r")):
        words = [element for element in run if element.tag in _TEXT and (element.text or "").strip()]
        if words and _unseen(run, styles, dark=dark):
            removed = True
            for element in words:
                run.remove(element)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True) if removed else None


def _unseen(run: Any, styles: dict[str, _Look], *, dark: bool) -> bool:
    around = _Look()
    in_shape = dark
    for element in run.iterancestors():
        if element.tag == f"{_W}p":
            around = _styled(element.find(f"{_W}pPr"), "pStyle", styles).under(around)
        elif element.tag in {f"{_W}tc", f"{_W}tr", f"{_W}tbl"}:
            properties = element.find(f"{element.tag}Pr")
            shaded = _styled(properties, "tblStyle", styles).shaded if element.tag == f"{_W}tbl" else False
            in_shape = in_shape or shaded or _has_shade(properties)
        elif element.tag == f"{_W}txbxContent":
            in_shape = True  # a shape's own fill stands elsewhere, in one of three forms
    properties = run.find(f"{_W}rPr")
    look = around.under(_styled(properties, "rStyle", styles)).under(_look(properties))
    return bool(look.hidden or look.tiny or (look.white and not look.shaded and not in_shape))


def _styled(properties: Any, name: str, styles: dict[str, _Look]) -> _Look:
    """What the named style says, with the shade of these properties themselves."""
    named = None if properties is None else properties.find(f"{_W}{name}")
    look = styles.get(_value(named), _Look()) if named is not None else _Look()
    return _Look(look.hidden, look.white, look.tiny, look.shaded or _has_shade(properties))


def _look(properties: Any) -> _Look:
    if properties is None:
        return _Look()
    colour, size = properties.find(f"{_W}color"), properties.find(f"{_W}sz")
    white = (
        None
        if colour is None
        else bool(_NEARLY_WHITE.fullmatch(_value(colour))) or _value(colour, "themeColor") == "background1"
    )
    half_points = _value(size) if size is not None else ""
    tiny = int(half_points) <= TINY if half_points.isdecimal() and len(half_points) < 6 else None
    shaded = _has_shade(properties) or properties.find(f"{_W}highlight") is not None
    return _Look(_on(properties.find(f"{_W}vanish")), white, tiny, shaded)


def _on(element: Any) -> bool | None:
    return None if element is None else _value(element) not in {"0", "false", "off"}


def _has_shade(properties: Any) -> bool:
    return properties is not None and any(_shades(element) for element in properties.findall(f"{_W}shd"))


def _shades(element: Any) -> bool:
    fill = _value(element, "fill")
    patterned = _value(element) not in {"", "clear", "nil"}
    return (
        patterned
        or bool(_value(element, "themeFill"))
        or not (fill.casefold() in _NO_FILL or _NEARLY_WHITE.fullmatch(fill))
    )


def _value(element: Any, name: str = "val") -> str:
    return str(element.get(f"{_W}{name}") or "")
