"""The same news from several places becomes one item with a link to each; different news never becomes one."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.digests.item import MOST_LINKS, Item, Kind, Link
from bot.digests.merging import merged

NEWS = (
    "The foundry in Porto confirms the new castings for the Heron pumps on the twelfth of December at the higher price."
)


def item(kind: Kind, number: int, **told: object) -> Item:
    link = Link(f"Source {number}", f"https://sharepoint.tidewell.example/{number}", "mail", f"mail:{number}")
    return replace(Item(f"{kind}:{number}", kind, f"Title {number}", "", (link,)), **told)  # type: ignore[arg-type]  # fields by name


def test_three_places_are_one_item_with_three_links() -> None:
    (one,) = merged(
        [
            item("waiting", 1, text=NEWS, urgency=0.4),
            item("mention", 2, text=f"FYI: {NEWS}", urgency=0.9),
            item("document", 3, text=f"{NEWS} Best regards, Marco", labels=("Confidential",)),
        ]
    )
    assert one.kind == "waiting"
    assert [link.document for link in one.links] == ["mail:1", "mail:2", "mail:3"]
    assert one.urgency == 0.9
    assert one.labels == ("Confidential",)


def test_a_thread_is_one_item_and_its_promises_are_their_own() -> None:
    mails = [item("waiting", n, thread="t1", text=f"{n} something quite different is said here") for n in range(4)]
    promise = item("promise", 9, thread="t1", title="I will send the contract by Friday", due=date(2026, 11, 27))
    found = merged([*mails, promise])
    assert [one.kind for one in found] == ["waiting", "promise"]
    assert len(found[0].links) <= MOST_LINKS


def test_what_a_waiting_mail_asks_for_is_one_thing_to_do() -> None:
    mail = item("waiting", 1)
    asked = replace(item("request", 1, title="Could you send me the drawings by Friday?"), due=date(2026, 11, 27))
    (one,) = merged([mail, asked])
    assert (one.kind, one.due) == ("waiting", date(2026, 11, 27))


def test_the_same_deed_with_two_days_is_two_items() -> None:
    promises = [item("promise", n, title="Marco will send the contract", due=date(2026, 12, n)) for n in (1, 2)]
    assert len(merged(promises)) == 2
    assert len(merged([promises[0], replace(promises[1], due=None)])) == 1


def test_short_words_and_meetings_are_never_the_same_news() -> None:
    assert len(merged([item("mention", n, text="Thanks a lot!") for n in range(3)])) == 3
    assert len(merged([item("event", n, text=NEWS) for n in range(2)])) == 2
    assert len(merged([item("event", 1, text=NEWS), item("document", 2, text=NEWS)])) == 2


KINDS: list[Kind] = [
    "event",
    "conflict",
    "waiting",
    "mention",
    "question",
    "document",
    "promise",
    "request",
    "deadline",
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS), st.integers(0, 5), st.sampled_from(["", NEWS, "short"]), st.sampled_from(["", "t"])
        )
    )
)
def test_nothing_is_lost_and_doing_it_twice_changes_nothing(made: list[tuple[Kind, int, str, str]]) -> None:
    items = [item(kind, number, text=text, thread=thread) for kind, number, text, thread in made]
    once = merged(items)
    assert len(once) <= len(items)
    assert {one.kind for one in once} <= {one.kind for one in items}
    assert bool(once) == bool(items)
