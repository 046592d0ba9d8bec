"""Which sensitivity labels are in force, of the `MSIP_Label_<id>_<what>` properties that mails and files carry alike.

A file that went through several hands or tenants has several labels, and whoever made it can add more: all of them count.
Source: learn.microsoft.com/information-protection/develop/concept-mip-metadata
"""

from collections.abc import Iterable

PROPERTY = r"MSIP_Label_([0-9a-fA-F-]{36})_(Name|Enabled)"
_LONGEST = 100


def in_force(properties: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Names, each once, in their order. `properties`: (label id, `Name` or `Enabled`, value)."""
    known = [(id.lower(), what, " ".join(value.split())[:_LONGEST]) for id, what, value in properties]
    off = {id for id, what, value in known if what == "Enabled" and value.casefold() == "false"}
    return tuple(dict.fromkeys(value for id, what, value in known if what == "Name" and value and id not in off))
