"""Reading mail: messages, folders, attachments, search and delta."""

import secrets
from typing import Any

from infra.local.company.model import Mail
from infra.local.graph import mail_render as render
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.mail_search import search_mails
from infra.local.graph.odata import ODataError, properties
from infra.local.graph.odata_parser import parse_expand, parse_filter, parse_orderby
from infra.local.graph.paging import Listing, applied, filtered, link, listed, of_json, single
from infra.local.graph.state import Delta

DEFAULT_TOP = 10
SEARCH_FIELDS = ("from", "subject", "body")
"""Where a bare word of $search is looked for (concepts/search-query-parameter)."""


def list_messages(call: Call, folder: str = "") -> Answer:
    owner = call.owner
    if "search" in call.query:
        return _search(call, folder)
    place = render.find_folder(call, folder) if folder else None
    rows = [
        mail for mail in call.mails if mail.mailbox == owner.id and (place is None or render.in_folder(mail, place))
    ]
    check_efficient(call)
    if "orderby" not in call.query:
        rows.sort(key=lambda mail: mail.sent, reverse=True)
    return listed(call, rows, listing(call), context=f"users('{owner.id}')/messages")


def listing(call: Call) -> Listing:
    expand = _expanded(call)
    return Listing(
        lambda mail, select: render.message_json(call, mail, select, expand),
        lambda mail, name: render.get(call, mail, name),
        DEFAULT_TOP,
    )


def _expanded(call: Call) -> list[str]:
    expand = parse_expand(call.query.get("expand", ""))
    # Extended properties are asked for by old clients; there are none here.
    return [name for name in expand if name == "attachments"]


def check_efficient(call: Call) -> None:
    """What is ordered by must be filtered by, first and in the same order (user-list-messages). Raises `Refused`."""
    if "filter" not in call.query or "orderby" not in call.query:
        return
    try:
        ordered = ["/".join(path).lower() for path, _ in parse_orderby(call.query["orderby"])]
        used = list(dict.fromkeys(properties(parse_filter(call.query["filter"]))))
    except ODataError as error:
        raise bad_request(f"Invalid filter clause: {error}") from error
    if used[: len(ordered)] != ordered:
        raise Refused(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")


def _search(call: Call, folder: str) -> Answer:
    for option, name, code in (
        ("filter", "$filter", "SearchWithFilter"),
        ("orderby", "$orderBy", "SearchWithOrderBy"),
        ("skip", "$skip", "SearchWithSkip"),
        ("count", "$count", "SearchWithCount"),
    ):
        if option in call.query:
            raise Refused(400, code, f"The query parameter '{name}' is not supported with '$search'.")
    if not call.has("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared"):
        raise Refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    text = call.query["search"].strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = text[1:-1].replace('\\"', '"')
    rows = search_mails(call, text, default=SEARCH_FIELDS)
    if folder:
        place = render.find_folder(call, folder)
        rows = [mail for mail in rows if render.in_folder(mail, place)]
    return listed(call, rows, listing(call), context=f"users('{call.owner.id}')/messages")


def get_message(call: Call, message: str, folder: str = "") -> Answer:
    mail = render.find_mail(call, message)
    shown = render.message_json(call, mail, call.select(), _expanded(call))
    return applied(
        call, Answer({"@odata.context": f"{call.base}/$metadata#users('{mail.mailbox}')/messages/$entity", **shown})
    )


def raw_message(call: Call, message: str) -> Answer:
    """MIME, as `$value` gives it; the plain text part only."""
    mail = render.find_mail(call, message)
    lines = [
        f"From: {mail.sender_name} <{mail.sender_address}>",
        f"To: {', '.join(f'{name} <{address}>' for name, address in mail.to)}",
        f"Subject: {mail.subject}",
        f"Date: {mail.sent:%a, %d %b %Y %H:%M:%S} +0000",
        f"Message-ID: {mail.internet_message_id}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        mail.body_text,
    ]
    return Answer("\r\n".join(lines).encode(), headers={"Content-Type": "text/plain"})


def list_folders(call: Call) -> Answer:
    rows = [folder for folder in render.folders(call.company, call.owner.id) if not _nested(call, folder.parent_id)]
    shown = [render.folder_json(call, folder) for folder in rows]
    return of_json(shown, call, context=f"users('{call.owner.id}')/mailFolders", top=DEFAULT_TOP)


def _nested(call: Call, parent_id: str) -> bool:
    return any(folder.id == parent_id for folder in render.folders(call.company, call.owner.id))


def get_folder(call: Call, folder: str) -> Answer:
    return single(
        call, render.folder_json(call, render.find_folder(call, folder)), f"users('{call.owner.id}')/mailFolders"
    )


def child_folders(call: Call, folder: str) -> Answer:
    parent = render.find_folder(call, folder)
    rows = [
        render.folder_json(call, child)
        for child in render.folders(call.company, call.owner.id)
        if child.parent_id == parent.id
    ]
    return of_json(
        rows, call, context=f"users('{call.owner.id}')/mailFolders('{parent.id}')/childFolders", top=DEFAULT_TOP
    )


def list_attachments(call: Call, message: str) -> Answer:
    mail = render.find_mail(call, message)
    rows = [render.attachment_json(mail, attachment) for attachment in mail.attachments]
    return of_json(rows, call, context=f"users('{mail.mailbox}')/messages('{mail.id}')/attachments")


def get_attachment(call: Call, message: str, attachment: str) -> Answer:
    mail = render.find_mail(call, message)
    shown = render.attachment_json(mail, render.find_attachment(mail, attachment))
    return single(call, shown, f"users('{mail.mailbox}')/messages('{mail.id}')/attachments")


def attachment_value(call: Call, message: str, attachment: str) -> Answer:
    found = render.find_attachment(render.find_mail(call, message), attachment)
    return Answer(found.data, headers={"Content-Type": found.content_type})


def delta(call: Call, folder: str) -> Answer:
    """Per folder (message-delta): pages by `$skiptoken`, then a `$deltatoken`; another round brings changed, new and removed ones."""
    place = render.find_folder(call, folder)
    if "search" in call.query:
        raise bad_request(
            "The query parameter '$search' is not supported with change tracking.", "ErrorInvalidUrlQuery"
        )
    token = call.query.get("skiptoken") or call.query.get("deltatoken")
    if token is None:
        state = Delta(
            place.id,
            {},
            query={
                name: call.query[name] for name in ("select", "filter", "expand", "changeType") if name in call.query
            },
        )
    elif token in call.state.deltas and call.state.deltas[token].scope == place.id:
        kept = call.state.deltas[token]
        state = Delta(kept.scope, dict(kept.known), list(kept.pending), kept.query)
    else:
        raise Refused(410, "syncStateNotFound", "The sync state generation is not found; the client must start again.")
    call.query = {**call.query, **state.query}
    rows = [mail for mail in call.mails if mail.mailbox == call.owner.id and render.in_folder(mail, place)]
    present = {mail.id: mail for mail in filtered(call, rows, listing(call))}
    if "skiptoken" not in call.query:
        kinds = _kinds(call)
        changed = [
            mail.id
            for mail in sorted(present.values(), key=_received, reverse=True)
            if state.known.get(mail.id) != render.mark(mail)
            and ("updated" if mail.id in state.known else "created") in kinds
        ]
        gone = [known for known in state.known if known not in present] if "deleted" in kinds else []
        state.pending = changed + gone
    return _delta_page(call, state, present)


def _kinds(call: Call) -> frozenset[str]:
    """`changeType` narrows a round to changes of one kind (message-delta)."""
    wanted = call.query.get("changeType", "")
    if wanted not in {"", "created", "updated", "deleted"}:
        raise bad_request(f"The value '{wanted}' of changeType is not valid.", "ErrorInvalidUrlQuery")
    return frozenset({wanted} if wanted else {"created", "updated", "deleted"})


def _received(mail: Mail) -> Any:
    return mail.sent


def _delta_page(call: Call, state: Delta, present: dict[str, Mail]) -> Answer:
    top = call.page_size(DEFAULT_TOP)
    page, state.pending = state.pending[:top], state.pending[top:]
    value: list[dict[str, Any]] = []
    for message_id in page:
        mail = present.get(message_id)
        if mail is None:
            state.known.pop(message_id, None)
            value.append(
                {"@odata.type": "#microsoft.graph.message", "id": message_id, "@removed": {"reason": "deleted"}}
            )
        else:
            state.known[message_id] = render.mark(mail)
            shown = render.message_json(call, mail, call.select(), _expanded(call))
            value.append({"@odata.type": "#microsoft.graph.message", **shown})
    token = secrets.token_urlsafe(24)
    call.state.deltas[token] = state
    name, annotation = ("skiptoken", "@odata.nextLink") if state.pending else ("deltatoken", "@odata.deltaLink")
    call.query = {name: value for name, value in call.query.items() if name not in state.query}
    body = {
        "@odata.context": f"{call.base}/$metadata#Collection(message)",
        annotation: link(call, {name: token}),
        "value": value,
    }
    return applied(call, Answer(body))
