"""What goes wrong with the database, as two kinds: one that trying again does not help, and one that it may.

StoreError
+-- StoreUnavailable
    +-- NoRoom
    +-- RolledBack
"""


class StoreError(Exception):
    """The database refused a statement; the cause says why. Trying again does not help."""


class StoreUnavailable(StoreError):
    """The database does not answer, or two processes were in each other's way: the same call may work later."""


class NoRoom(StoreUnavailable):
    """The database answers and can't write: its disk is full or failing, or it was made read-only."""


class RolledBack(StoreUnavailable):
    """Two processes were in each other's way, and this transaction gave way: nothing of it happened."""
