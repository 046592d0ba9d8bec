"""Files, images, forwarded messages and links out of what Teams sends; whatever else stands there is survived."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context import Sent
from bot.teams.sent import FILE, MAX_LINKS, MAX_SENT, links, sent, unwrapped

SERVICE = "https://smba.trafficmanager.net/emea"


def activity(*attachments: Any, text: str = "", place: str = "personal") -> dict[str, Any]:
    return {"text": text, "attachments": list(attachments), "conversation": {"id": "a:1", "conversationType": place}}


def page(content: str) -> dict[str, Any]:
    return {"contentType": "text/html", "content": content}


def test_a_file_of_the_personal_chat() -> None:
    """The shape of facts 1.8; the HTML twin beside it is no file."""
    file: dict[str, Any] = {
        "contentType": FILE,
        "name": "plan.docx",
        "contentUrl": "https://org-my.sharepoint.com/personal/ana/Documents/Microsoft Teams Chat Files/plan.docx",
        "content": {
            "downloadUrl": "https://org-my.sharepoint.com/d?tempauth=x",
            "uniqueId": "1150D938",
            "fileType": "docx",
        },
    }
    assert sent(activity(page("<div>hi</div>"), file)) == (
        Sent("file", "plan.docx", "docx", file["contentUrl"], "https://org-my.sharepoint.com/d?tempauth=x", "1150D938"),
    )


def test_a_pasted_image_once() -> None:
    url = f"{SERVICE}/v3/attachments/0-weu-d1/views/original"
    image = {"contentType": "image/png", "contentUrl": url}
    assert sent(activity(page(f'<img src="{url}">'), image)) == (Sent("image", "", "image/png", url),)
    assert sent(activity({"contentType": "image/*", "contentUrl": url}, place="channel"))[0].url == url


def test_a_channel_only_marks_what_was_attached() -> None:
    twin = page('<div>look</div><attachment id="a-1"></attachment><img src="https://graph/x" itemid="1">')
    assert sent(activity(twin, place="channel")) == (Sent("file", id="a-1"), Sent("image", id="inline"))
    assert sent(activity(twin)) == ()
    emoji = page('<img itemtype="http://schema.skype.com/Emoji" src="https://statics/x.png">')
    assert sent(activity(emoji, place="channel")) == ()


@pytest.mark.parametrize("as_text", [True, False])
def test_forwarded_and_quoted_messages(as_text: bool) -> None:
    forwarded: dict[str, Any] = {
        "originalMessageId": "1727881360458",
        "originalMessageContent": "<p>The price is <b>27,400</b> EUR</p>",
        "originalMessageSender": {"application": None, "user": {"displayName": "Ana Ruiz"}},
    }
    quoted: dict[str, Any] = {
        "messageId": "17",
        "messagePreview": "first words",
        "messageSender": {"user": {"displayName": None}},
    }
    kinds = [("forwardedMessageReference", forwarded), ("messageReference", quoted)]
    found = sent(
        activity(*({"contentType": kind, "content": json.dumps(value) if as_text else value} for kind, value in kinds))
    )
    assert found == (
        Sent("message", id="1727881360458", text="The price is 27,400 EUR", author="Ana Ruiz"),
        Sent("message", id="17", text="first words"),
    )


def test_links_with_the_words_they_stand_behind() -> None:
    twin = page(
        '<a href="https://org.sharepoint.com/plan.docx">The plan</a> and <a href="https://b.example/x">https://b.example/x</a>'
    )
    found = sent(activity(twin, text="The plan and https://b.example/x, (https://c.example/a_(b))."))
    assert found == (
        Sent("link", "The plan", url="https://org.sharepoint.com/plan.docx"),
        Sent("link", url="https://b.example/x"),
        Sent("link", url="https://c.example/a_(b)"),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/x?y=1&z=2.", ["https://a.example/x?y=1&z=2"]),
        ("**https://a.example/x**", ["https://a.example/x"]),
        ("[it](https://a.example/x)", ["https://a.example/x"]),
        ("http://a.example javascript:alert(1) file:///etc/passwd ftp://x", []),
        ("<https://a.example/>", ["https://a.example/"]),
        ("https://a.example https://a.example", ["https://a.example"]),
    ],
)
def test_links_in_text(text: str, found: list[str]) -> None:
    assert links(text) == found


def test_safe_links_are_unwrapped() -> None:
    inner = "https%3A%2F%2Forg.sharepoint.com%2Fplan.docx"
    for wrapper in (
        f"https://eur01.safelinks.protection.outlook.com/?url={inner}&data=x",
        f"https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url={inner}",
    ):
        assert unwrapped(wrapper) == "https://org.sharepoint.com/plan.docx"
    foreign = f"https://evil.example/?url={inner}"
    assert unwrapped(foreign) == foreign
    assert unwrapped("https://eur01.safelinks.protection.outlook.com/?url=http%3A%2F%2F169.254.169.254%2F").endswith(
        "169.254.169.254%2F"
    )


def test_names_say_what_they_are_and_numbers_are_bounded() -> None:
    name = "offer\u202excod.exe\n" + "x" * 500
    (one,) = sent(activity({"contentType": FILE, "name": name, "content": {"downloadUrl": "https://h.example/a"}}))
    assert "\u202e" not in one.name
    assert len(one.name) == 200
    many = [
        {"contentType": "image/png", "contentUrl": f"{SERVICE}/v3/attachments/{n}/views/original"} for n in range(99)
    ]
    assert len(sent(activity(*many))) == MAX_SENT
    assert len(sent(activity(text=" ".join(f"https://a.example/{n}" for n in range(99))))) == MAX_LINKS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("https://a.example/x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "downloadUrl",
                    "uniqueId",
                    "fileType",
                    "originalMessageContent",
                    "originalMessageSender",
                    "user",
                    "displayName",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KINDS = st.sampled_from([FILE, "image/png", "messageReference", "forwardedMessageReference", "text/html", "x"])


@given(
    st.lists(
        st.fixed_dictionaries({"contentType": KINDS, "content": JSON, "contentUrl": JSON, "name": JSON}), max_size=3
    ),
    st.text(),
    st.sampled_from(["personal", "channel"]),
)
def test_anything_is_survived(attachments: list[dict[str, Any]], text: str, place: str) -> None:
    for one in sent(activity(*attachments, text=text, place=place)):
        assert all(
            isinstance(value, str)
            for value in (one.name, one.content_type, one.url, one.download_url, one.id, one.text)
        )
