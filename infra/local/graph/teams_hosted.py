"""Pictures inside Teams messages: `hostedContents`, for whoever may read the message."""

from infra.local.graph import teams_render as render
from infra.local.graph.call import Answer, Call, Refused
from infra.local.teams_carried import carried


def of_channel(call: Call, team: str, channel: str, message: str, hosted: str, reply: str = "") -> Answer:
    render.find_channel(call, team, channel)
    return _hosted(call, reply or message, hosted)


def of_chat(call: Call, chat: str, message: str, hosted: str) -> Answer:
    render.find_chat(call, chat)
    return _hosted(call, message, hosted)


def _hosted(call: Call, message: str, hosted: str) -> Answer:
    data = carried(call.world, message).hosted.get(hosted)
    if data is None:
        raise Refused(404, "NotFound", "NotFound")
    return Answer(data, headers={"Content-Type": "image/png"})
