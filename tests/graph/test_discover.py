"""Every file with a SOURCE is found, and keeps the contract."""

import pytest

from graph.base import SourceSpec
from graph.discover import discover
from tests.graph.conftest import People


def test_sources_are_found_by_their_files() -> None:
    assert {"mail", "files"} <= set(discover())


@pytest.mark.parametrize("spec", discover().values(), ids=lambda spec: spec.name)
def test_the_contract_of_a_source(spec: SourceSpec, people: People) -> None:
    source = spec.open(people.of("Sofia"))
    assert (source.name, source.scopes) == (spec.name, spec.scopes)
    assert spec.help
