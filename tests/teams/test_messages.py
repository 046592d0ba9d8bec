"""One root entity, Teams' lengths, and texts cut so that nothing is lost."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.context import Citation, Outgoing, Person, Place
from bot.teams.card_gate import NotSendable
from bot.teams.gate import render
from bot.teams.messages import MAX_BYTES, activities, size
from infra.local.payload import check, complaints
from infra.local.swagger import faults
from tests.teams.wires import USER, reference

WHERE = reference("https://smba.trafficmanager.net/emea/")


def cited(position: int, **changes: Any) -> Citation:
    given = {
        "title": "Plan",
        "link": "https://contoso.sharepoint.com/x",
        "abstract": "first",
        "kind": "word",
        **changes,
    }
    return Citation(position, **given)


def test_an_answer() -> None:
    message = Outgoing("So it is [1].", (cited(1),), "claude-x_1", ai=True, notices=("Mail was *not* searched.",))
    (activity,) = activities(message, WHERE)
    assert activity["text"] == "So it is [1].\n\n*Mail was \\*not\\* searched.*\n\n*Answered by claude-x\\_1*"
    (root,) = activity["entities"]
    assert root["additionalType"] == ["AIGeneratedContent"]
    (claim,) = root["citation"]
    assert claim["appearance"]["image"]["name"] == "Microsoft Word"
    assert activity["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert activity["recipient"] == {"id": USER}


def test_a_fixed_text_is_no_ai() -> None:
    (activity,) = activities(Outgoing("Hello *you*"), reference("https://x/", Place.GROUP))
    assert activity["text"] == "Hello *you*"
    assert not {"entities", "channelData", "recipient"} & activity.keys()


def test_lengths_and_counts() -> None:
    many = tuple(cited(n, title="t " * 100, abstract="a" * 500, kind="mail") for n in range(1, 30))
    text = "".join(f"[{n}]" for n in range(1, 30))
    (activity,) = activities(Outgoing(text, many, ai=True, suggestions=("a", "b", "c", "d")), WHERE)
    (root,) = activity["entities"]
    assert len(root["citation"]) == 20
    for claim in root["citation"]:
        assert len(claim["appearance"]["name"]) <= 80
        assert len(claim["appearance"]["abstract"]) <= 160
        assert claim["appearance"]["image"]["name"] == "Text"
    assert len(activity["suggestedActions"]["actions"]) == 3


def test_links_that_are_not_https_are_left_out() -> None:
    (activity,) = activities(Outgoing("x [1]", (cited(1, link="javascript:alert(1)"),), ai=True), WHERE)
    assert "url" not in activity["entities"][0]["citation"][0]["appearance"]


def test_long_answers_become_parts_that_keep_their_own_citations() -> None:
    paragraphs = [f"Paragraph {n} says it [{n}]. " + "word " * 2000 for n in range(1, 9)]
    message = Outgoing("\n\n".join(paragraphs), tuple(cited(n) for n in range(1, 9)), "m", ai=True)
    parts = activities(message, WHERE)
    assert len(parts) > 1
    assert all(size(part) <= MAX_BYTES for part in parts)
    assert all(part["text"].startswith("Paragraph") for part in parts)
    positions = [c["position"] for part in parts for c in part["entities"][0].get("citation", ())]
    assert positions == list(range(1, 9))
    assert parts[-1]["text"].endswith("*Answered by m*")


ANA, OTHER_ANA = Person("1", "Ana Ruiz", "t", "29:ana"), Person("2", "Ana Ruiz", "t")
ODD = Person("3", "B<b>o_*\u202e", "t", "29:bo")
CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": "What was read",
        "body": [{"type": "TextBlock", "text": "See <at>Ana Ruiz</at>, <at>Eve</at> and [x](https://evil.com/?q=1)"}],
        "msteams": {
            "entities": [
                {"type": "mention", "text": "<at>Ana Ruiz</at>", "mentioned": {"id": "29:ana", "name": "Ana Ruiz"}},
                {"type": "mention", "text": "<at>Eve</at>", "mentioned": {"id": "29:eve", "name": "Eve"}},
            ]
        },
    },
}


def sound(activity: dict[str, Any]) -> bool:
    """As Microsoft's description has it, and as Teams takes and shows it."""
    check(activity)
    assert faults("Activity", activity) == []
    assert complaints(activity) == []
    return True


def test_people_are_mentioned_before_the_text_or_where_it_names_them() -> None:
    (first,) = activities(Outgoing("here it is.", mentions=(ANA, OTHER_ANA, ODD)), WHERE)
    assert first["text"] == "<at>Ana Ruiz</at>, <at>Ana Ruiz (2)</at>, <at>B&lt;b&gt;o</at> here it is."
    assert [entity["mentioned"]["id"] for entity in first["entities"]] == ["29:ana", "2", "29:bo"]
    (second,) = activities(Outgoing("Done, <at>Ana Ruiz</at>. Not <at>Eve</at>.", mentions=(ANA,)), WHERE)
    assert second["text"] == "Done, <at>Ana Ruiz</at>. Not &lt;at>Eve&lt;/at>."
    assert sound(first)
    assert sound(second)


def test_a_model_mentions_nobody() -> None:
    (alone,) = activities(Outgoing("Ask <at>Ana Ruiz</at> \ue000", ai=True), WHERE)
    assert alone["text"] == "Ask &lt;at>Ana Ruiz&lt;/at>"
    (beside,) = activities(Outgoing("Ask <at>Ana Ruiz</at>", ai=True, mentions=(ANA,)), WHERE)
    assert beside["text"] == "<at>Ana Ruiz</at> Ask &lt;at>Ana Ruiz&lt;/at>"
    assert sound(alone)
    assert sound(beside)


def test_the_most_restricted_label_is_on_the_message_and_on_the_sources_that_have_it() -> None:
    citations = (cited(1, label="Confidential"), cited(2, label="General"))
    message = Outgoing("So [1][2].", citations, ai=True, label="Confidential", label_note="Only staff may read it.")
    (activity,) = activities(message, WHERE)
    (root,) = activity["entities"]
    assert (root["usageInfo"]["name"], root["usageInfo"]["description"]) == ("Confidential", "Only staff may read it.")
    assert [claim["appearance"].get("usageInfo") for claim in root["citation"]] == [root["usageInfo"], None]
    assert sound(activity)
    (fixed,) = activities(Outgoing("So.", label="Confidential"), WHERE)
    assert "additionalType" not in fixed["entities"][0]
    assert sound(fixed)


def test_only_what_the_text_cites_is_a_citation() -> None:
    (activity,) = activities(Outgoing("So [2].", (cited(1), cited(2), cited(2)), ai=True), WHERE)
    assert [claim["position"] for claim in activity["entities"][0]["citation"]] == [2]
    assert sound(activity)


def test_suggestions_are_the_askers_and_hold_no_address() -> None:
    said = (
        "What about 2028?",
        "What about 2028?",
        "x" * 81,
        "Open https://evil.com/",
        "What is in README.md?",
        "a",
        "b",
    )
    message = Outgoing("So.", ai=True, suggestions=said)
    (personal,) = activities(message, WHERE)
    assert [action["title"] for action in personal["suggestedActions"]["actions"]] == [
        "What about 2028?",
        "What is in README.md?",
        "a",
    ]
    assert "to" not in personal["suggestedActions"]
    (shared,) = activities(message, reference("https://x/", Place.CHANNEL))
    assert shared["suggestedActions"]["to"] == [USER]
    (beside_card,) = activities(replace(message, card=CARD), WHERE)
    assert "suggestedActions" not in beside_card
    assert all(sound(activity) for activity in (personal, shared, beside_card))


def test_a_card_goes_through_the_gate_and_a_notification_says_what_it_is() -> None:
    (activity,) = activities(Outgoing("", card=CARD, mentions=(ANA,)), WHERE)
    content = activity["attachments"][0]["content"]
    assert content["body"][0]["text"] == "See <at>Ana Ruiz</at>, &lt;at>Eve&lt;/at> and x"
    assert content["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Ana Ruiz</at>", "mentioned": {"id": "29:ana", "name": "Ana Ruiz"}}
    ]
    with pytest.raises(NotSendable):
        activities(Outgoing("", card={"contentType": "application/vnd.microsoft.card.hero", "content": {}}), WHERE)


def test_links_go_to_documents_and_allowed_hosts_only() -> None:
    text = "[a](https://wiki.contoso.com/x?q=1) [b](https://contoso.sharepoint.com/y) https://contoso.sharepoint.com/x"
    message = Outgoing(
        text,
        (cited(1),),
        ai=True,
        links=("https://contoso.sharepoint.com/y",),
        link_hosts=frozenset({"wiki.contoso.com"}),
    )
    (activity,) = activities(message, WHERE)
    assert re.findall(r"\]\((.*?)\)", activity["text"]) == [
        "https://wiki.contoso.com/x", "https://contoso.sharepoint.com/y", "https://contoso.sharepoint.com/x",
    ]  # fmt: skip


def test_what_a_channel_adds_is_in_the_readers_language() -> None:
    (activity,) = activities(Outgoing("So.", model="m", ai=True, language="de"), WHERE)
    assert activity["text"].endswith("*Antwort von m*")


MARKS = re.compile(r"\n\n\*\d+/\d+ …\*\Z")
LETTERS = st.sampled_from(
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "漢字。",
        "\u05e9\u05dc\u05d5\u05dd ",
        'quo"ted ',
        "word ",
        "a\n\n",
        "- item\n",
    ]
)


@settings(max_examples=10, deadline=None)
@given(LETTERS, st.integers(1, 8))
def test_no_part_is_too_large_in_any_script_and_nothing_is_lost(letter: str, thousands: int) -> None:
    text = letter * (thousands * 12_500 // len(letter))
    parts = activities(Outgoing(text, ai=True), WHERE)
    assert all(size(part) <= MAX_BYTES for part in parts)
    assert all(sound(part) for part in parts)
    shown = "".join(MARKS.sub("", part["text"]) for part in parts)
    assert "".join(shown.split()) == "".join(render(text).split())


def test_a_long_answer_with_everything_in_it_comes_out_whole() -> None:
    table = "| Name | Sum | Comment |\n|---|---|---|\n" + "".join(
        f"| Row {n} | {n} | said in the mail [1] |\n" for n in range(40)
    )
    code = "```py\n" + "x = 1\n" * 200 + "```"
    one = f"# Chapter\n\nText with \U0001f1e9\U0001f1ea, 漢字 and \u05e9\u05dc\u05d5\u05dd [2].\n\n{table}\n\n- a\n  - b\n\n{code}\n\n"
    text = one * (100_000 // len(one) + 1)
    message = Outgoing(
        text, (cited(1), cited(2), cited(3)), "m", ai=True, suggestions=("More?",), notices=("Mail was not searched.",)
    )
    parts = activities(message, WHERE)
    assert 2 <= len(parts) <= 6
    assert all(sound(part) and size(part) <= MAX_BYTES for part in parts)
    assert [("suggestedActions" in part, "channelData" in part) for part in parts] == [
        (n == len(parts) - 1, n == 0) for n in range(len(parts))
    ]
    assert all([claim["position"] for claim in part["entities"][0]["citation"]] == [1, 2] for part in parts)
    shown = "".join(MARKS.sub("", part["text"]) for part in parts)
    for piece, times in {"Row 39": 1, "x = 1": 200, "漢字": 1, "**Chapter**": 1}.items():
        assert shown.count(piece) == times * (len(text) // len(one))
    assert parts[-1]["text"].endswith("*Mail was not searched.*\n\n*Answered by m*")
