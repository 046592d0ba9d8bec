"""What people chose: which model answers, and which language is spoken with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.context import Place, Reference
from bot.policy.rules import NotPermitted, Refused, first_permitted
from bot.policy.table import AUTO, Cost, Features, class_of, pick
from bot.routing.task import features_of
from bot.services import Turn
from bot.store.preferences import Preferences
from bot.texts import Texts, languages
from graph.errors import ConsentRequired
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
AUTOMATIC = (AUTO, "automatic", "automatisch")
"""What people call the table's choice."""
STRANGERS = ("gemini", "llama", "mistral", "deepseek", "grok", "qwen")
"""Models people ask for by name: the answer is which ones there are, and no model is asked who Gemini is."""


Why = Literal["here", "always", "default"]


@dataclass(frozen=True, slots=True)
class Chosen:
    name: str
    """Of the model that answers."""
    provider: Provider
    why: Why
    """Who chose it, or the one it stands in for."""
    wanted: str
    """What was chosen: a name of MODELS, or `auto`."""
    row: str = ""
    """With `auto`: the row of the table that names it; empty when none fitted."""
    refused: Refused | None = None
    """Why the wanted one may not answer here; then the first permitted one does."""
    permitted: bool = True
    """False when no model at all may answer here: `refused` says why."""


def person(id: str) -> str:
    """The owner of what somebody chose for themselves."""
    return f"person:{id}"


def conversation(reference: Reference, *, thread: bool = True) -> str:
    """The owner of what was chosen for a conversation: one thread of a channel, or the whole channel."""
    return f"conversation:{reference.id if thread else reference.id.partition(';')[0]}"


async def chosen_model(turn: Turn) -> Chosen:
    """What answers this turn: what was chosen for it, by the table where that is `auto`, as far as the policy permits it."""
    owners = _owners(turn)
    asking = turn.services.preferences.several(*owners)  # the store looks while the directory is asked
    judged = await verdicts(turn)
    wanted, why = _wanted(turn, dict(zip(owners, await asking, strict=True)))
    if wanted == AUTO:
        return automatic(turn, features_of(turn.incoming), why, judged)
    models, refused = turn.services.models, judged[wanted]
    name = wanted if refused is None else first_permitted(judged, tuple(models)) or wanted
    return Chosen(name, models[name], why, wanted, refused=refused, permitted=judged[name] is None)


def _owners(turn: Turn) -> tuple[str, ...]:
    """Whose choice counts, from first to last: the thread's, the channel's, the asker's own."""
    reference = turn.incoming.reference
    here = (conversation(reference), conversation(reference, thread=False))
    return (*here, *((person(turn.person.id),) if turn.person.id else ()))


def _wanted(turn: Turn, kept: Mapping[str, Mapping[str, Any]]) -> tuple[str, Why]:
    """The first choice by owner, else the installation's. A model that is gone is no choice."""
    for owner, chosen in kept.items():
        name = chosen.get(MODEL)
        if isinstance(name, str) and (name in turn.services.models or name == AUTO):
            return name, "always" if owner == person(turn.person.id) else "here"
    return default_name(turn), "default"


def default_name(turn: Turn) -> str:
    """A name of MODELS, or `auto`."""
    return turn.services.policy.default or next(iter(turn.services.models))


def automatic(turn: Turn, features: Features, why: Why, judged: Mapping[str, Refused | None]) -> Chosen:
    """By the table: the first row that fits and whose model is permitted here and, where there are pictures, sees them."""
    services = turn.services
    models, policy = services.models, services.policy
    names = tuple(models)

    def cost_of(name: str) -> Cost | None:
        price = services.ledger.prices.of(models[name].door, models[name].model)
        return policy.cost_of(models[name].door, name) or class_of(price.output if price else None)

    def permitted(name: str) -> bool:
        return judged[name] is None

    def sees(name: str) -> bool:
        return permitted(name) and (models[name].images or not features.images)

    picked = pick(policy.table, features, names, cost_of, sees) or pick(
        policy.table, features, names, cost_of, permitted
    )
    if picked is None:
        return Chosen(names[0], models[names[0]], why, AUTO, refused=judged[names[0]], permitted=False)
    return Chosen(picked.name, models[picked.name], why, AUTO, picked.row)


async def verdicts(turn: Turn) -> Mapping[str, Refused | None]:
    """For every model, in their order: None where this person may have it answer here, else what forbids it."""
    services, said = turn.services, turn.incoming
    asker = await services.asker(turn.person)
    place = "digest" if turn.digest else (Place.PERSONAL if said.targeted else said.reference.place).value
    return {name: services.policy.permits(asker, place, model.door, name) for name, model in services.models.items()}


async def require(turn: Turn, name: str) -> None:
    """Raises `NotPermitted` when this model may not be asked here; `SignInNeeded` when that might be known after a sign-in."""
    refused = (await verdicts(turn))[name]
    if refused is None:
        return
    needed = (await turn.services.asker(turn.person)).needed
    if needed is not None and not isinstance(needed, ConsentRequired):
        raise needed
    raise NotPermitted(refused.rule, name)


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
    return frozenset({*_flat(DOORS.values()), *STRANGERS, *AUTOMATIC, *ours} - {DEFAULT_MODEL})


async def spoken_with(preferences: Preferences, reference: Reference) -> Texts:
    """The fixed texts in the language the person chose, else in that of their Teams."""
    if reference.person.id:
        language = await preferences.get(person(reference.person.id), LANGUAGE)
        if isinstance(language, str) and language in languages():
            return Texts(language)
    return Texts.of(reference.locale)


def _flat(groups: Iterable[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(word for group in groups for word in group)
