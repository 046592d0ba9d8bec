"""The benchmark's own arithmetic and formats."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import measures
from tests.bench.corpus import judgements_in, own, questions_in, slug
from tests.bench.floor import Floor
from tests.bench.grounding import arguments, ask_all, missed, nothing, report
from tests.bench.loading import load

GRADES = {"a": 1, "b": 2, "c": 1, "x": 0}


def test_measures_by_hand() -> None:
    assert measures.recall(["a", "z", "b"], GRADES, 5) == pytest.approx(2 / 3)
    assert measures.recall(["a"], GRADES, 1) == 1.0
    assert measures.hit(["x", "z", "b"], GRADES, 2) == 0.0
    assert measures.reciprocal_rank(["x", "z", "b"], GRADES, 10) == pytest.approx(1 / 3)
    assert measures.ndcg(["b", "a", "c"], GRADES, 10) == pytest.approx(1.0)
    assert 0 < measures.ndcg(["a", "b", "c"], GRADES, 10) < 1
    assert measures.run_lines("q1", ["a", "b"], "us") == ["q1 Q0 a 1 1.000000 us", "q1 Q0 b 2 0.500000 us"]


@given(st.lists(st.sampled_from("abcxyz"), unique=True), st.dictionaries(st.sampled_from("abcxyz"), st.integers(0, 3)))
def test_measures_stay_between_none_and_all(ranking: list[str], grades: dict[str, int]) -> None:
    for measure in (measures.recall, measures.hit, measures.reciprocal_rank, measures.ndcg):
        assert 0.0 <= measure(ranking, grades, 5) <= 1.0 + 1e-9


def test_every_judgement_names_a_document_its_asker_may_read() -> None:
    corpus = own()
    people = {person.given_name.casefold(): person.id for person in corpus.company.people}
    assert len(corpus.questions) >= 80
    assert len({question.id for question in corpus.questions}) == len(corpus.questions)
    for question in corpus.questions:
        for document in corpus.judgements.get(question.id, {}):
            assert people[question.person] in corpus.documents[document].readers, (question.id, document)


def test_formats_are_checked() -> None:
    assert questions_in("id\tquestion\nq-1\twhat?\n")[0].kind == "q"
    assert judgements_in("q 0 a 1\n\nq 0 b 0\n") == {"q": {"a": 1, "b": 0}}
    with pytest.raises(ValueError, match="columns"):
        questions_in("one\n")
    with pytest.raises(SystemExit):
        arguments(["--questions", "q.tsv"])
    assert slug("Re: Prüfmittel.xlsx 1.") == "re-prüfmittel.xlsx-1"


async def test_any_mailbox_and_folder_can_be_measured(tmp_path: Path) -> None:
    mails = [
        {"id": "m1", "from": "Ana Lima <ana@x.example>", "to": ["bo@x.example"], "cc": "", "date": "2026-03-02T08:00:00Z",
         "subject": "Roof of hall 3", "body": "The roofer comes on Tuesday and takes 4,800 EUR."},
        {"id": "m2", "from": "bo@x.example", "to": "ana@x.example", "date": "Tue, 3 Mar 2026 10:00:00 +0100",
         "subject": "Re: Roof of hall 3", "body": "Fine with me."},
        {"id": "m3", "from": "ana@x.example", "to": "cy@x.example", "date": "", "subject": "Lunch", "body": "Soup?"},
    ]  # fmt: skip
    (tmp_path / "mail.jsonl").write_text("\n".join(map(json.dumps, mails)), "utf-8")
    (tmp_path / "files" / "Plans").mkdir(parents=True)
    (tmp_path / "files" / "Plans" / "solar.md").write_text("# Solar\nThe panels give 62 kWp.", "utf-8")
    asked = (
        "q-1\tbo@x.example\tWhat does the roofer of hall 3 take?\nq-2\tbo@x.example\tHow many kWp do the panels give?\n"
    )
    (tmp_path / "q.tsv").write_text(f"{asked}q-3\tbo@x.example\tWho repairs the lift?\n", "utf-8")
    (tmp_path / "j.qrels").write_text("q-1 0 m1 1\nq-2 0 Plans/solar.md 1\n", "utf-8")
    corpus = await load(tmp_path / "mail.jsonl", tmp_path / "files", tmp_path / "q.tsv", tmp_path / "j.qrels")
    assert {mail.subject for mail in corpus.company.mails} == {"Roof of hall 3", "Re: Roof of hall 3"}
    answers = await ask_all(corpus, corpus.questions, tmp_path)
    assert [one.ranking[:1] for one in answers] == [["m1"], ["Plans/solar.md"], []]
    assert all(one.calls for one in answers)
    assert nothing(corpus, [(one.question, one.ranking) for one in answers]) == (1, 1)
    assert "BM25 over everything" in report(corpus, answers)
    assert list(missed(corpus, answers)) == []


def test_the_floor_finds_only_what_a_person_may_read() -> None:
    corpus = own()
    people = {person.given_name: person.id for person in corpus.company.people}
    floor = Floor(corpus.documents.values())
    try:
        assert "file/salaries-2026.xlsx" in floor.ranking("Salaries 2026", people["Katrin"])
        assert "file/salaries-2026.xlsx" not in floor.ranking("Salaries 2026", people["Ben"])
        assert floor.ranking("", people["Ben"]) == []
    finally:
        floor.close()
