"""The model looks for mail."""

from bot.tools.search import search_tool

TOOL = search_tool(
    "search_mail",
    source="mail",
    description="Search the asker's mailbox, attachments included. Use few, telling words: names, subjects, numbers; "
    "try synonyms or the other language when nothing is found.",
)
