"""Whom "from my manager" means is asked of the directory, once, and only when a question says so."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest

from bot.context import Audience
from bot.grounding.asked import asked
from bot.grounding.relations import relation_in, resolved
from bot.grounding.search import Grounding
from graph.base import Document, Query, Relation, SourceSpec
from graph.errors import ConsentRequired

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "relation"),
    [
        ("What did my manager say about the budget?", "manager"),
        ("the mail from my boss about the audit", "manager"),
        ("Was hat meine Chefin zum Audit geschrieben?", "manager"),
        ("Die Mail von meinem Vorgesetzten zur Lieferzeit", "manager"),
        ("mails from my team last week", "reports"),
        ("Was schrieb mein Team zur Abnahme?", "reports"),
        ("Who is my manager?", None),
        ("What did the plant manager say?", None),
        ("what came from my team channel?", None),
        ("my team", None),
    ],
)
def test_a_relation_is_seen_where_it_names_an_author_or_a_recipient(question: str, relation: str | None) -> None:
    assert relation_in(question) == relation


def test_the_people_stand_where_the_word_for_them_stood() -> None:
    found = resolved(asked("What did my manager write about the freight?", NOW), ["Priya Raman"])
    assert (found.people, found.recipients, found.spoken, found.words) == (("Priya Raman",), (), True, ("freight",))
    told = resolved(asked("What did I write to my team about the freight?", NOW), ["Ada", "Bo"])
    assert (told.people, told.recipients, told.words) == ((), ("Ada", "Bo"), ("freight",))


def test_whoever_has_no_manager_is_asked_about_in_words() -> None:
    of = asked("What did my manager write about the freight?", NOW)
    assert resolved(of, []) == of


class Directory:
    name: ClassVar[str] = "people"
    scopes: ClassVar[tuple[str, ...]] = ("User.Read.All",)

    def __init__(self, *, agreed: bool = True) -> None:
        self.agreed, self.asked = agreed, list[Relation]()

    async def related(self, relation: Relation) -> list[str]:
        self.asked.append(relation)
        if not self.agreed:
            raise ConsentRequired("There is no consent.", scopes=self.scopes)
        return ["Priya Raman"]

    async def search(self, query: Query, *, top: int) -> list[Document]:
        del query, top
        return []

    async def read(self, id: str) -> Document:
        raise NotImplementedError

    async def readers(self, id: str) -> frozenset[str] | None:
        del id
        return None


class Letters(Directory):
    name: ClassVar[str] = "mail"

    def __init__(self) -> None:
        super().__init__()
        self.queries = list[Query]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        del top
        self.queries.append(query)
        text = "The freight goes by sea."
        return [Document("mail:1", "mail", "mail", "Freight", "", "Priya Raman <p@x>", NOW, text, complete=True)]


async def _looked(question: str, *, agreed: bool = True) -> tuple[Directory, Letters, Grounding]:
    directory, letters = Directory(agreed=agreed), Letters()
    spec = SourceSpec("people", "people", Directory.scopes, lambda graph: directory, optional=True)
    sources = {"people": directory, "mail": letters}
    grounding = Grounding(sources, Audience("ada", None, personal=True), NOW.timestamp, specs={"people": spec})
    passages = await grounding.search(question)
    assert [passage.document.title for passage in passages] == ["Freight"]
    return directory, letters, grounding


async def test_mail_is_searched_for_the_managers_name() -> None:
    directory, letters, _ = await _looked("What did my manager write about the freight?")
    assert directory.asked == ["manager"]
    assert any(query.people == ("Priya Raman",) for query in letters.queries)


async def test_no_question_without_one_pays_for_it() -> None:
    directory, _, _ = await _looked("How does the freight go?")
    assert not directory.asked


async def test_without_consent_the_rest_is_searched_and_the_permission_is_noted() -> None:
    _, letters, grounding = await _looked("What did my manager write about the freight?", agreed=False)
    assert letters.queries
    assert grounding.coverage.consents == {"User.Read.All"}
    assert [failed.what for failed in grounding.coverage.failed] == ["people"]
