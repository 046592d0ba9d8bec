"""The app package: by Microsoft's schema in every variant, the same bytes for the same app, and true to what the bot does."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from bot.app import router
from bot.compose import handlers
from bot.compose.search import typed
from bot.permissions import RESOURCE_SPECIFIC
from bot.signin.cards import oauth_card
from bot.texts import Texts, languages
from manifest import icons
from manifest.app import COLOR, COPILOT, OUTLINE, PARTS, READING_ALONG, manifest, resource
from manifest.checks import faults
from manifest.package import MANIFEST, files, packed, unpacked, write
from tests.manifest.made import KEY, PUBLISHER, VARIANTS, settings

ROOT = Path(__file__).parents[2]
Package = tuple[dict[str, Any], dict[str, dict[str, Any]], dict[str, bytes]]


def opened(content: Mapping[str, bytes]) -> Package:
    """(manifest, translations, icons)"""
    texts = {name: json.loads(raw) for name, raw in content.items() if name.endswith(".json")}
    made = texts.pop(MANIFEST)
    return made, texts, {name: raw for name, raw in content.items() if name.endswith(".png")}


@pytest.mark.parametrize("without", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_is_by_the_schema(without: frozenset[str]) -> None:
    made, texts, pictures = opened(files(settings(), PUBLISHER, "1.0.0", without=without))
    assert faults(made, texts, pictures) == []
    assert set(texts) == {f"{language}.json" for language in languages() if language != "en"} == {"de.json"}
    assert ("copilotAgents" in made, "copilot" in made["bots"][0]["scopes"]) == (COPILOT not in without,) * 2
    wanted = made.get("authorization", {"permissions": {"resourceSpecific": []}})["permissions"]["resourceSpecific"]
    assert [entry["name"] for entry in wanted] == ([] if READING_ALONG in without else list(RESOURCE_SPECIFIC))


BREAKS: dict[str, tuple[Callable[[Package], object], str]] = {
    "unknown key": (lambda p: p[0].update(surprise=1), "surprise"),
    "old spelling of a scope": (lambda p: p[0]["bots"][0]["scopes"].append("groupchat"), "groupchat"),
    "no accent colour": (lambda p: p[0].pop("accentColor"), "accentColor"),
    "a name that is too long": (lambda p: p[0]["name"].update(short="x" * 31), "x" * 31),
    "a translation that is too long": (lambda p: p[1]["de.json"].update({"description.short": "ö" * 81}), "de.json"),
    "a translation of nothing": (lambda p: p[1]["de.json"].update({"bots[1].x": "?"}), "bots[1].x"),
    "a translation that is not there": (lambda p: p[1].clear(), "de.json is not in the package"),
    "a file nobody names": (lambda p: p[1].update({"fr.json": dict(p[1]["de.json"])}), "fr.json is not named"),
    "a small icon": (lambda p: p[2].update({COLOR: p[2][OUTLINE]}), "192 × 192"),
    "a coloured outline": (lambda p: p[2].update({OUTLINE: coloured()}), "white on nothing"),
    "another bot's extension": (lambda p: p[0]["composeExtensions"][0].update(botId=p[0]["id"]), "another bot"),
    "an agent without its scope": (lambda p: p[0]["bots"][0]["scopes"].remove("copilot"), "agent in Copilot"),
    "another address for sign-in": (lambda p: p[0]["webApplicationInfo"].update(resource="api://x"), "api://botid-"),
    "a command twice": (lambda p: commands(p[0]).append(commands(p[0])[0]), "ten different ones"),
    "eleven commands": (lambda p: commands(p[0]).append({"title": "more"}), "ten different ones"),
}  # fmt: skip


def commands(made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made["bots"][0]["commandLists"][0]["commands"]
    return found


def coloured() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (32, 32), (255, 0, 0, 255)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_wrong_with_a_package_is_said(name: str) -> None:
    package = deepcopy(opened(files(settings(), PUBLISHER, "1.0.0")))
    spoil, said = BREAKS[name]
    spoil(package)
    assert any(said in fault for fault in faults(*package)), faults(*package)


def test_what_a_menu_inserts_is_understood() -> None:
    """A click on a command in a German Teams says the German word, and a question to begin with is a question."""
    understood = router(("claude", "gpt"))
    question, _ = understood.route("What is the budget?")
    package = opened(files(settings(), PUBLISHER, "1.0.0"))
    lists = package[0]["bots"][0]["commandLists"]
    assert [entry["scopes"] for entry in lists] == [["personal", "copilot"], ["team", "groupChat"]]
    for number, entry in enumerate(lists):
        for place, command in enumerate(entry["commands"]):
            path = f"bots[0].commandLists[{number}].commands[{place}]."
            is_question = command.get("type") == "prompt"
            key = "prompt" if is_question else "title"
            for said in (command[key], package[1]["de.json"].get(path + key, command[key])):
                assert (understood.route(said)[0] is question) == is_question, said
                if "slash" in entry.get("triggers", ()):
                    assert understood.route(f"/{said}")[0] is understood.route(said)[0], said


def test_the_message_extension_is_what_the_bot_answers() -> None:
    asked = {"query": "composeExtension/query", "action": "composeExtension/fetchTask"}
    entries = manifest(settings(), PUBLISHER, "1.0.0")["composeExtensions"][0]["commands"]
    assert {asked[entry["type"]] for entry in entries} <= handlers(None, None).keys()  # type: ignore[arg-type]  # only their names
    (search,) = (entry for entry in entries if entry["type"] == "query")
    (parameter,) = search["parameters"]
    assert typed({"parameters": [{"name": parameter["name"], "value": "pumps"}]}).text == "pumps"


def test_single_sign_on_names_the_same_address_everywhere() -> None:
    known = settings()
    made = manifest(known, PUBLISHER, "1.0.0")
    card = oauth_card(known.microsoft_app_id, "https://x.example", "1", Texts("en"))
    assert made["webApplicationInfo"]["resource"] == card["content"]["tokenExchangeResource"]["uri"] == resource(known)
    assert made["webApplicationInfo"]["id"] == known.microsoft_app_id
    other = "11111111-1111-4111-8111-111111111111"
    managed = manifest(
        settings(microsoft_app_type="UserAssignedMSI", microsoft_sign_in_app_id=other), PUBLISHER, "1.0.0"
    )
    # A managed identity is the bot, and nobody can sign in to it: the other app's address names the bot all the same.
    assert managed["webApplicationInfo"] == {"id": other, "resource": resource(known)}
    assert managed["bots"][0]["botId"] == known.microsoft_app_id
    assert made["validDomains"] == ["parley.contoso.example"]


@pytest.mark.parametrize("changed", [{"public_url": ""}, {"public_url": "http://localhost:3978"}])
def test_an_address_teams_cannot_reach_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="PUBLIC_URL must be the https address"):
        files(settings(**changed), PUBLISHER, "1.0.0")


def test_the_same_app_is_the_same_bytes_and_another_one_has_a_higher_version(tmp_path: Path) -> None:
    path = tmp_path / "dist" / "parley.zip"
    assert write(path, settings(), PUBLISHER)["version"] == "1.0.0"
    first = path.read_bytes()
    assert write(path, settings(), PUBLISHER)["version"] == "1.0.0"
    assert path.read_bytes() == first
    assert write(path, settings(public_url="https://other.example"), PUBLISHER)["version"] == "1.0.1"
    assert write(path, settings(), PUBLISHER, without=frozenset(PARTS))["version"] == "1.0.2"
    assert write(path, settings(), PUBLISHER, version="2.0.0")["version"] == "2.0.0"
    assert write(path, settings(), PUBLISHER)["version"] == "2.0.0"
    with zipfile.ZipFile(path) as package:
        assert sorted(package.namelist()) == sorted([MANIFEST, "de.json", COLOR, OUTLINE])
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert packed(unpacked(path)) == path.read_bytes()
    path.write_text("something else", encoding="utf-8")
    with pytest.raises(ValueError, match="is no app package"):
        write(path, settings(), PUBLISHER)


def test_the_icons_are_the_drawn_ones() -> None:
    for name, drawn in ((COLOR, icons.color()), (OUTLINE, icons.outline())):
        with Image.open(ROOT / "manifest" / name) as kept:
            difference = ImageChops.difference(kept.convert("RGBA"), drawn.convert("RGBA"))
            # Another release of the library may smooth an edge a little differently.
            assert max(high for _, high in difference.getextrema()) <= 16, name  # type: ignore[misc]  # one pair a channel


def test_the_program_writes_it_from_the_environment(tmp_path: Path) -> None:
    known = settings()
    environment = {
        **os.environ,  # noqa: TID251 -- what a program needs to start
        "MICROSOFT_APP_ID": known.microsoft_app_id,
        "MICROSOFT_APP_TENANT_ID": known.microsoft_app_tenant_id,
        "ENCRYPTION_KEYS": KEY,
        "PUBLIC_URL": known.public_url,
    }
    out = tmp_path / "app.zip"
    command = [sys.executable, "-m", "bot", "manifest", "--output", str(out), "--developer", "Contoso IT"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "version 1.0.0" in done.stdout) == (0, True), done.stderr
    made = json.loads(unpacked(out)[MANIFEST])
    assert made["developer"] == {
        "name": "Contoso IT",
        **dict.fromkeys(("websiteUrl", "privacyUrl", "termsOfUseUrl"), known.public_url),
    }
    del environment["PUBLIC_URL"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "PUBLIC_URL must be" in done.stderr) == (2, True)
