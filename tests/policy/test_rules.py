"""The rules against a second telling of what they mean, and what the safe side is when something is not known."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from bot.context import Person
from bot.policy.file import read
from bot.policy.rules import Asker, Policy, Refused, Rule, Targets
from tests.policy import oracle
from tests.policy.oracle import GROUPS, LABELS, PLACES, Who

MODELS = {"claude": "anthropic", "gpt": "openai", "local": "compatible"}
PEOPLE = (
    Who("sofia", "sofia@t.example", frozenset({"g-finance"})),
    Who("hiro", "hiro@t.example", frozenset({"g-board", "g-finance"})),
    Who("amelie", "amelie@t.example", frozenset()),
    Who("guest", "guest@t.example", frozenset({"g-board"}), known=False),
)
OTHER = Targets(doors=frozenset({"openai"}))


def asker(who: Who) -> Asker:
    person = Person(who.id, who.id, "tenant")
    return Asker(person, frozenset({who.mail}), who.groups) if who.known else Asker(person)


def test_hundreds_of_random_policies_mean_what_they_say(tmp_path: Path) -> None:
    dice, path = random.Random(3), tmp_path / "policy.toml"
    seen = {"": 0, "otherwise": 0}
    for _ in range(400):
        made = oracle.policy(dice, MODELS, PEOPLE)
        path.write_text(oracle.toml(made), encoding="utf-8")
        policy = read(str(path), doors=sorted(set(MODELS.values())), models=MODELS)
        for _ in range(10):
            who, place, label = dice.choice(PEOPLE), dice.choice(PLACES), dice.choice(("", *LABELS))
            model, door = dice.choice(list(MODELS.items()))
            base = oracle.forbids(made, who, place, door, model)
            wanted = base or oracle.forbids(made, who, place, door, model, label)
            refused = policy.permits(asker(who), place, door, model, [label])
            assert (refused.rule if refused else "") == wanted, oracle.toml(made)
            seen[wanted] = seen.get(wanted, 0) + 1
    assert min(seen[name] for name in ("", "otherwise", "Rule 0", "Rule 1", "Inner")) > 50, seen


def denied(policy: Policy, asker: Asker, *labels: str, door: str = "openai", place: str = "personal") -> str:
    refused = policy.permits(asker, place, door, door, labels)
    return refused.rule if refused else ""


@pytest.mark.parametrize(("people", "groups"), [({"x@t.example"}, set[str]()), (set[str](), {GROUPS[0]})])
def test_what_nobody_knows_never_helps(people: set[str], groups: set[str]) -> None:
    rule = Rule("rule", people=frozenset(people), groups=frozenset(groups))
    denying = Policy((replace(rule, deny=OTHER),))
    nobody = Asker(Person("somebody", "Somebody", "tenant"))
    assert denied(denying, nobody) == "rule"
    allowing = Policy((replace(rule, allow=OTHER),), otherwise="deny")
    assert denied(allowing, nobody) == "otherwise"
    known = Asker(nobody.person, frozenset({"x@t.example"}), frozenset({GROUPS[0]}))
    assert denied(allowing, known) == ""
    stranger = Asker(nobody.person, frozenset(), frozenset())
    assert denied(denying, stranger) == ""


def test_a_person_without_an_account_is_nobody_known() -> None:
    policy = Policy((Rule("no", people=frozenset({"sofia"}), deny=OTHER),))
    assert denied(policy, Asker(Person("", "?", "tenant"))) == "no"
    assert denied(policy, Asker(Person("hiro", "Hiro", "tenant"))) == ""
    tenants = Policy((Rule("no", tenants=frozenset({"contoso"}), deny=OTHER),))
    assert denied(tenants, Asker(Person("hiro", "Hiro", ""))) == "no"
    assert denied(tenants, Asker(Person("hiro", "Hiro", "Contoso"))) == "no"
    assert denied(tenants, Asker(Person("hiro", "Hiro", "fabrikam"))) == ""


def test_the_region_of_a_tenant_that_is_not_listed_is_unknown() -> None:
    rule = Rule("stay", regions=frozenset({"eu"}), deny=OTHER)
    several = Policy((rule,), tenants={"contoso": "eu", "fabrikam": "us"}, region="us")
    found = {tenant: denied(several, Asker(Person("p", "P", tenant))) for tenant in ("contoso", "fabrikam", "unheard")}
    assert found == {"contoso": "stay", "fabrikam": "", "unheard": "stay"}


def test_each_label_counts_and_so_does_what_has_none() -> None:
    rules = (Rule("ours", labels=frozenset({"secret"}), deny=OTHER),)
    person = Asker(Person("p", "P", "t"))
    assert denied(Policy(rules), person, "Public", "SECRET") == "ours"
    assert denied(Policy(rules), person, "Public") == ""
    only = (Rule("public only", labels=frozenset({"public"}), allow=OTHER),)
    assert denied(Policy(only, otherwise="deny"), person, "Public") == "otherwise", "the question itself has no label"


def test_who_made_what_is_behind_a_door() -> None:
    policy = Policy((Rule("no", deny=Targets(vendors=frozenset({"anthropic"}))),))
    person = Asker(Person("p", "P", "t"))
    assert [
        door for door in ("anthropic", "bedrock", "vertex", "foundry") if not denied(policy, person, door=door)
    ] == []
    assert not denied(policy, person, door="azure")
    assert policy.permits(person, "personal", "openai", "gpt") is None
    assert policy.permits(person, "personal", "bedrock", "claude") == Refused("no")
    assert not policy.asks_directory
