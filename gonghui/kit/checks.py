"""System checks of our own: a model that does not say who may see it does not start."""

from django.apps import apps
from django.core.checks import Error

from gonghui.kit.audit import Audit
from gonghui.kit.scope import ScopedQuerySet


def models_declare_scope_and_audit(app_configs=None, **_kwargs) -> list[Error]:
    found = []
    for model in apps.get_models():
        if not model.__module__.startswith("gonghui."):
            continue
        if not hasattr(getattr(model, "scope", None), "condition"):
            found.append(
                Error(
                    f"{model._meta.label} declares no scope",
                    obj=model,
                    id="kit.E001",
                    hint="BySubtree, ByKey, …",
                )
            )
        if not isinstance(getattr(model, "audit", None), Audit):
            found.append(Error(f"{model._meta.label} declares no audit", obj=model, id="kit.E002"))
        if not issubclass(model._default_manager._queryset_class, ScopedQuerySet):
            found.append(Error(f"{model._meta.label} has an open default manager", obj=model, id="kit.E003"))
    return found
