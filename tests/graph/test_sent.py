"""Where pasted links lead, by their form alone, and what a message in Teams carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import Forbidden, NotFound
from graph.sent import Attached, Target, in_channel, in_chat, target
from infra.local import teams_files
from infra.local.teams import TeamsClient
from tests.graph.conftest import People

MOST = 1000


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://org.sharepoint.com/a.docx", Target("files", "https://org.sharepoint.com/a.docx")),
        (
            "https://outlook.office365.com/owa/?ItemID=AAMk%2FA%2BB%3D&exvsurl=1&viewmodel=ReadMessageItem",
            Target("mail", "mail:AAMk-A_B="),
        ),
        ("https://outlook.office.com/mail/inbox/id/AAMkAD%2Fx", Target("mail", "mail:AAMkAD-x")),
        ("https://outlook.office.com/mail/deeplink/read/AAMkADx?ItemID=AAMkADx", Target("mail", "mail:AAMkADx")),
        ("https://outlook.office.com/calendar/view", None),
        (
            "https://outlook.office365.com/owa/?itemid=AAMk%2FE%3D&exvsurl=1&path=/calendar/item",
            Target("calendar", "calendar:AAMk-E="),
        ),
        ("https://outlook.office.com/calendar/item/AAMkE", Target("calendar", "calendar:AAMkE")),
        ("https://outlook.office.com/calendar/item", None),
        (
            "https://teams.microsoft.com/l/message/19%3Ac%40thread.tacv2/17?groupId=g-1&parentMessageId=16&tenantId=t",
            Target("channels", "channels:g-1/19:c@thread.tacv2/16"),
        ),
        (
            "https://teams.microsoft.com/l/message/19:c@thread.tacv2/17?groupId=g",
            Target("channels", "channels:g/19:c@thread.tacv2/17"),
        ),
        (
            'https://teams.microsoft.com/l/message/19:x@thread.v2/17?context={"contextType":"chat"}',
            Target("chats", "chats:19:x@thread.v2/17"),
        ),
        (
            "https://teams.microsoft.com/l/file/1?objectUrl=https%3A%2F%2Forg.sharepoint.com%2Fb.xlsx",
            Target("files", "https://org.sharepoint.com/b.xlsx"),
        ),
        ("https://teams.microsoft.com/l/file/1?objectUrl=file%3A%2F%2F%2Fetc%2Fpasswd", None),
        ("https://teams.microsoft.com/l/call/0/0?users=a", None),
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_A%40thread.v2/0?context=%7b%7d",
            Target("meetings", "https://teams.microsoft.com/l/meetup-join/19%3ameeting_A%40thread.v2/0?context=%7b%7d"),
        ),
        ("https://teams.microsoft.com/meet/2847?p=x", Target("meetings", "https://teams.microsoft.com/meet/2847?p=x")),
        ("https://teams.microsoft.com/meetings", None),
        (
            "https://teams.microsoft.com.evil.example/l/message/19:x/17",
            Target("files", "https://teams.microsoft.com.evil.example/l/message/19:x/17"),
        ),
        ("http://intranet/x", None),
        ("https://", None),
    ],
)
def test_targets(url: str, found: Target | None) -> None:
    assert target(url) == found


@given(
    st.text(max_size=60),
    st.sampled_from(["https://teams.microsoft.com/", "https://outlook.office.com/mail/", "https://x.example/", ""]),
)
def test_any_text_is_survived(text: str, before: str) -> None:
    found = target(before + text)
    assert found is None or found.source in {"files", "mail", "chats", "channels"}


async def test_files_and_pictures_of_messages(people: People) -> None:
    world = people.world
    channel = next(c for c in world.company.channels if c.kind == "standard")
    team = next(t for t in world.company.teams if t.id == channel.team_id)
    sofia = people.of("Sofia")
    teams = TeamsClient(world, "http://127.0.0.1:9")
    root = teams.compose("sofia", "look", channel.id)
    teams_files.carry(world, root, files={"a b.txt": b"x"}, pictures=[b"one", b"two" * MOST])
    found = await in_channel(sofia, team.group_id, channel.id, root["id"], root["id"], max_bytes=MOST)
    (file,) = found.files
    assert file == Attached("a b.txt", file.url)
    assert file.url.endswith("/a%20b.txt")
    assert (found.pictures, found.missing) == ((b"one",), 1)
    reply = teams.compose("sofia", "and here", channel.id, thread=root["id"])
    teams_files.carry(world, reply, pictures=[b"three"])
    assert (await in_channel(sofia, team.group_id, channel.id, reply["id"], root["id"], max_bytes=MOST)).pictures == (
        b"three",
    )
    chat = next(c for c in world.company.chats if world.person("sofia").id in c.members and c.kind == "group")
    said = teams.compose("sofia", "both", chat.id)
    teams_files.carry(world, said, files={"b.txt": b"x"}, pictures=[b"four"])
    found = await in_chat(sofia, chat.id, said["id"], max_bytes=MOST)
    assert ([file.name for file in found.files], found.pictures) == (["b.txt"], (b"four",))
    assert {scopes for _, scopes, _ in people.asked} == {("ChannelMessage.Read.All",), ("Chat.Read",)}
    with pytest.raises(NotFound):
        await in_chat(sofia, chat.id, "1", max_bytes=MOST)
    outsider = next(p for p in world.company.people if p.id not in chat.members)
    with pytest.raises(Forbidden):
        await in_chat(people.of(outsider.given_name), chat.id, said["id"], max_bytes=MOST)
