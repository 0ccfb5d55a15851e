"""The methods of the Bot API that the local Telegram knows, and what each one takes.

A line is a name, then its parameters as `name:type`, `!` after a required one. Types: `int str bool`,
`chat` (a number or @name), `file` (an upload, a file id), `[x]` (an array of x), `json` (any object),
or the name of an object, a line further down. Checked by a test against python-telegram-bot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    required: bool


Shape = Mapping[str, Parameter]


def _read(table: str) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for line in table.strip().replace("\n    ", " ").splitlines():
        name, *fields = line.split()
        shape = {}
        for field in fields:
            key, _, kind = field.removesuffix("!").partition(":")
            shape[key] = Parameter(key, kind, field.endswith("!"))
        shapes[name] = shape
    return shapes


_WHERE = "business_connection_id:str chat_id:chat! message_thread_id:int direct_messages_topic_id:int"
_HOW = """disable_notification:bool protect_content:bool allow_paid_broadcast:bool message_effect_id:str
    suggested_post_parameters:json reply_parameters:ReplyParameters reply_markup:markup"""
_WHICH = "business_connection_id:str chat_id:chat message_id:int inline_message_id:str"
_CAPTION = "caption:str parse_mode:str caption_entities:[MessageEntity]"

METHODS = _read(f"""
getMe
getUpdates offset:int limit:int timeout:int allowed_updates:[str]
setWebhook url:str! certificate:file ip_address:str max_connections:int allowed_updates:[str]
    drop_pending_updates:bool secret_token:str
deleteWebhook drop_pending_updates:bool
getWebhookInfo
sendMessage {_WHERE} text:str! parse_mode:str entities:[MessageEntity] link_preview_options:LinkPreviewOptions
    {_HOW}
sendPhoto {_WHERE} photo:file! {_CAPTION} show_caption_above_media:bool has_spoiler:bool {_HOW}
sendDocument {_WHERE} document:file! thumbnail:file {_CAPTION} disable_content_type_detection:bool {_HOW}
sendChatAction business_connection_id:str chat_id:chat! message_thread_id:int action:str!
editMessageText {_WHICH} text:str parse_mode:str entities:[MessageEntity] rich_message:json
    link_preview_options:LinkPreviewOptions reply_markup:InlineKeyboardMarkup
editMessageCaption {_WHICH} {_CAPTION} show_caption_above_media:bool reply_markup:InlineKeyboardMarkup
editMessageReplyMarkup {_WHICH} reply_markup:InlineKeyboardMarkup
deleteMessage chat_id:chat! message_id:int!
deleteMessages chat_id:chat! message_ids:[int]!
answerCallbackQuery callback_query_id:str! text:str show_alert:bool url:str cache_time:int
setMessageReaction chat_id:chat! message_id:int! reaction:[ReactionType] is_big:bool
pinChatMessage business_connection_id:str chat_id:chat! message_id:int! disable_notification:bool
unpinChatMessage business_connection_id:str chat_id:chat! message_id:int
unpinAllChatMessages chat_id:chat!
leaveChat chat_id:chat!
getChat chat_id:chat!
getChatMember chat_id:chat! user_id:int!
getFile file_id:str!
setMyCommands commands:[BotCommand]! scope:BotCommandScope language_code:str
getMyCommands scope:BotCommandScope language_code:str
deleteMyCommands scope:BotCommandScope language_code:str
setMyName name:str language_code:str
getMyName language_code:str
setMyDescription description:str language_code:str
getMyDescription language_code:str
setMyShortDescription short_description:str language_code:str
getMyShortDescription language_code:str
setChatMenuButton chat_id:int menu_button:MenuButton
getChatMenuButton chat_id:int
""")

OBJECTS = _read("""
MessageEntity type:str! offset:int! length:int! url:str user:json language:str custom_emoji_id:str
    unix_time:int date_time_format:str
LinkPreviewOptions is_disabled:bool url:str prefer_small_media:bool prefer_large_media:bool
    show_above_text:bool
ReplyParameters message_id:int! chat_id:chat allow_sending_without_reply:bool quote:str quote_parse_mode:str
    quote_entities:[MessageEntity] quote_position:int checklist_task_id:int poll_option_id:str
InlineKeyboardMarkup inline_keyboard:[[InlineKeyboardButton]]!
InlineKeyboardButton text:str! icon_custom_emoji_id:str style:str url:str callback_data:str web_app:json
    login_url:json switch_inline_query:str switch_inline_query_current_chat:str
    switch_inline_query_chosen_chat:json copy_text:CopyTextButton callback_game:json pay:bool
CopyTextButton text:str!
ReplyKeyboardMarkup keyboard:[[KeyboardButton]]! is_persistent:bool resize_keyboard:bool
    one_time_keyboard:bool input_field_placeholder:str selective:bool
KeyboardButton text:str! icon_custom_emoji_id:str style:str request_users:json request_chat:json
    request_managed_bot:json request_contact:bool request_location:bool request_poll:json web_app:json
ReplyKeyboardRemove remove_keyboard:bool! selective:bool
ForceReply force_reply:bool! input_field_placeholder:str selective:bool
BotCommand command:str! description:str!
BotCommandScope type:str! chat_id:chat user_id:int
MenuButton type:str! text:str web_app:json
ReactionType type:str! emoji:str custom_emoji_id:str
""")

MARKUPS = {
    "inline_keyboard": "InlineKeyboardMarkup",
    "keyboard": "ReplyKeyboardMarkup",
    "remove_keyboard": "ReplyKeyboardRemove",
    "force_reply": "ForceReply",
}

UPDATES = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages", "guest_message",
    "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query",
    "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member",
    "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
})  # fmt: skip
ONLY_WHEN_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
