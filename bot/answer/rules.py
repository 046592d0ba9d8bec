"""What one turn's model and readers may be given, whatever brings it: the policy, its labels, and who could read it before."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.context import Audience, Place
from bot.grounding.evidence import Coverage, Skipped
from bot.policy.rules import Asker, Policy, Refused
from bot.services import Turn
from bot.store.provenance import Provenance
from bot.texts import Texts
from graph.base import Document
from graph.errors import ConsentRequired


@dataclass(frozen=True, slots=True)
class Rules:
    policy: Policy
    asker: Asker
    model: str
    """The configured name of the one that is asked."""
    door: str
    place: Place
    """A private question in a shared place counts as personal."""
    audience: Audience
    coverage: Coverage
    say: Texts
    digest: bool = False
    """It is written on a schedule, wherever it is delivered."""
    beside: "Rules | None" = None
    """Of a second model that is asked the same: then what either of them may be given is gathered."""
    met: set[str] = field(default_factory=set[str], compare=False)
    """All labels that documents had so far, of those that are withheld too."""

    @staticmethod
    async def of(turn: Turn, model: str, audience: Audience, coverage: Coverage, beside: str = "") -> "Rules":
        """`model`, and the one `beside` it, are configured names."""
        services = turn.services
        place = Place.PERSONAL if audience.personal or turn.incoming.targeted else turn.incoming.reference.place
        asker = await services.asker(turn.person)
        if isinstance(asker.needed, ConsentRequired):
            coverage.consents.update(asker.needed.scopes)
        second = await Rules.of(turn, beside, audience, coverage) if beside else None
        door = services.models[model].door
        return Rules(services.policy, asker, model, door, place, audience, coverage, turn.say, turn.digest, second)

    def withholds(self, document: Document) -> bool:
        """Noted in the coverage by the label's or the rule's name only: nothing that people read of it names the document."""
        self.met.update(document.labels)
        found = ((label, self.refuses(label)) for label in document.labels)
        label, refused = next(((label, why) for label, why in found if why is not None), ("", None))
        if refused is None:
            return False
        by_label = refused.rule == label
        why = self.say("privacy.rule", label=label) if by_label else self.say("privacy.named_rule", rule=refused.rule)
        left = Skipped(self.say("privacy.something"), why)
        if left not in self.coverage.skipped:
            self.coverage.skipped.append(left)
        return True

    def may_use(self, provenance: Provenance) -> bool:
        """Whether a kept text may be given now: to this model, here, and to nobody who could not read it then."""
        if any(self.refuses(label) for label in provenance.labels):
            return False
        return provenance.readers is None or (
            self.audience.members is not None and self.audience.members <= provenance.readers
        )

    def provenance(self, documents: Iterable[Document], before: Provenance) -> Provenance:
        """Of an answer made from these and from what was said `before`.

        In a group chat a new member does not see what was said earlier, unless whoever added them wanted it; in channels
        everybody can scroll back (Teams asks for it when somebody is added to a chat).
        """
        readers = self.audience.members if self.place is Place.GROUP else None
        labels = frozenset(label for document in documents for label in document.labels)
        return Provenance(labels, readers) | before

    def refuses(self, label: str) -> Refused | None:
        """Whether text with this label may not go to this model for an answer here."""
        if not label or (self.beside is not None and self.beside.refuses(label) is None):
            return None
        place = "digest" if self.digest else self.place.value
        return self.policy.permits(self.asker, place, self.door, self.model, (label,))
