"""Everything this wire claims to serve. Scopes: least privilege first (Microsoft Graph permissions reference)."""

from functools import partial

from infra.local.graph import (
    applications,
    calendar,
    drives,
    files_write,
    mail,
    mail_write,
    meetings,
    memberships,
    people,
    permissions,
    principals,
    retrieval,
    search,
    sites,
    teams,
    teams_hosted,
    work,
)
from infra.local.graph.errors import Service
from infra.local.graph.routing import Handler, Route, Table

MAIL_READ = ("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared")
MAIL_BASIC = ("Mail.ReadBasic", *MAIL_READ)
MAILBOX_SETTINGS = ("MailboxSettings.Read", "MailboxSettings.ReadWrite")
MAIL_WRITE = ("Mail.ReadWrite",)
MAIL_SEND = ("Mail.Send",)
CALENDAR_BASIC = ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
CALENDAR_WRITE = ("Calendars.ReadWrite",)
FILES_WRITE = ("Files.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All")
FILES_READ = ("Files.Read", "Files.Read.All", "Sites.Read.All", *FILES_WRITE)
SITES_READ = ("Sites.Read.All", "Sites.ReadWrite.All")
SELF = ("User.Read", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
ORGANISATION = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
TASKS = ("Tasks.Read", "Tasks.ReadWrite")
MEETINGS = ("OnlineMeetings.Read", "OnlineMeetings.ReadWrite")
TRANSCRIPTS = ("OnlineMeetingTranscript.Read.All",)
INSIGHTS = ("OnlineMeetingAiInsight.Read.All",)
GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All")
PEOPLE = ("People.Read", "People.Read.All")
CHAT_BASIC = ("Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
CHAT_READ = ("Chat.Read", "Chat.ReadWrite")
CHAT_SEND = ("ChatMessage.Send", "Chat.ReadWrite")
TEAM_READ = ("Team.ReadBasic.All", "TeamSettings.Read.All", "Group.Read.All", "Group.ReadWrite.All")
TEAM_MEMBERS = ("TeamMember.Read.All", "TeamMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All")
CHANNEL_READ = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "Group.Read.All", "Group.ReadWrite.All")
CHANNEL_MEMBERS = ("ChannelMember.Read.All", "ChannelMember.ReadWrite.All")
CHANNEL_MESSAGES = ("ChannelMessage.Read.All", "Group.Read.All", "Group.ReadWrite.All")
CHANNEL_SEND = ("ChannelMessage.Send", "Group.ReadWrite.All")
FOLDER_READ = ("Files.Read.All", "Sites.Read.All", "Files.ReadWrite.All", "Group.Read.All")

APPLICATIONS = ("Application.ReadWrite.All",)
APPLICATIONS_READ = ("Application.Read.All", *APPLICATIONS, "Directory.Read.All")
GRANTS_READ = ("DelegatedPermissionGrant.Read.All", *APPLICATIONS_READ)
CONSENTS = ("DelegatedPermissionGrant.ReadWrite.All",)
TENANT = ("User.Read", "Organization.Read.All")

Row = tuple[str, str, tuple[str, ...], Handler]

DIRECTORY: list[Row] = [
    ("GET", "/me", SELF, people.get_user),
    ("GET", "/users", USERS, people.list_users),
    ("GET", "/me/manager", ORGANISATION, people.get_manager),
    ("GET", "/me/directReports", ORGANISATION, people.direct_reports),
    ("GET", "/me/memberOf", SELF, memberships.member_of),
    ("GET", "/me/transitiveMemberOf", SELF, memberships.member_of),
    ("POST", "/me/checkMemberGroups", SELF, memberships.check_member_groups),
    ("GET", "/me/photo", SELF, people.photo),
    ("GET", "/me/photo/$value", SELF, people.photo),
    ("GET", "/me/people", PEOPLE, people.list_people),
    ("GET", "/me/planner/tasks", TASKS, work.my_tasks),
    ("GET", "/me/planner/plans", TASKS, work.my_plans),
    ("GET", "/planner/plans/{plan}", TASKS, work.get_plan),
    ("GET", "/planner/plans/{plan}/tasks", TASKS, work.plan_tasks),
    ("GET", "/planner/plans/{plan}/buckets", TASKS, work.plan_buckets),
    ("GET", "/planner/tasks/{task}", TASKS, work.get_task),
    ("GET", "/planner/tasks/{task}/details", TASKS, work.task_details),
    ("GET", "/groups", GROUPS, people.list_groups),
    ("GET", "/groups/{group}", GROUPS, people.get_group),
    ("GET", "/groups/{group}/members", GROUPS, people.group_members),
    ("GET", "/groups/{group}/transitiveMembers", GROUPS, people.group_members),
    ("GET", "/groups/{group}/owners", GROUPS, people.group_owners),
]

OUTLOOK: list[Row] = [
    ("GET", "/me/messages", MAIL_BASIC, mail.list_messages),
    ("POST", "/me/messages", MAIL_WRITE, mail_write.create_draft),
    ("GET", "/me/messages/{message}", MAIL_BASIC, mail.get_message),
    ("PATCH", "/me/messages/{message}", MAIL_WRITE, mail_write.update),
    ("DELETE", "/me/messages/{message}", MAIL_WRITE, mail_write.delete),
    ("GET", "/me/messages/{message}/$value", MAIL_READ, mail.raw_message),
    ("GET", "/me/messages/{message}/attachments", MAIL_READ, mail.list_attachments),
    ("POST", "/me/messages/{message}/attachments", MAIL_WRITE, mail_write.add_attachment),
    ("GET", "/me/messages/{message}/attachments/{attachment}", MAIL_READ, mail.get_attachment),
    ("GET", "/me/messages/{message}/attachments/{attachment}/$value", MAIL_READ, mail.attachment_value),
    ("POST", "/me/messages/{message}/createReply", MAIL_WRITE, mail_write.create_reply),
    ("POST", "/me/messages/{message}/createReplyAll", MAIL_WRITE, mail_write.create_reply_all),
    ("POST", "/me/messages/{message}/createForward", MAIL_WRITE, mail_write.create_forward),
    ("POST", "/me/messages/{message}/reply", MAIL_SEND, mail_write.reply),
    ("POST", "/me/messages/{message}/replyAll", MAIL_SEND, mail_write.reply_all),
    ("POST", "/me/messages/{message}/forward", MAIL_SEND, mail_write.forward),
    ("POST", "/me/messages/{message}/send", MAIL_SEND, mail_write.send_draft),
    ("POST", "/me/messages/{message}/move", MAIL_WRITE, mail_write.move),
    ("POST", "/me/sendMail", MAIL_SEND, mail_write.send_mail),
    ("GET", "/me/mailboxSettings", MAILBOX_SETTINGS, people.mailbox_settings),
    ("GET", "/me/mailFolders", MAIL_BASIC, mail.list_folders),
    ("GET", "/me/mailFolders/{folder}", MAIL_BASIC, mail.get_folder),
    ("GET", "/me/mailFolders/{folder}/childFolders", MAIL_BASIC, mail.child_folders),
    ("GET", "/me/mailFolders/{folder}/messages", MAIL_BASIC, mail.list_messages),
    ("GET", "/me/mailFolders/{folder}/messages/delta", MAIL_BASIC, mail.delta),
    ("GET", "/me/mailFolders/{folder}/messages/{message}", MAIL_BASIC, mail.get_message),
    ("GET", "/me/calendar", CALENDAR_BASIC, calendar.get_calendar),
    ("GET", "/me/calendars", CALENDAR_BASIC, calendar.list_calendars),
    ("GET", "/me/calendarView", CALENDAR_BASIC, calendar.calendar_view),
    ("GET", "/me/calendar/calendarView", CALENDAR_BASIC, calendar.calendar_view),
    ("GET", "/me/events", CALENDAR_BASIC, calendar.list_events),
    ("GET", "/me/calendar/events", CALENDAR_BASIC, calendar.list_events),
    ("POST", "/me/events", CALENDAR_WRITE, calendar.create_event),
    ("POST", "/me/calendar/events", CALENDAR_WRITE, calendar.create_event),
    ("GET", "/me/events/{event}", CALENDAR_BASIC, calendar.get_event),
    ("GET", "/me/calendar/events/{event}", CALENDAR_BASIC, calendar.get_event),
    ("GET", "/me/events/{event}/instances", CALENDAR_BASIC, calendar.instances),
    ("GET", "/me/todo/lists", TASKS, work.todo_lists),
    ("GET", "/me/todo/lists/{tasks}/tasks", TASKS, work.todo_tasks),
    ("GET", "/me/todo/lists/{tasks}/tasks/{task}", TASKS, work.todo_task),
    ("POST", "/me/calendar/getSchedule", CALENDAR_BASIC, calendar.get_schedule),
]

FILES: list[Row] = [
    ("GET", "/me/drives", FILES_READ, drives.my_drives),
    ("GET", "/groups/{group}/drives", FILES_READ, drives.group_drives),
    ("GET", "/drives/{drive}", FILES_READ, drives.get_drive),
    ("GET", "/drives/{drive}/root", FILES_READ, drives.get_root),
    ("GET", "/drives/{drive}/recent", FILES_READ, drives.recent),
    ("GET", "/drives/{drive}/sharedWithMe", FILES_READ, drives.shared_with_me),
    ("GET", "/drives/{drive}/search", FILES_READ, drives.search_all),
    ("GET", "/drives/{drive}/items/{item}", FILES_READ, drives.get_item),
    ("PATCH", "/drives/{drive}/items/{item}", FILES_WRITE, files_write.update),
    ("DELETE", "/drives/{drive}/items/{item}", FILES_WRITE, files_write.delete),
    ("GET", "/drives/{drive}/items/{item}/children", FILES_READ, drives.list_children),
    ("POST", "/drives/{drive}/items/{item}/children", FILES_WRITE, files_write.create_child),
    ("GET", "/drives/{drive}/items/{item}/search", FILES_READ, drives.search_drive),
    ("GET", "/drives/{drive}/items/{item}/delta", FILES_READ, drives.delta),
    ("GET", "/drives/{drive}/items/{item}/content", FILES_READ, drives.content),
    ("PUT", "/drives/{drive}/items/{item}/content", FILES_WRITE, files_write.put_content),
    ("POST", "/drives/{drive}/items/{item}/createUploadSession", FILES_WRITE, files_write.session_existing),
    ("GET", "/drives/{drive}/items/{item}/new/{name}", FILES_READ, drives.no_item),
    ("PUT", "/drives/{drive}/items/{item}/new/{name}/content", FILES_WRITE, files_write.put_new),
    ("POST", "/drives/{drive}/items/{item}/new/{name}/createUploadSession", FILES_WRITE, files_write.session_new),
    ("GET", "/drives/{drive}/items/{item}/permissions", FILES_READ, permissions.list_permissions),
    ("GET", "/drives/{drive}/items/{item}/permissions/{permission}", FILES_READ, permissions.get_permission),
    ("POST", "/drives/{drive}/items/{item}/createLink", FILES_WRITE, files_write.create_link),
    ("POST", "/drives/{drive}/items/{item}/invite", FILES_WRITE, files_write.invite),
    ("GET", "/drives/{drive}/items/{item}/thumbnails", FILES_READ, drives.thumbnails),
    ("GET", "/drives/{drive}/items/{item}/versions", FILES_READ, drives.versions),
    ("GET", "/shares/{share}", FILES_READ, sites.shared),
    ("GET", "/shares/{share}/driveItem", FILES_READ, sites.shared_item),
    ("GET", "/sites", SITES_READ, sites.search_sites),
    ("GET", "/sites/{site}", SITES_READ, sites.get_site),
    ("GET", "/sites/{site}/drives", FILES_READ, drives.site_drives),
    ("GET", "/sites/{site}/lists", SITES_READ, sites.list_lists),
    ("GET", "/sites/{site}/lists/{name}", SITES_READ, sites.get_list),
    ("GET", "/sites/{site}/lists/{name}/items", SITES_READ, sites.list_items),
    ("GET", "/sites/{site}/lists/{name}/items/{item}", SITES_READ, sites.get_list_item),
    ("POST", "/copilot/retrieval", ("Files.Read.All",), retrieval.retrieve),
]

_CHANNEL_MESSAGE = (
    "/teams/{team}/channels/{channel}/messages/{message}",
    "/teams/{team}/channels/{channel}/messages/{message}/replies/{reply}",
)
TEAMS: list[Row] = [
    ("GET", "/me/joinedTeams", TEAM_READ, teams.joined_teams),
    ("GET", "/teams/{team}", TEAM_READ, teams.get_team),
    ("GET", "/teams/{team}/members", TEAM_MEMBERS, teams.team_members),
    ("GET", "/teams/{team}/channels", CHANNEL_READ, teams.list_channels),
    ("GET", "/teams/{team}/primaryChannel", CHANNEL_READ, teams.primary_channel),
    ("GET", "/teams/{team}/channels/{channel}", CHANNEL_READ, teams.get_channel),
    ("GET", "/teams/{team}/channels/{channel}/members", CHANNEL_MEMBERS, teams.list_channel_members),
    ("GET", "/teams/{team}/channels/{channel}/filesFolder", FOLDER_READ, teams.files_folder),
    ("GET", "/teams/{team}/channels/{channel}/messages", CHANNEL_MESSAGES, teams.channel_messages),
    ("POST", "/teams/{team}/channels/{channel}/messages", CHANNEL_SEND, teams.post_channel_message),
    ("GET", "/teams/{team}/channels/{channel}/messages/{message}", CHANNEL_MESSAGES, teams.channel_message),
    ("GET", "/teams/{team}/channels/{channel}/messages/{message}/replies", CHANNEL_MESSAGES, teams.replies),
    ("POST", "/teams/{team}/channels/{channel}/messages/{message}/replies", CHANNEL_SEND, teams.post_channel_message),
    ("GET", "/teams/{team}/channels/{channel}/messages/{message}/replies/{reply}", CHANNEL_MESSAGES, teams.reply),
    ("GET", "/me/onlineMeetings", MEETINGS, meetings.list_meetings),
    ("GET", "/me/onlineMeetings/{meeting}", MEETINGS, meetings.get_meeting),
    ("GET", "/me/onlineMeetings/{meeting}/transcripts", TRANSCRIPTS, meetings.list_transcripts),
    (
        "GET",
        "/me/onlineMeetings/{meeting}/transcripts/{transcript}/content",
        TRANSCRIPTS,
        meetings.transcript_content,
    ),
    ("GET", "/copilot/users/{person}/onlineMeetings/{meeting}/aiInsights", INSIGHTS, meetings.list_insights),
    (
        "GET",
        "/copilot/users/{person}/onlineMeetings/{meeting}/aiInsights/{insight}",
        INSIGHTS,
        meetings.get_insight,
    ),
    *(
        ("GET", f"{path}/hostedContents/{{hosted}}/$value", CHANNEL_MESSAGES, teams_hosted.of_channel)
        for path in _CHANNEL_MESSAGE
    ),
    ("GET", "/chats/{chat}/messages/{message}/hostedContents/{hosted}/$value", CHAT_READ, teams_hosted.of_chat),
    ("GET", "/me/chats", CHAT_BASIC, teams.list_chats),
    ("GET", "/chats", CHAT_BASIC, teams.list_chats),
    ("GET", "/chats/{chat}", CHAT_BASIC, teams.get_chat),
    ("GET", "/chats/{chat}/members", CHAT_BASIC, teams.list_chat_members),
    ("GET", "/chats/{chat}/members/{member}", CHAT_BASIC, teams.chat_member),
    ("GET", "/chats/{chat}/messages", CHAT_READ, teams.chat_messages),
    ("POST", "/chats/{chat}/messages", CHAT_SEND, teams.post_chat_message),
    ("GET", "/chats/{chat}/messages/{message}", CHAT_READ, teams.chat_message),
]

KNOWN = frozenset(scope for rows in (DIRECTORY, OUTLOOK, FILES, TEAMS) for _, _, scopes, _ in rows for scope in scopes)
"""Graph's delegated permissions, as far as something here needs them."""
REGISTRATIONS: list[Row] = [
    ("GET", "/organization", TENANT, applications.organization),
    ("GET", "/applications", APPLICATIONS_READ, applications.by_key),
    ("PATCH", "/applications", APPLICATIONS, applications.upsert_application),
    ("GET", "/applications/{application}", APPLICATIONS, applications.get_application),
    ("PATCH", "/applications/{application}", APPLICATIONS, applications.update_application),
    ("DELETE", "/applications/{application}", APPLICATIONS, applications.delete_application),
    ("POST", "/applications/{application}/addPassword", APPLICATIONS, applications.add_password),
    ("GET", "/applications/{application}/federatedIdentityCredentials", APPLICATIONS, applications.list_credentials),
    ("PATCH", "/applications/{application}/federatedIdentityCredentials", APPLICATIONS, applications.upsert_credential),
    ("DELETE", "/directory/deletedItems/{item}", APPLICATIONS, applications.purge),
    ("GET", "/servicePrincipals", APPLICATIONS, partial(principals.by_key, known=KNOWN)),
    ("PATCH", "/servicePrincipals", APPLICATIONS, principals.upsert),
    ("GET", "/servicePrincipals/oauth2PermissionGrants", GRANTS_READ, principals.grants_of),
    ("GET", "/oauth2PermissionGrants", CONSENTS, principals.list_grants),
    ("POST", "/oauth2PermissionGrants", CONSENTS, principals.create_grant),
    ("PATCH", "/oauth2PermissionGrants/{grant}", CONSENTS, principals.update_grant),
]

SEARCH: list[Row] = [("POST", "/search/query", (), search.query)]


def _routes(service: Service, rows: list[Row]) -> list[Route]:
    return [Route(method, pattern, service, scopes, handler) for method, pattern, scopes, handler in rows]


TABLE = Table(
    _routes("directory", DIRECTORY)
    + _routes("directory", REGISTRATIONS)
    + _routes("outlook", OUTLOOK)
    + _routes("files", FILES)
    + _routes("teams", TEAMS)
    + _routes("search", SEARCH)
)
