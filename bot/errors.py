"""What went wrong -> what the person reads (one table, the most specific type wins), and what the log may hold of it."""

import traceback
from pathlib import PurePath

from graph import errors as graph
from providers import errors as providers

_MOST_CAUSES = 4
_MOST_FRAMES = 6

SENTENCES: dict[type[BaseException], str] = {
    graph.ConsentRequired: "I need your permission to look into your mail and files first. Say *sign in* and I'll ask for it.",
    graph.SignInNeeded: "Your sign-in has ended. Say *sign in* and I'll send you a new card.",
    graph.Throttled: "Microsoft asked me to slow down. Please try again in a minute.",
    graph.Forbidden: "You have no permission for that in Microsoft 365.",
    graph.NotFound: "That is no longer there.",
    graph.Unavailable: "Microsoft 365 did not answer. Nothing was changed; please try again in a moment.",
    graph.GraphError: "Microsoft 365 could not do that. Please try again; if it stays so, tell whoever runs me.",
    providers.AccessRefused: "The model refused my key. Whoever runs me has to check it; asking again will not help.",
    providers.OutOfQuota: "The account with the model's vendor is used up. Whoever runs me has to look at it.",
    providers.ContextTooLong: "That was too much text for the model. Ask about less at once, or say *new* to start over.",
    providers.BadRequest: "The model could not take my request. Whoever runs me will find the reason in the log.",
    providers.RateLimited: "The model is being asked too much right now. Please try again in a minute.",
    providers.Overloaded: "The model's vendor is overloaded. Please try again in a minute.",
    providers.TimedOut: "The model did not answer in time. Please try again.",
    providers.NetworkFailed: "I could not reach the model. Please try again in a moment.",
    providers.Incomplete: "The model's answer broke off before its end, so I am not showing it as one. Please ask again.",
    providers.ProviderError: "The model could not answer. Please try again.",
    Exception: "Something went wrong on my side, and I could not answer. Please ask again.",
}


def sentence(error: BaseException, reference: str) -> str:
    """For the person. `reference` is what the log has it under; shown for faults that whoever runs us must look at."""
    for kind in type(error).__mro__:
        if kind in SENTENCES:
            found = SENTENCES[kind]
            return f"{found} (Reference {reference})" if _ours(kind) else found
    return f"{SENTENCES[Exception]} (Reference {reference})"


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
