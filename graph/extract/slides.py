"""Slides as text: markitdown reads them, and what it makes of tables, charts and pictures is made plainer here."""

import io
import re
from typing import Any

from markitdown import StreamInfo
from markitdown.converters import PptxConverter

from graph.extract.markup import alternative

PAGE_BREAK = "\n\f\n"
_SLIDE = re.compile(r"\s*<!-- Slide number: \d+ -->\s*")


def read_slides(data: bytes) -> str:
    """A form feed stands between slides, as between the pages of a PDF."""
    slides = _Slides()  # type: ignore[no-untyped-call]  # -- markitdown leaves it untyped
    text = slides.convert(io.BytesIO(data), StreamInfo(extension=".pptx")).markdown
    return _SLIDE.sub(PAGE_BREAK, text).replace(PAGE_BREAK, "", 1)


class _Slides(PptxConverter):
    def _convert_picture_to_markdown(self, shape: Any, **_kwargs: Any) -> str:
        described = shape._element.find(".//{*}cNvPr")  # noqa: SLF001 -- python-pptx has no other way to the description
        said = alternative(described.get("descr", "")) if described is not None else ""
        return f"\n![{' '.join(re.sub(r'[][]', ' ', said).split())}]()\n" if said else ""

    def _convert_table_to_markdown(self, table: Any, **_kwargs: Any) -> str:
        """A merged cell in every row and column it covers."""
        rows = [[cell.text_frame.text for cell in row.cells] for row in table.rows]
        for number, row in enumerate(table.rows):
            for column, cell in enumerate(row.cells):
                if cell.is_merge_origin:
                    for down in range(cell.span_height):
                        for across in range(cell.span_width):
                            if number + down < len(rows) and column + across < len(rows[number + down]):
                                rows[number + down][column + across] = cell.text_frame.text
        return _table(rows)

    def _convert_chart_to_markdown(self, chart: Any) -> str:
        title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
        try:
            kind = str(chart.chart_type.name).partition("_")[0].replace("COLUMN", "BAR").capitalize()
            series = list(chart.plots[0].series)
            names = [str(category) for category in chart.plots[0].categories]
            rows = [["", *(one.name for one in series)]]
            rows += [[name, *(_number(one.values[at]) for one in series)] for at, name in enumerate(names)]
        except (AttributeError, IndexError, KeyError, ValueError, NotImplementedError):
            return f"\n\nChart: {title}\n".replace(": \n", "\n")
        return f"\n\n{kind} chart: {title}\n{_table(rows)}"


def _table(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n\n" + "\n".join([*lines[:1], f"|{' --- |' * len(rows[0])}", *lines[1:]]) + "\n\n" if rows else ""


def _number(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
