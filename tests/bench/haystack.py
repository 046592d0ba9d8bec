"""A large mailbox for the grounding benchmark: one person's real mails hidden among made-up ones of the same words.

`python -m tests.bench.haystack FOLDER` writes `mail.jsonl`, `questions.tsv` and `judgements.qrels` for
`python -m bot eval --mailbox ... --questions ... --judgements ...`.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.local.company.bundle import BERLIN
from infra.local.company.model import Mail
from infra.local.world import World
from tests.bench.corpus import Corpus, own

MAILS = 20_000
PERSON = "sofia"
SEED = 7
YEARS = 2
_WORD = re.compile(r"[^\W\d_][\w-]+")


def haystack(corpus: Corpus, person: str, size: int) -> Iterator[dict[str, Any]]:
    """Rows of a mailbox with `size` mails: all this person's own, and others drawn from their words."""
    owner = World(corpus.company).person(person)
    real = [mail for mail in corpus.company.mails if mail.mailbox == owner.id]
    for mail in real:
        yield _row(_id(corpus, mail), mail, mail.subject, mail.unique_text, mail.sent.isoformat(), owner.mail)
    dice = random.Random(SEED)
    words = [word for mail in real for word in _WORD.findall(mail.unique_text)]
    subjects = [word for mail in real for word in _WORD.findall(mail.subject)]
    lengths = [len(_WORD.findall(mail.unique_text)) for mail in real]
    for number in range(size - len(real)):
        like = dice.choice(real)
        body = " ".join(dice.choices(words, k=max(5, dice.choice(lengths))))
        sent = corpus.company.today - timedelta(minutes=dice.randrange(YEARS * 365 * 24 * 60))
        subject = " ".join(dice.choices(subjects, k=dice.randint(2, 6)))
        yield _row(f"made-up/{number}", like, subject, body, sent.isoformat(), owner.mail)


def _id(corpus: Corpus, mail: Mail) -> str:
    return next(id for link, id in corpus.links.items() if mail.id in link)


def _row(id: str, mail: Mail, subject: str, body: str, date: str, owner: str) -> dict[str, Any]:
    to = [f"{name} <{address}>" for name, address in mail.to] or [owner]
    copied = [f"{name} <{address}>" for name, address in mail.cc]
    named = {address.casefold() for _, address in [*mail.to, *mail.cc]} | {mail.sender_address.casefold()}
    return {
        "id": id, "from": f'"{mail.sender_name}" <{mail.sender_address}>', "to": to,
        "cc": [*copied, *([] if owner.casefold() in named else [owner])], "date": date, "subject": subject, "body": body,
    }  # fmt: skip


def write(folder: Path, person: str = PERSON, size: int = MAILS) -> None:
    """The three files; of the questions those this person asks and mail answers."""
    corpus = own()
    owner = World(corpus.company).person(person)
    rows = list(haystack(corpus, person, size))
    there = {row["id"] for row in rows}
    judged = {
        question.id: [id for id in corpus.judgements.get(question.id, {}) if id in there]
        for question in corpus.questions
        if question.person == person
    }
    asked = [question for question in corpus.questions if judged.get(question.id)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mail.jsonl").write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    (folder / "questions.tsv").write_text("".join(f"{q.id}\t{owner.mail}\t{q.text}\n" for q in asked), "utf-8")
    lines = [f"{q.id} 0 {id} 1\n" for q in asked for id in judged[q.id]]
    (folder / "judgements.qrels").write_text("".join(lines), "utf-8")
    print(
        f"{len(rows)} mails, {len(asked)} questions: {folder}, as of {corpus.company.today.astimezone(BERLIN):%Y-%m-%d}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.haystack", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--person", default=PERSON, help="whose mailbox, by first name")
    parser.add_argument("--mails", type=int, default=MAILS)
    given = parser.parse_args()
    write(given.folder, given.person, given.mails)
