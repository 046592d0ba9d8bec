"""Picks the sentences of the evidence that best answer a question, by the words they share: no model, no language."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from providers.base import Evidence
from providers.sentences import LONGEST, pieces

MOST = 3
_WORD = re.compile(r"[^\W_]+(?:[.,:/-][^\W_]+)*")
_ENOUGH = 0.34
"""Share of the question's weight that a sentence must cover, its document's title helping."""
# Words that ask rather than name, in the languages offices mostly write; others are caught by being everywhere.
_ASKING_WORDS = """
a an and any are as at be been by can could did do does for from give has have how i in into is it its know many me
much my of on or our please question say said tell that the their them there these they this to us was we were what
when where which who whom whose why will with would you your about after before am auf aus bei bis das dem den der
des die durch ein eine einem einen einer es fragt für haben hat ich im ist kann mein mir mit nach nicht oder sind
uns unser unsere und viel viele vom von vor wann war waren warum was welche welchem welchen welcher welches wem wen
wer wie wieviel wird wo wurde zu zum zur über au aux avec combien comment dans de du elle en est et il je la le les
ma mes mon nous où par pour qu quand que quel quelle quelles quels qui sa ses son sont sur un une vous al como con
cual cuál cuando cuándo cuanto cuánto cuantos cuántos del donde dónde el ella es está fue las lo los para por qué
quien quién se su una y
"""
_ASKING = frozenset(_ASKING_WORDS.split())
_NUMBER_WANTED = re.compile(
    r"how (?:many|much|long|old|often|far)|\b(?:cost|price|budget|amount|number|percent\w*|rate)\b|wie ?viele?|wie (?:lange|hoch|oft)"
    r"|kostet|kosten|preis|betrag|anzahl|combien|cu[aá]nt[oa]s?",
    re.IGNORECASE,
)
_TIME_WANTED = re.compile(
    r"\b(?:when|what (?:date|day|time)|deadline|wann|termin|frist|quand|cu[aá]ndo)\b", re.IGNORECASE
)
_NAME_WANTED = re.compile(r"\b(?:who|whom|whose|wer|wem|wen|qui|qui[eé]n)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d{2}\b|\d{1,2}\.\s?\d{1,2}\.|\b\d{1,2}\.? [^\W\d]{3,}|\b[^\W\d]{3,} \d{1,2}\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch",
    re.IGNORECASE,
)
_OTHER_WORDS = {
    "earn": ("salary", "salaries", "wage"),
    "earns": ("salary", "salaries", "wage"),
    "verdient": ("gehalt", "gehälter", "lohn"),
}
"""What offices ask with and documents never say."""
_NAMED = re.compile(r"[^\W_][^\s,;?!\"“”„()]*")
_NAME = re.compile(r"\b[^\W\d_a-z][^\W\d_]+ [^\W\d_a-z][^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Quote:
    text: str
    evidence: str
    """Id of the passage it stands in."""
    score: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    evidence: Evidence
    words: frozenset[str]
    around: frozenset[str]
    """Words of the passage's title and detail, which every sentence of it is about."""
    beside: frozenset[str]
    """All words of the passage."""
    rank: int
    following: str = ""
    """The piece after this one, which often holds the other half of an answer."""


def question_words(question: str) -> list[str]:
    """The words worth looking for, once each, in order."""
    words = _words(question)
    return list(dict.fromkeys(word for word in words if word not in _ASKING)) or list(dict.fromkeys(words))


def best_quotes(question: str, evidence: Sequence[Evidence]) -> list[Quote]:
    """At most `MOST`, best first; empty when nothing covers enough of the question. Deterministic."""
    wanted = question_words(question)
    candidates = list(_candidates(evidence))
    if not wanted or not candidates:
        return []
    weights = _weights(wanted, candidates)
    names, others = _names_and_others(question, wanted)
    whole = sum(weights.values())
    scored: list[tuple[float, _Candidate, frozenset[str]]] = []
    for candidate in candidates:
        inside = frozenset(w for w in wanted if _has(candidate.words, w))
        outside = frozenset(w for w in wanted if w not in inside and _has(candidate.around, w))
        beside = [w for w in wanted if w not in inside | outside and _has(candidate.beside, w)]
        covered = sum(weights[w] for w in inside) + 0.6 * sum(weights[w] for w in outside)
        covered = (covered + 0.35 * sum(weights[w] for w in beside)) / whole
        met = inside | outside | frozenset(beside) | _meant(wanted, candidate)
        if not inside or covered < _ENOUGH or not all(met & part for part in (names, others) if part):
            continue
        score = covered * _fit(question, candidate) / (1 + 0.02 * candidate.rank)
        scored.append((score - 0.0002 * len(candidate.text), candidate, inside | outside))
    scored.sort(key=lambda entry: -entry[0])
    return _chosen(question, scored, weights)


def _names_and_others(question: str, wanted: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Whom or what a question is about, and what it wants to know of it: a quote that meets only one of them is no answer.

    Names are written with a capital or hold a digit. Words that only ask for a number, a date or a person are neither.
    """
    capital = {w for found in _NAMED.findall(question)[1:] if not found.islower() for w in _words(found)}
    capital |= {word for word in wanted if any(c.isdigit() for c in word)}
    asks = {word for word in wanted if any(kind.search(word) for kind in (_NUMBER_WANTED, _TIME_WANTED, _NAME_WANTED))}
    names = frozenset(word for word in wanted if word in capital)
    # "How long does it run?" is answered by a date, whatever the verb.
    asked = bool(_NUMBER_WANTED.search(question) or _TIME_WANTED.search(question))
    return names, frozenset() if asked else frozenset(word for word in wanted if word not in capital | asks)


def _meant(wanted: Sequence[str], candidate: _Candidate) -> frozenset[str]:
    """Words whose usual other word is there."""
    there = candidate.around | candidate.beside
    return frozenset(w for w in wanted if any(_has(there, other) for other in _OTHER_WORDS.get(w, ())))


def _chosen(
    question: str, scored: Sequence[tuple[float, _Candidate, frozenset[str]]], weights: dict[str, float]
) -> list[Quote]:
    chosen: list[Quote] = []
    said: frozenset[str] = frozenset()
    texts: set[str] = set()
    for score, candidate, words in scored:
        adds = sum(weights[w] for w in words - said) > 0.15 * sum(weights.values())
        close = score >= 0.85 * scored[0][0]
        normal = " ".join(_words(candidate.text))
        if chosen and (normal in texts or not (close or (adds and score >= 0.5 * scored[0][0]))):
            continue
        text = candidate.text if chosen else _in_context(question, candidate)
        chosen.append(Quote(text, candidate.evidence.id, score))
        texts |= {normal, " ".join(_words(candidate.following))}
        said |= words
        if len(chosen) == MOST:
            break
    return chosen


def _in_context(question: str, candidate: _Candidate) -> str:
    text, following = candidate.text, candidate.following
    if len(_words(following)) >= 4 and not following.endswith("?") and len(text) + len(following) <= LONGEST:
        text = f"{text} {following}" if text[-1] in ".!?:" else f"{text}; {following}"
    if _NAME_WANTED.search(question) and candidate.evidence.detail and not _NAME.search(text):
        text = f"{text} ({candidate.evidence.detail})"
    return text


def _candidates(evidence: Sequence[Evidence]) -> Iterable[_Candidate]:
    for rank, passage in enumerate(evidence):
        around = frozenset(_words(f"{passage.title} {passage.detail}"))
        before: frozenset[str] = frozenset()
        whole = frozenset(_words(passage.text))
        found = pieces(passage.text)
        for piece, following in zip(found, [*found[1:], ""], strict=True):
            words = frozenset(_words(piece))
            yield _Candidate(piece, passage, words, around | before, whole, rank, following)
            before = words


def _weights(wanted: Sequence[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Rare words, numbers and long words say more about what was asked."""
    found = Counter(word for candidate in candidates for word in wanted if _has(candidate.words, word))
    weights: dict[str, float] = {}
    for word in wanted:
        rarity = math.log(1 + len(candidates) / (1 + found[word]))
        length = 1.0 if any(c.isdigit() for c in word) else min(len(word), 8) / 8
        # A word that occurs nowhere is the question's wording as often as its point.
        weights[word] = (0.3 + rarity) * (0.4 + length) * (1.0 if found[word] else 0.5)
    return weights


def _fit(question: str, candidate: _Candidate) -> float:
    fit = 1.0
    asked = frozenset(_words(question))
    text = candidate.text
    if _NUMBER_WANTED.search(question):
        fit *= 1.35 if any(c.isdigit() for w in candidate.words - asked for c in w) else 0.8
    if _TIME_WANTED.search(question):
        fit *= 1.35 if _TIME.search(text) else 0.8
    if _NAME_WANTED.search(question):
        fit *= 1.25 if _NAME.search(text) else 0.85
    if text.rstrip().endswith("?") or len(candidate.words) < 4:
        fit *= 0.6
    return fit


def _has(words: frozenset[str], wanted: str) -> bool:
    if wanted in words:
        return True
    # Endings differ ("invoice", "invoices"; "Vertrag", "Vertrags"), beginnings seldom do.
    stem = wanted[: max(4, math.ceil(len(wanted) * 0.75))]
    return (
        len(wanted) >= 4
        and not wanted[0].isdigit()
        and any(word.startswith(stem) and abs(len(word) - len(wanted)) <= 4 for word in words)
    )


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word for found in _WORD.findall(folded) for word in (found, *_parts(found))]


def _parts(word: str) -> list[str]:
    return [part for part in re.split(r"[./:-]", word) if part] if re.search(r"[/:-]", word) else []
