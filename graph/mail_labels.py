"""The sensitivity labels that stand in a mail's own headers: Outlook and other clients write them for whoever gets the mail.

Form: `msip_labels: MSIP_Label_<id>_Enabled=True; MSIP_Label_<id>_Name=Confidential; ...`
(learn.microsoft.com/information-protection/develop/concept-mip-metadata, "Emails").
"""

import re
from collections.abc import Mapping
from typing import Any

from graph.msip import PROPERTY, in_force
from graph.parse import dicts_at, text_at

HEADER = "msip_labels"
_MOST = 20_000
_PROPERTY = re.compile(PROPERTY + r"\s*=([^;]*)")


def labels_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of all that are in force, of a message whose `internetMessageHeaders` were asked for."""
    found: dict[str, None] = {}
    for header in dicts_at(message, "internetMessageHeaders"):
        if text_at(header, "name").casefold() == HEADER:
            found |= dict.fromkeys(in_header(text_at(header, "value")))
    return tuple(found)


def in_header(value: str) -> tuple[str, ...]:
    """Names of the labels in force, in their order. A long header may be folded anywhere between two words."""
    return in_force(_PROPERTY.findall(" ".join(value[:_MOST].split())))
