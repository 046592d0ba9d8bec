"""The comparison with Microsoft's types sees what Microsoft would refuse; tried on types of our own in the same form."""

from typing import Any

import pytest

from tests.azure.bicep import parse
from tests.azure.resource_types import faults

TYPES: list[dict[str, Any]] = [
    {"$type": "StringType"},
    {"$type": "StringLiteralType", "value": "Enabled"},
    {"$type": "StringLiteralType", "value": "Disabled"},
    {"$type": "UnionType", "elements": [{"$ref": "#/1"}, {"$ref": "#/2"}]},
    {"$type": "IntegerType"},
    {"$type": "ObjectType", "name": "Rule", "properties": {"port": {"type": {"$ref": "#/4"}, "flags": 1}}},
    {"$type": "ArrayType", "itemType": {"$ref": "#/5"}},
    {
        "$type": "ObjectType",
        "name": "Thing",
        "properties": {
            "name": {"type": {"$ref": "#/0"}, "flags": 1},
            "access": {"type": {"$ref": "#/3"}, "flags": 0},
            "rules": {"type": {"$ref": "#/6"}, "flags": 0},
            "id": {"type": {"$ref": "#/0"}, "flags": 2},
        },
    },
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{ name: 'a', access: on ? 'Enabled' : 'Disabled', rules: [{ port: 1 }] }", []),
        ("{ name: 'a', rules: [for p in ports: { port: p }] }", []),
        ("{ access: 'Enabled' }", ["x.name is missing"]),
        ("{ name: 'a', acces: 'Enabled' }", ["x.acces is not known"]),
        ("{ name: 'a', access: on ? 'Enabled' : 'Off' }", ["x.access: 'Off' is not Enabled, Disabled"]),
        ("{ name: 'a', rules: [{ port: '1' }] }", ["x.rules[].port: '1' is not IntegerType"]),
        (
            "{ name: 'a', rules: [for p in ports: { prt: p }] }",
            ["x.rules[].prt is not known", "x.rules[].port is missing"],
        ),
        ("{ name: 'a', rules: { port: 1 } }", ["x.rules must be a ArrayType, not an object"]),
        ("{ name: 'a', id: 'b' }", ["x.id cannot be set"]),
    ],
)
def test_what_microsoft_would_refuse_is_seen(text: str, found: list[str]) -> None:
    value = parse(
        "x.bicep", f"var x = {text.replace(', ', chr(10)).replace('{ ', '{' + chr(10)).replace(' }', chr(10) + '}')}"
    )
    node = value.declared["x"].value
    assert node is not None
    assert list(faults(TYPES, TYPES[-1], node, "x")) == found
