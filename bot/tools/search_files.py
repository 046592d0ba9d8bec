"""The model looks for files."""

from bot.tools.search import search_tool

TOOL = search_tool(
    "search_files",
    source="files",
    description="Search the documents the asker may open in OneDrive and SharePoint. Use few, telling words: names, "
    "titles, numbers; try synonyms or the other language when nothing is found.",
)
