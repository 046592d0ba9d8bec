"""What was gathered for two models, as far as each of them may be given it."""

from dataclasses import replace

from bot.answer.gathering import Gathered
from bot.answer.rules import Rules
from bot.background.history import history
from bot.grounding.evidence import Coverage
from bot.images import seen_by
from bot.services import Turn
from providers.base import Image


async def narrowed(turn: Turn, gathered: Gathered, model: str) -> Gathered:
    """What was left out stands in the coverage of its rules, which is this model's own. `model`: a configured name."""
    services = turn.services
    rules = await Rules.of(turn, model, gathered.rules.audience, Coverage())
    passages = [passage for passage in gathered.passages if not rules.withholds(passage.document)]
    left: list[Image] = []
    pictured = []
    for document, images in gathered.known.pictured:
        if rules.withholds(document):
            left += images
        else:
            pictured.append((document, images))
    known = gathered.known
    images = tuple(image for image in known.images if not any(image is one for one in left))
    known = replace(known, images=images, pictured=tuple(pictured), skipped=())
    known = seen_by(services.models[model], known, turn.say)
    rules.coverage.skipped.extend(known.skipped)
    # Kept texts carry the labels of what they were made from, so each model has its own past.
    return replace(gathered, history=await history(turn, rules.may_use), known=known, passages=passages, rules=rules)
