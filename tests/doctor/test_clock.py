"""The tenant's clock is moved against ours; its answers carry its time."""

import pytest

from bot.doctor.finding import State
from infra.local.world import Fault
from tests.doctor.site import Site, told


@pytest.mark.parametrize(("seconds", "words"), [(420.0, "behind Microsoft's"), (-420.0, "ahead of Microsoft's")])
async def test_a_clock_that_is_wrong(site: Site, seconds: float, words: str) -> None:
    site.world.clock.advance(seconds)
    await site.finds("clock", words, "timedatectl")


async def test_a_clock_that_goes_wrong(site: Site) -> None:
    site.world.clock.advance(90)
    await site.finds("clock", "timedatectl", state=State.WARNING)


async def test_a_few_seconds_are_nothing(site: Site) -> None:
    site.world.clock.advance(20)
    assert (await site.examined("clock"))[0].state is State.OK


async def test_an_answer_without_a_date(site: Site) -> None:
    site.world.faults.append(Fault("entra", "* *openid-configuration", kind="reset", times=9))
    found = await site.examined("clock")
    assert found[0].state is State.UNCHECKED
    assert "`identity`" in told(found)
