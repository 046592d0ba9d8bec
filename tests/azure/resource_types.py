"""`python -m tests.azure.resource_types FOLDER`: the templates against Microsoft's own types of resources.

FOLDER has `types.json` files, at any depth, from https://github.com/Azure/bicep-types-az (`generated/`). They are too large to keep here,
so this is run by hand when a template changes; README.md in infra/azure says when it last was.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.azure.bicep import body, templates, text_of

REQUIRED, READ_ONLY = 1, 2
Types = list[dict[str, Any]]


def load(folder: Path) -> dict[str, tuple[Types, dict[str, Any]]]:
    """Resource types by lower-case name with version: (all types of their file, their body)."""
    found: dict[str, tuple[Types, dict[str, Any]]] = {}
    for path in folder.rglob("*.json"):
        types = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(types, list):
            resources = [one for one in types if one.get("$type") == "ResourceType"]
            found |= {one["name"].lower(): (types, _at(types, one["body"])) for one in resources}
    return found


def _at(types: Types, reference: dict[str, str]) -> dict[str, Any]:
    return types[int(reference["$ref"].removeprefix("#/"))]


def faults(types: Types, kind: dict[str, Any], node: Node, where: str) -> Iterator[str]:
    """What Microsoft would not take. Expressions are not evaluated: both sides of a condition are looked at, names are not."""
    if node.type == "ternary_expression":
        for side in node.named_children[1:]:
            yield from faults(types, kind, side, where)
    elif node.type == "for_statement":
        yield from faults(types, _at(types, kind["itemType"]), node.named_children[-1], f"{where}[]")
    elif node.type == "parenthesized_expression":
        yield from faults(types, kind, node.named_children[-1], where)
    elif node.type == "array" and kind["$type"] == "ArrayType":
        for child in node.named_children:
            yield from faults(types, _at(types, kind["itemType"]), child, f"{where}[]")
    elif node.type == "object":
        yield from _of_object(types, kind, node, where)
    elif node.type in {"string", "number", "boolean"}:
        yield from _of_value(types, kind, node, where)


def _of_object(types: Types, kind: dict[str, Any], node: Node, where: str) -> Iterator[str]:
    given = body(node)
    properties = dict(kind.get("properties") or kind.get("baseProperties") or {})
    if kind["$type"] == "DiscriminatedObjectType":
        value = text_of(given[kind["discriminator"]]).strip("'") if kind["discriminator"] in given else ""
        if value not in kind["elements"]:
            yield f"{where}.{kind['discriminator']} must be one of {', '.join(kind['elements'])}, not {value!r}"
            return
        properties |= _at(types, kind["elements"][value]).get("properties", {})
    elif kind["$type"] != "ObjectType":
        if kind["$type"] != "AnyType":
            yield f"{where} must be a {kind['$type']}, not an object"
        return
    for name, value_node in given.items():
        if name in properties:
            if properties[name]["flags"] & READ_ONLY:
                yield f"{where}.{name} cannot be set"
            yield from faults(types, _at(types, properties[name]["type"]), value_node, f"{where}.{name}")
        elif not kind.get("additionalProperties") and name not in {"scope", "parent", "dependsOn"}:
            yield f"{where}.{name} is not known"
    for name, one in properties.items():
        if one["flags"] & REQUIRED and not one["flags"] & READ_ONLY and name not in given:
            yield f"{where}.{name} is missing"


def _of_value(types: Types, kind: dict[str, Any], node: Node, where: str) -> Iterator[str]:
    kinds = [_at(types, one) for one in kind["elements"]] if kind["$type"] == "UnionType" else [kind]
    if {"AnyType", "BuiltInType"} & {one["$type"] for one in kinds}:
        return
    basic = {"string": "StringType", "number": "IntegerType", "boolean": "BooleanType"}[node.type]
    literals = [one["value"] for one in kinds if one["$type"] == "StringLiteralType"]
    value = text_of(node).strip("'")
    if not any(one["$type"] == basic for one in kinds) and value not in literals and "${" not in value:
        yield f"{where}: {text_of(node)} is not {', '.join(literals) or kind['$type']}"


def check(folder: Path) -> tuple[int, list[str]]:
    known, found, checked = load(folder), list[str](), 0
    for file in templates().values():
        for one in file.of("resource"):
            if one.subject.lower() not in known:
                found.append(f"{file.name}: no type {one.subject} in this folder")
                continue
            types, kind = known[one.subject.lower()]
            checked += 1
            node = one.value
            while node is not None and node.type != "object":
                node = node.named_children[-1]
            existing = node is not None and set(body(node)) == {"name"}
            if node is not None and not existing:
                found += faults(types, kind, node, f"{file.name}: {one.name}")
    return checked, found


if __name__ == "__main__":
    number, wrong = check(Path(sys.argv[1]))
    print(f"{number} resources, {len(wrong)} faults", *wrong, sep="\n")
    sys.exit(bool(wrong))
