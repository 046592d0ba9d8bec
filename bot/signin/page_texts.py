"""What the sign-in page says, in the languages it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["done", "stale", "used", "cookie", "other", "declined", "consent", "again", "down", "app"]


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    outcomes: Mapping[Outcome, Text]
    digits: str
    """Before the six digits."""
    retry: str
    admin: str
    reference: str


ENGLISH = Language(
    "en",
    {
        "done": Text(
            "You are signed in", "Go back to Teams. Your question is being answered there. You can close this window."
        ),
        "stale": Text(
            "This link is no longer good", "Links work for ten minutes. Ask again in Teams and use the new one."
        ),
        "used": Text(
            "This sign-in is already finished", "If Teams still asks you to sign in, use the button there again."
        ),
        "cookie": Text(
            "This sign-in was not started here",
            "Start with the button in Teams, in this same browser, and allow cookies for this site.",
        ),
        "other": Text(
            "That is another account",
            "You signed in with an account that is not the one you use in Teams, or the link was made for somebody else. "
            "Nothing was kept.",
        ),
        "declined": Text("You did not agree", "Nothing was kept. You can sign in later with the button in Teams."),
        "consent": Text(
            "Your administrator has to agree first",
            "Your organisation lets only administrators agree to these permissions. Send them the link below.",
        ),
        "again": Text("The sign-in did not work", "Please start again with the button in Teams."),
        "down": Text(
            "Microsoft cannot be reached right now", "Please try again in a few minutes with the button in Teams."
        ),
        "app": Text(
            "The bot is not set up correctly", "Please tell whoever runs it that Microsoft refuses its registration."
        ),
    },
    digits="If Teams asks for a code, enter",
    retry="Sign in with another account",
    admin="Link for the administrator",
    reference="For support",
)
GERMAN = Language(
    "de",
    {
        "done": Text(
            "Sie sind angemeldet",
            "Zurück zu Teams: Dort wird Ihre Frage beantwortet. Sie können dieses Fenster schließen.",
        ),
        "stale": Text(
            "Dieser Link gilt nicht mehr",
            "Links gelten zehn Minuten. Fragen Sie in Teams noch einmal und nehmen Sie den neuen.",
        ),
        "used": Text(
            "Diese Anmeldung ist schon abgeschlossen",
            "Wenn Teams Sie weiter um Anmeldung bittet, drücken Sie dort noch einmal auf die Schaltfläche.",
        ),
        "cookie": Text(
            "Diese Anmeldung wurde nicht hier begonnen",
            "Beginnen Sie mit der Schaltfläche in Teams, in diesem Browser, und erlauben Sie Cookies für diese Seite.",
        ),
        "other": Text(
            "Das ist ein anderes Konto",
            "Sie haben sich nicht mit dem Konto angemeldet, das Sie in Teams verwenden, oder der Link war für jemand anderen. "
            "Es wurde nichts gespeichert.",
        ),
        "declined": Text(
            "Sie haben nicht zugestimmt", "Es wurde nichts gespeichert. Sie können sich später über Teams anmelden."
        ),
        "consent": Text(
            "Zuerst muss Ihre Administration zustimmen",
            "In Ihrer Organisation darf nur die Administration diesen Berechtigungen zustimmen. Schicken Sie ihr den Link unten.",
        ),
        "again": Text(
            "Die Anmeldung hat nicht geklappt", "Bitte beginnen Sie noch einmal über die Schaltfläche in Teams."
        ),
        "down": Text(
            "Microsoft ist gerade nicht erreichbar",
            "Bitte versuchen Sie es in ein paar Minuten noch einmal über Teams.",
        ),
        "app": Text(
            "Der Bot ist nicht richtig eingerichtet",
            "Bitte sagen Sie den Betreibern, dass Microsoft seine Registrierung ablehnt.",
        ),
    },
    digits="Wenn Teams nach einem Code fragt, geben Sie ein:",
    retry="Mit einem anderen Konto anmelden",
    admin="Link für die Administration",
    reference="Für den Support",
)
LANGUAGES = {language.code: language for language in (ENGLISH, GERMAN)}


def language_for(accept: str) -> Language:
    """The best of ours for an Accept-Language header; English when none fits."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept[:500].split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        value = float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 1.0
        wishes.append((-value, position, tag.partition("-")[0].casefold()))
    return next((LANGUAGES[tag] for weight, _, tag in sorted(wishes) if tag in LANGUAGES and weight < 0), ENGLISH)
