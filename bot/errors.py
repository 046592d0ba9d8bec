"""What went wrong -> what the person reads (one table, the most specific type wins), and what the log may hold of it."""

import traceback
from pathlib import PurePath

from bot.cost.budgets import OverBudget
from bot.cost.words import stopped
from bot.policy.rules import NotPermitted
from bot.texts import Texts
from graph import errors as graph
from providers import errors as providers

_MOST_CAUSES = 4
_MOST_FRAMES = 6

SENTENCES: dict[type[BaseException], str] = {
    graph.ConsentRequired: "trouble.not_allowed",
    graph.SignInNeeded: "trouble.sign_in_ended",
    graph.Throttled: "trouble.throttled",
    graph.Forbidden: "trouble.forbidden",
    graph.NotFound: "trouble.not_found",
    graph.Unavailable: "trouble.unavailable",
    graph.GraphError: "trouble.graph",
    providers.AccessRefused: "trouble.access_refused",
    providers.OutOfQuota: "trouble.out_of_quota",
    providers.ContextTooLong: "trouble.too_long",
    providers.BadRequest: "trouble.bad_request",
    providers.RateLimited: "trouble.rate_limited",
    providers.Overloaded: "trouble.overloaded",
    providers.TimedOut: "trouble.timed_out",
    providers.NetworkFailed: "trouble.network",
    providers.Incomplete: "trouble.incomplete",
    NotPermitted: "trouble.not_permitted",
    OverBudget: "cost.stop",
    providers.ProviderError: "trouble.provider",
    Exception: "trouble.failed",
}
"""Keys of `bot.texts`."""


def sentence(error: BaseException, reference: str, say: Texts) -> str:
    """For the person. `reference` is what the log has it under; shown for faults that whoever runs us must look at."""
    kind = _known(type(error))
    text = stopped(error, say) if isinstance(error, OverBudget) else say(SENTENCES[kind])
    text = say(SENTENCES[kind], rule=error.rule) if isinstance(error, NotPermitted) else text
    return say("trouble.referenced", text=text, reference=reference) if _ours(kind) else text


def why(kind: type[BaseException], say: Texts) -> str:
    """The sentence alone, for a failure that is past."""
    return say(SENTENCES[_known(kind)])


def _known(kind: type[BaseException]) -> type[BaseException]:
    return next((each for each in kind.__mro__ if each in SENTENCES), Exception)


def without_content(error: BaseException) -> str:
    """For the log: kinds and places only, since messages of exceptions may quote what people wrote. Causes included."""
    said: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(said) < _MOST_CAUSES:
        frames = traceback.extract_tb(seen.__traceback__)[-_MOST_FRAMES:]
        places = " < ".join(f"{f.name}:{f.lineno} ({PurePath(f.filename).name})" for f in reversed(frames))
        said.append(f"{type(seen).__name__} in {places}" if places else type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    return ", from ".join(said)


def _ours(kind: type[BaseException]) -> bool:
    return kind in {Exception, providers.AccessRefused, providers.BadRequest, providers.ProviderError, graph.GraphError}
