"""The findings for people, readable without colours, and for programs, as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.doctor.examine import Examined
from bot.doctor.finding import State

PAGE = "docs/doctor.md"
_STATE, _NAME = 12, 15
"""Widths of the first two columns."""


def counts(examined: Sequence[Examined]) -> dict[str, int]:
    """Of findings, by state."""
    found = Counter(finding.state for one in examined for finding in one.findings)
    return {state.value: found[state] for state in State}


def as_text(examined: Sequence[Examined], width: int) -> str:
    """`width`: columns of the terminal."""
    lines = [line for one in examined for line in _lines(one, max(60, min(width, 120)))]
    summed = ", ".join(f"{count} {state}" for state, count in counts(examined).items() if count)
    return "\n".join([*lines, "", f"{summed or 'Nothing was checked'}. What each check means: {PAGE}"]) + "\n"


def _lines(one: Examined, width: int) -> Iterator[str]:
    for finding in one.findings:
        head = f"{finding.state.value:<{_STATE}}{one.name:<{_NAME}}"
        yield from textwrap.wrap(
            finding.what, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
        )
        if finding.cure:
            indent = " " * len(head)
            yield from textwrap.wrap(
                finding.cure, width, initial_indent=f"{indent}Mend: ", subsequent_indent=f"{indent}      ", break_on_hyphens=False
            )  # fmt: skip


def as_json(examined: Sequence[Examined]) -> str:
    """Its form stands in docs/doctor.md."""
    found = [
        {
            "check": one.name,
            "area": one.check.area,
            "asks": one.check.asks,
            "state": finding.state.value,
            "what": finding.what,
            "cure": finding.cure,
        }
        for one in examined
        for finding in one.findings
    ]
    summed = counts(examined)
    return json.dumps({"ok": not summed["wrong"], "counts": summed, "findings": found}, indent=2)
