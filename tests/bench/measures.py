"""How good a ranking is against judgements: the usual measures of retrieval, and a run file other tools read."""

import math
from collections.abc import Mapping, Sequence


def recall(ranking: Sequence[str], judged: Mapping[str, int], at: int) -> float:
    """The share of the relevant documents among the first `at`; of more than `at` relevant ones, `at` are enough."""
    relevant = {document for document, grade in judged.items() if grade > 0}
    return len(relevant & set(ranking[:at])) / min(len(relevant), at) if relevant else 0.0


def hit(ranking: Sequence[str], judged: Mapping[str, int], at: int) -> float:
    return float(any(judged.get(document, 0) > 0 for document in ranking[:at]))


def reciprocal_rank(ranking: Sequence[str], judged: Mapping[str, int], at: int) -> float:
    found = (place for place, document in enumerate(ranking[:at], 1) if judged.get(document, 0) > 0)
    return next((1 / place for place in found), 0.0)


def ndcg(ranking: Sequence[str], judged: Mapping[str, int], at: int) -> float:
    """Normalised discounted cumulative gain with the grade as gain."""
    ideal = _gain(sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:at])
    return _gain([judged.get(document, 0) for document in ranking[:at]]) / ideal if ideal else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def run_lines(question: str, ranking: Sequence[str], tag: str) -> list[str]:
    """TREC run format: question, Q0, document, rank, score (falling), tag."""
    return [f"{question} Q0 {document} {place} {1 / place:.6f} {tag}" for place, document in enumerate(ranking, 1)]
