"""The model reads on in a document it has seen a passage of."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agent.tools import Content, Tool, Toolbox, ToolError
from graph.errors import GraphError, NotFound, SignInNeeded
from providers.base import Text, ToolSpec


class ReadArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^S[0-9]{1,4}$", description="Id of a passage you were given, such as S3.")


async def run(toolbox: Toolbox, arguments: Mapping[str, Any]) -> Content:
    try:
        asked = ReadArguments.model_validate(arguments)
        found = await toolbox.read(asked.id)
    except (ValidationError, NotFound) as error:
        raise ToolError("Give `id`: the id of a passage you were given, such as S3.") from error
    except SignInNeeded:
        raise
    except GraphError as error:
        raise ToolError("The document could not be opened just now.") from error
    return found or (Text("There is no more text in this document."),)


TOOL = Tool(
    ToolSpec(
        "read",
        "Read more of the document that a passage comes from.",
        ReadArguments.model_json_schema(),
    ),
    run,
)
