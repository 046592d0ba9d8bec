"""Microsoft's own validator over every variant. Needs Node.js; `make test-browser` runs it."""

from pathlib import Path

import pytest

from manifest import checks
from manifest.microsoft import HOME, install, validate
from manifest.package import files, packed, write
from tests.manifest.made import PUBLISHER, VARIANTS, settings

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]


def test_microsoft_finds_nothing_in_any_variant(tmp_path: Path) -> None:
    packages = [tmp_path / f"{name}.zip" for name in VARIANTS]
    for path, without in zip(packages, VARIANTS.values(), strict=True):
        write(path, settings(), PUBLISHER, without=without)
    code, said = validate(packages)
    assert (code, said.count("valid by https://developer.microsoft.com/")) == (0, len(VARIANTS)), said


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("manifest.json", b'"groupChat"', b'"groupchat"', "/bots/0/scopes"),
        ("manifest.json", b'"accentColor"', b'"accent"', "accentColor"),
        ("manifest.json", b"1.30", b"1.99", "asked the network"),
        ("de.json", b'"name.full"', b'"name.long"', "de.json: data must NOT have additional properties"),
    ],
)
def test_microsoft_does_look(tmp_path: Path, file: str, old: bytes, new: bytes, named: str) -> None:
    content = dict(files(settings(), PUBLISHER, "1.0.0"))
    content[file] = content[file].replace(old, new)
    (tmp_path / "spoilt.zip").write_bytes(packed(content))
    code, said = validate([tmp_path / "spoilt.zip"])
    assert code == 1
    assert named in said


def test_our_copy_of_the_schema_is_the_one_in_the_validator() -> None:
    install()
    theirs = HOME / "node_modules" / "@microsoft" / "app-manifest" / "build" / "json-schemas" / "teams" / "v1.30"
    for ours in checks.SCHEMAS.glob("*.json"):
        assert ours.read_bytes() == (theirs / ours.name).read_bytes(), ours.name
