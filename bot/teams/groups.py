"""Which Microsoft 365 group a team is: Teams' own id of a team says nothing to Graph."""

from bot.context import Reference
from bot.teams.connector import Connector
from bot.teams.errors import ConnectorError

_KEPT = 1000


class Groups:
    """One a process. A team never changes its group."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known: dict[str, str] = {}

    async def of(self, reference: Reference) -> str:
        """Entra object id; empty outside teams, and when the service does not say."""
        if not reference.team_id:
            return ""
        if reference.team_id not in self._known:
            try:
                team = await self._connector.team(reference.service_url, reference.team_id)
            except ConnectorError:
                return ""
            id = team.get("aadGroupId")
            if not isinstance(id, str) or not id:
                return ""
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[reference.team_id] = id
        return self._known[reference.team_id]
