"""Comma separated values as a table, so that a row keeps its headings wherever it is cut, ranked or quoted."""

import csv
import io

from graph.extract.budget import Budget

SAMPLE = 8192
DELIMITERS = ",;\t|"


def read_csv(text: str, budget: Budget) -> str:
    """Markdown with the first row as headings; the text as it is where it is no table."""
    lines = [line for line in text[:SAMPLE].splitlines()[:20] if line.strip()]
    lines = lines[:-1] if len(text) > SAMPLE and len(lines) > 2 else lines  # the sample may end in the middle of a line
    most, delimiter = max((min((line.count(mark) for line in lines), default=0), mark) for mark in DELIMITERS)
    if most < 1 or len(lines) < 2:
        return text
    width = lines[0].count(delimiter) + 1
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
