"""The vault: what a patient said can be read only with the master key.

Each patient has a data key, the house has one (staff, strangers, updates not yet placed), and one
lookup key turns Telegram ids and tokens into hashes. All three kinds lie in `data_key`, wrapped by a
master key from the environment. Rotation re-wraps them and touches no row of data; the lookup key
itself never changes, since every hash hangs on it.

Sealed bytes are: one version byte, a 96-bit random nonce, AES-256-GCM ciphertext. Table, column, row
and owner are bound in as associated data, so a value copied to another place does not open.
"""

import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HOUSE = 0
LOOKUP = -1
_VERSION = b"\x01"
_NONCE = 12
_HELD = 4096
"""How many open keys are kept: each takes 2.5 kB."""


class WrongMasterKey(Exception):
    """The database was sealed under another master key. Nothing was touched."""


class Sealless(Exception):
    """A value did not open: its key is gone (the patient was erased), or it was moved or altered."""


class Vault:
    """Data keys by owner (a patient's id, HOUSE or LOOKUP), unwrapped once and kept while there is room."""

    def __init__(self, masters: Sequence[bytes], load: Callable[[int], bytes | None]) -> None:
        """`load` gives an owner's wrapped key as it lies in the database."""
        self._masters = [AESGCM(key) for key in masters]
        self._load = load
        self._open: dict[int, AESGCM] = {}
        self._making_room = threading.Lock()
        self._lookup: bytes | None = None
        self._known = lru_cache(maxsize=20_000)(self._digest)

    def wrap(self, owner: int, key: bytes) -> bytes:
        """A data key sealed under the current master key."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._masters[0].encrypt(nonce, key, _owner(owner))

    def new_key(self, owner: int) -> bytes:
        """A fresh data key for `owner`, wrapped for the database and ready for use."""
        wrapped = self.wrap(owner, AESGCM.generate_key(256))
        self.hold(owner, wrapped)
        return wrapped

    def unwrap(self, owner: int, wrapped: bytes) -> tuple[bytes, bool]:
        """The raw key, and whether the current master key wrapped it; WrongMasterKey if none did."""
        nonce, body = wrapped[1 : 1 + _NONCE], wrapped[1 + _NONCE :]
        for place, master in enumerate(self._masters):
            try:
                return master.decrypt(nonce, body, _owner(owner)), place == 0
            except InvalidTag:
                continue
        raise WrongMasterKey

    def seal(self, owner: int, place: bytes, value: Any) -> bytes:
        """`value` (anything JSON) for one place: `place` names table, column and row."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._key(owner).encrypt(nonce, orjson.dumps(value), place)

    def open(self, owner: int, place: bytes, sealed: bytes) -> Any:
        try:
            opened = self._key(owner).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
        except InvalidTag as error:
            raise Sealless from error
        return orjson.loads(opened)

    def digest(self, secret: int | str) -> bytes:
        """128 bits of HMAC-SHA256 under the lookup key. Those of chats are kept: each step asks for one."""
        return self._known(secret) if isinstance(secret, int) else self._digest(secret)

    def _digest(self, secret: int | str) -> bytes:
        if self._lookup is None:
            wrapped = self._load(LOOKUP)
            if wrapped is None:
                raise WrongMasterKey
            self._lookup = self.unwrap(LOOKUP, wrapped)[0]
        return hmac.digest(self._lookup, str(secret).encode(), hashlib.sha256)[:16]

    def missing(self, owners: Iterable[int]) -> list[int]:
        """Those whose key is not in memory: whoever needs many looks them up together, and `hold`s them."""
        return [owner for owner in owners if owner not in self._open]

    def hold(self, owner: int, wrapped: bytes) -> AESGCM:
        """Unwrap a key and keep it; the oldest make room."""
        key = AESGCM(self.unwrap(owner, wrapped)[0])
        with self._making_room:
            while len(self._open) >= _HELD:
                del self._open[next(iter(self._open))]
            self._open[owner] = key
        return key

    def forget(self, owner: int) -> None:
        with self._making_room:
            self._open.pop(owner, None)

    def _key(self, owner: int) -> AESGCM:
        key = self._open.get(owner)
        if key is None:
            wrapped = self._load(owner)
            if wrapped is None:
                raise Sealless
            key = self.hold(owner, wrapped)
        return key


def _owner(owner: int) -> bytes:
    return b"data_key:%d" % owner
