"""Choices are kept by owner and name, and taken back by None."""

from bot.store.database import Database
from bot.store.preferences import Preferences


async def test_a_choice_is_kept_changed_and_taken_back(database: Database) -> None:
    preferences = Preferences(database)
    await preferences.set("person:ana", "language", "de")
    await preferences.set("person:ana", "model", {"name": "gpt"})
    await preferences.set("person:ben", "language", "en")
    await preferences.set("person:ana", "language", "en")
    assert await preferences.all("person:ana") == {"language": "en", "model": {"name": "gpt"}}
    await preferences.set("person:ana", "model", None)
    assert await preferences.get("person:ana", "model") is None
    await preferences.forget("person:ana")
    assert await preferences.all("person:ana") == {}
    assert await preferences.get("person:ben", "language") == "en"
