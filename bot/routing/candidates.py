"""Which other model may answer a question in place of the one that was asked for."""

from collections.abc import Callable, Mapping

from providers.base import Provider


def anything(name: str) -> bool:
    del name
    return True


def allowed(
    models: Mapping[str, Provider], asked: str, *, images: bool = False, permits: Callable[[str], bool] = anything
) -> tuple[str, ...]:
    """The configured names of the others, those behind another door first, each group in the order of MODELS.

    A vendor in trouble is mostly in trouble as a whole, and one other model is asked, not all of them. `images`: the question
    is about pictures, so it must see them. `permits`: whether the policy lets this model be asked, by its name.
    """
    others = [
        name for name, model in models.items() if name != asked and (model.images or not images) and permits(name)
    ]
    door = models[asked].door if asked in models else ""
    return tuple(sorted(others, key=lambda name: models[name].door == door))
