"""Which groups somebody is in; there are no groups in groups, so direct and transitive are the same."""

from infra.local.graph.call import Answer, Call
from infra.local.graph.errors import bad_request
from infra.local.graph.paging import of_json
from infra.local.graph.people import group_json

MOST_CHECKED = 20
"""Groups asked about at once (directoryobject-checkmembergroups)."""


def member_of(call: Call) -> Answer:
    groups = [group for group in call.company.groups if call.user and call.user.id in {*group.members, *group.owners}]
    rows = [{"@odata.type": "#microsoft.graph.group", **group_json(group)} for group in groups]
    return of_json(rows, call, context="directoryObjects")


def check_member_groups(call: Call) -> Answer:
    asked = call.body.get("groupIds") if isinstance(call.body, dict) else None
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked) or len(asked) > MOST_CHECKED:
        raise bad_request("groupIds is a list of at most 20 ids.", "Request_BadRequest")
    found = {
        g.id.casefold(): g.id for g in call.company.groups if call.user and call.user.id in {*g.members, *g.owners}
    }
    value = [found[one.casefold()] for one in asked if one.casefold() in found]
    return Answer({"@odata.context": f"{call.base}/$metadata#Collection(Edm.String)", "value": value})
