"""What the bench of digests composes instead of the real thing: one model call, and nothing read."""

from bot.context import Outgoing
from bot.digests.work import Composed, Work
from bot.routing.caller import Caller, through
from bot.store.run import Record
from providers.base import Message, Request, Response, Text


async def compose(work: Work) -> Composed:
    """One model call, as every call goes: through budgets, policy and audit."""
    services = work.services
    name, model = next(iter(services.models.items()))
    caller = Caller(work.person, work.here.place, work.here.id, work.run.activity_id, "digest", name)
    request = Request("", (Message("user", (Text(work.run.slot),)),), max_output_tokens=500)
    said, answered = "", None
    async for event in through(services.steps, model, caller).stream(request):
        if isinstance(event, Response):
            answered = event
        elif isinstance(event, str):
            said += event
    assert answered is not None
    record = Record({"mail": 10}, model=answered.model, usage=answered.usage, items=5)
    return Composed(Outgoing(f"{work.run.subscription_id} {said}", ai=True), {"mail": 1}, record)
