"""The brake: import direction, who may import which SDK, sizes, one test a plug-in file. Raising a limit is an edit here
and a line in docs/decisions.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "graph", "providers", "infra")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50

# Each layer may import itself and what stands below it in this list.
LAYERS = [
    {"bot.__main__"},
    {"bot.console"},
    {"bot.app"},
    {"bot.events"},
    {"bot.compose"},
    {"bot.answering"},
    {"bot.commands"},
    {"bot.router"},
    {"bot.digests"},
    {"bot.answer", "bot.welcome"},
    {"bot.background", "bot.beside", "bot.closing", "bot.listening", "bot.choice", "bot.images"},
    {"bot.services"},
    {"bot.tools"},
    {
        "bot.agent",
        "bot.grounding",
        "bot.teams",
        "bot.signin",
        "bot.turns",
        "bot.interrupts",
        "bot.cards",
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
        "bot.labels",
        "bot.policy",
        "bot.logs",
        "bot.texts",
        "bot.naming",
        "bot.phrases",
        "bot.watched",
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
}
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


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module, whether inside a function)"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        node for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(f)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node in inner
            yield from ((f"{node.module}.{alias.name}", node in inner) for alias in node.names)


def layer_of(module: str) -> int | None:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    return None


@pytest.mark.parametrize("path", files("bot", "graph", "providers"), ids=where)
def test_imports_only_go_down(path: Path) -> None:
    here = layer_of(name_of(path))
    for module, _ in imports(path):
        there = layer_of(module)
        if there is None or here is None:
            assert not module.startswith("infra"), (
                f"{where(path)} imports {module}: the product never knows the local tenant"
            )
            continue
        assert there >= here, f"{where(path)} imports {module}, which stands above it"


@pytest.mark.parametrize(("one", "other"), STRANGERS, ids=str)
def test_neighbours_do_not_know_each_other(one: str, other: str) -> None:
    for a, b in ((one, other), (other, one)):
        for path in files(a.replace(".", "/")):
            assert not [m for m, _ in imports(path) if m == b or m.startswith(b + ".")], f"{where(path)} imports {b}"


def test_the_local_tenant_knows_nothing_of_the_product() -> None:
    product = ("bot", "graph", "providers")
    for path in files("infra"):
        mine = [m for m, _ in imports(path) if m.split(".")[0] in product]
        assert not mine, f"{where(path)} imports {mine}: it is Microsoft and the vendors, seen from the wire"


@pytest.mark.parametrize("path", files("bot", "graph", "providers"), ids=where)
def test_each_sdk_has_one_home(path: Path) -> None:
    for module, _ in imports(path):
        homes = OWNERS.get(module.split(".")[0])
        assert homes is None or any(where(path).startswith(home) for home in homes), f"{where(path)} imports {module}"


@pytest.mark.parametrize("path", files("bot", "graph", "providers"), ids=where)
def test_http_clients_are_built_in_one_place(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            homes = CLIENTS.get(called)
            assert homes is None or any(where(path).startswith(home) for home in homes), (
                f"{where(path)} builds {called}"
            )


@pytest.mark.parametrize("path", files(*PRODUCT), ids=where)
def test_imports_stand_at_the_top(path: Path) -> None:
    lazy = where(path).startswith("providers/")  # a vendor's SDK costs a second and 60 MB: only when configured
    inner = [module for module, inside in imports(path) if inside]
    allowed = ("anthropic", "openai", "httpx2", "azure") if lazy else ()
    assert not [m for m in inner if m.split(".")[0] not in allowed], f"{where(path)} imports {inner} inside a function"


@pytest.mark.parametrize("path", files(*PRODUCT), ids=where)
def test_files_and_functions_fit_in_a_head(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST_FILE, f"{where(path)} is too long: split it by purpose"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{where(path)}: {node.name} has {lines} lines"


@pytest.mark.parametrize("path", files(*PRODUCT), ids=where)
def test_modules_say_why_they_exist(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not source.strip() or ast.get_docstring(ast.parse(source)), f"{where(path)} has no docstring"


PLUGINS = [
    *((path, "PROVIDER", "tests/providers") for path in files("providers")),
    *((path, "SOURCE", "tests/graph") for path in files("graph")),
    *((path, "COMMAND", "tests/commands") for path in files("bot/commands")),
    *((path, "TOOL", "tests/tools") for path in files("bot/tools")),
]


@pytest.mark.parametrize(("path", "constant", "tests"), PLUGINS, ids=[where(path) for path, _, _ in PLUGINS])
def test_every_plugin_has_its_test(path: Path, constant: str, tests: str) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)
    }
    names |= {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    if constant in names:
        assert (ROOT / tests / f"test_{path.stem}.py").exists(), f"{where(path)} has no {tests}/test_{path.stem}.py"
