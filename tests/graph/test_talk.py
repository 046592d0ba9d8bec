"""What is written down of a talk: who said it, and without an application whose words are not to be read."""

from zoneinfo import ZoneInfo

from graph.talk import said, talk, written

ZONE = ZoneInfo("UTC")


def message(id: str, text: str, sender: dict[str, object]) -> dict[str, object]:
    return {"id": id, "createdDateTime": "2026-11-22T09:00:00Z", "body": {"content": text}, "from": sender}


MESSAGES = [
    message("1", "Where is it?", {"user": {"id": "a", "displayName": "Ana"}}),
    message("2", "In Kassel.", {"application": {"id": "our-app", "displayName": "Parley"}}),
    message("3", "Build 7 is red.", {"application": {"id": "other-app", "displayName": "Builds"}}),
]


def test_who_spoke_is_known_of_people_and_applications() -> None:
    assert [(entry.speaker, entry.application) for entry in talk(MESSAGES)] == [
        ("Ana", ""), ("Parley", "our-app"), ("Builds", "other-app"),
    ]  # fmt: skip
    assert said({**MESSAGES[0], "deletedDateTime": "2026-11-22T10:00:00Z"}) is None


def test_one_application_may_be_left_out() -> None:
    assert written(talk(MESSAGES), ZONE).count("\n") == 2
    left = written(talk(MESSAGES), ZONE, unheard="our-app")
    assert "Kassel" not in left
    assert "Builds: Build 7 is red." in left
