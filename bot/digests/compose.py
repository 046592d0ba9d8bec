"""What the engine calls: one run of a subscription becomes one message, by the kind it is of."""

from bot.digests.aside import language_of
from bot.digests.brief import brief
from bot.digests.kind import kinds
from bot.digests.work import Composed, NotNow, Work


async def compose(work: Work) -> Composed:
    """`bot.digests.work.Compose`."""
    name = work.subscription.kind
    kind = kinds().get(name)
    if kind is None:
        raise NotNow("kind")
    if kind.make is not None:
        return await kind.make(work)
    return await brief(work, kind, name, await language_of(work))
