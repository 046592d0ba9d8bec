"""What a process holds in memory about somebody is dropped when they are erased: whoever keeps something adds itself here."""

from collections.abc import Callable

Forget = Callable[[str], None]
"""Gets an Entra object id."""


class Forgetting:
    """One a database and process."""

    def __init__(self) -> None:
        self._all: list[Forget] = []

    def add(self, forget: Forget) -> None:
        self._all.append(forget)

    def __call__(self, person_id: str) -> None:
        for forget in self._all:
            forget(person_id)
