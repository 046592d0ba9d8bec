"""A digest as one message: the few things first, then section by section a line each, every line with a link to its source."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.context import Outgoing
from bot.digests.item import Item, Link
from bot.digests.ranking import Chosen
from bot.naming import joined, reason, source
from bot.teams.gate import plain
from bot.texts import Texts

_SAFE = "%/:?#[]@!$&'*+,;=-._~"
_TITLE, _SHORT_TITLE = 70, 48
_REASON, _QUOTE = 160, 80
_SAME = 30
"""Letters of a quote that tell whether it stands in the title already."""
_HOURS = frozenset({"event", "conflict"})


def written(
    chosen: Chosen,
    title: str,
    today: date,
    zone: ZoneInfo,
    say: Texts,
    *,
    phrases: Mapping[str, str] | None = None,
) -> str:
    """Markdown. `phrases`: by id of an item, what a model says in place of the rules' reason; untrusted."""
    said = phrases or {}
    lines = [f"**{plain(title)}**"]

    def line(item: Item, *, whole: bool) -> str:
        return _line(item, today, zone, say, said.get(item.id, ""), whole=whole)

    if chosen.first:
        numbered = [f"{n}. {line(item, whole=True)}" for n, item in enumerate(chosen.first, 1)]
        lines += ["", f"**{say('brief.first')}**", "", *numbered]
    brief = bool(chosen.first)
    for name, items in chosen.rest:
        lines += [
            "",
            f"**{say(f'brief.section_{name}')}**",
            "",
            *(f"- {line(item, whole=not brief)}" for item in items),
        ]
    if chosen.left:
        lines += ["", say("brief.more", n=chosen.left)]
    return "\n".join(lines)


def message(text: str, chosen: Chosen, say: Texts, *, notices: Sequence[str], label: str, model: str = "") -> Outgoing:
    """`model`: the one that chose the words; empty when rules alone did."""
    links = {address(link) for item in chosen.items for link in item.links}
    return Outgoing(
        text, model=model, ai=bool(model), notices=tuple(notices), label=label, links=tuple(sorted(links - {""})),
        language=say.language,
    )  # fmt: skip


def failed_notice(failed: Mapping[str, str], say: Texts) -> list[str]:
    """Of sources that did not answer, by why."""
    by_reason: dict[str, list[str]] = {}
    for name, why in failed.items():
        by_reason.setdefault(why, []).append(source(name, say))
    return [
        say("brief.failed", what=joined(names, say), why=reason(why, say)) for why, names in sorted(by_reason.items())
    ]


def day_said(moment: date, today: date, say: Texts) -> str:
    """ "today", "tomorrow", "Friday", "Friday 4 December": as near as it is."""
    days = (moment - today).days
    if days in (0, 1):
        return say(f"brief.day_{days}")
    weekday = say(f"schedule.day.{moment.weekday()}")
    if 1 < days < 7:
        return weekday
    return say("brief.date", weekday=weekday, day=moment.day, month=say(f"schedule.month.{moment.month}"))


def address(link: Link) -> str:
    """As it can stand in Markdown; empty for what is no web address."""
    return quote(link.url, safe=_SAFE) if link.url.startswith(("https://", "http://")) else ""


def _line(item: Item, today: date, zone: ZoneInfo, say: Texts, phrase: str, *, whole: bool) -> str:
    first, *others = item.links
    parts = [_linked(first, item.title, _TITLE if whole else _SHORT_TITLE)]
    if item.kind in _HOURS and item.when is not None:
        parts.insert(0, _hour(item, item.when, today, zone, say))
    why = _cut(phrase or item.why, _REASON)
    if item.quote and whole and not phrase and item.quote[:_SAME] not in item.title:
        why = f"{why}: “{_cut(item.quote, _QUOTE)}”"
    shown = f"{' '.join(parts)} — {plain(why)}"
    if item.due is not None:
        shown += f" ({say('brief.due', day=day_said(item.due, today, say))})"
    more = [_linked(link, source(link.source, say)) for link in others if link.url != first.url]
    return f"{shown} · {' · '.join(more)}" if more else shown


def _hour(item: Item, when: datetime, today: date, zone: ZoneInfo, say: Texts) -> str:
    local = when.astimezone(zone)
    day = "" if local.date() <= today else day_said(local.date(), today, say)
    time = say("brief.all_day") if item.all_day else f"{local:%H:%M}"
    return f"{day} {time}".strip()


def _linked(link: Link, title: str, most: int = _TITLE) -> str:
    name, url = plain(_cut(title, most)), address(link)
    return f"[{name}]({url})" if url and name else name


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rsplit(' ', 1)[0]}…"
