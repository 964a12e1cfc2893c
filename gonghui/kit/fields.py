"""Columns that hold personal data sealed, and the blind index to find them by."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import FieldError
from django.db import models

from gonghui.kit.crypto import get_keyring


class SealedField(models.BinaryField):
    """Sealed bytes below, plain value above. Bound to its column: moved bytes do not open."""

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.explicit_context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.explicit_context:
            kwargs["context"] = self.explicit_context
        return name, path, args, kwargs

    @property
    def context(self) -> str:
        """`app.Model.field`; give `context=` when renaming a column, or old rows no longer open."""
        return self.explicit_context or f"{self.model._meta.label}.{self.name}"

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None:
            return None
        return get_keyring().seal(self.context, self.pack(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        return self.unpack(get_keyring().open(self.context, bytes(value)))

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: Any) -> str:
        raise TypeError(f"{self.context} is sealed and is not written into fixtures")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.context} is sealed and cannot be searched; ask its blind index instead")

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.context} is sealed and cannot be searched; ask its blind index instead")

    def pack(self, value: Any) -> bytes:
        return str(value).encode()

    def unpack(self, plain: bytes) -> Any:
        return plain.decode()


class SealedTextField(SealedField):
    """A sealed `str`."""


class SealedBytesField(SealedField):
    """Sealed `bytes`, of a file somebody handed in."""

    def pack(self, value: Any) -> bytes:
        return bytes(value)

    def unpack(self, plain: bytes) -> Any:
        return plain


class SealedJSONField(SealedField):
    """Sealed JSON: whatever `json` can write."""

    def pack(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def unpack(self, plain: bytes) -> Any:
        return json.loads(plain)


class BlindIndexField(models.BinaryField):
    """HMAC-SM3 of the normalised value: 32 bytes.

    A `str` given to a filter or an assignment is indexed on the way, `bytes` pass as they are. With
    `of="phone"` every save computes it from that field; name both in `update_fields`. Columns of one
    `context` can be compared with each other.
    """

    non_db_attrs = (*models.BinaryField.non_db_attrs, "of")

    def __init__(self, *args: Any, context: str, of: str = "", **kwargs: Any) -> None:
        self.context = context
        self.of = of
        kwargs["max_length"] = 32
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        kwargs["context"] = self.context
        if self.of:
            kwargs["of"] = self.of
        return name, path, args, kwargs

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return get_keyring().blind_index(self.context, value)
        return bytes(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else bytes(value)

    def to_python(self, value: Any) -> Any:
        return value

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        index = self.get_prep_value(getattr(model_instance, self.of or self.attname))
        setattr(model_instance, self.attname, index)
        return index
