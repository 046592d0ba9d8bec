"""Microsoft Graph as the local tenant speaks it, over the company in `World`."""

from infra.local.graph.state import GraphState, graph_state
from infra.local.graph.wire import routes

__all__ = ["GraphState", "graph_state", "routes"]
