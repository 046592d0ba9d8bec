"""The offline model on plain factual questions: the right sentence, the right marker, nothing invented."""

import pytest

from providers.base import Evidence, Message, Request, Response, Text, ToolResult
from providers.offline import GREETING, NOTHING_FOUND, SIGNATURE, answer
from providers.sentences import pieces
from tests.providers.conftest import BUDGET, HOTEL, TOOLS, asked

SHELF = (
    Evidence(
        "S1",
        "Re: Project Falcon budget",
        "Hi all,\n\nthe budget for Project Falcon was raised to 48,500 EUR on 12 May. The supplier is Nordwind GmbH.\n\nBest,\nAnna",
        detail="Mail from Anna Schmidt, 2026-05-12",
    ),
    Evidence(
        "S2",
        "Travel policy.docx",
        "# Travel\n\nHotels are paid up to 140 EUR a night. Employees book trains in second class. Flights need approval by "
        "Dr. Meyer.\n\n| City | Hotel limit |\n|---|---|\n| Paris | 190 EUR |\n| Oslo | 210 EUR |",
    ),
    Evidence(
        "S3", "Kickoff", "The kickoff with Nordwind takes place on 3 June at 10:00 in room Elbe. Who brings the slides?"
    ),
    Evidence(
        "S4",
        "Lieferbedingungen",
        "Die Lieferung erfolgt bis zum 14. Oktober nach Hamburg. Ansprechpartner ist Jens Krüger.",
    ),
    Evidence("S5", "Newsletter", "Our budget hotel of the week! When will you travel? Win a project kickoff cake."),
)


@pytest.mark.parametrize(
    ("question", "said", "marker"),
    [
        ("What is the budget of Project Falcon?", "48,500 EUR", "[S1]"),
        ("Which supplier do we use for Falcon?", "Nordwind GmbH", "[S1]"),
        ("How much may a hotel in Oslo cost?", "210 EUR", "[S2]"),
        ("Who approves flights?", "Dr. Meyer", "[S2]"),
        ("When is the kickoff with Nordwind?", "3 June at 10:00", "[S3]"),
        ("Wann erfolgt die Lieferung nach Hamburg?", "14. Oktober", "[S4]"),
        ("Wer ist der Ansprechpartner für die Lieferung?", "Jens Krüger", "[S4]"),
        ("Wie hoch ist das Budget für Falcon?", "48,500 EUR", "[S1]"),
    ],
)
def test_plain_questions(question: str, said: str, marker: str) -> None:
    text = answer(asked(*SHELF, Text("Today is Monday."), Text(f"Question: {question}")), "m").message.text
    assert said in text
    assert marker in text
    assert text.endswith(SIGNATURE)


def test_a_greeting_is_greeted_back() -> None:
    text = answer(asked(Text("Today is Monday."), Text("Question: Hello Parley!")), "m").message.text
    assert text == f"{GREETING}\n\n{SIGNATURE}"


@pytest.mark.parametrize("question", ["What did the CEO say about Mars?", "Who won the chess tournament?", "?", ""])
def test_nothing_is_invented(question: str) -> None:
    text = answer(asked(*SHELF, Text(f"Question: {question}")), "m").message.text
    assert text == f"{NOTHING_FOUND}\n\n{SIGNATURE}"


def test_the_same_question_gets_the_same_answer() -> None:
    request = asked(*SHELF, Text("Question: Who approves flights?"))
    assert answer(request, "m") == answer(request, "m")


def test_evidence_of_earlier_turns_is_not_quoted_again() -> None:
    earlier = asked(BUDGET, Text("What is the budget of Falcon?"))
    said = answer(earlier, "m").message
    later = Request("", (*earlier.messages, said, Message("user", (HOTEL, Text("What is the budget of Falcon?")))))
    assert "[S1]" not in answer(later, "m").message.text


def test_it_searches_once() -> None:
    request = asked(Text("Question: Who approves flights?"), tools=TOOLS)
    first = answer(request, "m").message
    assert len({call.id for call in first.tool_calls}) == 2
    results = tuple(ToolResult(call.id, (Text("Nothing."),)) for call in first.tool_calls)
    again: Response = answer(Request("", (*request.messages, first, Message("user", results)), TOOLS), "m")
    assert not again.message.tool_calls
    assert NOTHING_FOUND in again.message.text


def test_pieces() -> None:
    text = "Dr. J. Meyer came on 1. October. He left\nat 5 p.m.\n\n- One\n- Two\nBudget: 5 EUR\n| A | B |\n| - | - |\n| x | y |"
    assert pieces(text) == [
        "Dr. J. Meyer came on 1. October.",
        "He left at 5 p.m.",
        "One",
        "Two",
        "Budget: 5 EUR",
        "A: x; B: y",
    ]
    assert pieces("---\n\n\x00") == []
