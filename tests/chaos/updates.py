"""Random updates of every kind that a bot can be sent, and the same ones bent out of shape.

What an update may hold is written here by kind; what its parts look like is learned from the classes that
python-telegram-bot parses them into, so that all of its parsing is walked through. What neither knows is
made up, as a newer Telegram would.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import telegram

Json = dict[str, Any]
MESSAGES = """
    message edited_message channel_post edited_channel_post business_message edited_business_message
    guest_message
""".split()  # noqa: SIM905
OTHERS = """
    business_connection deleted_business_messages message_reaction message_reaction_count inline_query
    chosen_inline_result callback_query shipping_query pre_checkout_query purchased_paid_media poll
    poll_answer my_chat_member chat_member chat_join_request chat_boost removed_chat_boost managed_bot
""".split()  # noqa: SIM905
CONTENT = """
    text animation audio document live_photo paid_media photo sticker story video video_note voice
    checklist contact dice game poll venue location invoice giveaway giveaway_winners rich_message
    passport_data
""".split()  # noqa: SIM905
"""What somebody can send on purpose: it wants an answer."""
SERVICE = """
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo
    delete_chat_photo group_chat_created supergroup_chat_created channel_chat_created
    message_auto_delete_timer_changed migrate_to_chat_id migrate_from_chat_id pinned_message
    successful_payment refunded_payment users_shared chat_shared gift unique_gift gift_upgrade_sent
    connected_website write_access_allowed proximity_alert_triggered boost_added chat_background_set
    checklist_tasks_done checklist_tasks_added direct_message_price_changed forum_topic_created
    forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden giveaway_created giveaway_completed managed_bot_created
    paid_message_price_changed poll_option_added poll_option_deleted suggested_post_approved
    suggested_post_approval_failed suggested_post_declined suggested_post_paid suggested_post_refunded
    video_chat_scheduled video_chat_started video_chat_ended video_chat_participants_invited
    web_app_data
""".split()  # noqa: SIM905
"""What Telegram says about a chat: nobody waits for an answer."""
AROUND = """
    message_thread_id direct_messages_topic sender_chat sender_boost_count sender_business_bot
    sender_tag guest_query_id business_connection_id forward_origin is_topic_message
    is_automatic_forward reply_to_message external_reply quote reply_to_story reply_to_checklist_task_id
    reply_to_poll_option_id via_bot guest_bot_caller_user guest_bot_caller_chat edit_date
    has_protected_content is_from_offline is_paid_post media_group_id author_signature paid_star_count
    entities link_preview_options suggested_post_info effect_id caption caption_entities
    show_caption_above_media has_media_spoiler reply_markup
""".split()  # noqa: SIM905
WORDS = (
    "hi", "7", "-3", "8/10", "yes", "no", "skip", "back", "later", "I want to kill myself", "i used today",
    "no puedo más", "<b>bold</b> & <i>", "{{ 7 * 7 }}", "%s %(x)s {0}", "\u202eabc", "\u200b", " ", "\x00",
    "🙂" * 3, "👨‍👩‍👧‍👦", "é\u0301" * 9, "a" * 4096, "\n\n\n", "9" * 300, "1e309", "NaN", "٣", "½", "/", "/@",
    "9 pm", "25:99", "tomorrow", "2026-02-30", "mon-fri", "'; DROP TABLE patient; --", "\ud83d",
)  # fmt: skip
COMMANDS = """
    start checkin thought trigger sos history progress plan settings mydata privacy stop help back
    cancel caseload alerts patient invite oncall drill nonsense
""".split()  # noqa: SIM905
DATA = (
    "", "a:", "n:", "o:", "s:", "a:1:2:3", "n:zz:-1:back", "o:checkin", "o:nonsense", "s:seen:ff", "s:done:0",
    "s:show:-1", "s:seen:" + "f" * 50, "o:snooze:30:1", "o:snooze:-1:zz", "o:mydata:erase", "o:settings:name",
    "o:resume:" + "9" * 40, "o:history:x", "o:menu", "o:sos:suicide", "o:fresh:0", "o:followup:1", "\x00",
    "a:" + "1" * 60,
)  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 31, 1 << 63, 1 << 70, 1.5, float("1e300"), "", "x", "\ud800", [], [[]], [None],
    {}, {"x": 1}, [{"type": "bold", "offset": -5, "length": 1 << 40}],
)  # fmt: skip
_KINDS = ["private", "group", "supergroup", "channel"]
_STATUS = {"Owner": "creator", "Banned": "kicked"}
_NOW = 1_772_000_000


def update(chance: Random, chat: int, number: int, pressed: Sequence[str] = ()) -> Json:
    """A whole update of any kind in this chat; `pressed` is data of buttons that it has seen."""
    made: Json = {"update_id": number}
    kind = chance.choices(["message", "edited_message", "callback_query", "any"], [8, 2, 5, 2])[0]
    if kind == "any":
        kind = chance.choice(MESSAGES + OTHERS)
    if kind in MESSAGES:
        made[kind] = message(chance, chat, number)
    elif kind == "callback_query":
        made[kind] = press(chance, chat, number, pressed)
    else:
        known = fields(telegram.Update).get(kind)
        made[kind] = known(chance, 3) if known else anything(chance)
        if kind == "my_chat_member":
            made[kind]["chat"] = _chat(chance, chat)
            made[kind]["from"] = _user(chat)
    return made


def message(chance: Random, chat: int, number: int) -> Json:
    """Mostly words; else any content, any service message, and anything that may stand around it."""
    made: Json = {
        "message_id": number,
        "date": _NOW + number,
        "chat": _chat(chance, chat),
        "from": _user(chat),
    }
    of = fields(telegram.Message)
    roll = chance.random()
    if roll < 0.45:
        made["text"] = said(chance)
    else:
        name = chance.choice(CONTENT if roll < 0.9 else SERVICE)
        made[name] = of[name](chance, 3) if name in of else anything(chance)
        if name == "text":
            made[name] = said(chance)
        elif chance.random() < 0.4:
            made["caption"] = said(chance)
    for name in chance.sample(AROUND, chance.choice([0, 0, 0, 1, 3])):
        made[name] = of[name](chance, 2) if name in of else anything(chance)
    if made.get("edit_date") is not None:
        made["edit_date"] = _NOW + number
    return made


def press(chance: Random, chat: int, number: int, pressed: Sequence[str]) -> Json:
    made = {"id": f"q{number}", "from": _user(chat), "chat_instance": "1"}
    made["data"] = chance.choice(pressed) if pressed and chance.random() < 0.8 else chance.choice(DATA)
    if chance.random() < 0.95:
        made["message"] = {
            "message_id": chance.randint(1, number + 1),
            "date": chance.choice([0, _NOW]),
            "chat": _chat(chance, chat),
        }
    return made


def said(chance: Random) -> str:
    roll = chance.random()
    if roll < 0.25:
        return f"/{chance.choice(COMMANDS)}" + chance.choice(["", "", " x", "@somebody", " P-ABCDE"])
    return chance.choice(WORDS) if roll < 0.9 else " ".join(chance.choices(WORDS[:10], k=5))


def bent(chance: Random, made: Json) -> Json:
    """The same with one to three of its values gone, or of another kind."""
    copy: Json = _copied(made)
    for _ in range(chance.randint(1, 3)):
        where: Any = copy
        while True:
            keys: list[Any] = [*where] if isinstance(where, dict) else [*range(len(where))]
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(where[key], dict | list) and chance.random() < 0.75:
                where = where[key]
            elif isinstance(where, dict) and chance.random() < 0.4:
                del where[key]
                break
            else:
                where[key] = _copied(chance.choice(WRONG))
                break
    return copy


def speaks(made: Json) -> int | None:
    """The private chat that waits for an answer to this: somebody said or showed something there."""
    found: Any = made.get("message")
    if not isinstance(found, dict) or any(name in found for name in SERVICE):
        return None
    return _private(found)


def edits(made: Json) -> int | None:
    """The private chat in which somebody changed their words."""
    found: Any = made.get("edited_message")
    if not isinstance(found, dict) or "message" in made:
        return None
    words = found.get("text") or found.get("caption")
    return _private(found) if isinstance(words, str) and words else None


def presses(made: Json) -> str | None:
    """The id of a press in a private chat, whose button spins until it is answered."""
    found: Any = made.get("callback_query")
    if not isinstance(found, dict) or not isinstance(found.get("message"), dict):
        return None
    known = isinstance(found.get("id"), str) and found["id"].isascii() and _private(found["message"])
    return found["id"] if known and isinstance(found.get("data"), str) else None


def _private(found: Json) -> int | None:
    chat: Any = found.get("chat")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return None
    known = type(chat.get("id")) is int and 0 < chat["id"] < 1 << 52
    numbered = type(found.get("message_id")) is int and 0 <= found["message_id"] < 1 << 52
    return chat["id"] if known and numbered else None


def anything(chance: Random, depth: int = 2) -> Any:
    """A value that no version of the library knows."""
    if depth and chance.random() < 0.5:
        return {f"field_{n}": anything(chance, depth - 1) for n in range(chance.randint(0, 3))}
    return chance.choice(["new", 1, True, [{"type": "unheard_of"}]])


def _chat(chance: Random, chat: int) -> Json:
    if chance.random() < 0.9:
        return {"id": chat, "type": "private", "first_name": "Sam"}
    kind = chance.choice(_KINDS[1:])
    return {"id": -1_000_000_000_000 - chat, "type": kind, "title": "Group"}


def _user(chat: int) -> Json:
    return {"id": chat, "is_bot": False, "first_name": "Sam", "language_code": "en"}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


# What the library parses, learned from its classes

Make = Callable[[Random, int], Any]


@cache
def fields(of: Any) -> dict[str, Make]:
    """A maker for each field of a class, by the name that it has on the wire."""
    made: dict[str, Make] = {}
    for name, parameter in inspect.signature(of.__init__).parameters.items():
        if name in ("self", "args", "kwargs", "api_kwargs"):
            continue
        wire = "from" if name == "from_user" else name
        made[wire] = _maker(wire, inspect.formatannotation(parameter.annotation))
    return made


def _maker(name: str, annotation: str) -> Make:
    wanted = re.sub(r"ForwardRef\('([^']+)'[^)]*\)", r"\1", annotation).replace("'", "").replace(" ", "")
    inner = re.match(r"(?:[\w.]*\.)?(?:Sequence|tuple|list)\[(.+?)(?:,\.\.\.)?\](?:\|None)?$", wanted)
    if inner is not None:
        one = _maker(name, inner[1])
        return lambda chance, depth: [one(chance, depth - 1) for _ in range(chance.choice([0, 1, 1, 3]))]
    names = [part.rpartition(".")[2] for part in wanted.split("|")]
    for found in names:
        kind = getattr(telegram, found, None)
        if inspect.isclass(kind) and issubclass(kind, telegram.TelegramObject):
            return lambda chance, depth: _object(kind, chance, depth)
    return _plain(name, names)


def _plain(name: str, names: list[str]) -> Make:
    if "datetime" in names or "date" in name:
        return lambda chance, depth: _NOW + chance.randint(0, 9999)
    if "bool" in names:
        return lambda chance, depth: True
    if "int" in names or "timedelta" in names:
        return lambda chance, depth: chance.choice([0, 1, 7, 1 << 40])
    if "float" in names:
        return lambda chance, depth: chance.choice([0.0, 51.5, -0.1])
    return lambda chance, depth: chance.choice(["x", "word", "🙂"])


def _object(kind: Any, chance: Random, depth: int) -> Json:
    children = kind.__subclasses__()
    if children and chance.random() < 0.9:
        child = chance.choice(children)
        tail = child.__name__.removeprefix(kind.__name__)
        word = _STATUS.get(tail, re.sub(r"(?<!^)(?=[A-Z])", "_", tail).lower())
        return {**_object(child, chance, depth), "type": word, "status": word.removeprefix("member_")}
    optional = 0.3 if depth > 0 else 0.0
    made = {}
    for name, maker in fields(kind).items():
        own = "from_user" if name == "from" else name
        needed = inspect.signature(kind.__init__).parameters[own].default is inspect.Parameter.empty
        if (needed and depth > -3) or chance.random() < optional:
            made[name] = maker(chance, depth - 1)
    return made
