"""The longest time the event loop ran nobody else: at the first question after start, and while 50 questions run."""

import asyncio
import itertools
from collections.abc import Awaitable

from infra.local.company.questions import QUESTIONS
from tests.bench.running import Running, bot, quiet_world

COUNT = 50
AT_ONCE = 5


async def measure(running: Running) -> list[tuple[str, dict[str, float]]]:
    """[(when, {"wall", "cpu"} in seconds)]"""
    personal = [question for question in QUESTIONS if question.place == "personal"]
    askers = list(dict.fromkeys(question.person_id for question in personal))
    found = [("after start, idle", await _after(running, asyncio.sleep(2.0)))]
    found.append(("first sign-in", await _after(running, running.sign_in(askers[0]))))
    for asker in askers[1:]:
        await running.sign_in(asker)
    await running.stalls()
    found.append(("first question", await _after(running, _ask(running, personal[0].person_id, personal[0].text))))
    waiting = asyncio.Queue[tuple[str, str]]()
    for question in itertools.islice(itertools.cycle(personal), COUNT):
        waiting.put_nowait((question.person_id, question.text))

    async def person() -> None:
        while not waiting.empty():
            await _ask(running, *waiting.get_nowait())

    found.append(
        (
            f"{COUNT} questions, {AT_ONCE} at once",
            await _after(running, asyncio.gather(*(person() for _ in range(AT_ONCE)))),
        )
    )
    return found


async def _after(running: Running, work: Awaitable[object]) -> dict[str, float]:
    await running.stalls()
    await work
    return await running.stalls()


async def _ask(running: Running, person: str, text: str) -> None:
    said = await running.teams.say(person, text)
    await running.teams.answer_to(said, timeout=60, until=lambda message: message.ai_label)


async def main() -> None:
    async with bot(quiet_world(), BENCH_TIMING="at once") as running:
        found = await measure(running)
    print("\nEvent loop: the longest stall")
    print(f"{'':32}{'ms':>8}{'of it on the CPU':>20}")
    for when, stall in found:
        print(f"{when:32}{1000 * stall['wall']:8.0f}{1000 * stall['cpu']:20.0f}")


if __name__ == "__main__":
    asyncio.run(main())
