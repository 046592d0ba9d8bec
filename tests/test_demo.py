"""`make demo` as a stranger runs it: one command, no settings, right answers with their sources."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE

from infra.local.company.questions import DEMO_QUESTIONS
from infra.local.demo import ROOT


async def test_the_demo_answers_its_questions_and_ends() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.local.demo", cwd=ROOT, stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # noqa: TID251 -- what a process needs to run
    )  # fmt: skip
    out, faults = await asyncio.wait_for(process.communicate(), 100)
    shown = out.decode()
    assert process.returncode == 0, faults.decode()
    _, *answers = re.split(r"^> ", shown, flags=re.MULTILINE)
    assert len(answers) == len(DEMO_QUESTIONS) == 4
    for question, answer in zip(DEMO_QUESTIONS, answers, strict=True):
        assert answer.startswith(question.text)
        said, _, _ = answer.partition("\n\n  ")
        titles = re.findall(r"^  \[\d+\] (.+)$", answer, re.MULTILINE)
        assert "Answered by offline-quotes" in answer
        if question.expect:
            assert any(words in said for words in question.expect), answer
            assert set(titles) & set(question.sources), answer
            assert len(re.findall(r"^      https://\S+$", answer, re.MULTILINE)) == len(titles)
        else:
            assert not titles
            assert "Nothing was found" in said
            assert re.search(r"I searched (?:\w+, )*files(?:, \w+)*,? (?:and )?mail\b.* for:", answer), answer
    assert "Traceback" not in faults.decode()
