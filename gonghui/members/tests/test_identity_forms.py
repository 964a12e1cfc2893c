"""One document, one person: however it is typed, whatever it is, whatever characters the name has."""

from __future__ import annotations

import pytest

from gonghui.accounts.models import User
from gonghui.kit import identifiers
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import Membership, MergeCase, Person

pytestmark = pytest.mark.django_db

DOCUMENTS = [
    ("resident_id", "11010519491231002X", "11010519491231002x"),
    ("resident_id", "11010519491231002X", "１１０１０５１９４９１２３１００２ｘ"),
    ("resident_id", "440101199003070122", " 440101 1990 0307 0122 "),
    ("resident_id", "440101900307012", "440101199003070122"),
    ("resident_id", "440101199003070122", "440101900307012"),
    ("hk_macao_permit", "H1234567801", "h1234567801"),
    ("hk_macao_permit", "M12345678", "Ｍ12345678"),
    ("taiwan_permit", "12345678", " 1234 5678 "),
    ("foreign_permanent", "USA310064122561", "usa 310064122561"),
    ("foreign_permanent", "91101051949123100X", "91101051949123100x"),
    ("passport", "E12345678", "e12345678"),
]
NAMES = [
    ("王㐅𠮷", "王㐅𠮷"), ("𠮷𡈽", "𠮷𡈽"), ("阿卜杜拉·买买提", "阿卜杜拉•买买提"), ("欧阳修文", "欧阳 修文"),
    ("JOHN SMITH", "JOHN  SMITH"),
]  # fmt: skip


def newcomer(phone: str) -> Actor:
    user = User(phone=phone)
    user.set_unusable_password()
    user.save()
    return Actor(user_id=user.pk, keys={"user": frozenset({user.pk})})


def on_roster(cast, name: str, id_type: str, id_no: str) -> Person:
    """As a roster writes them."""
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(
        id_no=None, id_index=None, verification="none"
    )
    read = identifiers.read_document(id_type, id_no, typed=True)
    assert read.ok, read.message
    name = identifiers.read_person_name(name).value
    person = Person.objects.create(name=name, id_type=id_type, id_no=read.value)
    Membership.objects.create(person=person, union=cast.unions["factory"])
    return person


def verified(actor: Actor, name: str, id_type: str, id_no: str) -> Person:
    return verify_identity(actor, name=name, id_no=id_no, id_type=id_type, consent=True)


@pytest.mark.parametrize(("id_type", "known", "typed"), DOCUMENTS)
def test_document_typed_otherwise_finds_the_one_person_and_no_second(cast, id_type, known, typed):
    person = on_roster(cast, "王芳", id_type, known)
    people = Person.objects.unscoped("test").count()
    assert verified(newcomer("13800000031"), "王芳", id_type, typed) == person
    with pytest.raises(DomainError) as refused:
        verified(newcomer("13800000032"), "王芳", id_type, known)
    assert refused.value.code == "identity_claimed"
    assert MergeCase.objects.unscoped("test").get().person == person
    assert Person.objects.unscoped("test").count() == people


@pytest.mark.parametrize(("known", "typed"), NAMES)
def test_name_of_any_characters_is_the_same_person(cast, known, typed):
    person = on_roster(cast, known, "resident_id", "440101199003070122")
    found = verified(newcomer("13800000031"), typed, "resident_id", "440101199003070122")
    assert (found.pk, found.name) == (person.pk, person.name)
    assert Person.objects.unscoped("test").get(pk=person.pk).grams


def test_same_number_of_another_kind_of_document_is_another_person(cast):
    passport = on_roster(cast, "王芳", "passport", "E12345678")
    with pytest.raises(DomainError) as refused:
        verified(newcomer("13800000031"), "王芳", "taiwan_permit", "12345678")
    assert refused.value.code == "not_in_roster"
    assert not Person.objects.unscoped("test").get(pk=passport.pk).is_verified
