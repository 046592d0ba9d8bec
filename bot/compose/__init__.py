"""The message extension: a search in the box where people write, and a question about a message somebody else wrote."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from bot.answering import Answering
from bot.compose import about, search
from bot.signin.asking import Link

Answer = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]


def handlers(answering: Answering, link: Link) -> Mapping[str, Answer]:
    """By the invoke's name: activity -> the body of its answer, within Teams' five seconds. `link` makes sign-in links."""
    return {
        "composeExtension/query": partial(search.query, answering, link),
        "composeExtension/selectItem": partial(search.insert, answering),
        "composeExtension/fetchTask": partial(about.dialog, answering),
        "composeExtension/submitAction": partial(about.submitted, answering),
    }
