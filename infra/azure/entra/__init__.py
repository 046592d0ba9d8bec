"""The Entra app registration as a plan that can be read before it is run, and its undo: `python -m infra.azure.entra`."""
