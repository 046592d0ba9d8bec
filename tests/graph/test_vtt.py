"""Transcripts in WebVTT: whatever they hold, they become what people said."""

from hypothesis import given
from hypothesis import strategies as st

from graph.vtt import MAX_TURN, turns

SOURCE = """WEBVTT

0f1-2
00:00:03.120 --> 00:00:05.000 align:start
<v Ana Sá>Good &amp; early.</v>

00:05.500 --> 00:07.000
<v.loud Ana Sá>Let's begin.</v>
and go on

01:02:03.000 --> 01:02:04.000
<v Ben>Fine.</v>

NOTE nobody said this
"""


def test_who_speaks_on_is_one_paragraph() -> None:
    said = [turn.line() for turn in turns(SOURCE)]
    assert said == ["[00:00:03] Ana Sá: Good & early. Let's begin. and go on", "[01:02:03] Ben: Fine."]


@given(st.text(max_size=400))
def test_nothing_breaks_it(source: str) -> None:
    for turn in turns(f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{source}"):
        assert turn.speaker
        assert turn.text == " ".join(turn.text.split())


def test_long_talks_are_cut_into_paragraphs() -> None:
    cues = "\n".join(f"00:{n // 60:02}:{n % 60:02}.000 --> 00:59:59.000\n<v A>{'word ' * 20}</v>\n" for n in range(100))
    said = turns(f"WEBVTT\n\n{cues}")
    assert len(said) > 5
    assert max(len(turn.text) for turn in said) <= MAX_TURN
