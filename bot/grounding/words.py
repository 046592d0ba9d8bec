"""The words of questions: which carry nothing, which say the same, which ask what somebody wrote. English and German.

Other languages are searched with all their words: a word that is in none of these lists is simply looked for.
"""

STOP_WORDS = frozenset(
    """
    a about above after again against all am an and any anyone are as at be because become becomes been before
    being below between both but by can could did do does doing done down during each else ever every few find
    for from further get gets give given going had happen happened happening happens has have having he her here
    hers him his how i if in into instead is it its itself just know last let like list look made make makes
    many may me mean might mine more most much must my need needs new next no nor not now of off on once one
    only or other our out over own per please same say says see send sent shall she should show since so some
    still such summarise summarize summary take takes tell than that the their them then there these they this
    those through to today too under until up us use uses very want wants was we were what whats when where
    which while who whom whose why will with would yes yesterday yet you your message messages mail mails email
    emails file files document documents anything something everyone aber alle allem allen aller alles als also
    am an auch auf aus bei beim bin bis bist bitte da damit dann das dass dein dem den der des dessen die dies
    diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas euch euer
    finde für gab gegen gibt haben habe hat hatte hatten hier hinter ich ihm ihn ihr ihre im in ins ist ja jede
    jeder jedes jetzt kann kannst kein keine können könnte letzte letzten letzter man mehr mein meine meiner
    mich mir mit muss nach neben nein nicht noch nun nur ob oder ohne sag schon sehr sein seine seit sich sie XX
    welchem welchen welcher welches wem wen wenn wer werden wie wieder wieviel wird wo wurde wurden zeig zu zum
    zur zwischen über nachricht nachrichten datei dateien dokument dokumente brauche brauchen braucht
    """.split()  # noqa: SIM905 -- as a list literal this would be two hundred lines
)
SPEECH = frozenset(
    """
    say said says write wrote written writes send sent sends ask asked asks tell told tells report reported
    announce announced decide decided answer answered reply replied recommend recommended mention mentioned
    inform informed promise promised suggest suggested propose proposed want wanted wants need needed needs
    agree agreed confirm confirmed share shared post posted email emailed mean meant explain explained request
    requested forward forwarded make made create created prepare prepared draft drafted change changed edit
    edited upload uploaded sagt sagte gesagt schreibt schrieb schrieben geschrieben schickte geschickt fragte
    gefragt meinte gemeint berichtete berichtet meldete gemeldet entschied entschieden antwortete geantwortet
    empfahl empfohlen erwähnte erwähnt teilte geteilt mitgeteilt will wollte braucht versprach versprochen
    bestätigte bestätigt bat gebeten erstellt erstellte gemacht geändert änderte hochgeladen
    """.split()  # noqa: SIM905 -- as above
)
"""What somebody did with words: its subject is the author of what is looked for."""
ACTIVITY = frozenset(
    """
    came come arrived received changed edited updated uploaded happened happen new kam kamen bekommen erhalten
    geändert passiert geschah neu neues
    """.split()  # noqa: SIM905 -- as above
)
"""What documents do at a time: with a date beside it, the date is that of the document."""
GREETINGS = frozenset(
    ("hello", "hi", "hey", "hallo", "moin", "servus", "thanks", "thank", "thx", "danke", "dank", "tschüss", "bye")
)
"""Said to open or close a talk: never what somebody looks for. The others are dropped only when nothing else is said."""
PLEASANTRIES = GREETINGS | frozenset(
    """
    good morning afternoon evening day night great nice cool perfect super ok okay welcome parley cheers
    greetings guten gute guter gutes morgen tag abend nacht vielen schönen schönes wochenende grüß grüss gott
    prima klasse toll
    """.split()  # noqa: SIM905 -- as above
)
AROUND_GREETINGS = PLEASANTRIES | frozenset(
    """
    a lot so very much you all and to for the help there again dir ihnen euch sehr für die alles hilfe schön
    zusammen
    """.split()  # noqa: SIM905 -- as above
)
GENERIC = frozenset(
    """
    cost costs price amount number date day days time times week weeks month months year years long big high
    large old end start begin late kind type way work works value name names people thing things place part hour
    hours kosten kostet preis betrag anzahl nummer datum tag tage zeit woche wochen monat monate jahr jahre
    lange hoch groß alt ende anfang art name leute sache ort teil uhr stunde stunden
    """.split()  # noqa: SIM905 -- as above
)
"""Words that say what kind of answer is wanted: they stand everywhere, or the answer says it otherwise."""
GERMAN = frozenset(
    """
    der die das des dem den ein eine einen und ist sind war hat haben wie was wer wen wem wann wo warum welche
    welcher welches welchem welchen wird werden wurde für mit von vom im bis nach zum zur auf über nicht
    """.split()  # noqa: SIM905 -- as above
)
"""Small words that only German has: there, a capital says nothing about a name."""
MAIL_WORDS = frozenset("mail mails email emails e-mail e-mails message messages nachricht nachrichten".split())  # noqa: SIM905 -- as above
FILE_WORDS = frozenset("file files document documents datei dateien dokument dokumente".split())  # noqa: SIM905 -- as above
TITLES = frozenset(("mr", "ms", "mrs", "miss", "dr", "prof", "herr", "herrn", "frau"))
FILE_TYPES = {
    "spreadsheet": ("xlsx", "xls", "csv"), "excel": ("xlsx", "xls", "csv"), "tabelle": ("xlsx", "xls", "csv"),
    "presentation": ("pptx", "ppt"), "slides": ("pptx", "ppt"), "deck": ("pptx", "ppt"),
    "präsentation": ("pptx", "ppt"), "powerpoint": ("pptx", "ppt"), "pdf": ("pdf",), "word": ("docx", "doc"),
}  # fmt: skip
_SAME = """
salary salaries wage pay earn earns gehalt gehälter verdient verdienen lohn | price prices preis preise | cost costs kosten
kostet | quote offer angebot offerte | order bestellung auftrag | invoice bill rechnung | delivery lieferung | contract
agreement vertrag vereinbarung | holiday holidays vacation urlaub ferien | shift schicht | supplier vendor lieferant |
repair repaired reparatur reparieren | plant factory werk | customer client kunde | meeting besprechung sitzung termin |
report bericht | canteen kantine | lunch mittagessen | line linie | deadline frist | approve approved approval freigabe
freigegeben genehmigt | budget etat | competitor competitors compete wettbewerber konkurrenz | battery akku batterie |
seal dichtung | pump pumpe | torque drehmoment anzugsmoment | bolt bolts schraube schrauben | warehouse lager |
hire hiring einstellung | training schulung | warranty garantie gewährleistung | complaint reklamation | scrap ausschuss |
leak leaks leakage leckage leckagen undicht | error fehler störung | manual handbook handbuch | stock inventory bestand |
travel trip reise | dismiss dismissal kündigung | minutes protokoll | decision entscheidung beschluss | launch release
markteinführung | delay verzögerung verspätung | night nacht | quiet quieter noise leiser lärm geräusch | colour color farbe
"""
SAME_WORDS: dict[str, tuple[str, ...]] = {
    word: tuple(other for other in group.split() if other != word)
    for group in _SAME.split("|")
    for word in group.split()
}
"""Words offices use for the same thing, in one language or the other."""
