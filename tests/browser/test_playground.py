"""Microsoft's Agents Playground in a real browser: personal chat, channel and group chat, each with a cited answer."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from infra.local.company.seed import company
from infra.local.playground import Playground, playground
from infra.local.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PICTURES = Path(__file__).parents[2] / "var" / "pictures"
PATIENCE = 60_000


@pytest.fixture
async def client() -> AsyncIterator[Playground]:
    world = World(company())
    async with playground(world, world.person("sofia")) as running:
        yield running


@pytest.fixture
async def context() -> AsyncIterator[BrowserContext]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    assert chromium, "This test needs Chromium: install Debian's package chromium."
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=FLAGS)
        # The local tenant makes its own certificate authority, which no browser knows.
        yield await browser.new_context(viewport={"width": 1280, "height": 800}, ignore_https_errors=True)
        await browser.close()


async def say(page: Page, text: str, *, mention: bool = False) -> None:
    box = page.locator("[contenteditable=true]").first
    await box.click()
    if mention:
        await page.keyboard.type("@Parley")
        await page.get_by_text("Parley", exact=True).last.click()
        await page.keyboard.type(" ")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def sign_in(page: Page, context: BrowserContext, name: str) -> None:
    """Clicks the card's button and picks the account on the page behind it."""
    button = page.get_by_role("button", name="Sign in").or_(page.get_by_role("link", name="Sign in"))
    async with context.expect_page() as opened:
        await button.last.click(timeout=PATIENCE)
    tab = await opened.value
    await tab.get_by_text(name).click(timeout=PATIENCE)
    await expect(tab.get_by_role("heading")).to_contain_text("signed in", ignore_case=True, timeout=PATIENCE)
    await tab.close()


async def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png")


async def test_a_cited_answer_in_personal_chat_channel_and_group_chat(
    client: Playground, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(client.url, wait_until="domcontentloaded")

    await page.get_by_role("treeitem", name="Personal Chat").click()
    await say(page, "What is the Heron budget now, and who approved it?")
    await sign_in(page, context, client.user.name)
    # The question that waited for the sign-in is answered without being asked again.
    await expect(page.get_by_text("485,000 EUR").first).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_text("AI generated").first).to_be_visible(timeout=PATIENCE)
    await picture(page, "personal")

    await page.get_by_role("treeitem", name="Heron - General").click()
    await say(page, "After how many hours did the RS-14 seal fail?", mention=True)
    await expect(page.get_by_text("412 hours").first).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_text("AI generated").first).to_be_visible(timeout=PATIENCE)
    await picture(page, "channel")

    await page.get_by_role("treeitem", name="Heron pilot logistics").click()
    await say(page, "Which colour does the Heron housing have?", mention=True)
    await expect(page.get_by_text("RAL 5018").first).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_text("AI generated").first).to_be_visible(timeout=PATIENCE)
    await picture(page, "group")
