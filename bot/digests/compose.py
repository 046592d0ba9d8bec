"""What the engine calls: one run of a subscription becomes one message, by the kind it is of."""

from bot.choice import spoken_with
from bot.digests.brief import brief
from bot.digests.kind import kinds
from bot.digests.work import Composed, NotNow, Work
from bot.texts import Texts, languages


async def compose(work: Work) -> Composed:
    """`bot.digests.work.Compose`."""
    name = work.subscription.kind
    kind = kinds().get(name)
    if kind is None:
        raise NotNow("kind")
    if kind.make is not None:
        return await kind.make(work)
    return await brief(work, kind, name, await language_of(work))


async def language_of(work: Work) -> Texts:
    """As the owner asked for it, else the one they are spoken with."""
    asked = work.subscription.options.get("language")
    if isinstance(asked, str) and asked in languages():
        return Texts(asked)
    return await spoken_with(work.services.preferences, work.here)
