"""Which language the sign-in page speaks: that of the browser, since nobody is known there yet."""

from typing import Literal

from bot.texts import DEFAULT, Texts, languages

Outcome = Literal["done", "stale", "used", "cookie", "other", "declined", "consent", "again", "down", "app"]
"""How a sign-in ended. Its texts are `page.<outcome>_title` and `page.<outcome>`."""


def language_for(accept: str) -> Texts:
    """The best of ours for an Accept-Language header; English when none fits."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept[:500].split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        value = float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 1.0
        wishes.append((-value, position, tag.partition("-")[0].casefold()))
    known = languages()
    return Texts(next((tag for weight, _, tag in sorted(wishes) if tag in known and weight < 0), DEFAULT))
