"""The verbs for who may open an encrypted repository."""

from __future__ import annotations

from thoth_storage.errors import EncryptionKeyError, NotFoundError, PermissionError_
from thoth_storage.repository.facade import Facade
from thoth_storage.repository.keyring import KeyObject, add_key, find_data_key, list_keys, open_keys, remove_keys
from thoth_storage.repository.opening import secret_of
from thoth_storage.repository.settings import Encryption
from thoth_storage.repository.wrapping import Secret

__all__ = ["KeyVerbs"]


class KeyVerbs(Facade):
    """The data key never changes; what is added and removed are the keys that unwrap it."""

    def keys(self) -> list[KeyObject]:
        """The key objects: id, when it was made, how it wraps."""
        self._encryption()
        return list_keys(self.backend, self.id)

    def add_key(self, new: object, current: object = None) -> str:
        """Let ``new`` open the repository too; gives the id of its object. ``current``: a key that opens it now, None
        for that of the environment. Raises EncryptionKeyError."""
        secret, check = self._secret(new), self._encryption().check
        _, data_key = find_data_key(self.backend, self.id, check, self._secret(current))
        return add_key(self.backend, self.id, data_key, secret)

    def rotate_key(self, new: object, current: object = None) -> str:
        """Let ``new`` open the repository, and ``current`` no more; gives the new object's id.

        Who knew the old key and read the bucket may have the data key: against that only a copy to a new repository
        helps. Raises EncryptionKeyError; PermissionError_ where the new key is there and the old one may not be
        removed.
        """
        secret, check = self._secret(new), self._encryption().check
        old = list(open_keys(self.backend, self.id, check, self._secret(current)))
        new_id = add_key(self.backend, self.id, old[0][1], secret)
        try:
            remove_keys(self.backend, self.id, [key_id for key_id, _ in old])
        except EncryptionKeyError:
            raise
        except PermissionError_ as error:
            ids = ", ".join(key_id for key_id, _ in old)
            raise PermissionError_(
                f"the new key was added ({new_id}), but the old one ({ids}) may not be removed and still opens the "
                f"repository: {error.message}",
                url=self.url,
                key=error.key,
                hint="remove the old one with the right to delete below keys/ (thoth-storage key remove)",
            ) from error
        return new_id

    def remove_key(self, key_id: str) -> None:
        """Revoke a key by the id (or its beginning) of its object. The last one is kept: without it all would be lost.

        Raises NotFoundError, EncryptionKeyError.
        """
        keys = self.keys()
        found = [key for key in keys if key_id and key.id.startswith(key_id)]
        if len(found) != 1:
            raise NotFoundError(f"{len(found)} keys have an id that begins with {key_id!r:.80}", url=self.url)
        if len(keys) == 1:
            raise EncryptionKeyError("this is the last key of the repository", url=self.url, hint="add another first")
        remove_keys(self.backend, self.id, [found[0].id])

    def _encryption(self) -> Encryption:
        encryption = self.vault.settings.encryption
        if encryption is None:
            raise EncryptionKeyError(
                "the repository is not encrypted, so it has no keys",
                url=self.url,
                hint="copy it to a new, encrypted repository",
            )
        return encryption

    def _secret(self, key: object) -> Secret:
        secret = secret_of(key, self.url)
        if secret is None:
            raise EncryptionKeyError("no key was given", url=self.url, hint="set THOTH_STORAGE_KEY, or pass one")
        return secret
