"""The shared word lists say what the contract says."""

from __future__ import annotations

import pytest

from storage import terms

SLUGS = [
    "telecoms",
    "critical-minerals",
    "ai",
    "quantum",
    "biotech-health",
    "advanced-materials",
    "semiconductors",
    "cyber",
    "space",
    "energy",
    "robotics",
    "maritime",
    "transport",
    "agriculture",
    "climate",
    "data-computing",
]


def test_the_technologies_are_those_of_the_contract_in_its_order() -> None:
    assert list(terms.technologies()) == SLUGS


def test_every_technology_has_a_label_and_terms() -> None:
    for slug, technology in terms.technologies().items():
        assert technology.slug == slug
        assert technology.label and technology.terms


@pytest.mark.parametrize("code", ["GB", "IN", "US", "EU", "UN", "TW", "HK"])
def test_a_country_that_exists_is_known(code: str) -> None:
    assert terms.is_country(code)


@pytest.mark.parametrize("code", ["gb", "UK", "ZZ", "QO", "EZ", "XA", "XB", "", "GBR", "001", "G7"])
def test_what_is_no_country_code_is_refused(code: str) -> None:
    assert not terms.is_country(code)


@pytest.mark.parametrize(
    ("code", "name"),
    [("GB", "United Kingdom"), ("IN", "India"), ("EU", "European Union"), ("ZZ", "ZZ"), ("??", "??")],
)
def test_a_country_is_shown_by_its_english_name_or_else_its_code(code: str, name: str) -> None:
    assert terms.country_name(code) == name


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ukri", "UK Research and Innovation"),
        ("UKRI", "UK Research and Innovation"),
        ("uk research and innovation", "UK Research and Innovation"),
        ("DST", "Department of Science and Technology (India)"),
        ("department of science and technology", "Department of Science and Technology (India)"),
        ("nsf", "National Science Foundation"),
        ("FCDO", "Foreign, Commonwealth and Development Office"),
        ("Innovate  UK", "Innovate UK"),
    ],
)
def test_a_body_is_found_by_its_name_or_an_alias_in_any_case(said: str, meant: str) -> None:
    assert terms.body_name(said) == meant


def test_an_unknown_body_has_no_name() -> None:
    assert terms.body_name("Ministry of Silly Walks") is None
    assert terms.body_name("") is None


def test_every_body_belongs_to_a_country_that_exists() -> None:
    for name, body in terms.bodies().items():
        assert body.name == name
        assert not body.country or terms.is_country(body.country), name  # ESA is of many states


def test_every_body_is_found_by_its_own_name() -> None:
    for name in terms.bodies():
        assert terms.body_name(name) == name


def test_no_alias_that_is_not_marked_as_shared_means_two_bodies() -> None:
    owners: dict[str, str] = {}
    for body in terms.bodies().values():
        for alias in (body.name, *body.aliases):
            assert owners.setdefault(alias.casefold(), body.name) == body.name, alias
