"""What others write must not hold up anybody: each of these took minutes once, and would again run into a test's limit."""

from dataclasses import replace

import pytest

from bot.digests.commitments import LONGEST, MOST, commitments
from bot.digests.merging import merged
from bot.digests.sentences import sentences
from bot.digests.wants import wanted_in
from tests.digests.test_commitments import AUTHOR, WRITTEN
from tests.digests.test_merging import item

CROWD = [f"Person{number} Name{number}" for number in range(2_000)]
TEXTS = {
    "many lines and many people": "Hello there you.\n" * 1_200,
    "nothing but spaces": " " * LONGEST,
    "spaces after a sentence": f"Done.{' ' * LONGEST}",
    "spaces of all kinds": (" " * 50 + "\t\u00a0\u2003") * 400,
    "many days": ("by " * 90 + ".\n") * 70,
    "many deeds": ("a will " * 40 + ".\n") * 70,
    "one line": "Marco will " * 2_000,
    "brackets": "(x) ; " * 4_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    for _ in range(20):
        assert len(commitments(text, AUTHOR, CROWD, WRITTEN)) <= MOST
        assert len(wanted_in(text)) <= 140
    assert all("\n" not in sentence and "  " not in sentence for sentence in sentences(text))


def test_a_name_as_long_as_a_book_names_nobody() -> None:
    long = ["A " * 9_000, "x" * 50_000, "", " ", "(", "Person[0-9]*"]
    assert commitments("Marco will send it by Friday.\n(Anna) will call.", AUTHOR, long, WRITTEN) == []


def test_much_news_with_much_text_is_compared_in_no_time() -> None:
    words = [f"{number} {' '.join(f'w{number}x{n}' for n in range(2_500))}" for number in range(300)]
    news = [replace(item("waiting", number), text=text) for number, text in enumerate(words)]
    assert len(merged([*news, *news])) == 300
