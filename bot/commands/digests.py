"""The digests somebody has: listed, shown, changed, paused, made now or tried out, deleted; and what became of each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.choice import verdicts
from bot.context import Outgoing, Place
from bot.digests import buttons, cards, lists
from bot.digests.caps import refusal
from bot.digests.due import first_due
from bot.digests.schedule import BadSchedule, Schedule
from bot.digests.service import run_now
from bot.router import Command
from bot.services import Turn
from bot.store.subscriptions import Subscription
from bot.texts import Texts, languages

_ENDED_SHOWN = 5
_ORDERS = ("open", "pause", "resume", "delete", "now", "preview", "history", "edit", "wishes")
Do = Callable[[Turn, Subscription], Awaitable[Outgoing]]


async def run(turn: Turn, argument: str) -> None:
    """*digests*, or an order and a number of the list: *digests: pause 2*; an order for all: *digests: pause*."""
    if not turn.person.id:
        await _answer(turn, Outgoing(turn.say("sign_in.without_account")))
        return
    order, number = _order(argument)
    if not order and not number:
        await _answer(turn, await _listed(turn))
        return
    mine = await _mine(turn)
    if not number and order in ("pause", "resume"):
        await _answer(turn, await _all(turn, mine, order))
    elif 0 < number <= len(mine):
        await _answer(turn, await _DO[order or "open"](turn, mine[number - 1]))
    else:
        await _answer(turn, await _listed(turn, told=turn.say("digests.which")))


async def _answer(turn: Turn, message: Outgoing) -> None:
    """What somebody has is theirs to know; where others read along, only what is sent there is shown."""
    await turn.conversation.stream().finish(message)


def _order(argument: str) -> tuple[str, int]:
    words = argument.casefold().strip(" .!?").split()
    number = next((int(word.strip("#.")) for word in words if word.strip("#.").isdecimal() and len(word) < 5), 0)
    for order in _ORDERS:
        if any(word in _words(order) for word in words):
            return order, number
    return "", number


def _words(order: str) -> frozenset[str]:
    return frozenset(word for code in languages() for word in Texts(code)(f"digests.word_{order}").split(", "))


def _private(turn: Turn) -> bool:
    return turn.incoming.reference.place is Place.PERSONAL or turn.incoming.targeted


async def _mine(turn: Turn) -> list[Subscription]:
    """As they are numbered: those that go on, or can; then the last that ended. In a shared place those sent there."""
    if _private(turn):
        found = await turn.services.subscriptions.of_owner(turn.person.id)
    else:
        here = turn.incoming.reference.id.partition(";")[0]
        found = [one for one in await turn.services.subscriptions.of_conversation(here) if one.owner == turn.person.id]
    ended = [one for one in found if one.state == "ended"]
    return [*(one for one in found if one.state != "ended"), *ended[-_ENDED_SHOWN:]]


async def _listed(turn: Turn, *, told: str = "") -> Outgoing:
    mine = await _mine(turn)
    if _private(turn):
        return lists.listed(turn, mine, told=told)
    here = turn.incoming.reference.id.partition(";")[0]
    ids = {one.id for one in mine}
    others = [
        one
        for one in await turn.services.subscriptions.of_conversation(here)
        if one.id not in ids and one.state != "ended"
    ]
    return lists.listed(turn, [*mine, *others], told=told, shared=True)


async def _all(turn: Turn, mine: Sequence[Subscription], order: str) -> Outgoing:
    wanted = [one for one in mine if one.state == ("active" if order == "pause" else "paused")]
    done = [one for one in wanted if await _switched(turn, one, order) == ""]
    return await _listed(turn, told=turn.say(f"digests.all_{order}", n=len(done)))


async def _switched(turn: Turn, asked: Subscription, order: str) -> str:
    """Paused, or going on; or a sentence why it can't."""
    services = turn.services
    if order == "pause":
        await services.subscriptions.change(asked.id, "paused")
        return ""
    try:
        schedule = Schedule.from_json(asked.schedule)
    except BadSchedule:
        return turn.say("digest_notice.why_schedule")
    refused = await refusal(services, turn.say, asked.owner, schedule, asked.id)
    due = first_due(schedule, services.now().timestamp())
    if refused or due is None:
        return refused or turn.say("digest.over")
    await services.subscriptions.save(replace(asked, state="active", why="", told="", next_due=due))
    return ""


async def opened(turn: Turn, asked: Subscription, told: str = "") -> Outgoing:
    services = turn.services
    found = await services.subscriptions.get(asked.id)
    if found is None:
        return Outgoing(turn.say("digests.gone"))
    try:
        wishes = await services.steering.of(asked.id)
        runs = await services.runs.of_subscription(asked.id, 1)
        return lists.one(turn, found, wishes, runs[0] if runs else None, told=told)
    except BadSchedule:
        return Outgoing(turn.say("digest_notice.why_schedule"))


async def pause(turn: Turn, asked: Subscription) -> Outgoing:
    await _switched(turn, asked, "pause")
    return await opened(turn, asked, turn.say("digests.paused"))


async def resume(turn: Turn, asked: Subscription) -> Outgoing:
    if asked.state == "active":
        return await opened(turn, asked)
    return await opened(turn, asked, await _switched(turn, asked, "resume") or turn.say("digests.resumed"))


async def delete(turn: Turn, asked: Subscription) -> Outgoing:
    return lists.deletion(turn, asked)


async def erase(turn: Turn, asked: Subscription) -> Outgoing:
    await turn.services.subscriptions.delete(asked.id)
    return cards.note(turn, turn.say("digests.deleted"))


async def now(turn: Turn, asked: Subscription) -> Outgoing:
    """To its owner alone, wherever it goes otherwise. What it tells counts as told, unless others wait for it."""
    return await _made(turn, asked, preview=asked.options.get("where", "me") != "me")


async def preview(turn: Turn, asked: Subscription) -> Outgoing:
    return await _made(turn, asked, preview=True)


async def _made(turn: Turn, asked: Subscription, *, preview: bool) -> Outgoing:
    personal = await turn.services.personal_chat(turn.incoming.reference)
    if personal is None:
        return Outgoing(turn.say("digest.no_personal"))
    latest = await turn.services.runs.of_subscription(asked.id, 1)
    if not (latest and latest[0].slot.startswith("now:") and latest[0].state in ("due", "composing", "ready")):
        await run_now(turn.services, asked, personal.id, preview=preview)
    return await opened(turn, asked, turn.say("digests.coming_preview" if preview else "digests.coming"))


async def history(turn: Turn, asked: Subscription) -> Outgoing:
    runs = await turn.services.runs.of_subscription(asked.id, lists.MOST_RUNS)
    return lists.history(turn, asked, runs)


async def edit(turn: Turn, asked: Subscription) -> Outgoing:
    permitted = tuple(name for name, refused in (await verdicts(turn)).items() if refused is None)
    try:
        return cards.form(turn, lists.draft_of(asked), permitted, again=True)
    except BadSchedule:
        return Outgoing(turn.say("digest_notice.why_schedule"))


async def wishes(turn: Turn, asked: Subscription) -> Outgoing:
    return lists.wishes(turn, asked, await turn.services.steering.of(asked.id))


async def undo(turn: Turn, data: Mapping[str, Any]) -> None:
    async def undone(turn: Turn, asked: Subscription) -> Outgoing:
        await turn.services.steering.undo(asked.id, str(data["wish"]))
        return await wishes(turn, asked)

    await _own(undone)(turn, data)


def _own(do: Do) -> Callable[[Turn, Mapping[str, Any]], Awaitable[None]]:
    """A button: for the owner alone, whoever got hold of it; the card it stands in shows what holds now.

    Under a digest the same button answers below it: the digest stays.
    """

    async def click(turn: Turn, data: Mapping[str, Any]) -> None:
        asked = await turn.services.subscriptions.get(str(data["id"]))
        mine = asked is not None and asked.owner == turn.person.id
        message = await do(turn, asked) if asked is not None and mine else cards.note(turn, turn.say("digests.gone"))
        if data.get("below"):
            await turn.conversation.stream().finish(message)
        else:
            shown = message if message.card is not None else cards.note(turn, message.text)
            await turn.conversation.update(turn.incoming.reply_to, shown)

    return click


_DO: Mapping[str, Do] = {
    "open": opened, "pause": pause, "resume": resume, "delete": delete, "now": now, "preview": preview, "history": history,
    "edit": edit, "wishes": wishes,
}  # fmt: skip


COMMAND = Command(
    help="what I do for you on a schedule: see, change, pause or delete it",
    run=run,
    clicks={
        **{f"digests.{order}": _own(do) for order, do in _DO.items()},
        lists.ERASE: _own(erase),
        lists.UNDO: undo,
        buttons.STEER: buttons.press,
        buttons.TAKE_BACK: buttons.take_back,
    },
)
