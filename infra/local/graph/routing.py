"""Which request goes where, and which permissions it needs: the table of everything this wire claims to serve."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import Service, refusal

Handler = Callable[..., Answer]
"""`handler(call, **named path segments)`."""


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` below the version; `{name}` is one segment. `/me/...` stands for `/users/{id}/...` too."""

    method: str
    pattern: str
    service: Service
    scopes: tuple[str, ...]
    """Any one of these delegated scopes or application roles opens the door (Microsoft Graph permissions reference)."""
    handler: Handler

    @property
    def parts(self) -> list[str]:
        return self.pattern.strip("/").split("/")


class Table:
    """Routes by method and length of path; a literal segment wins over a named one."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = routes
        self._by_shape: dict[tuple[str, int], list[Route]] = {}
        for route in sorted(routes, key=lambda route: [part.startswith("{") for part in route.parts]):
            self._by_shape.setdefault((route.method, len(route.parts)), []).append(route)

    def find(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str]]:
        """Raises `Refused`: 404 for an unknown path, 405 for an unknown method on a known one."""
        for route, names in self._matching(method, segments):
            return route, names
        if any(True for other in ("GET", "POST", "PATCH", "PUT", "DELETE") for _ in self._matching(other, segments)):
            raise Refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        last = segments[-1] if segments else ""
        raise Refused(400, "BadRequest", f"Resource not found for the segment '{last}'.")

    def _matching(self, method: str, segments: list[str]) -> Iterator[tuple[Route, dict[str, str]]]:
        for route in self._by_shape.get((method, len(segments)), []):
            names = _fit(route.parts, segments)
            if names is not None:
                yield route, names


FUNCTIONS = {"delta", "getallmessages", "$ref", "$count"}
"""Never an id: where they are not served, the path is unknown."""


def _fit(parts: list[str], segments: list[str]) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{") and segment.lower() not in FUNCTIONS:
            names[part[1:-1]] = segment
        elif part.lower() != segment.lower():
            return None
    return names


def permit(call: Call, route: Route) -> None:
    """Raises `Refused` (403) when the token carries none of the scopes."""
    if not route.scopes or call.has(*route.scopes):
        return
    message = ""
    if route.service == "teams":
        needed, given = ",".join(route.scopes), ",".join(sorted(call.caller.scopes))
        message = (
            f"Missing scope permissions on the request. API requires one of '{needed}'. Scopes on the request '{given}'"
        )
    raise refusal(403, route.service, message=message)
