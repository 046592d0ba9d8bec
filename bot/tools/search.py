"""What search tools have in common: one argument, one source."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agent.tools import Content, Tool, Toolbox, ToolError
from providers.base import Text, ToolSpec


class SearchArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=400, description="Words to search for, or a short question.")


def search_tool(name: str, *, source: str, description: str) -> Tool:
    async def run(toolbox: Toolbox, arguments: Mapping[str, Any]) -> Content:
        try:
            asked = SearchArguments.model_validate(arguments)
        except ValidationError as error:
            raise ToolError("Give one argument, `query`: words to search for, at most 400 characters.") from error
        found = await toolbox.search(asked.query, only=(source,))
        return found or (Text("Nothing was found for these words."),)

    return Tool(ToolSpec(name, description, SearchArguments.model_json_schema()), run)
