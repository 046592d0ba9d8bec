"""Makes a digest of items: sections gather, the same news is told once, rules rank, and one message comes of it."""

import asyncio
from dataclasses import replace

from bot.answer import consents
from bot.context import Audience, Outgoing, Place
from bot.digests.aside import Aside, there, turn_of
from bot.digests.batched import still_waiting
from bot.digests.gathering import Gathering
from bot.digests.item import Item
from bot.digests.kind import Kind
from bot.digests.merging import merged
from bot.digests.phrasing import phrased
from bot.digests.ranking import FIRST, chosen, due_counted
from bot.digests.section import sections
from bot.digests.steering import item_to_json, steered
from bot.digests.work import Composed, Later, NotNow, Work
from bot.digests.writing import failed_notice, message, written
from bot.naming import joined
from bot.store.run import Record
from bot.texts import Texts
from graph.errors import ConsentRequired
from graph.together import every

_NAMED = 3


async def brief(work: Work, kind: Kind, name: str, say: Texts) -> Composed:
    """Raises `Later`, `NotNow`, `SignInNeeded`."""
    await still_waiting(work)
    shared = await there(work)
    if shared is not None and not kind.shared:
        raise NotNow("right")
    audience = Audience(work.person.id, shared[1] if shared else None, personal=shared is None)
    gathering = Gathering.of(work, say, audience, back=kind.back, waits=kind.waits, days=kind.days, fresh=kind.fresh)
    gathering.team = await shared[0].group_id() if shared and work.here.place is Place.CHANNEL else ""
    try:
        await gathering.meet()
        if kind.window is not None:
            span = await kind.window(gathering)
            if span is None:
                return Composed(None, record=Record({"calendar": 0}))
            gathering.span = span
        items = await _items(gathering, kind)
    finally:
        await gathering.aclose()
    _all_failed(gathering)
    turn, _ = turn_of(work, Aside(work.here), say)
    await consents.offer(turn, gathering.consents)
    if not items:
        return _nothing(gathering)
    return await _told(gathering, kind, name, items)


async def _items(gathering: Gathering, kind: Kind) -> list[Item]:
    known = sections()
    parts = await every(known[name].gather(gathering) for name in kind.sections)
    news = [item for part in parts for item in part]
    # In a thread: how many there are and how long they are is for others to say, and nobody's answer is to wait for it.
    found = due_counted(await asyncio.to_thread(merged, news), gathering.today)
    work = gathering.work
    wishes = await work.services.steering.of(work.subscription.id)
    return steered(found, wishes, work.services.now().timestamp(), work.since)


async def _told(gathering: Gathering, kind: Kind, name: str, items: list[Item]) -> Composed:
    say, work = gathering.say, gathering.work
    best = chosen(items, kind.sections)
    words = await phrased(work, best.first or best.items[:FIRST], gathering.today, say)
    best = best.reordered(words.order)
    text = written(best, title_of(gathering, name), gathering.today, gathering.zone, say, phrases=words.said)
    label = work.services.labels.highest(label for item in best.items for label in item.labels)
    told = [*notices(gathering, items), *([say("brief.without_model")] if words.failed else [])]
    record = replace(_record(gathering, len(best.items)), model=words.model, usage=words.usage, batch=words.batch)
    outgoing = message(text, best, say, notices=told, label=label, model=words.model)
    return Composed(outgoing, gathering.cursors, record, items=tuple(map(item_to_json, best.items)))


def title_of(gathering: Gathering, name: str) -> str:
    day = day_said_long(gathering)
    return gathering.say(f"brief.title_{name}", day=day)


def day_said_long(gathering: Gathering) -> str:
    today, say = gathering.today, gathering.say
    weekday, month = say(f"schedule.day.{today.weekday()}"), say(f"schedule.month.{today.month}")
    return say("brief.date", weekday=weekday, day=today.day, month=month)


def notices(gathering: Gathering, items: list[Item]) -> list[str]:
    say, work = gathering.say, gathering.work
    lines = [say("brief.late")] if work.run.late else []
    lines += failed_notice(gathering.failed, say)
    hidden = [item.title for item in items if item.hidden]
    if hidden:
        lines.append(say("untrusted.hidden", what=joined(hidden[:_NAMED], say)))
    return lines


def _nothing(gathering: Gathering) -> Composed:
    """Silence, or one line, as the person prefers; who asked for it now gets an answer. A source that failed is told all the same."""
    say, work = gathering.say, gathering.work
    broken = any(why != "you have not agreed to it yet" for why in gathering.failed.values())
    if work.subscription.options.get("empty") != "line" and not (broken or work.run.preview or work.run.between):
        return Composed(None, gathering.cursors, _record(gathering, 0))
    outgoing = Outgoing(say("brief.nothing"), notices=tuple(notices(gathering, [])), language=say.language)
    return Composed(outgoing, gathering.cursors, _record(gathering, 0))


def _all_failed(gathering: Gathering) -> None:
    """Where nothing answered there is no digest to send."""
    if not gathering.failed or gathering.read:
        return
    if gathering.consents:
        raise ConsentRequired("Nothing of it may be read yet.", scopes=tuple(sorted(gathering.consents)))
    raise Later("graph")


def _record(gathering: Gathering, shown: int) -> Record:
    return Record(dict(sorted(gathering.read.items())), tuple(sorted(gathering.failed)), items=shown)
