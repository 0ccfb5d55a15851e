"""Crisis lines are right for the place, in the language, and not past their date."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.concerns import Category
from bot.lines import BadLines, Lines, read

FILE = Path(__file__).parents[2] / "content" / "lines.toml"


@pytest.fixture
def lines() -> Lines:
    return read(FILE)


def test_a_line_past_its_date_is_a_problem_that_names_it(lines: Lines) -> None:
    first = lines.lines[0]
    last_good = first.since + lines.valid
    assert not any(first.key in problem for problem in lines.problems(last_good))
    assert any(first.key in problem for problem in lines.problems(last_good + timedelta(days=1)))


def test_the_dates_are_dates_of_this_project_and_not_of_the_future(lines: Lines) -> None:
    assert all(date(2026, 1, 1) <= line.since for line in lines.lines)
    assert lines.valid <= timedelta(days=366)


@pytest.mark.parametrize("category", [None, *Category])
@pytest.mark.parametrize("region", ["US", "ZZ"])
@pytest.mark.parametrize("language", ["en", "es", "xx"])
def test_there_is_always_someone_to_call(
    lines: Lines, region: str, language: str, category: Category | None
) -> None:
    found = lines.about(region, language, category)
    assert len(found) >= 2
    assert len(set(found)) == len(found)


def test_each_card_leads_with_whom_to_call_first(lines: Lines) -> None:
    assert "988" in lines.about("US", "en", Category.SUICIDE)[0]
    assert "911" in lines.about("US", "en", Category.OVERDOSE)[0]
    assert any("1-800-799-7233" in line for line in lines.about("US", "en", Category.ABUSE))
    assert any("1-800-222-1222" in line for line in lines.about("US", "en", Category.OVERDOSE))


def test_a_program_gets_all_it_may_say_at_once(lines: Lines) -> None:
    spoken = lines.spoken("US")
    assert spoken["en"] == lines.about("US", "en")
    assert spoken["es/abuse"] == lines.about("US", "es", Category.ABUSE)


@pytest.mark.parametrize("language", ["en", "es", "xx"])
@pytest.mark.parametrize("region", ["US", "ZZ"])
def test_every_region_says_whom_to_call_and_whom_to_talk_with(
    lines: Lines, region: str, language: str
) -> None:
    named = lines.dial(region, language)
    assert set(named) == {"emergency", "talk"}
    assert ("911" in named["emergency"]) == ("988" in named["talk"]) == (region == "US")


def test_a_line_is_verified_when_a_person_has_tried_it_and_stands_by_it(tmp_path: Path) -> None:
    source = FILE.read_text("utf-8")
    first = source.index("sourced =", source.index("[[line]]"))
    tried = f'{source[:first]}verified = 2026-12-24\nchecked_by = "R. Lee"\n{source[first:]}'
    file = tmp_path / "lines.toml"
    file.write_text(tried, "utf-8")
    assert len(read(file).unverified()) == len(read(FILE).unverified()) - 1
    last_good = date(2026, 12, 24) + read(file).valid
    assert not any("911 (US)" in problem for problem in read(file).problems(last_good))
    file.write_text(tried.replace('checked_by = "R. Lee"', ""), "utf-8")
    with pytest.raises(BadLines, match="checked_by"):
        read(file)


def test_what_no_person_has_tried_says_so(lines: Lines) -> None:
    """Take a line out of here by trying it, not by writing a date."""
    told = "\n".join(lines.unverified())
    for line in lines.lines:
        wanted = f"{line.key} ({line.region}) is to be verified by a person"
        assert (wanted in told) == (line.verified is None)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lines.toml"
    file.write_text('valid_days = 9\n[[line]]\nkey = "x"\n')
    with pytest.raises(BadLines, match=r"lines\.toml"):
        read(file)
