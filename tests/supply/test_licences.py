"""What runs may be passed on: every package's licence is known, goes along with MIT, and stands in docs/licences.md."""

import re
from email.message import Message
from importlib.metadata import PackageMetadata, PackageNotFoundError
from typing import cast

import pytest

from infra.supply.licences import ELSEWHERE, PAGE, UnknownLicence, licence, page, stated, verdict
from infra.supply.lock import RUNTIME, pinned

ROW = re.compile(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)


def test_the_page_names_what_the_lock_pins() -> None:
    rows = {name: (versions, spdx) for name, versions, spdx in ROW.findall(PAGE.read_text(encoding="utf-8"))[1:]}
    locked = pinned(RUNTIME.read_text(encoding="utf-8"))
    assert {name: versions.split(", ") for name, (versions, _) in rows.items()} == {
        n: list(v) for n, v in locked.items()
    }
    here = 0
    for name, (_, spdx) in rows.items():
        try:
            assert spdx == (ELSEWHERE.get(name) or licence(name)), name
            here += 1
        except PackageNotFoundError:  # uvloop on Windows, say
            assert verdict(spdx), name
    assert here > len(rows) - 5


def test_the_page_is_as_it_would_be_written() -> None:
    text = PAGE.read_text(encoding="utf-8")
    licences = {name: spdx for name, _, spdx in ROW.findall(text)[1:]}
    assert page(pinned(RUNTIME.read_text(encoding="utf-8")), licences) == text


@pytest.mark.parametrize(
    ("spdx", "asks"),
    [
        ("MIT", "permissive"),
        ("Apache-2.0 AND MIT", "permissive"),
        ("LGPL-3.0-only", "unchanged"),
        ("GPL-3.0-only", None),
        ("AGPL-3.0-only", None),
        ("MIT AND GPL-3.0-only", None),
        ("MIT OR GPL-3.0-only", "permissive"),
        ("Proprietary", None),
        ("", None),
    ],
)
def test_what_goes_along(spdx: str, asks: str | None) -> None:
    assert verdict(spdx) == asks


def said(**fields: str) -> PackageMetadata:
    message = Message()
    for name, value in fields.items():
        for one in value.split(";"):
            message[name.replace("_", "-")] = one
    return cast("PackageMetadata", message)


@pytest.mark.parametrize(
    ("fields", "spdx"),
    [
        ({"License_Expression": "MIT-0"}, "MIT-0"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        (
            {
                "License": "The MIT License (MIT) and a page of text",
                "Classifier": "License :: OSI Approved :: MIT License",
            },
            "MIT",
        ),
        (
            {
                "License": "Dual License",
                "Classifier": "License :: OSI Approved :: BSD License;License :: OSI Approved :: Apache Software License",
            },
            "Apache-2.0 OR BSD",
        ),
    ],
)
def test_how_packages_say_it(fields: dict[str, str], spdx: str) -> None:
    assert stated("x", said(**fields)) == spdx


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"License": "Proprietary"},
        {"Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"},
        {"Classifier": "License :: OSI Approved :: MIT License;License :: Other/Proprietary License"},
    ],
)
def test_what_is_not_known_fails(fields: dict[str, str]) -> None:
    with pytest.raises(UnknownLicence, match="x: its licence"):
        stated("x", said(**fields))


def test_what_does_not_go_along_is_never_written() -> None:
    with pytest.raises(UnknownLicence, match=r"x: GPL-3\.0-only"):
        page({"x": ("1",)}, {"x": "GPL-3.0-only"})
