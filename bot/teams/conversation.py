"""A Teams conversation as commands see it, and who can read in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.context import Outgoing, Place, Receipt, Reference
from bot.stopping import Stopping
from bot.teams.activities import thread_root
from bot.teams.connector import Connector
from bot.teams.displays import Timing
from bot.teams.errors import Ambiguous, ConnectorError
from bot.teams.groups import Groups
from bot.teams.messages import activities, typing
from bot.teams.outlet import OnGone, Outlet, nobody_cares
from bot.teams.pacing import Gaps
from bot.teams.private import Personal, PrivateLine
from bot.teams.refusals import Refusals
from bot.teams.stream import Answer

MEMBERS_SECONDS = 60.0
"""How long a list of members is believed: short, since it decides who may learn what."""
FAILED_SECONDS = 10.0
"""How long nobody is asked again after the service did not say: until then nobody but the asker is known."""
_KEPT = 5000


@dataclass(frozen=True, slots=True)
class _Listed:
    at: float
    members: frozenset[str]
    team_id: str


class Roster:
    """Members of conversations; one a process. `now` is monotonic seconds."""

    def __init__(self, connector: Connector, *, now: Callable[[], float]) -> None:
        self._connector = connector
        self._now = now
        self._known: dict[tuple[str, str], _Listed] = {}
        self._failed: dict[tuple[str, str], float] = {}
        self._forgets = 0

    async def members(self, reference: Reference) -> frozenset[str] | None:
        """Entra object ids of everybody; None when the service does not say, or says it of not everybody."""
        key = (reference.service_url, thread_root(reference.id)[0])
        known = self._known.get(key)
        if known is not None and self._now() - known.at < MEMBERS_SECONDS:
            return known.members
        if self._now() - self._failed.get(key, -FAILED_SECONDS) < FAILED_SECONDS:
            return None
        forgets = self._forgets
        try:
            listed = await self._connector.members(*key)
        except ConnectorError:
            # Asked again and again within one turn, a service in trouble would cost half a minute.
            if len(self._failed) >= _KEPT:
                self._failed.clear()
            self._failed[key] = self._now()
            return None
        ids = [member.get("objectId") or member.get("aadObjectId") for member in listed]
        named = [id for id in ids if isinstance(id, str) and id]
        if not named or len(named) != len(ids):
            return None
        listed_now = _Listed(self._now(), frozenset(named), reference.team_id)
        if forgets == self._forgets:  # else somebody may have joined while the list was on its way
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = listed_now
        return listed_now.members

    def forget_person(self, person_id: str) -> None:
        """Erased: every list they are in is asked for anew."""
        for key in [key for key, listed in self._known.items() if person_id in listed.members]:
            del self._known[key]

    def forget(self, reference: Reference) -> None:
        """Somebody joined or left. A team's channels share its members, and Teams tells of one of them only."""
        self._forgets += 1
        key = (reference.service_url, thread_root(reference.id)[0])
        self._known.pop(key, None)
        self._failed.pop(key, None)
        if reference.team_id:
            same = [key for key, listed in self._known.items() if listed.team_id == reference.team_id]
            for key in same:
                del self._known[key]


async def nowhere(reference: Reference) -> Reference | None:
    """For those who know no personal chats."""
    del reference
    return None


@dataclass(frozen=True, slots=True)
class Office:
    """What all conversations share."""

    connector: Connector
    roster: Roster
    timing: Timing
    refusals: Refusals | None = None
    """Who may not be streamed to; None: it is tried every time."""
    on_gone: OnGone = nobody_cares
    answer: type[Answer] = Answer
    gaps: Gaps = field(default_factory=Gaps)
    personal: Personal = nowhere
    """Where a person can be told something privately."""
    groups: Groups | None = None

    def forget(self, person_id: str) -> None:
        """Erased."""
        self.roster.forget_person(person_id)
        if self.refusals is not None:
            self.refusals.forget(person_id)


class TeamsConversation:
    """`bot.context.Conversation`. With a receipt it answers one incoming activity; without, it writes of its own accord (a digest).

    `privately`: the id of a question that only its person sees; then nobody else sees anything that is said here.
    """

    def __init__(
        self,
        reference: Reference,
        office: Office,
        receipt: Receipt | None = None,
        stopping: Stopping | None = None,
        *,
        privately: str = "",
    ) -> None:
        self.reference = reference
        self._office = office
        self._receipt = receipt
        self._stopping = stopping or Stopping()
        self._line = self._private(privately) if privately else office.connector
        self._outlet = Outlet(reference, self._line, None, office.on_gone)
        self._answer: Answer | None = None

    async def send(self, message: Outgoing) -> str:
        """Raises `bot.teams.errors`; `Ambiguous` when it may have been posted. Nothing follows an answer that was stopped."""
        if self._receipt is not None and self._answer is None:
            # The first thing said in a turn is its answer, with all that protects an answer.
            stream = self.stream()
            await stream.finish(message)
            return stream.message_id
        if self._answer is not None and self._answer.stopped:
            return ""
        id = ""
        for activity in activities(message, self.reference):
            id = await self._outlet.post(activity)
        return id

    async def update(self, id: str, message: Outgoing) -> None:
        """Puts the message in place of an earlier one of ours; what is too long for one follows as new messages."""
        first, *more = activities(message, self.reference)
        await self._outlet.put(id, first)
        for activity in more:
            await self._outlet.post(activity)

    async def delete(self, id: str) -> None:
        """Takes a message of ours away."""
        await self._outlet.remove(id)

    def stream(self) -> Answer:
        """The answer in the making: the same one until it is finished, so that a failure's sentence replaces what was shown."""
        if self._answer is None or (self._answer.finished and not self._answer.stopped):
            office = self._office
            receipt = self._receipt if self._answer is None else None
            outlet = Outlet(self.reference, self._line, receipt, office.on_gone, office.gaps)
            self._answer = office.answer(outlet, office.timing, office.refusals, self._stopping)
        return self._answer

    async def typing(self) -> None:
        await self._outlet.post(typing(self.reference), passing=True)

    async def send_privately(self, message: Outgoing) -> str:
        """`Ambiguous` when it may have been posted; any other failure returns nothing."""
        reference, office = self.reference, self._office
        line = office.connector if reference.place is Place.PERSONAL else self._private()
        outlet = Outlet(reference, line, None, office.on_gone)
        try:
            for activity in activities(message, reference):
                await outlet.post(activity)
        except Ambiguous:
            raise
        except ConnectorError:
            return ""
        return line.where if isinstance(line, PrivateLine) else "personal"

    async def group_id(self) -> str:
        return await self._office.groups.of(self.reference) if self._office.groups is not None else ""

    def _private(self, about: str = "") -> PrivateLine:
        return PrivateLine(self._office.connector, self.reference, self._office.personal, about)

    async def members(self) -> frozenset[str] | None:
        if self.reference.place is Place.PERSONAL:
            return frozenset({self.reference.person.id}) if self.reference.person.id else None
        return await self._office.roster.members(self.reference)

    async def aclose(self) -> None:
        """Ends what still runs for an answer that was never finished."""
        if self._answer is not None:
            await self._answer.aclose()
