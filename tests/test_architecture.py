"""The brake: import direction, who may import which SDK, sizes, one test a plug-in file. Raising a limit is an edit here
and a line in docs/decisions.md."""

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "graph", "providers", "manifest", "infra")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50

# Each layer may import itself and what stands below it in this list.
LAYERS = [
    {"bot.__main__"},
    {"bot.programs"},
    {"manifest"},
    {"bot.program"},
    {"bot.console", "bot.doctor"},
    {"bot.app"},
    {"bot.permissions"},
    {"bot.admin"},
    {"bot.core"},
    {"bot.events"},
    {"bot.compose"},
    {"bot.answering"},
    {"bot.commands"},
    {"bot.router"},
    {"bot.digests"},
    {"bot.answer", "bot.welcome"},
    {"bot.background", "bot.beside", "bot.closing", "bot.listening", "bot.choice", "bot.images"},
    {"bot.services", "bot.auditing"},
    {"bot.tools", "bot.leaving"},
    {
        "bot.agent",
        "bot.grounding",
        "bot.teams",
        "bot.signin",
        "bot.turns",
        "bot.interrupts",
        "bot.cards",
        "bot.about",
        "bot.health",
        "bot.routing",
    },
    {"bot.store", "bot.outbound"},
    {
        "bot.errors",
        "bot.context",
        "bot.cost",
        "bot.settings",
        "bot.discover",
        "bot.exporting",
        "bot.listener",
        "bot.labels",
        "bot.policy",
        "bot.logs",
        "bot.texts",
        "bot.naming",
        "bot.phrases",
        "bot.watched",
        "bot.retention",
        "bot.stopping",
    },
    {"providers", "graph"},
]
# What stands side by side in one layer and must not know each other.
STRANGERS = [("bot.teams", "bot.agent"), ("bot.teams", "bot.grounding"), ("bot.agent", "bot.grounding"),
             ("bot.signin", "bot.teams"), ("providers", "graph")]  # fmt: skip
OWNERS = {
    "botbuilder": {"bot/teams"},
    "botframework": {"bot/teams"},
    "msrest": {"bot/teams"},
    "anthropic": {"providers/claude.py", "providers/foundry.py", "providers/vertex.py", "providers/bedrock.py"},
    "openai": {"providers/gpt.py", "providers/azure.py", "providers/compatible.py"},
    "azure": {"providers/entra_token.py"},
    "msgraph": {"graph"},
    "msgraph_core": {"graph"},
    "kiota_abstractions": {"graph"},
    "markitdown": {"graph/extract"},
    "msal": {"bot/signin"},
    "sqlalchemy": {"bot/store"},
    "alembic": {"bot/store"},
    "dbos": {"bot/digests/engine.py"},
}
# What `infra/azure` may import of the product: what it is registered for, and its settings.
SAID_BY_THE_PRODUCT = {"bot.permissions", "bot.settings"}
# Folder, what its plug-ins are called in their files, where their tests are.
PLUGINS = (
    ("providers", "PROVIDER", "tests/providers"),
    ("graph", "SOURCE", "tests/graph"),
    ("bot/commands", "COMMAND", "tests/commands"),
    ("bot/tools", "TOOL", "tests/tools"),
    ("bot/doctor/checks", "CHECK", "tests/doctor"),
)
# Constructors of HTTP clients, and the only files that may call them: everything else goes through the guarded client.
CLIENTS = {
    "aiohttp.ClientSession": {"bot/outbound.py", "graph/wire/download.py"},
    "requests.Session": {"bot/signin"},
    "httpx.AsyncClient": {"graph/wire/adapter.py"},
    "httpx2.AsyncClient": {"providers"},
}


def files(*tops: str) -> list[Path]:
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Source:
    """A file that was read once for all rules."""

    path: Path
    text: str
    nodes: tuple[ast.AST, ...]
    docstring: str | None
    imports: tuple[tuple[str, bool], ...]
    """(module, whether inside a function)"""

    @property
    def product(self) -> bool:
        return self.where.split("/", maxsplit=1)[0] != "infra"

    @property
    def where(self) -> str:
        return where(self.path)


@functools.cache
def read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    nodes = tuple(ast.walk(tree))
    inner = {node for f in nodes if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(f)}
    found: list[tuple[str, bool]] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += ((alias.name, node in inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, node in inner))
            found += ((f"{node.module}.{alias.name}", node in inner) for alias in node.names)
    return Source(path, text, nodes, ast.get_docstring(tree), tuple(found))


def layer_of(module: str) -> int | None:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    return None


def imports_only_go_down(file: Source) -> Iterator[str]:
    here = layer_of(name_of(file.path))
    for module, _ in file.imports if file.product else ():
        there = layer_of(module)
        if there is None or here is None:
            if module.startswith("infra"):
                yield f"imports {module}: the product never knows the local tenant"
        elif there < here:
            yield f"imports {module}, which stands above it"


def neighbours_do_not_know_each_other(file: Source) -> Iterator[str]:
    for pair in STRANGERS:
        for mine, other in (pair, pair[::-1]):
            if f"{name_of(file.path)}.".startswith(f"{mine}."):
                yield from (f"imports {m}" for m, _ in file.imports if f"{m}.".startswith(f"{other}."))


def the_local_tenant_knows_nothing_of_the_product(file: Source) -> Iterator[str]:
    for module, _ in () if file.product or file.where.startswith("infra/azure/") else file.imports:
        if module.split(".")[0] in PRODUCT[:-1] or module.startswith("infra.azure"):
            yield f"imports {module}: it is Microsoft and the vendors, seen from the wire"


def what_deploys_reads_only_what_the_product_says_of_itself(file: Source) -> Iterator[str]:
    for module, _ in file.imports if file.where.startswith("infra/azure/") else ():
        of_product = module.split(".")[0] in PRODUCT[:-1]
        if module.startswith("infra.local") or (of_product and not module.startswith(tuple(SAID_BY_THE_PRODUCT))):
            yield f"imports {module}: it may know of the product {', '.join(sorted(SAID_BY_THE_PRODUCT))}"


def each_sdk_has_one_home(file: Source) -> Iterator[str]:
    for module, _ in file.imports if file.product else ():
        homes = OWNERS.get(module.split(".")[0])
        if homes is not None and not file.where.startswith(tuple(homes)):
            yield f"imports {module}"


def http_clients_are_built_in_one_place(file: Source) -> Iterator[str]:
    if not file.product or not any(name.rpartition(".")[2] in file.text for name in CLIENTS):
        return
    for node in file.nodes:
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            homes = CLIENTS.get(called)
            if homes is not None and not file.where.startswith(tuple(homes)):
                yield f"builds {called}"


def imports_stand_at_the_top(file: Source) -> Iterator[str]:
    lazy = file.where.startswith("providers/")  # a vendor's SDK costs a second and 60 MB: only when configured
    allowed = ("anthropic", "openai", "httpx2", "azure") if lazy else ()
    for module, inside in file.imports:
        if inside and module.split(".")[0] not in allowed:
            yield f"imports {module} inside a function"


def it_fits_in_a_head(file: Source) -> Iterator[str]:
    if len(file.text.splitlines()) > LONGEST_FILE:
        yield "is too long: split it by purpose"
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{node.name} has {lines} lines"


def it_says_why_it_exists(file: Source) -> Iterator[str]:
    if file.text.strip() and not file.docstring:
        yield "has no docstring"


def a_plugin_has_its_test(file: Source) -> Iterator[str]:
    assert isinstance(file.nodes[0], ast.Module)
    body = file.nodes[0].body
    targets = [t for node in body if isinstance(node, ast.Assign) for t in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    for folder, constant, tests in PLUGINS:
        test = f"{tests}/test_{file.path.stem}.py"
        if file.where.startswith(f"{folder}/") and constant in names and not (ROOT / test).exists():
            yield f"has no {test}"


RULES: tuple[Callable[[Source], Iterator[str]], ...] = (
    imports_only_go_down,
    neighbours_do_not_know_each_other,
    the_local_tenant_knows_nothing_of_the_product,
    what_deploys_reads_only_what_the_product_says_of_itself,
    each_sdk_has_one_home,
    http_clients_are_built_in_one_place,
    imports_stand_at_the_top,
    it_fits_in_a_head,
    it_says_why_it_exists,
    a_plugin_has_its_test,
)


@pytest.mark.parametrize("path", files(*PRODUCT), ids=where)
def test_a_file_keeps_the_rules_of_the_house(path: Path) -> None:
    """One test a file, since reading it is most of the work."""
    file = read(path)
    assert not [f"{file.where} {fault} ({rule.__name__})" for rule in RULES for fault in rule(file)]


BREACHES = {
    "bot/store/answers.py": (
        '"""Why."""\nimport bot.router\nfrom infra.local import tenant\nimport msal\nimport aiohttp\n'
         "def f():\n    import json\n    aiohttp.ClientSession()\n" + "    pass\n" * 300,
        ["which stands above it", "never knows the local tenant", "imports msal", "builds aiohttp.ClientSession",
         "json inside a function", "is too long", "f has 303 lines"],
    ),
    "bot/agent/loop.py": ("from bot import teams", ["imports bot.teams", "has no docstring"]),
    "bot/teams/gate.py": ('"""Why."""\nfrom bot.agent.loop import x', ["imports bot.agent.loop"]),
    "bot/commands/nobody.py": ('"""Why."""\nCOMMAND: int = 1', ["has no tests/commands/test_nobody.py"]),
    "infra/local/wire.py": ('"""Why."""\nfrom graph import files', ["seen from the wire"]),
    "infra/local/world.py": ('"""Why."""\nfrom infra.azure.entra import plan', ["seen from the wire"]),
    "infra/azure/entra/plan.py": (
        '"""Why."""\nfrom bot.permissions import x\nfrom bot.app import y\nfrom infra.local import z',
        ["imports bot.app: it may know", "imports infra.local: it may know"],
    ),
    "providers/gpt.py": ('"""Why."""\ndef f():\n    import openai', []),
}  # fmt: skip


@pytest.mark.parametrize("place", BREACHES)
def test_each_rule_sees_its_breach(place: str, tmp_path: Path) -> None:
    text, wanted = BREACHES[place]
    (tmp_path / "x.py").write_text(text, encoding="utf-8")
    file = replace(read(tmp_path / "x.py"), path=ROOT / place)
    faults = [fault for rule in RULES for fault in rule(file)]
    assert len(faults) >= len(wanted)
    assert all(any(part in fault for fault in faults) for part in wanted), faults
    assert bool(faults) == bool(wanted)
