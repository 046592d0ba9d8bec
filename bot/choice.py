"""What people chose: which model answers, and which language is spoken with them."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.context import Reference
from bot.services import Turn
from bot.store.preferences import Preferences
from bot.texts import Texts, languages
from providers.base import Provider

MODEL, LANGUAGE = "model", "language"
DEFAULT_MODEL = "default"
"""What people say for whatever the installation prefers."""
DOORS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("claude", "anthropic"),
    "foundry": ("claude", "anthropic"),
    "bedrock": ("claude", "anthropic"),
    "vertex": ("claude", "anthropic"),
    "openai": ("gpt", "chatgpt", "openai"),
    "azure": ("gpt", "chatgpt", "openai"),
    "compatible": (),
    "offline": ("offline",),
}
"""What people call whatever is behind a door, besides the name it has here."""
STRANGERS = ("gemini", "llama", "mistral", "deepseek", "grok", "qwen")
"""Models people ask for by name: the answer is which ones there are, and no model is asked who Gemini is."""


@dataclass(frozen=True, slots=True)
class Chosen:
    name: str
    provider: Provider
    why: Literal["here", "always", "default"]


def person(id: str) -> str:
    """The owner of what somebody chose for themselves."""
    return f"person:{id}"


def conversation(reference: Reference, *, thread: bool = True) -> str:
    """The owner of what was chosen for a conversation: one thread of a channel, or the whole channel."""
    return f"conversation:{reference.id if thread else reference.id.partition(';')[0]}"


async def chosen_model(turn: Turn) -> Chosen:
    """The thread's choice, else the channel's, else the asker's own, else the first of MODELS. A model that is gone is no choice."""
    models, preferences, reference = turn.services.models, turn.services.preferences, turn.incoming.reference
    here = (conversation(reference), conversation(reference, thread=False))
    mine = (person(turn.person.id),) if turn.person.id else ()
    owners = (*here, *mine)
    for owner, name in zip(
        owners, await asyncio.gather(*(preferences.get(owner, MODEL) for owner in owners)), strict=True
    ):
        if isinstance(name, str) and name in models:
            return Chosen(name, models[name], "here" if owner in here else "always")
    name = next(iter(models))
    return Chosen(name, models[name], "default")


async def model_for(turn: Turn) -> tuple[str, Provider]:
    """Name and provider of the model that answers this turn."""
    chosen = await chosen_model(turn)
    return chosen.name, chosen.provider


def named_model(asked: str, models: Mapping[str, Provider]) -> str:
    """The name of the model somebody means by its name here, its vendor's name for it or its vendor; empty when there is none."""
    words = asked.casefold().strip()
    if words == DEFAULT_MODEL:
        return next(iter(models))
    for name, provider in models.items():
        if words in (name.casefold(), provider.model.casefold()):
            return name
    return next((name for name, provider in models.items() if words in DOORS.get(provider.door, ())), "")


def model_words(models: Mapping[str, Provider] | None = None) -> frozenset[str]:
    """All words people may call a model by, those we do not have included: asking for one is no question to a model."""
    ours = {word for name, provider in (models or {}).items() for word in (name, provider.model)}
    return frozenset({*_flat(DOORS.values()), *STRANGERS, *ours} - {DEFAULT_MODEL})


async def spoken_with(preferences: Preferences, reference: Reference) -> Texts:
    """The fixed texts in the language the person chose, else in that of their Teams."""
    if reference.person.id:
        language = await preferences.get(person(reference.person.id), LANGUAGE)
        if isinstance(language, str) and language in languages():
            return Texts(language)
    return Texts.of(reference.locale)


def _flat(groups: Iterable[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(word for group in groups for word in group)
