"""An audit that could not ask must never look like one that found nothing."""

import json
from typing import Any

import pytest

from infra.supply.audit import FOUND, NONE, NOT_ASKED, judged
from infra.supply.lock import RUNTIME, pinned

CLEAN = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
BAD = {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "CVE-2099-1", "fix_versions": ["9.0.1"]}]}
UNKNOWN = {"name": "dbos", "skip_reason": "Dependency not found on PyPI and could not be audited: dbos (3.4.0)"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([CLEAN], NONE, "No known vulnerability in 1 packages"),
        ([CLEAN, BAD], FOUND, "pillow 9.0.0: CVE-2099-1, mended in 9.0.1"),
        ([UNKNOWN], NOT_ASKED, "Could not ask: the index that answered knows none of the 1"),
        ([CLEAN, UNKNOWN], NOT_ASKED, "None known of 1 packages; could not ask about 1: dbos"),
        ([BAD, UNKNOWN], FOUND, "1 of 2 packages were looked up"),
    ],
)
def test_what_was_not_looked_up_is_not_called_clean(packages: list[dict[str, Any]], code: int, words: str) -> None:
    # The sentence pip-audit 2.10 writes in all of these cases but the second, with exit code 0.
    outcome = judged(json.dumps({"dependencies": packages}), "No known vulnerabilities found", len(packages))
    assert outcome.code == code
    assert words in "\n".join(outcome.lines)


@pytest.mark.parametrize("printed", ["", "[]", "no JSON", '{"fixes": []}'])
def test_a_tool_that_broke_did_not_ask(printed: str) -> None:
    outcome = judged(printed, "ERROR: connection refused", 9)
    assert outcome.code == NOT_ASKED
    assert "connection refused" in outcome.lines[0]


def test_packages_are_read_with_all_their_versions() -> None:
    text = 'a-b==1.0 ; python_version < "3.12" \\\n    --hash=sha256:00\na-b==2.0\n# c==3\nd.e==4 \\\n'
    assert pinned(text) == {"a-b": ("1.0", "2.0"), "d.e": ("4",)}
    assert len(pinned(RUNTIME.read_text(encoding="utf-8"))) > 100
