"""What Microsoft's schema says of a package, and what it does not say but Teams minds: sizes of pictures, ids that belong together."""

import functools
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from PIL import Image

SCHEMAS = Path(__file__).parent / "schema"
LOCALIZATION = "https://developer.microsoft.com/en-us/json-schemas/teams/v1.30/MicrosoftTeams.Localization.schema.json"
LIMITS = {"name.short": 30, "name.full": 100, "description.short": 80, "description.full": 4000}
"""Microsoft's schema for translations says these beside a `$ref`, where draft 4 does not read them."""
SIZES = {"color": (192, 192), "outline": (32, 32)}


def faults(
    manifest: Mapping[str, Any], translations: Mapping[str, Mapping[str, Any]], icons: Mapping[str, bytes]
) -> list[str]:
    """Sentences; none for a good package. `translations` and `icons` by the names of their files."""
    return [
        *_by_schema("MicrosoftTeams.schema.json", "manifest.json", manifest),
        *(
            fault
            for name, said in translations.items()
            for fault in _by_schema("MicrosoftTeams.Localization.schema.json", name, said)
        ),
        *_lengths(translations),
        *_names(manifest, translations, icons),
        *_icons(manifest, icons),
        *_ids(manifest),
        *_commands(manifest),
    ]


@functools.cache
def _schema(name: str) -> Draft4Validator:
    # Its own check is left out: one of Microsoft's patterns is written for JavaScript (\p{L}), in a part we do not use.
    return Draft4Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def _by_schema(schema: str, file: str, value: Mapping[str, Any]) -> Iterator[str]:
    for error in _schema(schema).iter_errors(value):
        yield f"{file}, {error.json_path}: {error.message[:300]}"


def _lengths(translations: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, said in translations.items():
        for path, most in LIMITS.items():
            if len(said.get(path, "")) > most:
                yield f"{name}, {path}: more than {most} characters."


def _names(
    manifest: Mapping[str, Any], translations: Mapping[str, Mapping[str, Any]], icons: Mapping[str, bytes]
) -> Iterator[str]:
    info = manifest.get("localizationInfo", {})
    named = {entry["file"] for entry in info.get("additionalLanguages", ())} | set(manifest.get("icons", {}).values())
    for name in sorted(named ^ {*translations, *icons}):
        yield f"{name} is {'not in the package' if name in named else 'not named in the manifest'}."


def _icons(manifest: Mapping[str, Any], icons: Mapping[str, bytes]) -> Iterator[str]:
    for kind, size in SIZES.items():
        raw = icons.get(manifest.get("icons", {}).get(kind, ""))
        if raw is None:
            continue
        with Image.open(io.BytesIO(raw)) as picture:
            if picture.format != "PNG" or picture.size != size:
                yield f"The {kind} icon must be a PNG of {size[0]} × {size[1]} pixels."
            rgba = picture.convert("RGBA").tobytes()
        seen = {rgba[place : place + 3] for place in range(0, len(rgba), 4) if rgba[place + 3]}
        if kind == "outline" and seen - {b"\xff\xff\xff"}:
            yield "The outline icon must be white on nothing."


def _ids(manifest: Mapping[str, Any]) -> Iterator[str]:
    bots = {bot["botId"]: bot for bot in manifest.get("bots", ())}
    for extension in manifest.get("composeExtensions", ()):
        if extension["botId"] not in bots:
            yield "The message extension belongs to another bot."
    for agent in manifest.get("copilotAgents", {}).get("customEngineAgents", ()):
        if not {"personal", "copilot"} <= set(bots.get(agent["id"], {}).get("scopes", ())):
            yield "The agent in Copilot must be the bot, with the scopes personal and copilot."
    resource = manifest.get("webApplicationInfo", {}).get("resource", "")
    if not any(resource == f"api://botid-{bot}" for bot in bots):
        yield "The resource of webApplicationInfo must be api://botid- and the bot's id."


def _commands(manifest: Mapping[str, Any]) -> Iterator[str]:
    for bot in manifest.get("bots", ()):
        for entry in bot.get("commandLists", ()):
            titles = [command["title"] for command in entry["commands"]]
            if len(set(titles)) < len(titles) or len(titles) > 10:
                yield f"The commands for {', '.join(entry['scopes'])} must be ten different ones at most."
            if not set(entry["scopes"]) <= set(bot["scopes"]):
                yield f"There are commands for {', '.join(entry['scopes'])}, where the bot is not."
