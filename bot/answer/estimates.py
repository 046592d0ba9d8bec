"""What long work will cost, told before it begins where that is worth telling."""

from bot.agent.loop import CHARACTERS_A_TOKEN
from bot.answer.gathering import Gathered
from bot.cost.words import money
from bot.services import Turn
from providers.base import Provider

ANSWER_TOKENS = 1000
"""A long answer, with what a model thinks before it."""


def estimate_of_heads(turn: Turn, gathered: Gathered, *names: str) -> str:
    """As `estimate`, for as many answers from the same evidence as there are `names` of models."""
    given = sum(len(passage.text) for passage in gathered.passages) + sum(
        len(m.text) for m in gathered.history.messages
    )
    models = turn.services.models
    return estimate(turn, *((models[name], given, ANSWER_TOKENS) for name in names))


def estimate(turn: Turn, *works: tuple[Provider, int, int]) -> str:
    """A sentence; empty when the sum stays below ESTIMATE_ABOVE, or a price is not known.

    Each work: who is asked, how many characters are given altogether, how many tokens are written altogether.
    """
    ledger, total = turn.services.ledger, 0
    for provider, characters, written in works:
        price = ledger.prices.of(provider.door, provider.model)
        if price is None:
            return ""
        total += price.most(characters // CHARACTERS_A_TOKEN, written)
    return turn.say("cost.estimate", cost=money(total, turn.say)) if total and total >= ledger.tell_from else ""
