"""The admin page in a real browser: an administrator signs in at Entra, sees every section, searches and exports; light, dark, on a phone.

What is seen of today was made over the wire (tests/admin/test_nothing_said.py); a month is laid behind it for the charts.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from bot.digests.service import Arranged
from infra.local.playground import chromium
from tests.admin.test_nothing_said import CANARY, busy, composed, in_their_things
from tests.admin.visiting import ADMIN, GROUP, SECTIONS
from tests.browser.month import month
from tests.browser.seat import FLAGS, PATIENCE, PICTURES
from tests.conftest import fresh_world
from tests.digests.making import QUICK, Clock
from tests.e2e.parley import Parley, parley_running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
MODELS = "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6.1-terra,small=openai:gpt-6-luna"
POLICY = """
otherwise = "allow"
order = ["Public", "General", "Confidential", "Secret"]
[doors.anthropic]
retention = "30 days"
cost = "high"
[doors.openai]
cost = "medium"
[[rules]]
name = "Finance is asked of Claude only"
groups = ["0d1c6f5e-8a57-4d0b-9e0a-3a8d1f2b7c64"]
deny = { vendors = ["openai"] }
[labels.Secret]
doors = []
[budgets]
person = 20
organisation = 500
raised_by = "Nils Petersen"
"""
WIDE, PHONE = ViewportSize(width=1360, height=900), ViewportSize(width=390, height=844)


@dataclass(slots=True)
class Room:
    """Nils's browser, signed in."""

    parley: Parley
    browser: Browser
    context: BrowserContext
    page: Page
    errors: list[str]

    async def go(self, section: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("link", name=section, exact=True).click()
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(section)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    folder, clock, world = tmp_path_factory.mktemp("admin"), Clock(), fresh_world()
    in_their_things(world)
    async with AsyncExitStack() as stack:
        parley = await stack.enter_async_context(
            parley_running(
                world, folder, models=MODELS, digests=Arranged(composed, QUICK), admin_group=GROUP,
                public_url="http://127.0.0.1", policy=written(folder, "policy.toml", POLICY),
                refine=lambda services: replace(services, search_seconds=90.0, now=clock.now),
            )
        )  # fmt: skip
        await month(parley.services.personal._database, world)
        await busy(parley, clock)
        driver = await stack.enter_async_context(async_playwright())
        browser = await driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(viewport=WIDE, ignore_https_errors=True, accept_downloads=True)
        page, errors = await context.new_page(), list[str]()
        page.on(
            "console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Room(parley, browser, context, page, errors)
        await browser.close()


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


async def test_an_administrator_signs_in_at_entra(room: Room) -> None:
    page = room.page
    await page.goto(f"{room.parley.url}/admin")
    await expect(page.get_by_role("heading")).to_have_text("Parley for administrators")
    await page.get_by_role("link", name="Sign in with Microsoft").click()
    await page.get_by_text("nils.petersen@").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview", timeout=PATIENCE)
    await expect(page.get_by_text("Nils Petersen")).to_be_visible()
    room.errors.clear()  # that the first answer was 401


async def test_every_section_shows_what_happened(room: Room) -> None:
    wanted = {
        "Overview": ["Questions answered", "Cost"], "Conversations": ["personal chats", "Conversations known"],
        "Digests": ["Trouble, and why", "Sources of digests"], "Failures": ["overloaded", "The vendor had no capacity."],
        "Vendors": ["claude → gpt", "working"], "Speed": ["First token, median", "By model"], "Cost": ["By person", "Tokens read"],
        "Budgets": ["Limits a month", "$20.00"], "Policy": ["Finance is asked of Claude only", "denies vendors: openai"],
        "Audit": ["claude-sonnet-5", "Export as CSV"], "People": ["Stored in all", "transcripts"],
    }  # fmt: skip
    assert len(wanted) == len(SECTIONS)
    page = room.page
    for section, words in wanted.items():
        await room.go(section)
        for word in words:
            await expect(page.get_by_text(word, exact=False).first).to_be_attached()
        charts = await page.locator(".chart").count()
        if charts:
            await expect(page.locator("html")).to_have_attribute("data-drawn", str(charts))
        for box in await page.locator("canvas").all():
            found = await box.evaluate(
                "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
            )
            assert found > 5, f"{section}: an empty chart"
        assert CANARY not in (await page.content()).lower(), section
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{section} is too wide"
    assert room.errors == [], "nothing was refused by the content policy, and no script failed"


async def test_the_audit_is_searched_and_exported(room: Room) -> None:
    page = room.page
    await room.go("Audit")
    sofia = room.parley.world.person("Sofia").id
    await page.get_by_label("Person").fill(sofia)
    await page.get_by_label("Outcome").select_option("overloaded")
    await page.get_by_role("button", name="Search").click()
    rows = page.locator("tbody tr")
    assert await rows.count() >= 1
    for row in await rows.all():
        assert "overloaded" in await row.inner_text()
        assert "Sofia Almeida" in await row.inner_text()
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export as CSV").click()
    path = await (await saved.value).path()
    lines = (await asyncio.to_thread(Path(path).read_text, encoding="utf-8")).splitlines()
    assert len(lines) == 1 + await rows.count()
    assert all(sofia in line for line in lines[1:])


async def test_pictures(room: Room) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await pictures(room, "admin-light", "light", ("Overview",))
    await pictures(room, "admin-dark", "dark", ("Vendors",))
    cookies = await room.context.cookies()
    context = await room.browser.new_context(
        viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True, color_scheme="light"
    )
    await context.add_cookies(
        [{"name": c["name"], "value": c["value"], "url": room.parley.url} for c in cookies if "parley" in c["name"]]
    )
    phone = await context.new_page()
    for name in SECTIONS:
        await phone.goto(f"{room.parley.url}/admin/{name}")
        assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{name} is too wide for a phone"
        )
        await phone.screenshot(path=PICTURES / f"admin-phone-{name}.png", animations="disabled", full_page=True)
    await phone.goto(f"{room.parley.url}/admin/cost")
    await phone.screenshot(path=PICTURES / "admin-phone.png", animations="disabled")
    await context.close()


async def pictures(room: Room, name: str, scheme: str, sections: tuple[str, ...]) -> None:
    assert scheme in {"light", "dark"}
    await room.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for section in sections:
        await room.go(section)
        await room.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    for section in (
        "Overview",
        "Conversations",
        "Digests",
        "Failures",
        "Vendors",
        "Speed",
        "Cost",
        "Budgets",
        "Policy",
        "Audit",
        "People",
    ):
        await room.go(section)
        await room.page.screenshot(
            path=PICTURES / f"{name}-{section.lower()}.png", animations="disabled", full_page=True
        )


async def test_a_stranger_meets_a_closed_door(room: Room) -> None:
    context = await room.browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(f"{room.parley.url}/admin")
    await page.get_by_role("link", name="Sign in with Microsoft").click()
    await page.get_by_text("sofia.almeida@").click()
    await expect(page.get_by_role("heading")).to_have_text("This page is not for you", timeout=PATIENCE)
    answer = await page.goto(f"{room.parley.url}/admin/cost")
    assert answer is not None
    assert answer.status == 401
    await context.close()


async def test_signing_out(room: Room) -> None:
    await room.page.goto(f"{room.parley.url}/admin")
    await room.page.get_by_role("button", name="Sign out").click()
    await expect(room.page.get_by_role("heading")).to_have_text("You are signed out")
    await room.page.goto(f"{room.parley.url}/admin/cost")
    await expect(room.page.get_by_role("heading")).to_have_text(re.compile("for administrators"))
    assert ADMIN == "Nils"
