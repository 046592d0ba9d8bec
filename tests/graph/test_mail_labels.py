"""Labels are read from the header as Outlook writes it, and from nothing that only looks like it."""

from hypothesis import given
from hypothesis import strategies as st

from graph.mail import letter
from graph.mail_labels import in_header, labels_of

ONE, TWO = "defa4170-0d19-0005-0004-bc88714345d2", "11111111-2222-3333-4444-555555555555"


def header(id: str, name: str, enabled: str = "True") -> str:
    return f"MSIP_Label_{id}_Enabled={enabled};\r\n MSIP_Label_{id}_SetDate=2026-11-02T08:00:00Z; MSIP_Label_{id}_Name={name};"


def message(*headers: tuple[str, str]) -> dict[str, object]:
    return {"id": "1", "internetMessageHeaders": [{"name": name, "value": value} for name, value in headers]}


async def test_a_mail_has_the_label_of_its_header() -> None:
    document = await letter(message(("Received", "x"), ("MSIP_Labels", header(ONE, "Highly Confidential"))))
    assert (document.label, document.also_labelled) == ("Highly Confidential", ())


async def test_of_several_labels_all_that_are_in_force_count() -> None:
    both = header(ONE, "General") + header(TWO, "Secret")
    assert in_header(both) == ("General", "Secret")
    assert in_header(header(ONE, "General", "false") + header(TWO, "Secret")) == ("Secret",)
    document = await letter(message(("msip_labels", both)))
    assert (document.label, document.also_labelled) == ("General", ("Secret",))


async def test_without_a_header_there_is_none() -> None:
    assert labels_of({}) == ()
    assert (
        labels_of({"internetMessageHeaders": [None, {"name": 3}, {"name": "subject", "value": header(ONE, "A")}]}) == ()
    )
    assert (await letter({"id": "1"})).label == ""


@given(st.text())
def test_any_header_is_read_without_trouble(value: str) -> None:
    assert all(name and len(name) <= 100 for name in in_header(value))


@given(
    st.lists(
        st.from_regex(r"[A-Za-zÄÖÜäöü][A-Za-zÄÖÜäöü \\/&()-]{0,30}", fullmatch=True),
        min_size=1,
        max_size=4,
        unique=True,
    )
)
def test_names_survive(names: list[str]) -> None:
    wanted = list(dict.fromkeys(" ".join(name.split()) for name in names))
    line = "".join(header(f"{number:08d}-2222-3333-4444-555555555555", name) for number, name in enumerate(wanted))
    assert list(in_header(line)) == wanted
