"""Another door first, in the order of MODELS; only what sees pictures when there are some, and what the policy permits."""

from dataclasses import dataclass

from bot.routing.candidates import allowed
from tests.agent.fakes import ScriptedProvider


@dataclass
class Model(ScriptedProvider):
    pass


def model(door: str, *, images: bool = True) -> Model:
    return Model([], door=door, images=images)


MODELS = {
    "sonnet": model("anthropic"),
    "haiku": model("anthropic"),
    "gpt": model("openai"),
    "llama": model("compatible", images=False),
}


def test_those_behind_another_door_come_first() -> None:
    assert allowed(MODELS, "sonnet") == ("gpt", "llama", "haiku")
    assert allowed(MODELS, "gpt") == ("sonnet", "haiku", "llama")


def test_pictures_need_eyes() -> None:
    assert allowed(MODELS, "sonnet", images=True) == ("gpt", "haiku")


def test_what_is_not_permitted_is_not_asked() -> None:
    assert allowed(MODELS, "sonnet", permits=lambda name: name == "haiku") == ("haiku",)
    assert allowed({"one": model("openai")}, "one") == ()
