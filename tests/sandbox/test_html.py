"""Telegram's HTML: what it means, and the sentence for each way of breaking it."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.html import found, parse, trimmed, units, written
from bot.sandbox.refusals import Json, Refusal


def _entity(kind: str, offset: int, length: int, **more: str) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b>b", "ab", [_entity("bold", 0, 1)]),
        ("<B>a</b>", "a", [_entity("bold", 0, 1)]),
        ("<b>a</>", "a", [_entity("bold", 0, 1)]),
        ("<strong><em>x</em>y</strong>", "xy", [_entity("bold", 0, 2), _entity("italic", 0, 1)]),
        ("🙂<u>é</u>", "🙂é", [_entity("underline", 2, 1)]),
        ("<s>🙂</s>", "🙂", [_entity("strikethrough", 0, 2)]),
        ("&lt;&amp;&gt;&quot;&#39;&#x1F642;", "<&>\"'🙂", []),
        ("a & b &copy; &lt b", "a & b &copy; < b", []),
        ("<b></b>a", "a", []),
        ("<tg-spoiler>x</tg-spoiler>", "x", [_entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [_entity("spoiler", 0, 1)]),
        (
            '<a href="https://a.org/?b=1&amp;c=2">x</a>',
            "x",
            [_entity("text_link", 0, 1, url="https://a.org/?b=1&c=2")],
        ),
        ("<a href=' tg://user?id=7 '>x</a>", "x", []),
        ("<a href='tg://user?id=7'>x</a>", "x", [_entity("text_link", 0, 1, url="tg://user?id=7")]),
        ('<pre><code class="language-py">x</code></pre>', "x", [_entity("pre", 0, 1, language="py")]),
        ("<blockquote expandable>x</blockquote>", "x", [_entity("expandable_blockquote", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [_entity("blockquote", 0, 1)]),
    ],
)
def test_tags_become_entities(markup: str, text: str, entities: list[Json]) -> None:
    assert parse(markup) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        ("I feel <sad> today", 'Unsupported start tag "sad" at byte offset 7'),
        ("é < 3 or so", 'Unsupported start tag "" at byte offset 3'),
        ("a<b", "Unclosed start tag at byte offset 1"),
        ("<", "Unclosed start tag at byte offset 0"),
        ("craving <3", "Unclosed start tag at byte offset 8"),
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b y>", "Unclosed end tag at byte offset 4"),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=>x</a>", None),
        ("<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<a href='x>x</a>", "Unclosed start tag at byte offset 0"),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<b ", 'Empty attribute name in the tag "b" at byte offset 0'),
    ],
)
def test_broken_markup_is_refused_in_telegrams_words(markup: str, why: str | None) -> None:
    if why is None:
        assert parse(markup) == ("x", [])
        return
    with pytest.raises(Refusal) as refused:
        parse(markup)
    assert refused.value.description == f"Bad Request: can't parse entities: {why}"


@given(st.text(alphabet="<>/&;#x3 ab=\"'pre\0🙂é\n") | st.text())
def test_any_text_is_read_or_refused(markup: str) -> None:
    try:
        text, entities = parse(markup)
    except Refusal:
        return
    text, entities = trimmed(text, entities)
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(text)


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert parse(f"<b>{escape(text)}</b>.")[0] == f"{text}."


@given(st.text(alphabet="ab<&🙂"), st.text(alphabet="cd>🙂", min_size=1))
def test_entities_can_be_written_as_tags_again(before: str, within: str) -> None:
    markup = f"{escape(before, quote=False)}<b><i>{escape(within, quote=False)}</i></b>"
    assert written(*parse(markup)) == markup


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start TOKEN", [("bot_command", 0, 6)]),
        ("see /help@handrail_bot.", [("bot_command", 4, 18)]),
        ("1/2 and a/b", []),
        ("call 988lifeline.org now", [("url", 5, 15)]),
        ("🙂 https://a.org/x.", [("url", 3, 15)]),
        ("mail a.b@c.org", [("email", 5, 9)]),
        ("hi @samwise #day1", [("mention", 3, 8), ("hashtag", 12, 5)]),
        ("8/10", []),
        ("fine. thanks", []),
    ],
)
def test_telegram_finds_links_and_commands_by_itself(text: str, entities: list[tuple[str, int, int]]) -> None:
    assert [(e["type"], e["offset"], e["length"]) for e in found(text, [])] == entities


def test_nothing_is_found_within_code() -> None:
    text, entities = parse("<code>/start</code> /help")
    assert [e["type"] for e in found(text, entities)] == ["code", "bot_command"]
