"""A question that is asked on a schedule: it goes the way of every question, and its answer is kept for delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.answer.modes import MODES, Mode, answer_as
from bot.choice import chosen_model, require, spoken_with
from bot.context import Conversation, Incoming, Outgoing, Place, Reference
from bot.cost.budgets import OverBudget
from bot.digests.work import Composed, Later, NotNow, Work
from bot.policy.rules import NotPermitted
from bot.services import Turn
from bot.store.run import Record
from bot.texts import Texts, languages
from graph.errors import SignInNeeded
from providers.errors import ProviderError


@dataclass
class _Kept:
    """A stream nobody watches."""

    finished: Outgoing | None = None
    message_id: str = ""

    async def status(self, text: str) -> None:
        del text

    async def text(self, delta: str) -> None:
        del delta

    async def restart(self, status: str) -> None:
        del status

    async def finish(self, message: Outgoing) -> None:
        self.finished = message


@dataclass
class _Aside:
    """The conversation it will be sent to, written into by nobody yet. `there`: the real one, for who can read in it."""

    reference: Reference
    there: Conversation | None
    kept: _Kept = field(default_factory=_Kept)

    async def send(self, message: Outgoing) -> str:
        del message
        return ""

    async def update(self, id: str, message: Outgoing) -> None:
        del id, message

    def stream(self) -> _Kept:
        return self.kept

    async def typing(self) -> None:
        pass

    async def send_privately(self, message: Outgoing) -> str:
        del message
        return ""

    async def group_id(self) -> str:
        return await self.there.group_id() if self.there is not None else ""

    async def members(self) -> frozenset[str] | None:
        return await self.there.members() if self.there is not None else None


async def prompted(work: Work) -> Composed:
    """Raises `Later`, `NotNow`, `SignInNeeded`."""
    options = work.subscription.options
    there = await _there(work)
    aside = _Aside(work.here, there)
    turn, needed = await _turn(work, aside)
    asked = replace(turn.incoming)
    try:
        model = await _model(turn, options)
        await answer_as(_mode(options), turn, asked, model)
    except NotPermitted as error:
        raise NotNow("policy") from error
    except OverBudget as error:
        raise NotNow("budget") from error
    except ProviderError as error:
        raise Later("model") from error
    if needed:
        raise needed[0]
    found = aside.kept.finished
    if found is None:
        raise NotNow("right")  # who joined may not see it, so it was not answered here
    if not found.ai:
        raise Later("model")  # a sentence about why no model answered
    kept = await turn.services.answers.latest(asked.kept_under, work.person.id)
    read = {} if kept is None else dict.fromkeys(kept.kept.searched, 0) | {"read": len(kept.kept.read)}
    usage = Record().usage if kept is None else kept.kept.usage
    failed = () if kept is None else tuple(one.what for one in kept.kept.failed)
    record = Record(read, failed, found.model, usage, items=len(found.citations))
    notices = (turn.say("brief.late"), *found.notices) if work.run.late else found.notices
    return Composed(replace(found, notices=notices), {}, record)


async def _there(work: Work) -> Conversation | None:
    """The owner has to be in it still. Raises `NotNow`."""
    if work.here.place is Place.PERSONAL:
        return None
    there = await work.services.open_conversation(work.here.id, work.person)
    if there is None:
        raise NotNow("gone")
    members = await there.members()
    if members is None:
        raise Later("graph")
    if work.person.id not in members:
        raise NotNow("right")
    return there


async def _turn(work: Work, aside: _Aside) -> tuple[Turn, list[SignInNeeded]]:
    needed: list[SignInNeeded] = []

    async def note(turn: Turn, wanted: SignInNeeded | None) -> None:
        del turn
        needed.append(wanted or SignInNeeded("The person has to sign in."))

    async def nothing() -> None:
        pass

    async def nowhere(turn: Turn, question: str) -> bool:
        del turn, question
        return False

    services = replace(work.services, ask_to_sign_in=note, ask_privately=nowhere)
    asked = Incoming(work.run.activity_id, work.subscription.prompt, work.here)
    return Turn(asked, aside, services, nothing, await _say(work), digest=True), needed


async def _say(work: Work) -> Texts:
    asked = work.subscription.options.get("language")
    if isinstance(asked, str) and asked in languages():
        return Texts(asked)
    return await spoken_with(work.services.preferences, work.here)


async def _model(turn: Turn, options: Mapping[str, object]) -> str:
    """What was chosen for it, as long as there is such a model; else what would answer here. Raises `NotPermitted`."""
    wanted = options.get("model")
    if isinstance(wanted, str) and wanted in turn.services.models:
        await require(turn, wanted)
        return wanted
    chosen = await chosen_model(turn)
    await require(turn, chosen.name)
    return chosen.name


def _mode(options: Mapping[str, object]) -> Mode:
    return next((mode for mode in MODES if options.get("mode") == mode), "none")
