"""Columns that hold personal data sealed, and the blind index to find them by."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError
from django.db import models
from django.db.models.lookups import Exact, In
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from gonghui.kit.crypto import ROW_LAYOUT_VERSION, ROW_SECRET_BYTES, get_keyring

FORGOTTEN = _("（已注销）")
"""What a sealed column says once the secret of its row is gone."""


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


class Sealed:
    """Sealed bytes as they lie; reading the attribute of their row opens them."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes):
        self.raw = bytes(raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return "<sealed>"


class OpenedByRow(DeferredAttribute):
    """Opens what lies sealed when it is read; what is not read is neither opened nor sealed anew by a save."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            self._load(instance)
        held = instance.__dict__[name]
        return self.field.opened(instance, held) if isinstance(held, Sealed) else held

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value

    def _load(self, instance: Any) -> None:
        """Deferred columns of the row, in one query with the secret that opens them."""
        wanted = [f.attname for f in (self.field, secret_field(type(instance))) if f is not None]
        missing = [name for name in wanted if name not in instance.__dict__]
        rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
        instance.__dict__.update(zip(missing, rows.values_list(*missing).get(), strict=True))


class RowSecretField(SealedBytesField):
    """32 random bytes a row gets when it is added. Emptied, nothing sealed under it opens again, in any copy."""

    descriptor_class = OpenedByRow

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "null": True, "editable": False})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> bytes | None:
        return value.raw if isinstance(value, Sealed) else super().get_prep_value(value)

    def opened(self, instance: models.Model, held: Sealed) -> bytes:
        return get_keyring().open(self.context, held.raw)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add and getattr(model_instance, self.attname) is None:
            setattr(model_instance, self.attname, secrets.token_bytes(ROW_SECRET_BYTES))
        return model_instance.__dict__[self.attname]


class RowSealedTextField(SealedTextField):
    """A sealed `str` whose copies die with its row's secret; the model has a `RowSecretField`.

    It is set on the instance and saved. `QuerySet.update` and `bulk_update` know no row and raise; what writes rows
    by itself (COPY) asks `RowSealer`.
    """

    descriptor_class = OpenedByRow

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None or isinstance(value, Sealed):
            return value and value.raw
        raise FieldError(
            f"{self.context} is sealed under its row's secret: set it on the instance and save() it,"
            " or seal it with RowSealer"
        )

    def opened(self, instance: models.Model, held: Sealed) -> Any:
        secret = row_secret(instance)
        if secret is None and held.raw[0] == ROW_LAYOUT_VERSION:
            return str(FORGOTTEN)
        return self.unpack(get_keyring().open(self.context, held.raw, row_secret=secret))

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        if self.attname not in model_instance.__dict__:
            getattr(model_instance, self.attname)
        held = model_instance.__dict__[self.attname]
        if held is None or isinstance(held, Sealed):
            return held
        if add and (own := secret_field(type(model_instance))):
            own.pre_save(model_instance, add)
        # A row older than its secret gets one from the job that rotates keys; till then its columns lie as before.
        return self.sealed(held, row_secret(model_instance))

    def sealed(self, value: Any, secret: bytes | None) -> Sealed:
        return Sealed(get_keyring().seal(self.context, self.pack(value), row_secret=secret))


def secret_field(model: type[models.Model]) -> RowSecretField | None:
    return next((f for f in model._meta.concrete_fields if isinstance(f, RowSecretField)), None)


def row_secret(instance: models.Model) -> bytes | None:
    own = secret_field(type(instance))
    return getattr(instance, own.attname) if own else None


class RowSealer:
    """Columns of a new row for COPY: `secret, id_no, phone = sealer.columns(id_no, phone)`, all as they lie."""

    def __init__(self, model: type[models.Model], *names: str):
        self._secret: Any = secret_field(model)
        self._fields: list[Any] = [model._meta.get_field(name) for name in names]

    def columns(self, *values: Any) -> list[bytes | None]:
        secret = secrets.token_bytes(ROW_SECRET_BYTES)
        return [self._secret.get_prep_value(secret), *self.under(secret, *values)]

    def under(self, secret: bytes | None, *values: Any) -> list[bytes | None]:
        """Of a row that has its secret, as `row_secret` gave it; None of one that has none yet."""
        return [
            None if value is None else field.sealed(value, secret).raw
            for field, value in zip(self._fields, values, strict=True)
        ]


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

    def indexes_of(self, value: Any) -> list[bytes]:
        """Of a plain value under every key held: rows not yet rewritten after a rotation are found as well."""
        if isinstance(value, str) and value:
            return get_keyring().blind_indexes(self.context, value)
        return [] if value in (None, "") else [bytes(value)]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else bytes(value)

    def to_python(self, value: Any) -> Any:
        return value

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        index = self.get_prep_value(getattr(model_instance, self.of or self.attname))
        setattr(model_instance, self.attname, index)
        return index


@BlindIndexField.register_lookup
class IndexedExact(Exact):
    """`phone_index="138…"` asks under every key."""

    def get_prep_lookup(self) -> Any:
        self.all: list[bytes] = []
        if isinstance(self.rhs, str):
            self.all = self.lhs.output_field.indexes_of(self.rhs)
        return super().get_prep_lookup()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if len(self.all) < 2:
            return super().as_sql(compiler, connection)
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} = ANY(%s)", [*params, self.all]


@BlindIndexField.register_lookup
class IndexedIn(In):
    """`phone_index__in=["138…", …]` likewise. Thousands are one parameter, not thousands."""

    def get_prep_lookup(self) -> Any:
        if isinstance(self.rhs, list | tuple | set):
            column = self.lhs.output_field
            self.rhs = [index for value in self.rhs for index in column.indexes_of(value)]
        return super().get_prep_lookup()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not isinstance(self.rhs, list):
            return super().as_sql(compiler, connection)
        if not self.rhs:
            raise EmptyResultSet
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} = ANY(%s)", [*params, self.rhs]
