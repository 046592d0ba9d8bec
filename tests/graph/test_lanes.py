"""Who waits for whom: only calls into the mailbox share its four, and a batch takes as many as it makes."""

import asyncio

import pytest

from graph.errors import Throttled
from graph.wire.lanes import Everybody, Lane
from graph.wire.patience import Sleep
from tests.graph.conftest import Time


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("/me/messages/A", "mailbox"),
        ("/me/calendarView", "mailbox"),
        ("/me/todo/lists", "mailbox"),
        ("/users/support@tidewell.example/messages", "mailbox"),
        ("/$batch", "mailbox"),
        ("/never/heard/of", "mailbox"),
        ("/search/query", "search"),
        ("/copilot/retrieval", "search"),
        ("/drives/d/items/i/content", "files"),
        ("/me/drive/root/search(q='x')", "files"),
        ("/sites/s/lists", "files"),
        ("/shares/u!x/driveItem", "files"),
        ("/me/chats", "teams"),
        ("/teams/t/channels/c/messages", "teams"),
        ("/me/onlineMeetings", "teams"),
        ("/me/manager", "directory"),
        ("/groups/g/transitiveMembers", "directory"),
        ("/users/u", "directory"),
        ("/me/planner/tasks", "directory"),
    ],
)
def test_each_service_has_its_own_lane(time: Time, path: str, lane: str) -> None:
    lanes = Everybody(4, time.monotonic, time.sleep).lanes("sofia")
    assert lanes.of(path) is getattr(lanes, lane)


def test_a_batch_of_one_kind_goes_with_its_kind(time: Time) -> None:
    lanes = Everybody(4, time.monotonic, time.sleep).lanes("sofia")
    assert lanes.of_batch(["/chats/a/messages", "/teams/b/channels"]) is lanes.teams
    assert lanes.of_batch(["/chats/a/messages", "/me/messages/b"]) is lanes.mailbox
    assert lanes.of_batch([]) is lanes.mailbox


async def most_at_once(calls: list[int], sleep: Sleep, time: Time) -> int:
    lane, inside, most = Lane(4, time.monotonic, sleep), 0, 0

    async def call(weight: int) -> None:
        nonlocal inside, most
        async with lane.turn(time.now + 60, weight):
            inside += min(weight, 4)
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= min(weight, 4)

    await asyncio.gather(*(call(weight) for weight in calls))
    return most


async def test_batches_and_single_calls_together_stay_within_four(time: Time) -> None:
    assert await most_at_once([20, 1, 3, 20, 1, 1, 2, 20, 3, 3], time.sleep, time) == 4
    assert await most_at_once([1] * 9, time.sleep, time) == 4


async def test_a_turn_that_is_given_up_frees_its_place(time: Time) -> None:
    lane = Lane(4, time.monotonic, time.sleep)
    lane.hold(120)
    for _ in range(9):
        with pytest.raises(Throttled):
            async with lane.turn(time.now + 60, 4):
                pass
    waiting = asyncio.create_task(_enter(lane, time))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    time.now += 200
    async with asyncio.timeout(5), lane.turn(time.now + 60, 4):
        pass


async def _enter(lane: Lane, time: Time) -> None:
    async with lane.turn(time.now + 600, 4):
        pass
