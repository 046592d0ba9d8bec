"""Equations of a Word file as LaTeX, each by itself: markitdown gives all of them up when it does not know one."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile

from bs4 import BeautifulSoup, Tag
from markitdown.converter_utils.docx.math.omml import OMML_NS, oMath2Latex
from markitdown.converter_utils.docx.pre_process import MATH_ROOT_TEMPLATE

from graph.extract.guards import Survey

_ONE_ROW = re.compile(r"^\\begin\{array\}\{c\}(.*)\\end\{array\}$", re.DOTALL)
MAX_PART = 5 * 1024 * 1024


def with_latex(data: bytes, found: Survey, main: str) -> bytes:
    """The package with words in place of the equations in its part `main`; the same when it has none."""
    part = found.archive.read(main) if found.archive.getinfo(main).file_size <= MAX_PART else b""
    if b"oMath" not in part:
        return data
    tree = BeautifulSoup(part, features="xml")
    for equation in tree.find_all("oMath"):
        _replace(equation)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name in found.names:
            package.writestr(name, str(tree).encode() if name == main else found.archive.read(name))
    return target.getvalue()


def _replace(equation: Tag) -> None:
    place = equation.parent
    alone = place is not None and place.name == "oMathPara"
    mark = "$$" if alone else "$"
    text, run = Tag(name="w:t"), Tag(name="w:r")
    text.string = f" {mark}{_latex(equation)}{mark} "
    run.append(text)
    if alone and place is not None:
        # Readers skip what stands in a paragraph of equations: its words move out of it.
        place.insert_before(run)
        equation.extract()
    else:
        equation.replace_with(run)


def _latex(equation: Tag) -> str:
    try:
        root = ET.fromstring(MATH_ROOT_TEMPLATE.format(equation))  # noqa: S314 -- parts with entities were refused before
        return _ONE_ROW.sub(r"\1", str(oMath2Latex(root.find(f"{OMML_NS}oMath")).latex))
    except Exception:  # noqa: BLE001 -- it raises anything at all on what it does not know; the letters are there already
        return equation.get_text()
