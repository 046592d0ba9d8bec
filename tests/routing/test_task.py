"""What kind of work a question is, in both languages, by its words and by what came with it."""

import pytest

from bot.context import Incoming, Sent
from bot.policy.table import Task
from bot.routing.task import features_of
from tests.commands.desk import PERSONAL


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("thanks a lot!", {"small_talk"}),
        ("Danke schön", {"small_talk"}),
        ("What does the pump cost?", {"short_question"}),
        ("What does the pump cost? " * 20, {"question"}),
        ("Please summarise the audit report", {"summary"}),
        ("Fass mir den Prüfbericht zusammen", {"summary"}),
        ("Which formula in the spreadsheet adds it up?", {"table"}),
        ("Schreib mir ein Python-Skript, das die Tabelle liest", {"table", "code"}),
        ("What does this do?\n```\nx = 1\n```", {"code"}),
        ("Was kostet der Tisch?", {"short_question"}),
    ],
)
def test_words_tell_the_task(text: str, tasks: set[Task]) -> None:
    found = features_of(Incoming("1", text, PERSONAL))
    assert found.tasks == tasks
    assert found.question == len(text)


def test_what_was_sent_tells_it_too() -> None:
    def tasks(*sent: Sent) -> set[str]:
        return set(features_of(Incoming("1", "thanks", PERSONAL, sent=sent)).tasks)

    assert tasks(Sent("file", "Costs.XLSX")) == {"table"}
    assert tasks(Sent("file", "run.py"), Sent("image")) == {"code", "images"}
    assert tasks(Sent("file", "offer.pdf")) == {"short_question"}
    found = features_of(Incoming("1", "this?", PERSONAL, sent=(Sent("image"),)), evidence=9, labels=["Inner"])
    assert (found.images, found.evidence, found.labels) == (True, 9, frozenset({"Inner"}))
