"""What people see in a year: each slot of each schedule in one message, at its minute, none early, none left out and none twice."""

from pathlib import Path

import pytest

from tests.digests.test_due import START, ZONES, subscriptions
from tests.digests.year import in_a_year, slots


def test_two_weeks_of_digests_stand_there_each_once_and_at_its_minute(tmp_path: Path) -> None:
    """In one of them the clocks of Lord Howe would change by half an hour; the year of them all is below."""
    asked = subscriptions(("Australia/Lord_Howe",), every=11)
    assert in_a_year(tmp_path, asked, START, 15) == sum(len(slots(one, START, 15)) for one in asked)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_digests_stands_there_each_once_and_at_its_minute(tmp_path: Path, zone: str) -> None:
    """365 days, 6 zones, 40 schedules: 37,142 digests."""
    asked = subscriptions((zone,))
    assert in_a_year(tmp_path, asked, START, 365) == sum(len(slots(one, START, 365)) for one in asked)
