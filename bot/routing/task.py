"""What kind of work a question is, told by its words and by what was sent with it, so that a table can name a model for it."""

import re
from collections.abc import Iterable
from pathlib import PurePath

from bot.context import Incoming, Sent
from bot.grounding.queries import small_talk
from bot.policy.table import Features, Task

SHORT = 200
"""Characters of a question that still counts as short."""
WANTS_WHOLE = re.compile(
    r"\b(?:summari[sz](?:e|es|ed|ing)|sum(?:ming)?(?:\s+\w+){0,2}?\s+up|summary|overview|tl;?dr|gist"
    r"|(?:key|main|most important) (?:points|messages|statements|findings|takeaways)|takeaways"
    r"|zusammen(?:fassen|zufassen|gefasst|fassung)\w*|fass(?:e|t|en)?\b(?=.{1,200}\bzusammen)|kurzfassung|überblick|übersicht"
    r"|(?:kern|haupt)(?:aussagen?|punkte|thesen)|(?:die )?wichtigsten? (?:punkte|aussagen|ergebnisse))\b",
    re.IGNORECASE | re.DOTALL,
)
"""Somebody wants a text as a whole, not a fact from it."""
_TABLE = re.compile(
    r"\b(?:spreadsheets?|pivot(?:table)?s?|excel|csv|formula[se]?|worksheets?"
    r"|tabellen?|tabellenkalkulation|arbeitsblatt|formeln?)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"```|\b(?:python|javascript|typescript|sql|regex|regular expression|powershell|bash|stack ?trace|source code|unit tests?"
    r"|reguläre[rn]? ausdr[uü]ck\w*|quellcode|programmcode|skript)\b",
    re.IGNORECASE,
)
_TABLES = frozenset({".xlsx", ".xls", ".xlsm", ".csv", ".tsv", ".ods"})
_CODES = frozenset({".py", ".js", ".ts", ".sql", ".ps1", ".sh", ".java", ".cs", ".c", ".cpp", ".go", ".rs", ".ipynb"})


def features_of(said: Incoming, *, evidence: int = 0, labels: Iterable[str] = ()) -> Features:
    """`evidence`: characters of what was found for it, `labels` of it; nothing while nobody looked."""
    images = any(one.kind == "image" for one in said.sent)
    return Features(_tasks(said.text, said.sent, images=images), len(said.text), evidence, frozenset(labels), images)


def _tasks(text: str, sent: tuple[Sent, ...], *, images: bool) -> frozenset[Task]:
    """All that it is; a question that is nothing else is one, short or not."""
    endings = {PurePath(one.name).suffix.casefold() for one in sent if one.kind == "file"}
    found: set[Task] = set()
    if small_talk(text) and not sent:
        found.add("small_talk")
    if WANTS_WHOLE.search(text):
        found.add("summary")
    if images:
        found.add("images")
    if _TABLE.search(text) or endings & _TABLES:
        found.add("table")
    if _CODE.search(text) or endings & _CODES:
        found.add("code")
    return frozenset(found or {"short_question" if len(text) <= SHORT else "question"})
