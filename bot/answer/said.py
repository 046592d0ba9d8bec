"""The answer as it grows, with checked citations. Text of earlier rounds stays; only when a model fails all of it is taken back."""

from bot.agent.loop import Finished, Outcome, Stopped
from bot.context import Stream
from bot.grounding.citations import Citations


class Said:
    def __init__(self, stream: Stream, citations: Citations, searching_further: str) -> None:
        self._stream = stream
        self._searching_further = searching_further
        self.citations = citations
        self._text = ""
        self._round = ""
        self._held = ""
        self._began = False

    @property
    def begun(self) -> bool:
        """Whether there are words that may have been shown."""
        return self._began

    async def anew(self, citations: Citations, status: str) -> None:
        """Takes back what was shown: another text takes its place, in the same message."""
        begun, self._began = self._began, False
        self._text = self._round = self._held = ""
        self.citations = citations
        await (self._stream.restart(status) if begun else self._stream.status(status))

    async def more(self, delta: str) -> None:
        """Looks at what is new only: an answer comes in thousands of pieces."""
        self._round += delta
        self._held += delta
        settled = self.citations.settled(self._held)
        visible = self.citations.visible(self._held[:settled], final=True)
        self._held = self._held[settled:]
        if not self._began:
            visible = visible.lstrip()
        if visible:
            self._began = True
            await self._stream.text(visible)

    async def pause(self) -> None:
        """A round ended in tool calls."""
        if self._round.strip():
            self._text += f"{self._round}\n\n"
            self._held += "\n\n"
        self._round = ""
        await self._stream.status(self._searching_further)

    def whole(self, outcome: Outcome) -> str:
        last = outcome.text if isinstance(outcome, Finished | Stopped) else ""
        return self.citations.visible(self._text + last, final=True).strip()

    def so_far(self) -> str:
        """What the person has seen, for an answer that was stopped."""
        return self.citations.visible(self._text + self._round, final=True).strip()
