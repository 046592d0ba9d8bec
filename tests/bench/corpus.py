"""What the grounding benchmark asks about: a company in the local tenant, questions, and which documents answer them."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from infra.local.company.access import Access
from infra.local.company.bundle import BERLIN, text_of
from infra.local.company.model import Company, Item, Mail
from infra.local.company.seed import company
from infra.local.graph.mail_render import web_link


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    """Its kind, a hyphen and a number: figures are given per kind."""
    person: str
    """Mail address or first name."""
    text: str

    @property
    def kind(self) -> str:
        return self.id.rpartition("-")[0] or "all"


@dataclass(slots=True)
class Judged:
    """A document as judgements name it, with the text a full-text index would hold, and who may open it."""

    id: str
    title: str
    text: str
    readers: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Corpus:
    name: str
    company: Company
    questions: list[Question]
    judgements: dict[str, dict[str, int]]
    """Question id -> document id -> grade; a question without any has no answer here."""
    documents: dict[str, Judged] = field(default_factory=dict[str, Judged])
    links: dict[str, str] = field(default_factory=dict[str, str])
    """Link of a mail or file -> document id."""
    attached: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """(link of the mail, file name) -> document id."""

    def document_of(self, link: str, title: str) -> str:
        """The id of a piece of evidence; what nobody could judge goes by its link."""
        return self.attached.get((link, title)) or self.links.get(link) or f"other/{link or title}"

    def add_mail(self, mail: Mail, id: str) -> None:
        link = web_link(mail)
        self.links[link] = id
        self._add(id, mail.subject, f"{mail.sender_name} {mail.sender_address}\n{mail.unique_text}", [mail.mailbox])
        for attachment in mail.attachments:
            if not attachment.is_inline:
                self.attached[link, attachment.name] = f"file/{slug(attachment.name)}"
                self._add(f"file/{slug(attachment.name)}", attachment.name, attachment.text, [mail.mailbox])

    def add_files(self, name: Callable[[Item, str], str]) -> None:
        """`name` makes a document id of an item and its path."""
        access = Access(self.company)
        roots = {drive.id: drive.web_url.rstrip("/") for drive in self.company.drives}
        items = {item.id: item for item in self.company.items}
        for item in self.company.items:
            if not item.is_folder:
                path = _path(items, item)
                id = name(item, path)
                self.links[f"{roots[item.drive_id]}/{quote(path)}"] = id
                self._add(id, item.name, item.text, access.readers(item))

    def _add(self, id: str, title: str, text: str, readers: Iterable[str]) -> None:
        self.documents.setdefault(id, Judged(id, title, text)).readers.update(readers)


def slug(text: str) -> str:
    """Letters and digits of any script, joined by hyphens; dots inside stay."""
    kept = "".join(c if c.isalnum() or c == "." else " " for c in text.casefold())
    return "-".join(bare for part in kept.split() if (bare := part.strip(".")))


def questions_in(text: str) -> list[Question]:
    """Tab separated: id, person (may be left out), question. Raises ValueError for a line with another number of columns."""
    found: list[Question] = []
    for row in csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if not row or row[-1] == "question":
            continue
        if len(row) not in {2, 3}:
            raise ValueError(f"A question has two or three columns (id, person, question), not {len(row)}.")
        found.append(Question(row[0], row[1] if len(row) == 3 else "", row[-1]))
    return found


def judgements_in(text: str) -> dict[str, dict[str, int]]:
    """TREC qrels: `question 0 document grade`. Raises ValueError for a malformed line."""
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        if line.strip():
            question, _, document, grade = line.split()
            found.setdefault(question, {})[document] = int(grade)
    return found


def own() -> Corpus:
    """The local tenant's own company with the questions that were judged by hand.

    A mail is `mail/<subject>/<when sent, in Berlin>`, one document for all mailboxes it lies in; a file, attached or stored,
    goes by its name.
    """
    corpus = Corpus(
        "Tidewell Pumps",
        company(),
        questions_in(text_of("grounding/questions.tsv")),
        judgements_in(text_of("grounding/judgements.qrels")),
    )
    for mail in corpus.company.mails:
        sent = mail.sent.astimezone(BERLIN)
        corpus.add_mail(mail, f"mail/{slug(_bare(mail.subject))}/{sent:%Y-%m-%dT%H%M}")
    corpus.add_files(lambda item, _: f"file/{slug(item.name)}")
    return corpus


def _bare(subject: str) -> str:
    while subject[:3].casefold() in {"re:", "aw:"}:
        subject = subject[3:].lstrip()
    return subject


def _path(items: Mapping[str, Item], item: Item) -> str:
    names: list[str] = []
    current: Item | None = item
    while current is not None and current.parent_id:
        names.append(current.name)
        current = items.get(current.parent_id)
    return "/".join(reversed(names))
