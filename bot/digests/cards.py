"""The cards a digest is asked for with: what may be had, what was understood, what is unclear, and the form to change it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.answer.models import shown
from bot.cards.kit import Element, button, card, choice, facts, paragraph, says, typed, words
from bot.context import Outgoing, Place
from bot.digests.asking import LONGEST, PROMPT, Draft
from bot.digests.describing import describe, moment
from bot.digests.kind import kinds
from bot.digests.phrases import Ask
from bot.digests.schedule import Schedule
from bot.services import Turn
from bot.texts import Texts
from graph.options import zone_of

SAVE, CHANGE, SET, DROP, ANSWER, OTHER = (
    "digest.save", "digest.change", "digest.set", "digest.drop", "digest.answer", "digest.other",
)  # fmt: skip
SHOWN_TIMES = 3
STARTERS = (
    "morning", "waiting_on_me", "week_ahead", "meeting_prep", "catch_up", "project", "channel_report",
)  # fmt: skip
"""In the order people are offered them; those of this build."""
USUAL = "*"
"""In the form: whatever model answers its person otherwise. No model is called so."""
MODES = ("none", "compare", "review")


def zone_here(turn: Turn) -> ZoneInfo:
    """The person's own, as Teams tells it."""
    return zone_of(turn.incoming.reference.timezone)


def sealed(turn: Turn, verb: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """For this person's hands only."""
    return turn.services.seal.sign(
        verb, data, person_id=turn.person.id, conversation_id=turn.incoming.reference.id
    )  # fmt: skip


def starters(turn: Turn) -> Outgoing:
    """What may be had, each a button that says it in the person's name: what is understood of it is shown before it is kept."""
    say = turn.say
    names = [name for name in STARTERS if name in kinds() and _fits(turn, name)]
    offered = [says(say(f"digest.starter_{name}"), say(f"digest.starter_{name}_said")) for name in names]
    body = [
        paragraph(say("digest.starters"), heading=True),
        paragraph(say("digest.starters_how")),
        {"type": "ActionSet", "actions": offered},
    ]
    fallback = "\n".join([say("digest.starters"), *(say(f"digest.starter_{name}_said") for name in names)])
    listed = [says(say("digest.mine"), say("digest.mine_said"))]
    return Outgoing("", card=card(body, fallback=fallback, language=say.language, actions=listed))


def confirm(turn: Turn, draft: Draft, *, told: str = "", again: bool = False) -> Outgoing:
    """What was understood, before it is kept. `told`: a sentence above it; `again`: it is there already and was changed."""
    say = turn.say
    pairs = about(turn, draft)
    title = say("digest.confirm_change" if again else "digest.confirm")
    body = [
        paragraph(title, heading=True),
        *([paragraph(told)] if told else []),
        words(draft.what or say("digest.unnamed"), bold=True),
        facts(pairs),
        *([paragraph(say("digest.assumed"), subtle=True)] if draft.assumed else []),
    ]
    data = draft.to_json()
    actions = [button(say("digest.save"), sealed(turn, SAVE, {"draft": data, "again": again}), style="positive")]
    if draft.other is not None:
        meant = {**data, "schedule": draft.other.to_json()}
        title_other = say("digest.other", time=f"{draft.other.start:%H:%M}")
        actions.append(button(title_other, sealed(turn, OTHER, {"draft": meant, "again": again})))
    actions += [
        button(say("digest.change"), sealed(turn, CHANGE, {"draft": data, "again": again})),
        button(say("digest.drop"), sealed(turn, DROP, {"draft": data, "again": again})),
    ]
    lines = "\n".join([title, draft.what, *(f"{name}: {value}" for name, value in pairs), say("digest.confirm_how")])
    return Outgoing("", card=card(body, fallback=lines, language=say.language, actions=actions))


def about(turn: Turn, draft: Draft) -> list[tuple[str, str]]:
    """When, where, how: as facts."""
    say = turn.say
    pairs = [
        (say("digest.when"), describe(draft.schedule, say)),
        (say("digest.next"), "\n\n".join(next_times(turn, draft.schedule)) or say("digest.over")),
        (say("digest.where"), place(draft, say)),
    ]
    if draft.kind != PROMPT:
        pairs.append((say("digest.kind"), say(f"digest.kind_{draft.kind}")))
    if "model" in draft.options or draft.options.get("mode", "none") != "none":
        pairs.append((say("digest.answers"), who_answers(draft.options, say)))
    if draft.kind != PROMPT:
        empty = "line" if draft.options.get("empty") == "line" else "silent"
        pairs.append((say("digest.empty"), say(f"digest.empty_{empty}")))
    return pairs


def next_times(turn: Turn, schedule: Schedule, n: int = SHOWN_TIMES) -> list[str]:
    """On the person's clock, and on the schedule's own where that is another one."""
    mine, say = zone_here(turn), turn.say
    found = []
    for slot in schedule.slots(turn.services.now(), n):
        line = moment(slot.at.astimezone(mine), say)
        if slot.at.astimezone(mine).replace(tzinfo=None) != slot.at.astimezone(ZoneInfo(schedule.zone)).replace(
            tzinfo=None
        ):
            line = say("digest.elsewhere", moment=line, time=f"{slot.local:%H:%M}", zone=schedule.zone)
        found.append(line)
    return found


def place(draft: Draft, say: Texts) -> str:
    return say(f"digest.where_{draft.where or 'me'}", name=draft.channel)


def who_answers(options: Mapping[str, Any], say: Texts) -> str:
    model = options.get("model")
    name = shown(str(model)) if model else say("digest.model_usual")
    mode = options.get("mode", "none")
    return name if mode == "none" else say(f"digest.mode_{mode}", name=name)


def question(turn: Turn, text: str, ask: Ask) -> Outgoing:
    """What is unclear, with answers to press and room to type another one."""
    say = turn.say
    asked = say(f"schedule.ask.{ask.key}", **ask.named)
    offered = say(f"digest.answers_{ask.key}").split("; ") if say.has(f"digest.answers_{ask.key}") else []
    data = {"text": text, "key": ask.key, "named": dict(ask.named)}
    body: list[Element] = [
        paragraph(asked),
        typed("answer", say("digest.your_answer"), placeholder=say("digest.answer_example"), most=100),
    ]
    actions = [button(one, sealed(turn, ANSWER, {**data, "answer": one})) for one in offered]
    actions.append(button(say("digest.answer"), sealed(turn, ANSWER, data), style="positive"))
    return Outgoing("", card=card(body, fallback=asked, language=say.language, actions=actions))


def form(turn: Turn, draft: Draft, permitted: Sequence[str], *, again: bool, told: str = "") -> Outgoing:
    """All that may be changed. `permitted`: names of models that may answer."""
    say, options = turn.say, draft.options
    written = describe(draft.schedule, say)
    body: list[Element] = [
        paragraph(say("digest.form"), heading=True),
        *([paragraph(told)] if told else []),
        typed(
            "what", say("digest.what"), most=LONGEST, lines=True, value=draft.what, required=say("digest.what_missing")
        ),
        typed("when", say("digest.when"), most=100, value=written, required=say("digest.when_missing")),
        choice("where", say("digest.where"), _places(turn, draft), chosen=draft.where or "me"),
    ]
    zones = dict.fromkeys((draft.schedule.zone, zone_here(turn).key))
    if len(zones) > 1:
        body.append(choice("zone", say("digest.zone"), [(zone, zone) for zone in zones], chosen=draft.schedule.zone))
    models = [(say("digest.model_usual"), USUAL), *((shown(name), name) for name in permitted)]
    body.append(choice("model", say("digest.answers"), models, chosen=str(options.get("model") or USUAL)))
    if draft.kind == PROMPT:
        modes = [(say(f"digest.way_{mode}"), mode) for mode in MODES if mode == "none" or len(permitted) > 1]
        body.append(choice("mode", say("digest.way"), modes, chosen=str(options.get("mode") or "none")))
    else:
        empties = [(say(f"digest.empty_{one}"), one) for one in ("silent", "line")]
        body.append(choice("empty", say("digest.empty"), empties, chosen=str(options.get("empty") or "silent")))
    data = {"draft": draft.to_json(), "again": again, "written": written}
    actions = [
        button(say("digest.go_on"), sealed(turn, SET, data), style="positive"),
        button(say("digest.drop"), sealed(turn, DROP, data)),
    ]
    return Outgoing("", card=card(body, fallback=say("digest.form"), language=say.language, actions=actions))


def note(turn: Turn, text: str, *actions: Element) -> Outgoing:
    """A card with one sentence, in place of one that is over."""
    shown_card = card([paragraph(text)], fallback=text, language=turn.say.language, actions=actions)
    return Outgoing("", card=shown_card)


def _places(turn: Turn, draft: Draft) -> list[tuple[str, str]]:
    """Where it goes now, to the person alone, and where the form stands."""
    here = turn.incoming.reference
    found = [draft.where or "me", "me"]
    if here.place is not Place.PERSONAL:
        found.append("here")
    if here.place is Place.CHANNEL and ";" in here.id:
        found.append("thread")
    return [(place(_named(draft, where), turn.say), where) for where in dict.fromkeys(found)]


def _named(draft: Draft, where: str) -> Draft:
    return Draft(draft.what, draft.schedule, where=where, channel=draft.channel if where == draft.where else "")


def _fits(turn: Turn, name: str) -> bool:
    shared = turn.incoming.reference.place is not Place.PERSONAL
    return name == "channel_report" if shared else name != "channel_report"


def said_moment(seconds: float, turn: Turn) -> str:
    """Seconds since 1970 on the person's clock."""
    return moment(datetime.fromtimestamp(seconds, zone_here(turn)), turn.say)
