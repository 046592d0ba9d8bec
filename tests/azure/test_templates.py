"""What can be known of the deployment without deploying it: names lead somewhere, secrets stay secret, settings exist, rights are few.

Nothing here is Azure's opinion: infra/azure/README.md says what was not checked.
"""

import re
from collections.abc import Callable, Iterator

import pytest

from bot.settings import VENDOR_PREFIXES, Settings
from tests.azure.bicep import (
    FOLDER,
    Template,
    body,
    faults_of_syntax,
    functions,
    outputs_used,
    pairs,
    parse,
    references,
    templates,
    text_of,
    walk,
)

VERSIONS = {
    "Microsoft.App": "2025-01-01",
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.BotService": "2022-09-15",
    "Microsoft.ContainerRegistry": "2023-07-01",
    "Microsoft.DBforPostgreSQL": "2025-08-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",  # has never had another that knows groups of categories
    "Microsoft.KeyVault": "2025-05-01",
    "Microsoft.ManagedIdentity": "2023-01-31",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network": "2024-05-01",
    "Microsoft.OperationalInsights": "2023-09-01",
}
"""The one version of each; all stand in Microsoft's published types."""
ROLES = {
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
}
"""All that the replicas' identity is given, each on one resource."""
FUNCTIONS = frozenset(
    {"cidrSubnet", "concat", "empty", "environment", "guid", "items", "json", "loadTextContent", "max",
     "readEnvironmentVariable", "replace", "resourceGroup", "string", "subscription", "subscriptionResourceId", "take",
     "toLower", "uniqueString", "uriComponent"}
)  # fmt: skip
TELLING = re.compile(r"password|secret(?!User|sAt|Url|Name|Ref)|encryptionKey|databaseUrl|token", re.IGNORECASE)
LITERAL = re.compile(r"sk-[\w-]{16,}|[\w+/-]{43}=|AccountKey=|InstrumentationKey=|eyJ[\w-]{20,}|://[^/'$]+:[^/'$]+@")
All = dict[str, Template]


def syntax(files: All) -> Iterator[str]:
    for file in files.values():
        yield from (f"{file.name} cannot be read: {fault}" for fault in faults_of_syntax(file.root))


def names_exist(files: All) -> Iterator[str]:
    for file in files.values():
        for one in [*file.declared.values(), *file.outputs.values()]:
            for name in references(one.value) if one.value else ():
                if name not in file.declared:
                    yield f"{file.name}: {one.name} refers to {name}, which is not there"
            for called in functions(one.value) if one.value else ():
                if called not in FUNCTIONS:
                    yield f"{file.name}: {called} is no function we know"
            for module, output in outputs_used(one.value) if one.value else ():
                target = files.get(file.declared[module].subject) if module in file.declared else None
                if target is not None and output not in target.outputs:
                    yield f"{file.name}: {module} has no output {output}"


def everything_declared_is_used(files: All) -> Iterator[str]:
    for file in files.values():
        used = {
            n for one in [*file.declared.values(), *file.outputs.values()] if one.value for n in references(one.value)
        }
        for one in [*file.of("parameter"), *file.of("variable")]:
            if one.name not in used and not file.name.endswith("param"):
                yield f"{file.name}: nobody uses {one.name}"


def modules_get_what_they_want(files: All) -> Iterator[str]:
    for file in files.values():
        for one in file.of("module"):
            target = files.get(one.subject)
            if target is None:
                yield f"{file.name}: there is no {one.subject}"
                continue
            given = body(body(one.value).get("params"))
            wanted = {p.name: p for p in target.of("parameter")}
            yield from (f"{file.name}: {one.name} has no parameter {name}" for name in given.keys() - wanted)
            for name, parameter in wanted.items():
                if parameter.value is None and name not in given:
                    yield f"{file.name}: {one.name} is not given {name}"
                elif name in given and not target.secret(name) and any(map(file.secret, references(given[name]))):
                    yield f"{file.name}: {one.name} is given something secret as {name}, which is not"


def everything_is_described(files: All) -> Iterator[str]:
    for file in files.values():
        for one in [*file.of("parameter"), *file.outputs.values()]:
            if "description" not in one.decorators:
                yield f"{file.name}: nobody says what {one.name} is"


def one_version_of_each(files: All) -> Iterator[str]:
    for file in files.values():
        for one in file.of("resource"):
            kind, _, version = one.subject.partition("@")
            family = next((name for name in VERSIONS if kind == name or kind.startswith(f"{name}/")), None)
            if family is None or VERSIONS[family] != version:
                yield f"{file.name}: {one.subject} is not the version we use"


def secrets_stay_secret(files: All) -> Iterator[str]:
    for file in files.values():
        for one in file.of("parameter"):
            if TELLING.search(one.name) and not file.secret(one.name) and one.subject in {"string", "object"}:
                yield f"{file.name}: {one.name} sounds secret and is not @secure()"
            if file.secret(one.name) and one.value is not None and text_of(one.value) not in {"''", "{}"}:
                yield f"{file.name}: {one.name} has a secret for a default"
        for output in file.outputs.values():
            if output.value and any(map(file.secret, references(output.value))):
                yield f"{file.name}: the output {output.name} tells a secret"
        for key, value in pairs(file.root):
            if (
                re.search(r"(?:password|secret)$", key, re.IGNORECASE)
                and value.type == "string"
                and "${" not in text_of(value)
            ):
                yield f"{file.name}: {key} is written there"
        if found := LITERAL.search(text_of(file.root)):
            yield f"{file.name}: {found[0][:6]}... looks like a secret"
        if file.name.endswith("param"):
            for one in file.of("variable"):
                secret = files["main.bicep"].secret(one.name)
                if secret and one.value and "readEnvironmentVariable" not in set(functions(one.value)):
                    yield f"{file.name}: {one.name} does not come from the environment"


def rights_are_few(files: All) -> Iterator[str]:
    for file in files.values():
        assigned = [one for one in file.of("resource") if "roleAssignments" in one.subject]
        for one in assigned:
            scope = body(one.value).get("scope")
            if scope is None or text_of(scope) not in {r.name for r in file.of("resource")}:
                yield f"{file.name}: {one.name} gives rights beyond one resource"
        ids = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text_of(file.root))
        for id in ids if assigned else ():
            if id not in ROLES:
                yield f"{file.name}: {id} is no role of ours"


def settings_exist(files: All) -> Iterator[str]:
    for file in files.values():
        for name in settings_of(file):
            known = name.lower() in Settings.model_fields or name.startswith((*VENDOR_PREFIXES, "OTEL_"))
            if not known:
                yield f"{file.name}: {name} is no setting of the bot"


def settings_of(file: Template) -> set[str]:
    """What the bot's own container gets, or an administrator puts into the file of parameters."""
    upper = re.compile(r"'?([A-Z][A-Z0-9_]+)'?")
    collector = file.declared["collector"].value if "collector" in file.declared else None
    foreign = {node.id for node in walk(collector)} if collector else set()
    names: set[str] = set()
    for one in walk(file.root):
        if one.type != "object_property" or one.id in foreign:
            continue
        key, value = text_of(one.named_children[0]), text_of(one.named_children[-1])
        said = [value] if key in {"name", "setting"} else [key] if file.name.endswith("param") else []
        names |= {found[1] for one_said in said if (found := upper.fullmatch(one_said))}
    return names


def the_example_fits(files: All) -> Iterator[str]:
    main, example = files["main.bicep"], files["main.bicepparam"]
    wanted = {one.name: one for one in main.of("parameter")}
    given = {one.name for one in example.of("variable")}
    yield from (f"the example gives {name}, which main.bicep does not have" for name in given - wanted.keys())
    yield from (f"the example lacks {name}" for name, one in wanted.items() if one.value is None and name not in given)


CHECKS: tuple[Callable[[All], Iterator[str]], ...] = (
    syntax,
    names_exist,
    everything_declared_is_used,
    modules_get_what_they_want,
    everything_is_described,
    one_version_of_each,
    secrets_stay_secret,
    rights_are_few,
    settings_exist,
    the_example_fits,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_templates(check: Callable[[All], Iterator[str]]) -> None:
    assert list(check(templates())) == []


def test_what_the_bot_gets_is_enough_to_start() -> None:
    given = settings_of(templates()["modules/app.bicep"]) | settings_of(templates()["modules/vault.bicep"])
    needed = {"MICROSOFT_APP_ID", "MICROSOFT_APP_TENANT_ID", "MICROSOFT_APP_TYPE", "MICROSOFT_SIGN_IN_APP_ID", "PUBLIC_URL",
              "MICROSOFT_APP_PASSWORD", "ENCRYPTION_KEYS", "DATABASE_URL", "MODELS", "HOST", "PORT"}  # fmt: skip
    assert needed <= given, needed - given


def test_probes_ask_what_the_bot_answers() -> None:
    asked = [text_of(v).strip("'") for key, v in pairs(templates()["modules/app.bicep"].root) if key == "path"]
    assert asked == ["/healthz", "/healthz", "/readyz"]
    answered = (FOLDER.parents[1] / "bot" / "health.py").read_text(encoding="utf-8")
    assert all(f'web.get("{path}"' in answered for path in asked)


def test_modules_that_are_there_are_used() -> None:
    used = {one.subject for one in templates()["main.bicep"].of("module")}
    assert used == {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("modules/*.bicep")}


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("main.bicep", "params: {", "params: [", "cannot be read"),
        ("main.bicep", "identity.outputs.principalId", "identity.outputs.objectId", "no output objectId"),
        ("main.bicep", "displayName: displayName", "displayName: showName", "refers to showName"),
        ("main.bicep", "'modules/logs.bicep'", "'modules/log.bicep'", "there is no modules/log.bicep"),
        ("main.bicep", "    days: logDays\n", "", "is not given days"),
        ("main.bicep", "    days: logDays\n", "    days: logDays\n    hours: 1\n", "no parameter hours"),
        ("main.bicep", "    sku: botSku", "    sku: databasePassword", "secret as sku"),
        ("main.bicep", "@secure()\nparam encryptionKeys", "param encryptionKeys", "sounds secret"),
        ("main.bicep", "param botAppSecret string = ''", "param botAppSecret string = 'hunter2'", "secret for a default"),
        ("main.bicep", "output url string = app.outputs.url", "output url string = databasePassword", "tells a secret"),
        ("main.bicep", "take(", "shorten(", "no function"),
        ("modules/database.bicep", "Password: password", "Password: 'hunter2'", "is written there"),
        ("modules/database.bicep", "2025-08-01", "2019-01-01", "not the version"),
        ("modules/vault.bicep", "  scope: vault\n", "", "beyond one resource"),
        ("modules/vault.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "no role"),
        ("modules/app.bicep", "'PUBLIC_URL'", "'PUBLIC_ADDRESS'", "no setting"),
        ("main.bicepparam", "LOG_LEVEL", "LOGLEVEL", "no setting"),
        ("main.bicepparam", "readEnvironmentVariable('ENCRYPTION_KEYS')", "'abc'", "does not come from"),
        ("main.bicepparam", "param models", "param model", "lacks models"),
    ],
)  # fmt: skip
def test_a_mistake_is_seen(file: str, old: str, new: str, fault: str) -> None:
    files = templates()
    text = (FOLDER / file).read_text(encoding="utf-8")
    assert old in text
    files[file] = parse(file, text.replace(old, new, 1))
    assert any(fault in found for check in CHECKS for found in check(files))
