"""The passages of an announcement in which its facts stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feed.quoted import AROUND, Piece, passages
from storage.events import Evidence

TEXT = (
    "A call opens\nUKRI and DST offer £7 million for AI.\nNothing here.\nClosing date:\n12 May 2027\nThe end."
)


def read(*quotes: tuple[str, str], text: str = TEXT) -> list[list[Piece]]:
    return passages(text, [Evidence(field, "rule", quote) for field, quote in quotes])


def test_the_words_are_marked_in_their_line() -> None:
    (line,) = read(("money", "£7 million"))
    assert line == [
        Piece("UKRI and DST offer "),
        Piece("£7 million", ("money",)),
        Piece(" for AI."),
    ]


def test_a_quote_over_two_lines_is_one_passage() -> None:
    (line,) = read(("closes", "Closing date:\n12 May 2027"))
    assert line == [Piece("Closing date:\n12 May 2027", ("closes",))]


def test_words_from_which_two_facts_were_read_say_so() -> None:
    (line,) = read(("bodies", "UKRI and DST"), ("countries", "DST"))
    assert line[:2] == [Piece("UKRI and ", ("bodies",)), Piece("DST", ("bodies", "countries"))]


def test_a_word_within_another_is_not_what_was_read() -> None:
    (line,) = read(("technologies", "AI"), text="PAID work on AI")
    assert line == [Piece("PAID work on "), Piece("AI", ("technologies",))]


def test_a_long_line_is_cut_around_what_is_marked() -> None:
    text = f"{'before ' * 200}£7 million{' after' * 200}"
    (line,) = read(("money", "£7 million"), text=text)
    assert line[0].text == "… " and line[-1].text == " …"
    assert sum(len(piece.text) for piece in line) < 3 * AROUND


def test_evidence_that_does_not_stand_in_the_text_is_not_shown() -> None:
    assert read(("countries", "GB"), ("kind", "")) == []


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=8), max_size=6))
def test_pieces_are_the_text(text: str, quotes: list[str]) -> None:
    for line in passages(text, [Evidence("money", "rule", quote) for quote in quotes]):
        assert "".join(piece.text for piece in line) in text
        assert any(piece.fields for piece in line)
