"""The page that Teams links to from the app's own: it is there, in both languages, and nothing on it is fetched from elsewhere."""

import argparse
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.app import create_app, router
from bot.programs.manifest import describe, publisher
from bot.settings import Settings
from bot.texts import Texts
from infra.local.tenant import environment
from infra.local.tenant import settings as tenant_settings
from infra.local.world import World
from tests.manifest.made import KEY, settings
from tests.store.prepared import sqlite_in


@pytest.mark.parametrize(("accept", "language"), [("de-DE,de;q=0.9", "de"), ("fr", "en")])
async def test_what_the_package_links_to_by_default_is_there(
    tenant: World, tmp_path: Path, accept: str, language: str
) -> None:
    parser = argparse.ArgumentParser()
    describe(parser)
    pages = publisher(settings(), parser.parse_args([]))
    given = {**tenant_settings(tenant), "database_url": sqlite_in(tmp_path), "encryption_keys": KEY, "digests": False}
    app = await create_app(Settings(**given), environment(tenant))
    async with TestClient(TestServer(app)) as client:
        for url in (pages.website, pages.privacy, pages.terms):
            answer = await client.get(urlsplit(url).path or "/", headers={"Accept-Language": accept})
            text = await answer.text()
            assert answer.status == 200
            assert f'<html lang="{language}">' in text
            assert escape(Texts(language)("about.keeps")) in text
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "http" not in text


@pytest.mark.parametrize(
    ("language", "data", "leave"), [("en", "my data", "sign out"), ("de", "meine Daten", "abmelden")]
)
def test_the_words_it_tells_people_to_say_are_commands(language: str, data: str, leave: str) -> None:
    text = Texts(language)("about.asks")
    understood = router(("claude",))
    question, _ = understood.route("What is the budget?")
    for words in (data, leave):
        assert words in text
        assert understood.route(words)[0] is not question
