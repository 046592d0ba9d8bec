"""What the outcomes of model calls mean, for people; and which of them speak against a vendor."""

from collections.abc import Mapping

FINE = frozenset({"answered", "called_tools", "stopped"})
"""Not failures: `stopped` is a person's own wish."""
MEANINGS: Mapping[str, str] = {
    "answered": "The model answered.",
    "called_tools": "The model asked for more documents, and went on in its next call.",
    "stopped": "The person pressed Stop, asked something else, or the process ended.",
    "length": "The answer reached the longest length there may be and was cut there.",
    "refusal": "The model declined to answer.",
    "paused": "The vendor paused the answer in the middle.",
    "context_overflow": "The conversation outgrew what the model can take while it answered.",
    "context_too_long": "The question and what was found for it are more than the model can take.",
    "rate_limited": "The vendor asked to wait: too many calls or tokens a minute.",
    "overloaded": "The vendor had no capacity.",
    "timed_out": "The vendor did not answer in time.",
    "network_failed": "The vendor could not be reached, or the connection broke.",
    "incomplete": "The answer ended before it was whole.",
    "transient": "The vendor failed in a way that passes.",
    "circuit_open": "Not sent: the vendor had failed too often a moment before, or asked for a pause.",
    "out_of_quota": "The vendor's account has no money or quota left. Somebody has to pay or raise it.",
    "access_refused": "The vendor refused our key. Check it and what it may do.",
    "bad_request": "The vendor did not take our request as it was.",
    "expired": "A batch was not done before the vendor threw it away.",
    "cancelled": "A batch was cancelled.",
    "configuration_error": "The model's settings are wrong.",
    "not_permitted": "The policy forbids this model for that person, place or label. Nothing was sent.",
    "over_budget": "A budget is used up. Nothing was sent.",
    "provider_error": "The vendor failed without saying how.",
}
AGAINST_VENDOR = (
    "rate_limited", "overloaded", "timed_out", "network_failed", "incomplete", "transient", "circuit_open", "out_of_quota",
)  # fmt: skip
"""After these another model may go on."""


def meaning(outcome: str) -> str:
    return MEANINGS.get(outcome, "The call failed in a way this page has no words for yet.")
