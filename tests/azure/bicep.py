"""Bicep files as their declarations and what these refer to, by tree-sitter's grammar. It compiles nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

FOLDER = Path(__file__).resolve().parents[2] / "infra" / "azure"
_PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True)
class Declared:
    """A param, var, resource, module or output."""

    kind: str
    name: str
    decorators: tuple[str, ...]
    subject: str
    """Of a resource its type with the version, of a module its path, otherwise its type."""
    value: Node | None
    """What it is, or a param's default."""


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    """Below infra/azure."""
    root: Node
    declared: dict[str, Declared] = field(default_factory=dict[str, Declared])
    outputs: dict[str, Declared] = field(default_factory=dict[str, Declared])

    def of(self, kind: str) -> list[Declared]:
        return [one for one in self.declared.values() if one.kind == kind]

    def secret(self, name: str) -> bool:
        return name in self.declared and "secure" in self.declared[name].decorators


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def parse(name: str, text: str) -> Template:
    if name.endswith(".bicepparam"):  # the grammar has no values of params: they read as variables do
        text = re.sub(r"^param ", "var ", text, flags=re.MULTILINE)
    found = Template(name, _PARSER.parse(text.encode()).root_node)
    decorators: list[str] = []
    for node in found.root.named_children:
        if node.type == "decorators":
            decorators = [text_of(d.named_children[0].named_children[0]) for d in node.named_children]
            continue
        kind = node.type.removesuffix("_declaration")
        if kind in {"parameter", "variable", "resource", "module", "output"}:
            one = _declared(kind, node, tuple(decorators))
            (found.outputs if kind == "output" else found.declared)[one.name] = one
        decorators = []
    return found


def _declared(kind: str, node: Node, decorators: tuple[str, ...]) -> Declared:
    name, *rest = node.named_children
    if kind == "variable":
        return Declared(kind, text_of(name), decorators, "", rest[0])
    subject = text_of(rest[0]).strip("'")
    return Declared(kind, text_of(name), decorators, subject, rest[1] if len(rest) > 1 else None)


def templates() -> dict[str, Template]:
    """Of the product's deployment; infra/azure/entra has its own tests."""
    paths = [*FOLDER.glob("*.bicep*"), *FOLDER.glob("modules/*.bicep")]
    names = {path.relative_to(FOLDER).as_posix(): path for path in sorted(paths)}
    return {name: parse(name, path.read_text(encoding="utf-8")) for name, path in names.items()}


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from walk(child)


def faults_of_syntax(node: Node) -> Iterator[str]:
    if node.is_error or node.is_missing:
        yield f"line {node.start_point.row + 1}: {text_of(node)[:40]!r}"
    for child in node.children:
        yield from faults_of_syntax(child)


def references(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names an expression uses, without properties, functions and what its loops bind."""
    if node.type == "identifier":
        if text_of(node) not in bound:
            yield text_of(node)
        return
    children = node.named_children
    if node.type == "object_property":
        children = [c for c in children[:1] if c.type == "string"] + children[1:]
    elif node.type == "call_expression":
        children = children[1:] if children[0].type == "identifier" else children
    elif node.type == "for_statement":
        bound |= {text_of(children[0])}
        children = children[1:]
    for child in children:
        yield from references(child, bound)


def functions(node: Node) -> Iterator[str]:
    for one in walk(node):
        if one.type == "call_expression" and one.named_children[0].type == "identifier":
            yield text_of(one.named_children[0])


def outputs_used(node: Node) -> Iterator[tuple[str, str]]:
    """(module, output)"""
    for one in walk(node):
        if one.type == "member_expression" and (found := re.fullmatch(r"(\w+)\.outputs\.(\w+)", text_of(one))):
            yield found[1], found[2]


def body(node: Node | None) -> dict[str, Node]:
    """The object of a resource or module, below its condition or loop: key -> value."""
    while node is not None and node.type != "object":
        node = node.named_children[-1] if node.named_children else None
    properties = node.named_children if node is not None else []
    return {
        text_of(p.named_children[0]).strip("'"): p.named_children[-1] for p in properties if p.type == "object_property"
    }


def pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """All keys with their values, at any depth."""
    for one in walk(node):
        if one.type == "object_property":
            yield text_of(one.named_children[0]).strip("'"), one.named_children[-1]
