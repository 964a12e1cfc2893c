"""Which rows of a table a console user may see, and which they may change."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from gonghui.kit.actors import Actor
from gonghui.kit.scope import AnyOf, BySubtree, Rule

ROOT_DEPTH = 1


def subtree_rule(scope: Rule) -> BySubtree | None:
    """The part of a model's scope that speaks of the tree."""
    rules = scope.rules if isinstance(scope, AnyOf) else (scope,)
    return next((rule for rule in rules if isinstance(rule, BySubtree)), None)


def relation_chain(model: type[models.Model], path: str) -> list:
    """The relations a lookup like `memberships__union__path` walks through."""
    found = []
    for part in path.split("__"):
        try:
            step = model._meta.get_field(part)
        except FieldDoesNotExist:
            break
        if not step.is_relation:
            break
        found.append(step)
        model = step.related_model
    return found


def crosses_many(model: type[models.Model], path: str) -> bool:
    return any(step.one_to_many or step.many_to_many for step in relation_chain(model, path))


def narrowed(found: QuerySet, condition: models.Q, *, many: bool) -> QuerySet:
    """Filtered, each row once: conditions on a to-many relation are asked in a subquery."""
    if not many:
        return found.filter(condition)
    matching = found.model.objects.unscoped("subquery of a scoped list").filter(condition)
    return found.filter(pk__in=matching.order_by().values("pk"))


class Scoped(admin.ModelAdmin):
    """`view_verb`, `path_field` and `line_field` come from the model's scope unless set.

    Without `write_verb` the screen is read-only. A table without a path (a list shared by all) is written by
    whoever holds the verb at the root of the tree.
    """

    view_verb = ""
    write_verb = ""
    path_field = ""
    line_field: str | None = None
    also = models.Q()
    """Asked together with the path, of the same related row: `Q(memberships__status="active")`."""
    one_each = False
    """The path and `also` meet at most one related row, as a constraint holds: asked by a join, which is cheaper."""
    can_add = True
    can_delete = False

    def __init__(self, model, admin_site):
        rule = subtree_rule(model.scope)
        self._rule_of_scope = rule
        if rule is not None:
            self.view_verb = self.view_verb or rule.verb
            self.path_field = self.path_field or rule.path_field
            if self.path_field == rule.path_field:
                self.line_field = self.line_field or rule.line_field
        self._path_is_many = bool(self.path_field) and crosses_many(model, self.path_field)
        super().__init__(model, admin_site)

    def within(self, actor: Actor, *verbs: str) -> QuerySet:
        """Rows this actor may see and on which they may do every one of `verbs`."""
        if actor.is_system:
            return self.model.objects.visible_to(actor)
        wanted = dict.fromkeys((self.view_verb, *verbs))
        if not all(wanted):
            return self.model.objects.visible_to(actor).none()
        if not self.path_field:
            found = self.model.objects.visible_to(actor)
            return found if all(self._may_globally(actor, verb) for verb in wanted) else found.none()
        return self._below(actor, wanted)

    def _below(self, actor: Actor, verbs) -> QuerySet:
        if self._narrows_the_scope():
            found = self.model.objects.unscoped("narrowed to the actor's subtrees here")
        else:
            found = self.model.objects.visible_to(actor)
        for verb in verbs:
            condition = self._rule_for(verb).condition(actor) & self.also
            found = narrowed(found, condition, many=self._path_is_many and not self.one_each)
        return found

    def _rule_for(self, verb: str) -> BySubtree:
        rule = self._rule_of_scope
        if rule is not None and (rule.path_field, rule.line_field) == (self.path_field, self.line_field):
            return rule.doing(verb)
        return BySubtree(self.path_field, verb=verb, line_field=self.line_field)

    def _narrows_the_scope(self) -> bool:
        rule = self._rule_of_scope
        return rule is not None and (rule.path_field, rule.verb, rule.line_field) == (
            self.path_field,
            self.view_verb,
            self.line_field,
        )

    def _may_globally(self, actor: Actor, verb: str) -> bool:
        if verb == self.view_verb:
            return actor.may_anywhere(verb)
        return any(g.line is None and g.path.count(".") == ROOT_DEPTH for g in actor.reaches(verb))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = self.within(request.actor, self.view_verb)
        if ordering := self.get_ordering(request):
            found = found.order_by(*ordering)
        return found

    def may(self, request: HttpRequest, verb: str, row=None) -> bool:
        """May do `verb` somewhere, or to this very row (or its id); asked of the database once a request."""
        if not verb:
            return False
        if row is None:
            if self.path_field or request.actor.is_system:
                return request.actor.may_anywhere(verb)
            return self._may_globally(request.actor, verb)
        answers = request.__dict__.setdefault("_console_answers", {})
        pk = getattr(row, "pk", row)
        key = (self.model._meta.label, verb, str(pk))
        if key not in answers:
            try:
                answers[key] = self.within(request.actor, verb).filter(pk=pk).exists()
            except (ValueError, TypeError):
                answers[key] = False
        return answers[key]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, self.view_verb)

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.may(request, self.view_verb, obj)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.may(request, self.write_verb, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self.may(request, self.write_verb)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.can_delete and self.may(request, self.write_verb, obj)
