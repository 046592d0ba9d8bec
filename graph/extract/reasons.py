"""Why a document has no text, as phrases a reader understands ("Offer.pdf could not be read: it is protected with a password")."""

PASSWORD = "it is protected with a password"  # noqa: S105 -- a phrase, no secret
SCAN = "it is a scan without text"
TOO_LARGE = "it is too large"
TOO_LONG = "reading it took too long"
BROKEN = "the file is broken"
FORMAT = "its format is not one we read"
EMPTY = "it is empty"
LINK = "it is a link to a file that is kept elsewhere"
CRASHED = "its reader broke down on it"
NO_READER = "the reader of documents does not start here"

ALL = frozenset({PASSWORD, SCAN, TOO_LARGE, TOO_LONG, BROKEN, FORMAT, EMPTY, LINK, CRASHED, NO_READER})
