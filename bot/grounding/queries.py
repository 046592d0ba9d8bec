"""From a question in words to search queries.

A natural question sent as it is finds nothing: in KQL a space means AND, so every "what", "is" and "the" would have to
occur in the document. No model is asked; the model can search again with its tools when this finds too little.
"""

import re

from graph.base import Query

_WORD = re.compile(r"[^\W_][\w./@+-]*[^\W_]|[^\W_]")
_QUOTED = re.compile(r"[\"“„”]([^\"“„”]{2,80})[\"“”]")
_FILE_TYPES = {
    "spreadsheet": ("xlsx", "xls", "csv"), "excel": ("xlsx", "xls", "csv"), "tabelle": ("xlsx", "xls", "csv"),
    "presentation": ("pptx", "ppt"), "slides": ("pptx", "ppt"), "deck": ("pptx", "ppt"),
    "präsentation": ("pptx", "ppt"), "powerpoint": ("pptx", "ppt"), "pdf": ("pdf",), "word": ("docx", "doc"),
}  # fmt: skip
_STOP_WORDS = frozenset(
    """
    a about above after again all am an and any anyone are as at be because been before being below between both but by
    can could did do does doing done down during each else ever every few find for from further get give given had has
    have having he her here hers him his how i if in into is it its itself just know last let like list look made make
    many may me mean might mine more most much must my need new next no nor not now of off on once one only or other our
    out over own please same say says see send sent shall she should show since so some still such summarise summarize
    summary tell than that the their them then there these they this those through to today too under until up us use
    very was we were what whats when where which while who whom whose why will with would yes yesterday yet you your
    message messages mail mails email emails file files document documents anything something everyone
    aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist bitte da damit dann das dass
    dein dem den der des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer
    eines er es etwas euch euer finde für gab gegen gibt haben habe hat hatte hatten hier hinter ich ihm ihn ihr ihre im
    in ins ist ja jede jeder jedes jetzt kann kannst kein keine können könnte letzte letzten letzter man mehr mein meine
    meiner mich mir mit muss nach neben nein nicht noch nun nur ob oder ohne sag schon sehr sein seine seit sich sie
    sind so soll sollte steht über um und uns unser unsere unter viel viele vom von vor wann war waren warum was welche
    welchem welchen welcher welches wem wen wenn wer werden wie wieder wieviel wird wo wurde wurden zeig zu zum zur
    zwischen nachricht nachrichten datei dateien dokument dokumente
    """.split()  # noqa: SIM905 -- as a list literal this would be two hundred lines
)
# Said to open or close a talk: never what somebody looks for. The others are dropped only when nothing else is said.
_GREETINGS = frozenset(
    ("hello", "hi", "hey", "hallo", "moin", "servus", "thanks", "thank", "thx", "danke", "dank", "tschüss", "bye")
)
_PLEASANTRIES = _GREETINGS | frozenset(
    """
    good morning afternoon evening day night great nice cool perfect super ok okay welcome parley cheers greetings
    guten gute guter gutes morgen tag abend nacht vielen schönen schönes wochenende grüß grüss gott prima klasse toll
    """.split()  # noqa: SIM905 -- as above
)
_AROUND_GREETINGS = _PLEASANTRIES | frozenset(
    """
    a lot so very much you all and to for the help there again dir ihnen euch sehr für die alles hilfe schön zusammen
    """.split()  # noqa: SIM905 -- as above
)
_NOT_SEARCHED = _STOP_WORDS | _GREETINGS
_OPENING = re.compile(
    r"\s*(?:good (?:morning|afternoon|evening|day)|guten (?:morgen|tag|abend)|vielen dank|gr(?:ü|ue)(?:ß|ss) gott)\b",
    re.IGNORECASE,
)
_LONGEST_SMALL_TALK = 100
_STRICT_WORDS = 3
_MOST_WORDS = 10


def keywords(question: str) -> tuple[str, ...]:
    """The words of a question that carry its meaning, in order, without repeats; at most ten."""
    if small_talk(question):
        return ()
    seen: dict[str, str] = {}
    for word in _WORD.findall(_OPENING.sub("", question, count=1)):
        bare = re.sub(r"(?:'|’)s$", "", word).strip("./-+")
        if bare and bare.casefold() not in _NOT_SEARCHED and (len(bare) > 1 or bare.isdigit()):
            seen.setdefault(bare.casefold(), bare)
    return tuple(seen.values())[:_MOST_WORDS]


def small_talk(question: str) -> bool:
    """Whether somebody only greets or thanks: there is nothing to search, in this message or with the one before."""
    words = {word.casefold() for word in _WORD.findall(question[:_LONGEST_SMALL_TALK])}
    if len(question) > _LONGEST_SMALL_TALK or not words:
        return False
    return words <= _PLEASANTRIES or (words <= _AROUND_GREETINGS and not words.isdisjoint(_GREETINGS))


def queries(question: str) -> tuple[Query, ...]:
    """From strict to relaxed; empty when the question has no word worth searching for.

    Strict asks for the most telling words together, relaxed for any of them; the ranking sorts it out.
    """
    phrases = tuple(match.strip() for match in _QUOTED.findall(question) if match.strip())
    words = keywords(_QUOTED.sub(" ", question)) if phrases else keywords(question)
    types = next((_FILE_TYPES[w.casefold()] for w in words if w.casefold() in _FILE_TYPES), ())
    telling = tuple(word for word in words if word.casefold() not in _FILE_TYPES)
    strict = tuple(sorted(telling, key=_weight, reverse=True)[:_STRICT_WORDS])
    found: list[Query] = []
    if phrases:
        found.append(Query(all_of=phrases))
    if len(strict) > 1:
        found.append(Query(all_of=strict))
        found.append(Query(all_of=strict[:2]))
    if telling:
        found.append(Query(any_of=(*phrases, *telling)))
        if types:
            found.append(Query(any_of=telling, file_types=types))
    return tuple(dict.fromkeys(found))


def _weight(word: str) -> tuple[bool, bool, int]:
    """Numbers and codes tell most, then names, then long words."""
    return any(c.isdigit() for c in word), word[:1].isupper(), len(word)
