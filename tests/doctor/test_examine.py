"""All checks together: content with what is in order, and none hidden by another one that hangs or breaks."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from bot.doctor.context import Context, Installation
from bot.doctor.examine import checks, examine
from bot.doctor.finding import AREAS, Check, Finding, State, ok
from bot.doctor.report import as_json, as_text, counts
from bot.settings import Settings
from tests.doctor.site import Site, told

ROOT = Path(__file__).parent.parent.parent


async def test_nothing_is_wrong_where_all_is_in_order(site: Site) -> None:
    examined = await site.examined()
    assert {one.state for one in examined} == {State.OK}, told(examined)
    assert [one.name for one in examined] == list(checks())


async def test_what_hangs_or_breaks_hides_nothing_of_the_others(site: Site) -> None:
    async def hang(_: Context) -> Finding:
        await asyncio.sleep(60)
        raise AssertionError

    async def broken(_: Context) -> Finding:
        raise KeyError("a secret of somebody's")

    async def good(_: Context) -> Finding:
        return ok("Good.")

    among = {name: Check("store", "?", run) for name, run in (("hang", hang), ("broken", broken), ("good", good))}
    settings = Settings(parley_local=True, encryption_keys=site.key)
    examined = await examine(Installation(settings), among=among, seconds=0.2)
    assert [one.state for one in examined] == [State.UNCHECKED, State.WRONG, State.OK]
    assert "longer than 0.2 seconds" in examined[0].findings[0].what
    assert re.search(r"KeyError at test_examine\.py:\d+", examined[1].findings[0].what)
    assert "secret" not in told(examined)


async def test_it_is_printed_for_people_and_for_programs(site: Site) -> None:
    examined = await site.examined(microsoft_app_password="wrong")
    text = as_text(examined, 100)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert re.search(r"^wrong +identity +The client secret is wrong", text, re.MULTILINE)
    assert re.search(r"^ +Mend: Make a new secret", text, re.MULTILINE)
    assert "1 wrong" in text.splitlines()[-1]
    assert text.isascii()
    found = json.loads(as_json(examined))
    assert (found["ok"], found["counts"]["wrong"]) == (False, 1)
    assert found["counts"] == counts(examined)
    assert {(one["check"], one["area"]) for one in found["findings"]} >= {("identity", "Microsoft"), ("store", "store")}
    assert {one["area"] for one in found["findings"]} <= set(AREAS)


def test_each_check_stands_in_the_page() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", page, re.MULTILINE)
    assert table == list(checks())


SECRETS = ("s3cret-of-the-app", "s3cret-of-the-vendor", "s3cret-of-the-database")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_no_secret_is_printed(site: Site, dialect: str) -> None:
    app, vendor, database = SECRETS
    url = (
        f"postgresql://parley:{database}@127.0.0.1:1/parley"
        if dialect == "postgresql"
        else f"sqlite:////proc/{database}/x.db"
    )
    site.world.vendor_key = "another"
    site.vendors |= {"ANTHROPIC_API_KEY": vendor, "OPENAI_API_KEY": vendor}
    examined = await site.examined(microsoft_app_password=app, database_url=url, encryption_keys=f"{site.key},{app}")
    printed = as_text(examined, 100) + as_json(examined)
    assert counts(examined)["wrong"] >= 4
    assert [secret for secret in (*SECRETS, site.key) if secret in printed] == []
