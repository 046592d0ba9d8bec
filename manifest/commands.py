"""The menus of commands and the questions to begin with, from the commands' own names and words."""

from typing import Any

from bot.texts import Texts

ALONE = ("help", "model", "digest", "sources", "my_data", "sign_in", "new")
TOGETHER = ("help", "sources", "private", "compare", "review", "remember", "memory", "follow", "quiet", "model")
"""Files of `bot/commands`. Teams shows ten lines at most, the questions included (msteams-docs, create-a-bot-commands-menu)."""
QUESTIONS = ("mail", "file", "meeting")


def command_lists(say: Texts, *, copilot: bool) -> list[dict[str, Any]]:
    """One for a person alone, with questions to begin with; one for places where others read along, there also after a slash."""
    questions = [
        {
            "title": say(f"manifest.{topic}_title"),
            "description": say(f"manifest.{topic}_does"),
            "type": "prompt",
            "prompt": say(f"welcome.generic_{topic}"),
        }
        for topic in QUESTIONS
    ]
    alone = ["personal", "copilot"] if copilot else ["personal"]
    return [
        {"scopes": alone, "commands": [*questions, *(_command(say, name) for name in ALONE)]},
        {
            "scopes": ["team", "groupChat"],
            "triggers": ["mention", "slash"],
            "commands": [_command(say, name) for name in TOGETHER],
        },
    ]


def _command(say: Texts, name: str) -> dict[str, str]:
    does = say(f"command.{name}.does")
    return {"title": say(f"command.{name}.say"), "description": f"{does[0].upper()}{does[1:]}"}
