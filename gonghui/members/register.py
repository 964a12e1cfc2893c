"""个人信息登记, made from the models: what is stored where, sealed or not, who sees it, how long, what becomes of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext as _

from gonghui.kit.audit import hidden_columns
from gonghui.kit.fields import BlindIndexField, RowSealedTextField, RowSecretField, SealedField
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Where
from gonghui.members import leaving, retention


@dataclass(frozen=True, slots=True)
class Entry:
    app: str
    table: str
    what: str
    sealed: list[str]
    open: list[str]
    found_by: list[str]
    masked: list[str]
    seen_by: list[str]
    trail_hides: list[str]
    kept: str
    when_forgotten: str


def entries() -> list[Entry]:
    rules = retention.rules()
    return [_entry(part, rules) for part in leaving.parts.values()]


def as_json() -> list[dict]:
    return [asdict(entry) for entry in entries()]


def _entry(part: leaving.Part, rules: dict) -> Entry:
    model = apps.get_model(part.label)
    columns = model._meta.concrete_fields
    screen = admin.site._registry.get(model)
    ends = [(kind, rules[code].days) for code, kind in retention.kinds.items() if kind.label == part.label]
    gone = _("删除") if part.forget else _("保留")
    return Entry(
        app=str(model._meta.app_config.verbose_name),
        table=model._meta.db_table,
        what=str(part.what),
        sealed=[
            _sealed(f) for f in columns if isinstance(f, SealedField) and not isinstance(f, RowSecretField)
        ],
        open=[f"{name}（{why}）" for name, why in leaving.open_columns.get(part.label, {}).items()],
        found_by=[f.column for f in columns if isinstance(f, BlindIndexField)],
        masked=sorted(getattr(screen, "masks", {})),
        seen_by=_readers(model.scope),
        trail_hides=hidden_columns(model) if model.audit.events else [],
        kept="；".join(_("{days} 天").format(days=days) for _kind, days in ends) or _("没有期限"),
        when_forgotten=f"{gone}：{part.because}" if part.because else gone,
    )


def _sealed(column: SealedField) -> str:
    own = _("随行销毁") if isinstance(column, RowSealedTextField) else ""
    return f"{column.column}（{own}）" if own else column.column


def _readers(scope) -> list[str]:
    rules = scope.rules if isinstance(scope, AnyOf) else (scope,)
    return [_reader(rule) for rule in rules]


def _reader(rule) -> str:
    if isinstance(rule, ByKey):
        return _("本人") if rule.key in {"person", "user"} else _("商户本身")
    if isinstance(rule, BySubtree):
        return _("所辖工会有 {verb} 权限的人").format(verb=rule.verb)
    if isinstance(rule, Where):
        return _("公布以后，所有人")
    return _("所有人") if isinstance(rule, Everyone) else _("没有列表，只由程序读取")
