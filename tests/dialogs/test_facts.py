"""Facts come back from the store as they were, also those of an older or a newer release."""

from datetime import date

from dialogs.facts import Facts


def test_facts_survive_the_store() -> None:
    today = date(2026, 3, 3)
    facts = Facts(name="Sam", today=today, last={"mood": 4}, lines=("988",), takes_medication=False)
    assert Facts.from_json(facts.to_json()) == facts


def test_facts_of_another_release_still_load() -> None:
    """A field that is gone is left out; one that was not there yet has its default."""
    assert Facts.from_json({"name": "Sam", "shoe_size": 9}) == Facts(name="Sam")
