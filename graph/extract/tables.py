"""Comma separated values as a table, so that a row keeps its headings wherever it is cut, ranked or quoted."""

import csv
import io

from graph.extract.budget import Budget

SAMPLE = 8192
DELIMITERS = ",;\t|"


def read_csv(text: str, budget: Budget) -> str:
    """Markdown with the first row as headings; the text as it is where it is no table."""
    lines = text[:SAMPLE].splitlines()[:20]
    delimiter = max(DELIMITERS, key=lambda mark: min((line.count(mark) for line in lines if line.strip()), default=0))
    width = lines[0].count(delimiter) + 1 if lines else 0
    if width < 2 or len(lines) < 2:
        return text
    rows: list[str] = []
    size = 0
    try:
        for cells in csv.reader(io.StringIO(text), delimiter=delimiter):
            if any(cells):
                rows.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
                size += len(rows[-1])
            if budget.spent(size):
                break
    except csv.Error:
        return text
    return "\n".join([rows[0], f"|{' --- |' * width}", *rows[1:]]) if rows else text


def _cell(value: str) -> str:
    return " ".join(value.split()).replace("|", "\\|")
