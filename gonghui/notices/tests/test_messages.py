import pytest
from django.db import IntegrityError, transaction

from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import NOT_FOUND, DomainError
from gonghui.notices.actions import Notice, read_all_messages, read_message, tell, tell_once
from gonghui.notices.models import Message
from gonghui.notices.queries import messages_of, unread_count, unread_of

SYSTEM = Actor.system("test")
pytestmark = pytest.mark.django_db


def say(cast, name, title="候补到位", link="/tickets"):
    return tell(
        SYSTEM, person_id=cast.people[name].pk, kind="ticket", title=title, body="请在今天确认。", link=link
    )


def test_message_is_read_by_its_person_only(cast):
    message = say(cast, "mei")
    assert [m.title for m in messages_of(cast.actor("mei"))] == ["候补到位"]
    for name in ("hua", "city_admin", "clerk", "stranger", "anonymous"):
        assert not messages_of(cast.actor(name)).exists()
        with pytest.raises(DomainError) as caught:
            read_message(cast.actor(name), message_id=message.pk)
        assert caught.value.reason is NOT_FOUND
    assert Message.objects.unscoped("test").get().read_at is None


def test_message_goes_with_the_callers_transaction(cast):
    with pytest.raises(RuntimeError), transaction.atomic():
        say(cast, "mei")
        raise RuntimeError
    assert unread_count(cast.people["mei"].pk) == 0


def test_reading_counts_down_and_keeps_the_first_time(cast):
    message = say(cast, "mei")
    say(cast, "mei")
    actor = cast.actor("mei")
    first = read_message(actor, message_id=message.pk).read_at
    assert (unread_count(actor.person_id), unread_of(actor)) == (1, 1)
    assert read_message(actor, message_id=message.pk).read_at == first


def test_reading_all_touches_nobody_elses(cast):
    say(cast, "mei")
    say(cast, "mei")
    say(cast, "hua")
    assert read_all_messages(cast.actor("mei")) == 2
    assert (unread_of(cast.actor("mei")), unread_of(cast.actor("hua"))) == (0, 1)
    assert read_all_messages(ANONYMOUS) == 0


def test_account_without_a_person_is_told_too(cast):
    notice = Notice("security", "身份核对有了结果")
    tell_once(SYSTEM, once="case:1", notice=notice, user_id=cast.users["stranger"].pk)
    assert [m.title for m in messages_of(cast.actor("stranger"))] == ["身份核对有了结果"]


def test_once_is_once(cast):
    for _ in range(3):
        tell_once(
            SYSTEM, once="verified:1", notice=Notice("security", "通过"), person_id=cast.people["mei"].pk
        )
    assert unread_of(cast.actor("mei")) == 1


@pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example", "/\\evil.example", "tickets"])
def test_link_to_elsewhere_is_refused_by_the_database(cast, link):
    with pytest.raises(IntegrityError), transaction.atomic():
        say(cast, "mei", link=link)


def test_message_without_a_reader_is_refused_by_the_database(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(kind="notice", title="给谁？")


def test_list_costs_one_query_at_one_and_three(cast, django_assert_num_queries):
    actor = cast.actor("mei")
    for size in (1, 3):
        while unread_of(actor) < size:
            say(cast, "mei")
        with django_assert_num_queries(1):
            assert len(messages_of(actor)[:10]) == size
