"""The label inside a file is found, whichever application wrote it, and nothing else is taken for one."""

import io
import zipfile

import pytest

from graph.documents import Documents
from graph.extract.budget import Refused
from graph.extract.labels import labels_of
from tests.documents.made import docx, paragraph

ID, OTHER = "87ba5c36-b7cf-4793-bbc2-bd5b3a9f95ca", "11111111-2222-3333-4444-555555555555"
PROPERTIES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
 xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{}</Properties>"""


def properties(*named: tuple[str, str]) -> str:
    lines = [
        f'<property fmtid="{{D5CDD505}}" pid="{n + 2}" name="{name}"><vt:lpwstr>{value}</vt:lpwstr></property>'
        for n, (name, value) in enumerate(named)
    ]
    return PROPERTIES.format("".join(lines))


def package(custom: str, base: bytes = b"") -> bytes:
    buffer = io.BytesIO(base)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("docProps/custom.xml", custom)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        (package(properties((f"MSIP_Label_{ID}_Enabled", "true"), (f"MSIP_Label_{ID}_Name", "Confidential"))), ("Confidential",)),
        (package(properties((f"MSIP_Label_{ID}_Enabled", "false"), (f"MSIP_Label_{ID}_Name", "Confidential"))), ()),
        (package(properties((f"MSIP_Label_{OTHER}_Enabled", "False"), (f"MSIP_Label_{OTHER}_Name", "Old"),
                            (f"MSIP_Label_{ID}_Name", "Secret"))), ("Secret",)),
        (package(properties((f"MSIP_Label_{OTHER}_Name", "Public"), (f"MSIP_Label_{ID}_Name", "Secret"))), ("Public", "Secret")),
        (package(properties(("Project", "MSIP_Label"))), ()),
        (package("<broken"), ()),
        (f"%PDF-1.7\n<< /Title (x) /MSIP_Label_{ID}_Enabled (true) /MSIP_Label_{ID}_Name (Secret) >>".encode(), ("Secret",)),
        (b"%PDF-1.7\n<< /Title (MSIP_Label) >>", ()),
        (b"MSIP_Label_" + ID.encode() + b"_Name (Secret)", ()),
        (b"PK\x03\x04 not a package", ()),
    ],
)  # fmt: skip
def test_the_label_in_force_is_found(data: bytes, labels: tuple[str, ...]) -> None:
    assert labels_of(data) == labels


def test_a_label_cannot_hide_among_too_many_properties() -> None:
    with pytest.raises(Refused):
        labels_of(
            package(properties(*((f"p{n}", "x" * 100) for n in range(8000)), (f"MSIP_Label_{ID}_Name", "Secret")))
        )


async def test_it_comes_with_the_text() -> None:
    documents, plain = Documents(workers=1), docx(paragraph("Budget 2027"))
    try:
        custom = properties((f"MSIP_Label_{ID}_Enabled", "true"), (f"MSIP_Label_{ID}_Name", "Confidential"))
        labelled = await documents.read(package(custom, plain), "plan.docx")
        assert (labelled.text, labelled.labels) == ("Budget 2027", ("Confidential",))
        assert (await documents.read(plain, "plan.docx")).labels == ()
    finally:
        await documents.aclose()
