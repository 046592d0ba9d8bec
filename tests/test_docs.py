"""What the documents promise is there: links, files, settings, packages, and words that are really commands."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.app import router
from bot.settings import Settings
from tests.test_settings import vendors_own

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").glob("*.md"),
        ROOT / "manifest" / "README.md",
        *(ROOT / "infra").rglob("*.md"),
    ]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    """Without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(text_of(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_are_named_exist(page: Path) -> None:
    for path in re.findall(r"`((?:bot|graph|providers|manifest|infra|tests|docs)/[\w./-]*)`", text_of(page)):
        assert (ROOT / path).exists(), path


def test_settings_that_are_named_exist() -> None:
    known = {name.upper() for name in Settings.model_fields} | vendors_own()
    for page in PAGES:
        named = re.findall(r"`([A-Z]+_[A-Z_]*[A-Z])\b(?:=[^`]*)?`", text_of(page))
        # OpenTelemetry's own variables are read by its SDK.
        assert {name for name in named if not name.startswith("OTEL_")} - known <= OTHERS, page.name


OTHERS = {"ENCRYPTION_KEYS", "ANTHROPIC_"}
"""Names in capitals that are no settings."""


def test_words_that_are_named_are_commands() -> None:
    """In the tables of commands: the first column in English, in the page for users the second in German."""
    understood = router(("claude", "gpt"))
    question, _ = understood.route("What is the budget?")
    for page, columns in ((ROOT / "README.md", 1), (ROOT / "docs" / "user.md", 2)):
        rows = re.findall(r"^\| (`.+) \|$", text_of(page), re.MULTILINE)
        cells = [cell for row in rows for cell in row.split(" | ")[:columns]]
        said = [words for cell in cells for words in re.findall(r"`([^`]+)`", cell)]
        said = [words for words in said if not words.startswith(("make ", "python "))]
        assert len(said) > 10
        assert [words for words in said if understood.route(words)[0] is question] == []


def test_each_package_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    names = [re.split(r"[\[<>=~;! ]", wanted)[0] for wanted in project["dependencies"]]
    assert [name for name in names if f"`{name}`" not in reasons] == []
