"""The page at our address: what this is, with whose rights it reads, what it keeps. Teams links to it from the app's own page, also for
privacy, unless the app package names other pages."""

from html import escape

from aiohttp import web

from bot.signin.page import HEADERS, STYLE
from bot.signin.page_texts import language_for

PARTS = ("reads", "models", "keeps", "asks")


def routes() -> list[web.RouteDef]:
    return [web.get("/", _about)]


async def _about(request: web.Request) -> web.Response:
    say = language_for(request.headers.get("Accept-Language", ""))
    parts = (f"<h2>{escape(say(f'about.{part}_title'))}</h2><p>{escape(say(f'about.{part}'))}</p>" for part in PARTS)
    html = (
        f'<!doctype html><html lang="{say.language}"><head><meta charset="utf-8"><title>Parley</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main><h1>Parley</h1><p>{escape(say('about.what'))}</p>{''.join(parts)}</main></body></html>"
    )
    return web.Response(text=html, content_type="text/html", charset="utf-8", headers=HEADERS)
