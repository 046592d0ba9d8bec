"""What somebody sees of the digests they have: the list, one of them, and what became of each due time of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cards.kit import Element, button, card, entry, facts, paragraph, says, words
from bot.context import Outgoing
from bot.cost.words import money
from bot.digests.asking import PROMPT, Draft
from bot.digests.cards import about, next_times, said_moment, sealed
from bot.digests.describing import describe
from bot.digests.schedule import BadSchedule, Schedule
from bot.digests.steering import described
from bot.naming import source
from bot.services import Turn
from bot.store.run import Run
from bot.store.steering import Wish
from bot.store.subscriptions import Subscription

OPEN, PAUSE, RESUME, DELETE, ERASE, NOW, PREVIEW, HISTORY, EDIT, WISHES, UNDO = (
    "digests.open", "digests.pause", "digests.resume", "digests.delete", "digests.erase", "digests.now", "digests.preview",
    "digests.history", "digests.edit", "digests.wishes", "digests.undo",
)  # fmt: skip
MOST_LISTED = 25
MOST_RUNS = 12
_TOLD = 200


def draft_of(asked: Subscription) -> Draft:
    """Raises `BadSchedule`."""
    options = dict(asked.options)
    where, channel = str(options.pop("where", "me")), str(options.pop("channel", ""))
    schedule = Schedule.from_json(asked.schedule)
    return Draft(
        asked.prompt, schedule, asked.kind, asked.conversation_id, where, channel, options, id=asked.id
    )  # fmt: skip


def title(turn: Turn, asked: Subscription) -> str:
    name = asked.prompt or turn.say(f"digest.kind_{asked.kind}" if asked.kind != PROMPT else "digest.unnamed")
    return name if len(name) <= _TOLD else f"{name[: _TOLD - 1]}…"


def state(turn: Turn, asked: Subscription) -> str:
    """ "every weekday at 08:30, next on Tuesday", or why there is none."""
    say = turn.say
    try:
        schedule = Schedule.from_json(asked.schedule)
    except BadSchedule:
        return say("digests.state_unreadable")
    when = describe(schedule, say)
    if asked.state == "active":
        coming = next_times(turn, schedule, 1)
        return say("digests.state_active", when=when, next=coming[0]) if coming else when
    return say(f"digests.state_{asked.state}", when=when, why=why(turn, asked.why))


def why(turn: Turn, key: str) -> str:
    """As a sentence of `[digests.why]`, with what the notices say for the rest."""
    if not key:
        return turn.say("digests.why.wanted")
    for full in (f"digests.why.{key}", f"digest_notice.why_{key}"):
        if turn.say.has(full):
            return turn.say(full)
    return turn.say("digest_notice.why_failed")


def listed(turn: Turn, mine: Sequence[Subscription], *, told: str = "", shared: bool = False) -> Outgoing:
    """`shared`: those that are sent to this place, whoever asked for them; only the asker's own can be opened."""
    say = turn.say
    heading = say("digests.here" if shared else "digests.mine")
    new = [says(say("digests.new"), say("digests.new_said"))]
    if not mine:
        nothing = say("digests.none_here" if shared else "digests.none")
        body = [*([paragraph(told)] if told else []), paragraph(nothing)]
        return Outgoing("", card=card(body, fallback=nothing, language=say.language, actions=new))
    rows, lines = list[Element](), list[str]()
    for number, asked in enumerate(mine[:MOST_LISTED], 1):
        name, below = f"{number}. {title(turn, asked)}", state(turn, asked)
        if shared:
            below = f"{below}\n{say('digests.by', name=asked.name)}"
        own = asked.owner == turn.person.id
        opened = [button(say("digests.open"), sealed(turn, OPEN, {"id": asked.id}), hint=name[:80])] if own else []
        rows.append(entry(name, below, *opened))
        lines.append(f"{name}: {below}")
    body = [
        paragraph(heading, heading=True), *([paragraph(told)] if told else []), *rows,
        paragraph(say("digests.how"), subtle=True),
    ]  # fmt: skip
    return Outgoing("", card=card(body, fallback="\n".join([heading, *lines]), language=say.language, actions=new))


def one(
    turn: Turn, asked: Subscription, wishes: Sequence[Wish] = (), last: Run | None = None, *, told: str = ""
) -> Outgoing:
    say, draft = turn.say, draft_of(asked)
    pairs = [pair for pair in about(turn, draft) if asked.state == "active" or pair[0] != say("digest.next")]
    if asked.state != "active":
        pairs.insert(0, (say("digests.state"), say(f"digests.is_{asked.state}", why=why(turn, asked.why))))
    if last is not None:
        pairs.append((say("digests.last"), _outcome(turn, last)))
    data = {"id": asked.id}
    name = title(turn, asked)
    body = [
        *([paragraph(told)] if told else []),
        words(name, bold=True),
        facts(pairs),
    ]
    buttons = [
        button(say("digests.now"), sealed(turn, NOW, data), hint=say("digests.now_hint")),
        button(say("digests.preview"), sealed(turn, PREVIEW, data), hint=say("digests.preview_hint")),
        _switch(turn, asked, data),
        button(say("digests.edit"), sealed(turn, EDIT, data)),
        button(say("digests.history"), sealed(turn, HISTORY, data)),
        *([button(say("digests.wishes", n=len(wishes)), sealed(turn, WISHES, data))] if wishes else []),
        button(say("digests.delete"), sealed(turn, DELETE, data), style="destructive"),
    ]
    lines = "\n".join([told, name, *(f"{first}: {second}" for first, second in pairs)]).strip()
    return Outgoing("", card=card(body, fallback=lines, language=say.language, actions=buttons))


def _switch(turn: Turn, asked: Subscription, data: Mapping[str, Any]) -> Element:
    if asked.state == "active":
        return button(turn.say("digests.pause"), sealed(turn, PAUSE, data))
    return button(turn.say("digests.resume"), sealed(turn, RESUME, data), style="positive")


def deletion(turn: Turn, asked: Subscription) -> Outgoing:
    say, data = turn.say, {"id": asked.id}
    actions = [
        button(say("digests.delete_yes"), sealed(turn, ERASE, data), style="destructive"),
        button(say("digests.delete_no"), sealed(turn, OPEN, data)),
    ]
    text = say("digests.delete_ask")
    body = [paragraph(text), words(title(turn, asked), bold=True)]
    return Outgoing("", card=card(body, fallback=text, language=say.language, actions=actions))


def history(turn: Turn, asked: Subscription, runs: Sequence[Run]) -> Outgoing:
    """Newest first. What fired and did nothing says so."""
    say = turn.say
    heading = say("digests.history_of")
    rows = [entry(said_moment(run.due, turn), "\n".join(record(turn, run))) for run in runs[:MOST_RUNS]]
    body = [
        paragraph(heading, heading=True),
        words(title(turn, asked), bold=True),
        *(rows or [paragraph(say("digests.no_runs"))]),
    ]
    lines = [f"{said_moment(run.due, turn)}: {_outcome(turn, run)}" for run in runs[:MOST_RUNS]]
    back = [button(say("digests.back"), sealed(turn, OPEN, {"id": asked.id}))]
    return Outgoing("", card=card(body, fallback="\n".join([heading, *lines]), language=say.language, actions=back))


def record(turn: Turn, run: Run) -> list[str]:
    """What became of one due time, line by line."""
    say, made = turn.say, run.record
    lines = [_outcome(turn, run)]
    if run.started is not None:
        begun = said_moment(run.started, turn).rpartition(" ")[2]
        ended = said_moment(run.finished, turn).rpartition(" ")[2] if run.finished is not None else "…"
        lines.append(say("digests.run_times", begun=begun, ended=ended))
    if made.read:
        read = ", ".join(f"{source(name, say)} {count}" for name, count in made.read.items())
        lines.append(say("digests.run_read", what=read))
    if made.failed:
        lines.append(say("digests.run_sources_failed", what=", ".join(source(name, say) for name in made.failed)))
    lines += _spent(turn, run)
    if run.did_nothing:
        lines.append(say("digests.run_nothing"))
    if run.uncertain:
        lines.append(say("digests.run_uncertain", n=run.uncertain))
    return lines


def _spent(turn: Turn, run: Run) -> list[str]:
    say, usage = turn.say, run.record.usage
    tokens = usage.input + usage.cache_read + usage.cache_write + usage.output
    if not run.record.model and not tokens:
        return []
    cost = money(run.cost, say) if run.cost is not None else say("cost.unknown")
    model = run.record.model or say("digests.run_no_model")
    return [say("digests.run_spent", model=model, tokens=tokens, cost=cost)]


def _outcome(turn: Turn, run: Run) -> str:
    say = turn.say
    text = say(f"digests.run_{run.state}", n=run.record.items, why=why(turn, run.why) if run.why else "")
    text = say("digests.run_late", text=text) if run.late else text
    return say("digests.run_preview", text=text) if run.preview else text


def wishes(turn: Turn, asked: Subscription, found: Sequence[Wish]) -> Outgoing:
    """What was changed with the buttons under it, each to be taken back."""
    say = turn.say
    heading = say("digests.wishes_of")
    rows = [
        entry(
            described(wish, turn), "",
            button(say("steer.undo"), sealed(turn, UNDO, {"id": asked.id, "wish": wish.id}), hint=described(wish, turn)[:80]),
        )
        for wish in found[-MOST_LISTED:]
    ]  # fmt: skip
    body = [
        paragraph(heading, heading=True),
        words(title(turn, asked), bold=True),
        *(rows or [paragraph(say("digests.no_wishes"))]),
    ]
    lines = "\n".join([heading, *(described(wish, turn) for wish in found)])
    back = [button(say("digests.back"), sealed(turn, OPEN, {"id": asked.id}))]
    return Outgoing("", card=card(body, fallback=lines, language=say.language, actions=back))
