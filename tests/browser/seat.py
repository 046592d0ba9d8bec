"""A person before Microsoft's Agents Playground in a real browser, and the pictures that are taken of what they see."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect

from infra.local.company.seed import company
from infra.local.playground import Playground, chromium, playground
from infra.local.world import World
from tests.e2e.parley import citing

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PICTURES = Path(__file__).parents[2] / "var" / "pictures"
PATIENCE = 60_000
MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
WIDTH, HEIGHT, CHAT = 1280, 900, 330
"""Pixels; the conversation begins at CHAT."""


@dataclass(slots=True)
class Seat:
    """A person before the Playground."""

    playground: Playground
    world: World
    context: BrowserContext
    page: Page

    async def go(self, name: str) -> None:
        await self.page.get_by_role("treeitem", name=name).click()

    async def say(self, text: str, *, mention: bool = False, box: Locator | None = None) -> None:
        box = box or self.page.locator("[contenteditable=true]").first
        await box.click()
        if mention:
            await self.page.keyboard.type("@Parley")
            await self.page.get_by_role("menuitem", name="Parley").click()
            await self.page.keyboard.type(" ")
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def sees(self, words: str | re.Pattern[str]) -> Locator:
        """Waits until words are there, and gives the last place they are at."""
        found = self.page.get_by_text(words).last
        await expect(found).to_be_visible(timeout=PATIENCE)
        return found

    async def press(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=name).last.click(timeout=PATIENCE)

    async def picture(self, name: str, *, whole: bool = False) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.mouse.move(WIDTH - 5, HEIGHT - 5)  # so that nothing is pointed at
        left = 0 if whole else CHAT
        await self.page.screenshot(
            path=PICTURES / f"{name}.png",
            animations="disabled",
            clip={"x": left, "y": 50, "width": WIDTH - left, "height": HEIGHT - 50},
        )
        assert not await self.times("*Answered"), "Markdown is shown as it was written"
        assert not await self.times("Invalid message")

    async def times(self, words: str) -> int:
        """In how many places of the conversation words stand; its list beside it quotes the last message as it was sent."""
        found = f"xpath=//*[text()[contains(., '{words}')] and not(ancestor-or-self::*[@role='treeitem'])]"
        return await self.page.locator(found).count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seat() -> AsyncIterator[Seat]:
    """Sofia, signed in, with her first question answered; both steps are pictured."""
    world = World(company())
    async with playground(world, world.person("sofia"), MODELS) as running, async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        # The local tenant makes its own certificate authority, which no browser knows.
        context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(running.url, wait_until="domcontentloaded")
        seat = Seat(running, world, context, page)
        await page.get_by_title("Hide log panel").click(timeout=PATIENCE)
        await signed_in(seat)
        yield seat
        await browser.close()


async def signed_in(seat: Seat) -> None:
    await seat.go("Personal Chat")
    await seat.sees("Hello, I'm Parley")
    await seat.say("What is the Heron budget now, and who approved it?")
    await seat.sees("Please sign in")
    await seat.picture("sign-in-card")
    async with seat.context.expect_page() as opened:
        await seat.page.get_by_role("link", name="Sign in").last.click(timeout=PATIENCE)
    tab = await opened.value
    account = tab.get_by_text(seat.playground.user.name)
    await expect(account).to_be_visible(timeout=PATIENCE)
    await tab.screenshot(path=PICTURES / "sign-in-page.png")
    seat.world.state["script"] = [citing("The Heron budget is **485,000 EUR**; Tomas Lindgren approved it", "485,000")]
    await account.click()
    await expect(tab.get_by_role("heading")).to_contain_text("signed in", ignore_case=True, timeout=PATIENCE)
    await tab.close()
