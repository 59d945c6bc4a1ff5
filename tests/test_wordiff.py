"""Two texts compared word by word: nothing is lost, nothing is made up, and it ends."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import wordiff
from feed.wordiff import Piece, compare, excerpt

words = st.sampled_from(
    ["the", "of", "call", "£4", "million", "closes", "in", "May.", "June.", "a\n", "\n\n"]
)
texts = st.lists(words, max_size=60).map(" ".join) | st.text(max_size=80)


def joined(pieces: Iterable[Piece], *sorts: str) -> list[str]:
    return "".join(piece.text for piece in pieces if piece.sort in sorts).split()


def said(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.sort, piece.text.strip()) for piece in excerpt(before, after)]


@given(texts, texts)
def test_all_words_of_both_texts_are_there_in_their_order(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert joined(pieces, "kept", "deleted") == before.split()
    assert joined(pieces, "kept", "inserted") == after.split()


@given(texts, texts)
def test_beyond_the_limit_lines_are_compared_and_no_word_is_lost(before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wordiff, "BY_WORDS", 0)
        pieces = compare(before, after)
    assert joined(pieces, "kept", "deleted") == before.split()
    assert joined(pieces, "kept", "inserted") == after.split()


@given(texts)
def test_a_text_does_not_differ_from_itself_nor_from_its_words(text: str) -> None:
    assert {piece.sort for piece in compare(text, text)} <= {"kept"}
    assert excerpt(text, "  " + "\n".join(text.split())) == []


@given(texts, texts)
def test_two_pieces_of_one_sort_never_follow_each_other(before: str, after: str) -> None:
    sorts = [piece.sort for piece in compare(before, after)]
    assert all(one != other for one, other in itertools.pairwise(sorts))


def test_a_moved_date_is_shown_with_the_words_around_it() -> None:
    before = "Apply for a share of £4 million. Applications close on 12 March 2027 at noon. Good luck."
    after = before.replace("12 March", "30 April")
    assert said(before, after) == [
        ("kept", "Apply for a share of £4 million. Applications close on"),
        ("deleted", "12 March"),
        ("inserted", "30 April"),
        ("kept", "2027 at noon. Good luck."),
    ]


def test_what_stayed_is_left_out_but_for_some_words_around_each_change() -> None:
    filler = " ".join(f"word{number}" for number in range(100))
    found = said(f"{filler} red {filler} blue {filler}", f"{filler} green {filler} yellow {filler}")
    assert [sort for sort, _ in found] == [
        *("cut", "kept", "deleted", "inserted", "kept", "cut", "kept", "deleted", "inserted", "kept", "cut")
    ]
    around = [text.split() for sort, text in found if sort == "kept"]
    assert {len(text) for text in around} == {wordiff.AROUND}
    assert around[0][-1] == "word99"
    assert around[1][0] == "word0"


def test_words_that_stayed_by_chance_are_no_islands_in_a_new_sentence() -> None:
    found = said("The minister opened the new school in Leeds", "Scientists measured the tides off Wales")
    assert found == [
        ("deleted", "The minister opened the new school in Leeds"),
        ("inserted", "Scientists measured the tides off Wales"),
    ]


def test_a_line_that_was_added_takes_no_other_line_with_it() -> None:
    assert said("One line.\nAnother line.", "One line.\nA third line.\nAnother line.") == [
        ("kept", "One line."),
        ("inserted", "A third line."),
        ("kept", "Another line."),
    ]


def test_a_long_change_is_shown_by_its_beginning_and_its_end() -> None:
    found = said("", " ".join(f"word{number}" for number in range(5000)))
    assert [sort for sort, _ in found] == ["inserted", "cut", "inserted"]
    assert found[1][1] == f"… {5000 - wordiff.LONGEST_CHANGE} more words …"
    assert sum(len(text.split()) for _, text in found) < wordiff.LONGEST_CHANGE + 10
    assert len(said("", "x" * 100_000)[0][1]) < 300


def test_many_changes_are_not_all_shown_and_the_rest_is_counted() -> None:
    lots = range(3000)
    found = said(
        "\n".join(f"Lot {lot} closes in May" for lot in lots),
        "\n".join(f"Lot {lot} closes in June" for lot in lots),
    )
    assert len(found) <= wordiff.MOST + 3
    assert found[-1][0] == "cut"
    assert "more changes" in found[-1][1]


def test_of_long_texts_few_pairs_of_words_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Words that repeat without end make no more work than those that do not."""
    looked_at = 0
    find = wordiff.bisect_left

    def counted(ends: list[int], place: int) -> int:
        nonlocal looked_at
        looked_at += 1
        return find(ends, place)

    monkeypatch.setattr(wordiff, "bisect_left", counted)
    chance = random.Random(1)
    for size in (2, 300, 5000):
        letters = [chr(0x4E00 + number) for number in range(size)]
        before, after = (" ".join(chance.choices(letters, k=20_000)) for _ in range(2))
        pieces = compare(before, after)
        assert joined(pieces, "kept", "inserted") == after.split()
    assert 0 < looked_at <= 3 * wordiff._PAIRS * (20_000 + 20_000)
