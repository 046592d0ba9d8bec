"""What one turn's model and readers may be given, whatever brings it: the rules for labels, and who could read it before."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.context import Audience, Place
from bot.grounding.evidence import Coverage, Skipped
from bot.labels import LabelRules
from bot.services import Turn
from bot.store.provenance import Provenance
from bot.texts import Texts
from graph.base import Document


@dataclass(frozen=True, slots=True)
class Rules:
    labels: LabelRules
    door: str
    """Of the model that is asked."""
    place: Place
    """A private question in a shared place counts as personal."""
    audience: Audience
    coverage: Coverage
    say: Texts

    @staticmethod
    def of(turn: Turn, model: str, audience: Audience, coverage: Coverage) -> "Rules":
        """`model` is a configured name."""
        services = turn.services
        place = Place.PERSONAL if audience.personal else turn.incoming.reference.place
        return Rules(services.labels, services.models[model].door, place, audience, coverage, turn.say)

    def withholds(self, document: Document) -> bool:
        """Noted in the coverage by the label's name only: nothing that people read of it names the document."""
        forbidding = next((label for label in document.labels if not self._allows(label)), "")
        if not forbidding:
            return False
        left = Skipped(self.say("privacy.something"), self.say("privacy.rule", label=forbidding))
        if left not in self.coverage.skipped:
            self.coverage.skipped.append(left)
        return True

    def may_use(self, provenance: Provenance) -> bool:
        """Whether a kept text may be given now: to this model, here, and to nobody who could not read it then."""
        if not all(self._allows(label) for label in provenance.labels):
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

    def _allows(self, label: str) -> bool:
        return not label or self.labels.allows(label, door=self.door, place=self.place.value)
