"""What a reviewer says counts only where the evidence bears it out; what it does not bear out goes, or is marked."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.agent import critique
from bot.agent.critique import Corrected, Review, Sources, Verdict
from bot.agent.statements import count, pieces
from providers.base import Evidence, Image, Message, Request, Text

EVIDENCE = (
    Evidence("S1", "Heron budget", "The Heron budget is 485,000 EUR. Tomas Lindgren approved it.", detail="2026-05-03"),
    Evidence("S2", "Seal test", "The RS-14 seal failed after 412 hours.\nTarget: 1,000 hours."),
)
SOURCES = Sources.of(EVIDENCE, "Question: What of Heron? I like short answers.")
DRAFT = "The Heron budget is 485,000 EUR [S1]. Ann Miller approved it [S1]. It has a swimming pool. Anything else?"
GOOD = {"number": 1, "verdict": "supported", "source": "S1", "quote": "The Heron budget is 485,000 EUR"}
WRONG = {
    "number": 2, "verdict": "contradicted", "source": "S1", "quote": "Tomas Lindgren approved it",
    "correction": "Tomas Lindgren approved it.",
}  # fmt: skip
PLANTED = {"number": 3, "verdict": "unsupported", "source": "", "quote": ""}
NONE = {"number": 4, "verdict": "no_claim", "source": "", "quote": ""}
MARK = "*(not confirmed)*"


def review(*items: Any, missing: Any = (), draft: str = DRAFT) -> Review | None:
    form = json.dumps({"statements": list(items), "missing": list(missing)})
    return critique.parsed(form, pieces(draft), SOURCES)


def corrected(*items: Any, missing: Any = (), draft: str = DRAFT) -> Corrected:
    found = review(*items, missing=missing, draft=draft)
    assert found is not None
    return critique.corrected(pieces(draft), found, MARK)


def test_what_is_unsupported_goes_and_what_is_contradicted_is_put_right() -> None:
    done = corrected(GOOD, WRONG, PLANTED, NONE)
    assert done.text == ("The Heron budget is 485,000 EUR [S1]. Tomas Lindgren approved it. [S1] Anything else?")
    assert [(c.verdict, c.was, c.now) for c in done.changes] == [
        (Verdict.CONTRADICTED, "Ann Miller approved it.", "Tomas Lindgren approved it."),
        (Verdict.UNSUPPORTED, "It has a swimming pool.", ""),
    ]
    assert done.unchecked == 0


def test_support_without_words_that_stand_in_the_evidence_is_none() -> None:
    for quote in ("It has a swimming pool", "", "a", "…", "The Heron budget … is a swimming pool"):
        done = corrected(GOOD, WRONG, {**GOOD, "number": 3, "quote": quote}, NONE)
        assert f"swimming pool. {MARK}" in done.text
        assert done.unchecked == 1
    assert (
        corrected({**GOOD, "source": "S9", "quote": "the heron BUDGET is…485.000"}, WRONG, PLANTED, NONE).unchecked == 0
    )


def test_a_statement_with_a_figure_or_a_source_claims_something_whatever_is_said_of_it() -> None:
    draft = "It costs 777 EUR. Ask Tomas [S1]. All is well."
    done = corrected(*({**NONE, "number": n} for n in (1, 2, 3)), draft=draft)
    assert done.text == f"It costs 777 EUR. {MARK} Ask Tomas [S1]. {MARK} All is well."


def test_a_figure_that_stands_nowhere_is_not_supported_by_other_words() -> None:
    draft = "It is 485.000 EUR, 3 parts of it spent. It was 470,000 EUR in May."
    done = corrected(GOOD, {**GOOD, "number": 2}, draft=draft)
    assert done.text == f"It is 485.000 EUR, 3 parts of it spent. It was 470,000 EUR in May. {MARK}"


def test_a_statement_nobody_judged_is_marked_and_of_two_verdicts_the_worse_counts() -> None:
    done = corrected(GOOD, {**PLANTED, "number": 1}, WRONG, {**GOOD, "number": 2}, NONE)
    assert "485,000" not in done.text
    assert "Ann Miller" not in done.text
    assert f"swimming pool. {MARK}" in done.text


def test_a_correction_has_words_and_figures_of_its_evidence_or_is_not_taken() -> None:
    for bad in (
        {**WRONG, "quote": "Ann did not"},
        {**WRONG, "correction": "Tomas Lindgren approved 900,000 EUR of it."},
        {**WRONG, "correction": ""},
        {**WRONG, "correction": ["x"]},
        {**WRONG, "correction": "x" * 900},
    ):
        done = corrected(GOOD, bad, PLANTED, NONE)
        assert done.text == "The Heron budget is 485,000 EUR [S1]. Anything else?"


def test_what_the_draft_left_out_is_added_where_it_is_borne_out() -> None:
    good = {"sentence": "The seal failed after 412 hours [S1].", "source": "S2", "quote": "failed after 412 hours"}
    bad = [{**good, "sentence": "It failed after 900 hours."}, {**good, "quote": "nowhere at all"}, 7, {}, good, good]
    assert corrected(GOOD, WRONG, PLANTED, NONE, missing=[good]).added == ("The seal failed after 412 hours. [S2]",)
    assert corrected(GOOD, WRONG, PLANTED, NONE, missing=bad).added == ()


def test_a_line_that_lost_all_it_said_goes_whole_and_a_row_is_marked_inside() -> None:
    draft = "Found:\n\n- One pool.\n- The seal failed [S2].\n\n| pump | big |\n"
    done = corrected(
        {**NONE, "number": 1}, {**PLANTED, "number": 2}, {**GOOD, "number": 3, "quote": "seal failed"}, draft=draft
    )
    assert done.text == f"Found:\n\n- The seal failed [S2].\n\n| pump | big {MARK} |"


def test_pictures_are_no_words_and_only_count_where_there_are_any() -> None:
    seen = {**GOOD, "number": 3, "source": "seen", "quote": ""}
    assert f"pool. {MARK}" in corrected(GOOD, WRONG, seen, NONE).text
    draft = Request("s", (Message("user", (Image(b"x", "image/png"), Text("Question: q"))),))
    sent = critique.request(pieces(DRAFT), EVIDENCE, like=draft)
    found = critique.parsed(
        json.dumps({"statements": [GOOD, WRONG, seen, NONE]}), pieces(DRAFT), critique.sources(sent)
    )
    assert found is not None
    assert found.of(3).verdict is Verdict.SUPPORTED


def test_the_draft_does_not_bear_itself_out() -> None:
    asked = Request("s", (Message("user", (*EVIDENCE, Text("Question: q"))),))
    sent = critique.request(pieces(DRAFT), EVIDENCE, like=asked)
    assert "3. It has a swimming pool." in str(sent.messages)
    assert critique.sources(sent).holding("It has a swimming pool.", "draft") is None
    assert not sent.tools


def test_nonsense_is_no_review() -> None:
    draft = pieces(DRAFT)
    for text in ("", "Looks fine to me.", "{", "[]", "{}", '{"statements": 3}', '{"statements": [null, 1, "x", []]}',
                 '{"statements": [{"number": true, "verdict": "supported"}]}', "{" * 90_000, "[" * 90_000 + "{}",
                 json.dumps({"statements": [GOOD]}), json.dumps({"statements": [{**GOOD, "verdict": ["supported"]}] * 9}),
                 json.dumps({"statements": [{**GOOD, "number": n} for n in (0, -1, 5, 99, 10**30)]})):  # fmt: skip
        assert critique.parsed(text, draft, SOURCES) is None
    assert critique.parsed(f"Sure!\n```json\n{json.dumps({'statements': [GOOD, WRONG]})}\n```", draft, SOURCES)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.text(max_size=9)
    | st.sampled_from(["supported", "no_claim", "unsupported", "contradicted", "S1", "said", "The Heron budget"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(
        st.sampled_from(["number", "verdict", "source", "quote", "correction", "statements", "missing", "sentence"]), inner
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(ODD, max_size=8), ODD)
def test_whatever_a_reviewer_writes_nothing_unjudged_stands_unmarked(said: Any, missing: Any) -> None:
    found = critique.parsed(json.dumps({"statements": said, "missing": missing}), pieces(DRAFT), SOURCES)
    if found is None:
        return
    done = critique.corrected(pieces(DRAFT), found, MARK)
    for piece in pieces(DRAFT):
        if piece.number and found.of(piece.number).verdict is Verdict.UNCHECKED:
            assert f"{piece.text.strip()} {MARK}" in done.text
    assert len(found.findings) <= count(pieces(DRAFT))
