"""Room that runs out."""

import pytest

from bot.doctor.checks.disk import MIB, judged
from bot.doctor.finding import State


@pytest.mark.parametrize(("mib", "state"), [(99, State.WRONG), (1023, State.WARNING), (1024, State.OK)])
def test_room(mib: int, state: State) -> None:
    found = judged(mib * MIB)
    assert found.state is state
    assert f"{mib:,} MiB" in found.what
    assert (state is State.OK) or "DATABASE_URL" in found.cure
