"""Words come from content/, nothing that a person wrote can break them, and no gap is ever shown."""

import errno
import tempfile
from collections.abc import Callable
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from bot.wording import MissingWords, Wording
from dialogs.engine import Answer, Dialog, Turn, replay
from dialogs.facts import Facts
from dialogs.prompts import Choice, Identity, Many, Prompt, Say, Scale, Text, Time, YesNo

CONTENT = Path(__file__).parents[2] / "content"
Make = Callable[..., Wording]


class NextStep(StrEnum):
    CALL = "call"
    WALK = "walk"


class Sky(StrEnum):
    CALL = "call"
    """The same value as a member of NextStep."""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Wording of these files: make(en__talk="…")."""

    def made(**files: str) -> Wording:
        for name, source in files.items():
            language, file = name.split("__")
            (tmp_path / language).mkdir(exist_ok=True)
            (tmp_path / language / f"{file}.jinja").write_text(source, "utf-8")
        return Wording(tmp_path)

    return made


def turn_of(*prompts: Prompt[Any], result: Any = None, **given: Any) -> Turn[Any]:
    async def script(facts: Facts) -> Any:
        for prompt in prompts:
            await prompt
        return result

    answers: dict[Identity, Answer] = {}
    for prompt in prompts:
        if prompt.key in given:
            answers[prompt.identity] = Answer(prompt.key, prompt.item, given[prompt.key], prompt.mark)
    return replay(Dialog("talk", script, object), Facts(name="Sam"), answers)


def shown(wording: Wording, turn: Turn[Any], language: str = "en") -> str:
    assert turn.prompt is not None
    return wording.prompt(language, "talk", turn.prompt, turn, Facts(name="Sam"))


def test_a_prompt_speaks_by_its_key_and_knows_facts_and_answers(make: Make) -> None:
    wording = make(
        en__talk="{% block note %}\nHi {{ facts.name }}, a {{ answers.mood }}. Why?\n{% endblock %}"
    )
    assert shown(wording, turn_of(Scale("mood", 0, 10), Text("note"), mood=7)) == "Hi Sam, a 7. Why?"


def test_what_a_person_wrote_is_shown_as_they_wrote_it(make: Make) -> None:
    wording = make(en__talk="{% block note %}<b>{{ answers.name }}</b>{% endblock %}")
    turn = turn_of(Text("name"), Text("note"), name='<b>{{ 7 * 7 }} & "me"')
    assert shown(wording, turn) == "<b>&lt;b&gt;{{ 7 * 7 }} &amp; &#34;me&#34;</b>"
    assert wording.plain("en", "talk", "note", answers=turn.answers) == '<b>{{ 7 * 7 }} & "me"'


def test_a_name_that_does_not_exist_is_an_error_and_no_gap(make: Make) -> None:
    wording = make(
        en__talk="{% block note %}Hi {{ facts.nmae }}{% endblock %}"
        "{% block ask %}{{ answers.mod }}{% endblock %}"
    )
    with pytest.raises(UndefinedError):
        shown(wording, turn_of(Text("note")))
    with pytest.raises(UndefinedError):
        shown(wording, turn_of(Text("ask")))


def test_a_missing_block_is_taken_from_english_and_an_unknown_one_is_an_error(make: Make) -> None:
    wording = make(
        en__talk="{% block a %}one{% endblock %}{% block b %}two{% endblock %}",
        es__talk="{% block a %}uno{% endblock %}",
    )
    assert wording.text("es", "talk", "a") == "uno"
    assert wording.text("es-MX", "talk", "a") == "uno"
    assert wording.text("es", "talk", "b") == wording.text("fr", "talk", "b") == "two"
    assert wording.has("en", ("talk",), "b")
    assert not wording.has("es", ("talk",), "b")
    with pytest.raises(MissingWords, match="no words for c in talk"):
        wording.text("es", "talk", "c")


def test_a_part_speaks_from_the_file_that_its_key_names(make: Make) -> None:
    wording = make(
        en__talk="{% block lapse_call %}own{% endblock %}",
        en__lapse="{% block lapse_call %}shared{% endblock %}{% block lapse_body %}body{% endblock %}",
    )
    assert shown(wording, turn_of(Text("lapse_body"))) == "body"
    assert shown(wording, turn_of(Text("lapse_call"))) == "own"


def test_a_button_speaks_by_its_key_then_by_its_catalogue(make: Make) -> None:
    wording = make(
        en__talk="{% block then__call %}Ring Dana{% endblock %}"
        "{% block done__yes %}Yes &amp; no{% endblock %}",
        en__choices="{% block next_step__call %}Call{% endblock %}"
        "{% block next_step__walk %}Walk{% endblock %}",
        en__formats="{% block clock %}{{ at.hour }} o'clock{% endblock %}",
    )
    assert wording.label("en", "talk", Choice("then", NextStep), "call") == "Ring Dana"
    assert wording.label("en", "talk", Many("other", NextStep), "call") == "Call"
    assert wording.label("en", "talk", YesNo("done"), "yes") == "Yes & no"
    assert wording.label("en", "talk", Scale("mood", 0, 10), "7") == "7"
    assert wording.label("en", "talk", Time("evening", suggest=("20:00",)), "20:00") == "20 o'clock"
    with pytest.raises(MissingWords):
        wording.label("en", "talk", YesNo("done"), "no")


def test_members_of_two_catalogues_with_one_value_have_their_own_words(make: Make) -> None:
    wording = make(
        en__talk="{% block note %}{{ label(answers.then) }}, {{ label(answers.sky) }}{% endblock %}",
        en__choices="{% block next_step__call %}Phone{% endblock %}"
        "{% block sky__call %}Birdsong{% endblock %}",
    )
    turn = turn_of(Choice("then", NextStep), Choice("sky", Sky), Text("note"), then="call", sky="call")
    assert shown(wording, turn) == "Phone, Birdsong"


def test_an_item_is_named_as_the_button_that_chose_it(make: Make) -> None:
    wording = make(
        en__talk="{% block tried__walk %}A walk{% endblock %}"
        "{% block good %}{{ item }}: {{ item_label }}?{% endblock %}"
    )
    turn = turn_of(Many("tried", NextStep), YesNo("good", item="walk"), tried=["walk"])
    assert shown(wording, turn) == "walk: A walk?"


def test_what_stands_outside_the_blocks_serves_them(make: Make) -> None:
    wording = make(
        en__talk="{% macro loud(w) %}{{ w | upper }}{% endmacro %}{% block a %}{{ loud(w) }}{% endblock %}"
    )
    assert wording.text("en", "talk", "a", w="hey <") == "HEY &lt;"


def test_the_end_speaks_by_the_block_that_the_record_names(make: Make) -> None:
    class Record:
        end = "end_kind"
        mood = 7

    wording = make(
        en__talk="{% block end %}Bye{% endblock %}{% block end_kind %}Mood {{ record.mood }}{% endblock %}"
    )
    assert wording.end("en", turn_of(result=Record()), Facts()) == "Mood 7"
    assert wording.end("en", turn_of(result=object()), Facts()) == "Bye"


def test_words_that_ask_nothing_are_prompts_too(make: Make) -> None:
    wording = make(en__talk="{% block hello %}Hi.{% endblock %}")
    turn = turn_of(Say("hello"))
    assert wording.prompt("en", "talk", turn.says[0], turn, Facts()) == "Hi."


def test_times_and_days_are_written_as_people_here_write_them() -> None:
    wording = Wording(CONTENT)
    said = [
        wording.text("en", "formats", "clock", at=time(h, m)) for h, m in ((0, 0), (8, 5), (12, 0), (20, 30))
    ]
    assert said == ["12 am", "8:05 am", "12 pm", "8:30 pm"]
    assert wording.text("en", "formats", "day", on=date(2026, 11, 23)) == "Monday, November 23"


def test_a_page_is_compiled_once_for_every_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", f"{tmp_path}")
    Wording(CONTENT).compile()
    kept = {file: file.stat().st_mtime_ns for file in next(tmp_path.iterdir()).iterdir()}
    assert len(kept) == len(list(CONTENT.glob("*/*.jinja")))
    Wording(CONTENT).compile()
    assert {file: file.stat().st_mtime_ns for file in next(tmp_path.iterdir()).iterdir()} == kept


@pytest.mark.parametrize("trouble", ["no folder", "full", "unreadable"])
def test_where_nothing_can_be_kept_every_start_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(
        tempfile, "tempdir", f"{tmp_path / 'missing' if trouble == 'no folder' else tmp_path}"
    )
    if trouble == "full":
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    if trouble == "unreadable":
        Wording(CONTENT).compile()
        for kept in next(tmp_path.glob("_jinja2*")).iterdir():
            kept.write_bytes(b"no bytecode")
    assert Wording(CONTENT).compile().text("en", "menu", "main")
