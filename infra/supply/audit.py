"""`make audit`: known vulnerabilities of what runs. It tells "there are none" from "nobody could be asked", which its tool does not.

pip-audit says "No known vulnerabilities found" and exits with 0 where an index answers and knows none of the packages, as a mirror without
advisories does. So each package counts only when it was really looked up.

Exit codes: 0 none known, 1 some, 3 could not ask (about all or some packages).
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.supply.lock import RUNTIME, pinned

NONE, FOUND, NOT_ASKED = 0, 1, 3
COMMAND = (
    "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    lines: tuple[str, ...]


def judged(printed: str, complaint: str, wanted: int) -> Outcome:
    """What pip-audit's two streams mean. `wanted`: how many packages were to be looked up."""
    try:
        packages: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()[-1:] or ["it said nothing"]
        return Outcome(NOT_ASKED, (f"Could not ask: no index of vulnerabilities answered ({last[0]}).",))
    asked = [one for one in packages if "vulns" in one and not one.get("skip_reason")]
    bad = [
        f"{one['name']} {one['version']}: {vulnerability['id']}, mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for one in asked
        for vulnerability in one["vulns"]
    ]
    if bad:
        return Outcome(
            FOUND, (*bad, f"{len(bad)} known vulnerabilities; {len(asked)} of {wanted} packages were looked up.")
        )
    if not asked:
        return Outcome(NOT_ASKED, (f"Could not ask: the index that answered knows none of the {wanted} packages.",))
    if len(asked) < wanted:
        missed = sorted(one["name"] for one in packages if one not in asked)
        return Outcome(
            NOT_ASKED,
            (f"None known of {len(asked)} packages; could not ask about {wanted - len(asked)}: {', '.join(missed)}.",),
        )
    return Outcome(NONE, (f"No known vulnerability in {wanted} packages.",))


def main(arguments: Sequence[str]) -> int:
    """`arguments` go to pip-audit, such as `--vulnerability-service osv`."""
    wanted = len(pinned(RUNTIME.read_text(encoding="utf-8")))
    command = [sys.executable, *COMMAND, "--requirement", str(RUNTIME), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own command
    outcome = judged(done.stdout, done.stderr, wanted)
    sys.stdout.write("".join(f"{line}\n" for line in outcome.lines))
    return outcome.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
