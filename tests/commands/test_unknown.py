"""A slash and a word that is no command."""

from tests.commands.desk import Desk


async def test_it_is_named_and_help_is_offered(desk: Desk) -> None:
    assert "*/summarise*" in (await desk.says("/summarise this thread")).text
    assert not desk.provider.requests
