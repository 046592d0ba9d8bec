"""`make replicas`: two replicas, PostgreSQL and the tenant come up, answer in turn, and leave nothing behind."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.local.front import fronting
from infra.local.replicas import READY

ROOT = Path(__file__).resolve().parents[2]


async def test_it_comes_up_answers_in_turn_and_stops_cleanly() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.local.replicas", "--port", "0", cwd=ROOT, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(90):
            while READY not in said:
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        control = re.search(r"http://\S+/control", said)
        readiness = re.findall(r"http://\S+/readyz", said)
        assert control is not None
        assert len(readiness) == 2
        async with aiohttp.ClientSession() as session:
            for person in ("Sofia", "Liam"):
                wanted = {"person": person, "text": "help", "timeout": 30}
                async with session.post(f"{control[0]}/say", json=wanted) as response:
                    assert "I answer questions" in (await response.json())["answer"]["text"]
            for address in readiness:
                async with session.get(address) as response:
                    assert (await response.json())["status"] == "ready"
        below = psutil.Process(process.pid).children(recursive=True)
        assert len(below) > 2
        process.send_signal(signal.SIGTERM)
        rest, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert rest.decode().endswith("Stopped.\n")
    assert [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("second", [503, 0])
async def test_the_front_passes_over_who_cannot(second: int) -> None:
    taken = list[bytes]()

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.read())
        return web.json_response({"at": request.path_qs}, status=202, headers={"X-Kept": "yes"})

    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=second)

    one, other = web.Application(), web.Application()
    one.router.add_post("/{path:.*}", take)
    other.router.add_post("/{path:.*}", busy)
    async with TestServer(one) as good, TestServer(other) as bad:
        origins = [str(good.make_url("")).rstrip("/"), str(bad.make_url("")).rstrip("/")]
        if not second:
            await bad.close()
        async with fronting(origins) as front, aiohttp.ClientSession() as session:
            for number in range(4):
                async with session.post(f"{front}/api/messages?n={number}", data=b"x") as response:
                    assert response.status == 202
                    assert response.headers["X-Kept"] == "yes"
                    assert await response.json() == {"at": f"/api/messages?n={number}"}
        assert taken == [b"x"] * 4
        await good.close()
        async with (
            fronting(origins) as front,
            aiohttp.ClientSession() as session,
            session.post(f"{front}/api/messages") as response,
        ):
            assert response.status == 503
