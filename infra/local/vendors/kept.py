"""What vendors keep of the beginnings of prompts, so that a request's usage says what was read from there and what was written.

As documented: Claude keeps what stands before a mark (`cache_control`) and looks 20 blocks back from each; OpenAI keeps every
beginning by itself, in steps of 128 tokens from 1,024 on, apart for each `prompt_cache_key`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.vendors.claude_checks import blocks
from infra.local.world import World

LOOK_BACK = 20
"""Blocks before a mark, https://platform.claude.com/docs/en/build-with-claude/prompt-caching."""
LEAST = {"claude-haiku-4-5": 4096, "claude-opus-4-5": 4096, "claude-opus-4-6": 4096}
"""Tokens that are worth keeping, by model; 512 on the 5.5 models, 1,024 on the others."""
SECONDS = {"5m": 300.0, "1h": 3600.0}
STEP, FIRST = 128, 1024
OPENAI_SECONDS = 1800.0
CHARACTERS = 4
"""A token, throughout the local vendors."""
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Tokens of one request."""

    read: int = 0
    written: int = 0

    def usage(self, total: int) -> dict[str, int]:
        """As `Reply.usage`, where `input` is what was neither read nor written."""
        return {"input": max(0, total - self.read - self.written), "cached": self.read, "written": self.written}


@dataclass(frozen=True, slots=True)
class _Place:
    """The end of a block: `digest` of everything up to it."""

    digest: bytes
    tokens: int
    mark: Mapping[str, Any] | None


def of_claude(world: World, body: Mapping[str, Any]) -> Kept:
    """Of one request; `world.state["kept_log"]` has those of all, in order."""
    store, now = _store(world)
    if store is None:
        return Kept()
    places = list(_claude_places(body))
    least = 512 if "-5-5" in str(body["model"]) else LEAST.get(str(body["model"]), 1024)
    marked = [n for n, place in enumerate(places) if place.mark and place.tokens >= least]
    known = {
        n: places[n]
        for mark in marked
        for n in range(mark, max(-1, mark - LOOK_BACK), -1)
        if store.get(places[n].digest, 0.0) > now
    }
    read = max((place.tokens for place in known.values()), default=0)
    for number in marked:
        ttl = str((places[number].mark or {}).get("ttl", "5m"))
        store[places[number].digest] = now + SECONDS.get(ttl, 300.0)
    written = max((places[n].tokens for n in marked), default=0) - read
    return _logged(world, Kept(read, max(0, written)))


def of_openai(world: World, body: Mapping[str, Any]) -> Kept:
    store, now = _store(world)
    if store is None:
        return Kept()
    items = body["input"] if isinstance(body["input"], list) else [body["input"]]
    head = [body["model"], body.get("prompt_cache_key"), body.get("text"), body.get("tools"), body.get("instructions")]
    # The key says where it is kept; it is no part of the prompt's length.
    beginning, rest = json.dumps(head[:3]), "".join(map(json.dumps, [*head[3:], *items]))
    digest, read, last = hashlib.sha256(beginning.encode()), 0, 0
    reaching = True
    for tokens in range(STEP, len(rest) // CHARACTERS + 1, STEP):
        digest.update(rest[(tokens - STEP) * CHARACTERS : tokens * CHARACTERS].encode())
        if tokens < FIRST:
            continue
        here, last = digest.digest(), tokens
        reaching = reaching and store.get(here, 0.0) > now
        read = tokens if reaching else read
        store[here] = now + OPENAI_SECONDS
    return _logged(world, Kept(read, last - read))


def _logged(world: World, kept: Kept) -> Kept:
    world.state.setdefault("kept_log", []).append(kept)
    return kept


def _store(world: World) -> tuple[dict[bytes, float] | None, float]:
    """When what is kept ends; nothing is while nothing is recorded, since benchmarks measure something else then."""
    if world.state.get("record_off"):
        return None, 0.0
    store: dict[bytes, float] = world.state.setdefault("kept", {})
    if len(store) > _MOST:
        store.clear()
    return store, world.clock.now().timestamp()


def _claude_places(body: Mapping[str, Any]) -> Iterator[_Place]:
    system = body.get("system")
    head = [{"type": "text", "text": system}] if isinstance(system, str) else list(system or [])
    parts: list[tuple[str, dict[str, Any]]] = [
        *(("tool", tool) for tool in body.get("tools") or []),
        *(("system", block) for block in head),
    ]
    # Another choice of tools or other thinking makes messages new, what stands before them stays.
    modes = json.dumps([body.get("tool_choice"), body.get("thinking")])
    said = [(f"{message['role']} {modes}", block) for message in body["messages"] for block in blocks(message)]
    parts += said
    digest, characters = hashlib.sha256(str(body["model"]).encode()), 0
    for number, (where, block) in enumerate(parts):
        own = {key: value for key, value in block.items() if key != "cache_control"}
        written = json.dumps(own, sort_keys=True)
        digest.update(f"{where}{written}".encode())
        characters += len(written)
        mark = block.get("cache_control")
        if number == len(parts) - 1:
            mark = mark or body.get("cache_control")
        yield _Place(digest.digest(), characters // CHARACTERS, mark)
