"""Builds the company that lives in the local tenant."""

from dataclasses import replace
from datetime import datetime
from functools import cache

from infra.local.company import drives, events, mail, noise, people, questions, teams, work
from infra.local.company.bundle import BERLIN
from infra.local.company.model import Company

TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=BERLIN)
_THREADS = ("heron", "operations", "business")


def company() -> Company:
    """A company of the caller's own to change; the same one, to the byte, in every process.

    Built once a process; later calls copy it (file and attachment bytes are shared).
    """
    built = _built()
    return replace(
        built,
        people=[replace(person) for person in built.people],
        groups=[replace(group, members=[*group.members], owners=[*group.owners]) for group in built.groups],
        sites=[replace(site) for site in built.sites],
        drives=[replace(drive) for drive in built.drives],
        items=[replace(item, grants=[replace(grant) for grant in item.grants]) for item in built.items],
        mail_folders=[replace(folder) for folder in built.mail_folders],
        mails=[
            replace(one, to=[*one.to], cc=[*one.cc], attachments=[replace(file) for file in one.attachments])
            for one in built.mails
        ],
        events=[replace(event, attendees=[*event.attendees]) for event in built.events],
        teams=[replace(team) for team in built.teams],
        channels=[replace(channel, members=[*channel.members]) for channel in built.channels],
        chats=[replace(chat, members=[*chat.members]) for chat in built.chats],
        messages=[replace(message, mentions=[*message.mentions]) for message in built.messages],
        todo=[replace(task) for task in built.todo],
        plans=[replace(plan) for plan in built.plans],
        plan_tasks=[replace(task, assigned=[*task.assigned]) for task in built.plan_tasks],
        transcripts=[replace(spoken) for spoken in built.transcripts],
        list_items=[replace(item, columns={**item.columns}) for item in built.list_items],
        shared_mailboxes=[replace(mailbox, members=[*mailbox.members]) for mailbox in built.shared_mailboxes],
        shared_mails=[replace(one) for one in built.shared_mails],
        questions=[replace(asked, expect=[*asked.expect], sources=[*asked.sources]) for asked in built.questions],
    )


@cache
def _built() -> Company:
    staff = people.people()
    storage = drives.storage(staff)
    written = [letter for bundle in _THREADS for letter in mail.letters(f"mail/{bundle}.txt")]
    folders, mails = mail.mailboxes([*written, *noise.noise()])
    talk = teams.talk()
    return Company(
        people.TENANT_ID,
        people.NAME,
        people.DOMAIN,
        TODAY,
        people=staff,
        groups=people.groups(),
        sites=storage.sites,
        drives=storage.drives,
        items=storage.items,
        mail_folders=folders,
        mails=mails,
        events=events.events(staff),
        teams=talk.teams,
        channels=talk.channels,
        chats=talk.chats,
        messages=talk.messages,
        questions=list(questions.QUESTIONS),
        todo=work.todo(),
        plans=work.plans(),
        plan_tasks=work.plan_tasks(),
        transcripts=work.transcripts(),
        list_items=work.list_items(),
        shared_mailboxes=[work.SUPPORT],
        shared_mails=work.shared_mails(),
    )
