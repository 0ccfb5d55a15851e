"""The way out, as the sender sees it: one message goes to its chat, or one of six things happens.

They differ in the one question that matters afterwards: may it be sent again?
"""

from typing import Any, Protocol


class Courier(Protocol):
    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        """Make the one call that a row's body asks for; Telegram's id of the message, where it has one.

        `message_id` is the message to change, for a body that does not name it.
        """
        ...


class SlowDown(Exception):
    """Too many calls: nothing was sent, and for so many seconds nothing is to be."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class NotSent(Exception):
    """It certainly did not reach the person: it can be sent again."""


class Unsure(Exception):
    """The call was made and no answer came: it may have reached the person."""


class Blocked(Exception):
    """This chat cannot be reached: the bot is blocked, or the account or the chat is gone."""


class Gone(Exception):
    """The message that was to be changed is no longer there, or can be changed no more."""


class Refused(Exception):
    """Telegram will never take this call. `code` names the reason, never the words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
