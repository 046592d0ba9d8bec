"""One person's access to Microsoft Graph, on msgraph-sdk's adapter. (Being built.)"""

from typing import Protocol


class Graph(Protocol):
    pass
