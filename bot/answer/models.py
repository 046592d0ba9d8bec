"""Which of the configured models answers, and how people read their names."""

from bot.services import Services


def shown(name: str) -> str:
    """`gpt` is GPT, `claude` is Claude: short names are abbreviations."""
    return name.upper() if len(name) <= 3 else name[:1].upper() + name[1:]


def after(services: Services, name: str) -> str:
    """The model to try next; empty when there is no other."""
    names = list(services.models)
    if len(names) < 2:
        return ""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
