"""`make demo`: the local company, the offline model and a few questions; then yours, if there is a terminal."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from infra.local.company.questions import DEMO_QUESTIONS
from infra.local.company.seed import company
from infra.local.tenant import environment, running
from infra.local.world import World

ROOT = Path(__file__).resolve().parents[2]
BROWSER = f"'{Path(sys.executable).as_posix()}' -m infra.local.browser '%s'"


async def main() -> int:
    world = World(company())
    asker = world.person(DEMO_QUESTIONS[0].person_id)
    print(f"This is {world.company.name}, a company that exists on this machine only.", flush=True)
    print(
        f"You are {asker.name}, {asker.job_title}. No keys, no network: the offline model answers by quoting.\n",
        flush=True,
    )
    async with running(world):
        with tempfile.TemporaryDirectory() as folder:
            asks = [part for question in DEMO_QUESTIONS for part in ("--ask", question.text)]
            stay = ["--stay"] if sys.stdin.isatty() else []
            console = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "console", "--as", asker.mail, *asks, *stay,
                cwd=ROOT, env={**os.environ, **settings(world, Path(folder))},
            )  # fmt: skip
            return await console.wait()


def settings(world: World, folder: Path) -> dict[str, str]:
    """The environment that points an unchanged bot at the local tenant, with a store in `folder` and the offline model."""
    return {
        **environment(world),
        "DATABASE_URL": f"sqlite:///{(folder / 'parley.db').as_posix()}",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MODELS": "offline=offline:offline-quotes",
        "LOG_LEVEL": "WARNING",
        "BROWSER": BROWSER,
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
