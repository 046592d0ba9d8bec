"""One root entity, Teams' lengths, and texts cut so that nothing is lost."""

from typing import Any

from bot.context import Citation, Outgoing, Place
from bot.teams.messages import MAX_BYTES, activities, size
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
