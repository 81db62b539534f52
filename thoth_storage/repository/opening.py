"""Opens or makes a repository: settings, keys, and the cipher that follows from both."""

from __future__ import annotations

from thoth_storage import config
from thoth_storage.backend import Backend
from thoth_storage.errors import CapabilityError, EncryptionKeyError, NotFoundError
from thoth_storage.registry import resolve_key
from thoth_storage.repository.cipher import PLAIN, AesGcm, check_of
from thoth_storage.repository.keyring import add_key, find_data_key, new_data_key
from thoth_storage.repository.settings import (
    CIPHER,
    Encryption,
    Settings,
    create_settings,
    new_settings,
    read_settings,
)
from thoth_storage.repository.vault import Vault
from thoth_storage.repository.wrapping import Secret, to_secret

__all__ = ["open_vault", "secret_of"]


def open_vault(backend: Backend, key: object, *, create: bool) -> Vault:
    """``key`` is what the caller passed, None for that of the environment.

    Raises NotFoundError where there is no repository, EncryptionKeyError where the key does not fit what is there, and
    for a broken repository what ``read_settings`` raises; CapabilityError where an encrypted one is to be made and of
    two makers both might win.
    """
    secret = secret_of(key, backend.url)
    try:
        settings = read_settings(backend)
    except NotFoundError as error:
        if not create:
            raise NotFoundError(
                "there is no repository", url=backend.url, hint="check the URL, or create one with the first backup"
            ) from error
        return _create(backend, secret)
    return _unlock(backend, settings, secret)


def secret_of(key: object, url: str) -> Secret | None:
    """The key that was passed, else the one that is configured for the store at ``url``; references
    (``file:///run/secrets/key``, or a plugin's scheme) are resolved. None where there is none."""
    given = config.encryption_key(url) if key is None else key
    if isinstance(given, str) and "://" in given:
        given = resolve_key(given)
    return None if given is None else to_secret(given)


def _create(backend: Backend, secret: Secret | None) -> Vault:
    if secret is None:
        return _unlock(backend, create_settings(backend, new_settings()), None)
    if not backend.capabilities.atomic_create:
        raise CapabilityError(
            "no encrypted repository is made here: the backend has no atomic create, so of two makers at once each "
            "could keep a data key of its own, and what one of them stores would be lost",
            url=backend.url,
            hint="use a backend that has it ('thoth-storage plugins' tells), or make the repository on one (the local "
            "disk), and copy its objects here before anything is stored; opening it needs no atomic create",
        )
    data_key = new_data_key()
    settings = new_settings(encryption=Encryption(CIPHER, check_of(data_key)))
    # The key first: a repository that nobody can open must not come to be. One whose making was cut short, or that lost
    # against another maker, leaves a key object that opens nothing.
    add_key(backend, settings.id, data_key, secret)
    return _unlock(backend, create_settings(backend, settings), secret)


def _unlock(backend: Backend, settings: Settings, secret: Secret | None) -> Vault:
    if settings.encryption is None:
        if secret is not None:
            raise EncryptionKeyError(
                "an encryption key was given, and this repository is not encrypted",
                url=backend.url,
                hint="leave the key out (and THOTH_STORAGE_KEY unset), or copy it to a new, encrypted repository",
            )
        return Vault(backend, PLAIN, settings)
    if secret is None:
        raise EncryptionKeyError(
            "the repository is encrypted, and no key was given",
            url=backend.url,
            hint="set THOTH_STORAGE_KEY, or pass encryption_key",
        )
    _, data_key = find_data_key(backend, settings.id, settings.encryption.check, secret)
    return Vault(backend, AesGcm(data_key), settings)
