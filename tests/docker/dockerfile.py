"""A Dockerfile as its instructions, for tests and for building without Docker. https://docs.docker.com/reference/dockerfile/"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "infra" / "docker" / "Dockerfile"
KNOWN = frozenset(
    {"ARG", "FROM", "RUN", "COPY", "WORKDIR", "ENV", "VOLUME", "EXPOSE", "USER", "STOPSIGNAL", "HEALTHCHECK",
     "ENTRYPOINT", "CMD"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instruction:
    name: str
    options: dict[str, str]
    rest: str

    @property
    def words(self) -> list[str]:
        """Of the form with brackets, or of a line that is split at spaces."""
        return [str(word) for word in json.loads(self.rest)] if self.rest.startswith("[") else self.rest.split()

    @property
    def assignments(self) -> dict[str, str]:
        """Of ENV and ARG."""
        return dict(word.split("=", 1) for word in self.rest.split())


@dataclass(frozen=True, slots=True)
class Stage:
    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list[Instruction])

    def of(self, name: str) -> list[Instruction]:
        return [one for one in self.instructions if one.name == name]


def _logical_lines(text: str) -> Iterator[str]:
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = ""
    for line in lines:
        if line.endswith("\\"):
            joined += line[:-1].strip() + " "
        else:
            yield joined + line.strip()
            joined = ""
    if joined:
        raise ValueError(f"The file ends within an instruction: {joined}")


def instructions(text: str) -> Iterator[Instruction]:
    """Raises ValueError for what this repository's Dockerfile has no use for."""
    for line in _logical_lines(text):
        name, _, rest = line.partition(" ")
        if name not in KNOWN:
            raise ValueError(f"{name} is not an instruction that is used here")
        options: dict[str, str] = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            options[found[1]] = found[2]
            rest = rest[found.end() :]
        yield Instruction(name, options, rest)


def stages(text: str) -> list[Stage]:
    found: list[Stage] = []
    for one in instructions(text):
        if one.name == "FROM":
            base, *name = one.words
            found.append(Stage(base, name[1] if name else ""))
        elif found:
            found[-1].instructions.append(one)
        elif one.name != "ARG":
            raise ValueError(f"{one.name} stands before the first FROM")
    return found


def here() -> dict[str, Stage]:
    """The stages of our Dockerfile by their names; the last one has none."""
    return {stage.name: stage for stage in stages(FILE.read_text(encoding="utf-8"))}
