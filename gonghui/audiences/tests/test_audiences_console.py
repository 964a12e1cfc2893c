"""The back office of audiences: who gets in, what the builder answers, why, and what is not told."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial

import pytest
from django.db import connection
from django.urls import reverse

from gonghui.audiences import actions
from gonghui.audiences.actions import Wording, keep_list, rebuild_waiting, save_audience
from gonghui.audiences.actions.rebuilding import BUILDER
from gonghui.audiences.admin.audiences import audience_address
from gonghui.audiences.models import Audience, AudienceNews, AudienceRun, PeopleList
from gonghui.audiences.queries import usable
from gonghui.audiences.tests.stage import RIDERS, VERIFIED, names_in, saved, tree
from gonghui.config.launcher import doctor
from gonghui.config.launcher.doctor import Level
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.members.actions.tags import TagTerms, tag_person
from gonghui.members.models import Membership, PersonTag
from tests.cast import new_line_admin
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db
PREVIEW = {"X-Preview": "1"}
HARDSHIP = {"kind": "tag", "kinds": ["hardship"]}


class TestAudienceScreen(ConsoleContract):
    model = Audience
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return saved(cast, VERIFIED)

    def foreign(self, cast):
        return saved(cast, VERIFIED, union="sister", who="sister_admin")

    def more(self, cast, count: int) -> None:
        for _n in range(count):
            saved(cast, RIDERS)


class TestPeopleListScreen(ConsoleContract):
    model = PeopleList
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return kept(cast, "city", "mei")

    def foreign(self, cast):
        return kept(cast, "sister", "qiang")

    def more(self, cast, count: int) -> None:
        for _n in range(count):
            kept(cast, "city", "hua")


class TestTagScreen(ConsoleContract):
    model = PersonTag
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return tagged(cast, "mei", "craftsman")

    def foreign(self, cast):
        return tagged(cast, "qiang", "craftsman", who="sister_admin")

    def more(self, cast, count: int) -> None:
        for kind in ("volunteer", "cadre", "model_worker")[:count]:
            tagged(cast, "mei", kind)


def kept(cast, union: str, name: str) -> PeopleList:
    text = {"mei": "13800000001", "hua": "13800000002", "qiang": "13800000003"}[name]
    who = "sister_admin" if union == "sister" else "city_admin"
    return keep_list(
        cast.actor(who), union_id=cast.unions[union].pk, name=f"名单 {name}", text=text
    ).people_list


def tagged(cast, name: str, kind: str, who: str = "city_admin") -> PersonTag:
    membership = Membership.objects.unscoped("test").get(person=cast.people[name])
    terms = TagTerms(kind, "证书 1", dt.date(2026, 1, 1))
    return tag_person(cast.actor(who), membership_id=membership.pk, terms=terms)


def typed(cast, *parts, union: str = "city", **facts) -> dict:
    given = {
        "union": cast.unions[union].pk,
        "name": "骑手",
        "rule": 24,
        "note": "",
        "predicate": json.dumps(tree(*parts)),
    }
    return given | ({"union": facts.pop("union_id")} if "union_id" in facts else {}) | facts


NEW = "/console/audiences/new"


def as_city(cast, client, who: str = "city_admin"):
    return cast.sign_in(client, who)


def test_builder_saves_what_was_put_together_and_a_second_sending_nothing(cast, client):
    as_city(cast, client)
    sent = client.get(NEW).context["sent"]
    posted = typed(cast, VERIFIED, sent=sent)
    for _n in range(2):
        answer = client.post(NEW, posted)
        assert answer.status_code == 302, answer.context["form"].errors
    one = Audience.objects.unscoped("test").get()
    assert answer.headers["Location"] == audience_address(one)
    page = client.get(audience_address(one)).content.decode()
    assert "还没有算好" in page and "已实名" in page
    rebuild_waiting()
    page = client.get(audience_address(one)).content.decode()
    assert "2 人" in page and "骑手" in page and names_in(cast, one) == ["lan", "mei"]


def test_builder_counts_as_one_goes_and_shows_masked_people(cast, client):
    as_city(cast, client)
    told = client.post(NEW, typed(cast, VERIFIED, name=""), headers=PREVIEW).json()
    assert (told["count"], told["is_exact"]) == ("2 人", True)
    assert [one["name"] for one in told["sample"]] == ["陈**", "黄**"]
    assert told["said"]["parts"] == [{"says": "已实名", "parts": []}]
    assert not Audience.objects.unscoped("test").exists()


def test_builder_reckons_where_counting_takes_too_long(cast, client, monkeypatch):
    from gonghui.audiences import engine

    timed = engine._timed
    monkeypatch.setattr(
        engine, "_timed", lambda text, params, ms: timed(f"SELECT pg_sleep(9) FROM ({text}) x", params, 50)
    )
    as_city(cast, client)
    told = client.post(NEW, typed(cast, VERIFIED), headers=PREVIEW).json()
    assert told["is_exact"] is False and told["count"].endswith("2 人") and told["sample"] == []


def test_builder_says_what_is_missing_and_saves_nothing(cast, client):
    as_city(cast, client)
    for facts, sentence in (
        ({"predicate": json.dumps(tree({"kind": "group", "codes": []}))}, "还没有选择"),
        ({"predicate": "{"}, "读不出"),
        ({"union_id": cast.unions["sister"].pk}, "属于哪个工会"),
        ({"predicate": json.dumps(tree({"kind": "union", "ids": [cast.unions["riders"].pk]}))}, "管不到"),
    ):
        told = client.post(NEW, typed(cast, VERIFIED, **facts), headers=PREVIEW).json()
        assert sentence in told["problem"], told
        answer = client.post(NEW, typed(cast, VERIFIED, **facts))
        assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Audience.objects.unscoped("test").exists()


def test_builder_asks_for_the_union_without_blame_and_saves_nothing(cast, client):
    """A fresh page has none yet: that is no mistake until somebody saves."""
    as_city(cast, client)
    facts = typed(cast, VERIFIED, union_id="")
    told = client.post(NEW, facts, headers=PREVIEW).json()
    assert told == {"wanted": "先在上面选工会，这里就会算出有多少人。"}
    answer = client.post(NEW, facts)
    assert answer.status_code == 422 and "属于哪个工会" in answer.content.decode()
    assert not Audience.objects.unscoped("test").exists()


def test_new_version_comes_from_the_old_wording_and_the_union_stays(cast, client):
    one = saved(cast, VERIFIED, name="骑手")
    as_city(cast, client)
    address = reverse("admin:audience_edit", args=[one.pk])
    page = client.get(address)
    assert json.loads(page.context["form"]["predicate"].value()) == tree(VERIFIED)
    client.post(address, typed(cast, RIDERS, union="district", name="骑手 2"))
    one.refresh_from_db()
    assert (one.name, one.union_id, one.versions.count()) == ("骑手 2", cast.unions["city"].pk, 2)
    assert client.get(audience_address(one)).content.decode().count("au-version") == 2


@pytest.mark.parametrize("who", ["sister_admin", "judge", "finance_officer"])
def test_pages_of_anothers_audience_are_not_there(cast, client, who):
    one = saved(cast, VERIFIED)
    as_city(cast, client, who)
    for address in (audience_address(one), reverse("admin:audience_edit", args=[one.pk])):
        assert client.get(address).status_code in (403, 404)
        assert client.post(address, typed(cast, RIDERS)).status_code in (403, 404)
    if who != "sister_admin":
        assert client.get(NEW).status_code == 403
        assert client.get("/console/audiences/words?kind=union").status_code == 403
        assert client.get("/console/audiences/lists/new").status_code == 403
    assert one.versions.count() == 1


def test_why_is_answered_within_scope_in_words_and_recorded(cast, client):
    one = saved(cast, VERIFIED, {"kind": "gender", "is": "female"})
    as_city(cast, client)
    page = client.get(audience_address(one), {"q": "李建华"}).content.decode()
    assert "李**（蓝海机械厂工会）不在这个受众里" in page and "李建华" not in page.replace(
        'value="李建华"', ""
    )
    page = client.get(audience_address(one), {"q": "13800000001"}).content.decode()
    assert "陈**（蓝海机械厂工会）在这个受众里" in page
    entry = AuditEntry.objects.unscoped("test").filter(op="UNMASK").latest("id")
    assert (entry.row_id, entry.actor_id) == (cast.people["mei"].pk, cast.users["city_admin"].pk)
    looks = AuditEntry.objects.unscoped("test").filter(op="UNMASK").count()
    for asked in (
        {"q": "赵志强"},
        {"q": "13800000003"},
        {"who": cast.people["qiang"].pk},
        {"who": "x"},
        {"q": "没有的人"},
    ):
        page = client.get(audience_address(one), asked).content.decode()
        assert "没有找到这位会员" in page, asked
    assert AuditEntry.objects.unscoped("test").filter(op="UNMASK").count() == looks
    two = client.get(audience_address(one), {"q": "l"}).content.decode()
    assert two.count('href="?who=') >= 1 or "在这个受众里" in two


def test_sensitive_audiences_tell_of_nobody(cast, client):
    tagged(cast, "lan", "hardship")
    one = saved(cast, HARDSHIP, name="困难职工")
    assert names_in(cast, one) == ["lan"]
    as_city(cast, client)
    page = client.get(audience_address(one), {"q": "黄玉兰"}).content.decode()
    assert "不足 10 人" in page and "不说明具体某个人" in page and "在这个受众里。" not in page
    assert '<td class="n" data-label="进入">1<' not in page
    listed = client.get("/console/audiences/audience/").content.decode()
    assert "不足 10 人" in listed
    told = client.post(NEW, typed(cast, HARDSHIP), headers=PREVIEW).json()
    assert (told["count"], told["sample"]) == ("不足 10 人", [])


def test_sensitive_choices_are_offered_to_who_may_use_them(cast, client):
    from gonghui.audiences.admin.vocabulary import kinds
    from gonghui.audiences.tests.test_audiences import operator

    def offered(actor) -> set[str]:
        return {
            code
            for kind in kinds(actor)
            if kind["kind"] in ("tag", "consent")
            for code, _name in kind["choices"]
        }

    assert {"hardship", "health"} <= offered(cast.actor("city_admin"))
    assert not {"hardship", "disabled", "health"} & offered(operator(cast))


def test_operator_sees_honours_and_no_sensitive_tag(cast, client):
    from gonghui.orgs.models import Grant

    tagged(cast, "lan", "hardship"), tagged(cast, "lan", "craftsman")
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    as_city(cast, client)
    page = client.get("/console/members/persontag/").content.decode()
    assert [row.kind for row in client.get("/console/members/persontag/").context["cl"].result_list] == [
        "craftsman"
    ]
    assert "证书 1" in page


def test_words_are_found_within_scope(cast, client):
    one = saved(cast, VERIFIED, name="实名的")
    saved(cast, VERIFIED, union="sister", who="sister_admin", name="别人的")
    kept(cast, "city", "mei"), kept(cast, "sister", "qiang")
    as_city(cast, client)

    def found(kind: str, question: str = "") -> list[str]:
        answer = client.get("/console/audiences/words", {"kind": kind, "q": question})
        return [row["name"] for row in answer.json()["found"]]

    assert found("audience") == ["实名的"] == found("audience", "shiming")
    assert found("list") == ["名单 mei"]
    assert set(found("union")) == {"东江市总工会", "江口区总工会", "蓝海机械厂工会"}
    assert found("union", "蓝海") == ["蓝海机械厂工会"]
    assert found("union", "西岭") == found("nothing") == []
    assert one.pk


def test_names_of_what_one_may_not_see_stand_on_no_page(cast, client):
    """Also where a wording with foreign ids comes back with its refusal."""
    theirs, listed = (
        saved(cast, VERIFIED, union="sister", who="sister_admin", name="别人的"),
        kept(cast, "sister", "qiang"),
    )
    as_city(cast, client)
    for leaf in (
        {"kind": "audience", "id": theirs.pk},
        {"kind": "list", "id": listed.pk},
        {"kind": "union", "ids": [cast.unions["riders"].pk]},
    ):
        page = client.post(NEW, typed(cast, leaf)).content.decode()
        assert "管不到" in page
        assert not [name for name in ("别人的", "名单 qiang", "西岭配送工会联合会") if name in page], leaf


def test_pasted_list_says_which_lines_led_nowhere(cast, client):
    as_city(cast, client)
    posted = {"union": cast.unions["city"].pk, "name": "名单", "text": "13800000001\n13800000003"}
    answer = client.post("/console/audiences/lists/new", posted, follow=True)
    page = answer.content.decode()
    assert "名单已建立，对上 1 人；有 1 行没有对上" in page and "第 2 行" in page
    assert "13800000003" not in page
    assert PeopleList.objects.unscoped("test").get().people == [cast.people["mei"].pk]


def test_page_costs_the_same_with_one_run_and_three(cast, client, django_assert_max_num_queries):
    one = saved(cast, VERIFIED, name="甲")
    as_city(cast, client)
    client.get(audience_address(one))
    with django_assert_max_num_queries(30) as few:
        client.get(audience_address(one))
    for parts in ([RIDERS], [VERIFIED, RIDERS]):
        saved(cast, *parts, name="甲", audience_id=one.pk)
    with django_assert_max_num_queries(len(few) + 1):  # the names of worker groups
        client.get(audience_address(one))


def test_failed_audience_stands_on_the_first_page_and_its_own(cast, client):
    one = saved(cast, VERIFIED)
    AudienceRun.objects.unscoped("test").update(state="failed", problem="表不见了")
    one.tally.failures, one.tally.problem, one.tally.retry_at = 1, "表不见了", dt.datetime.now(dt.UTC)
    one.tally.save()
    as_city(cast, client)
    assert "受众没有按时更新" in client.get("/console/").content.decode()
    assert "上次没有算成：表不见了" in client.get(audience_address(one)).content.decode()
    as_city(cast, client, "sister_admin")
    assert "受众没有按时更新" not in client.get("/console/").content.decode()


def test_audience_older_than_its_rule_is_an_alarm_for_who_builds_and_who_runs_it(cast, client):
    """On the first page of the console, in readyz, in the metrics and by the doctor."""
    one = saved(cast, VERIFIED, rule=1)
    as_city(cast, client)
    assert (doctor_says().level, client.get("/readyz").json()["warnings"]) == (Level.GOOD, [])
    assert "受众没有按时更新" not in client.get("/console/").content.decode()
    one.tally.made_at = clock.now() - dt.timedelta(hours=2, minutes=1)
    one.tally.save()
    assert "受众没有按时更新" in client.get("/console/").content.decode()
    assert "已经超过约定的更新时间" in client.get(audience_address(one)).content.decode()
    [said] = client.get("/readyz").json()["warnings"]
    assert said.startswith("有 1 个受众超过约定的更新时间")
    assert "gonghui_audiences_overdue 1.0" in client.get("/metrics").content.decode()
    assert (doctor_says().level, "有 1 个受众" in doctor_says().sentence) == (Level.WARNING, True)


def doctor_says() -> doctor.Finding:
    """In the test's own transaction."""
    with connection.cursor() as cursor:
        return doctor.audiences(cursor)


def test_news_that_nobody_looks_at_is_said_by_the_doctor(cast):
    AudienceNews.objects.create(topic="did:read", people=[cast.people["mei"].pk])
    AudienceNews.objects.unscoped("test").update(created_at=clock.now() - dt.timedelta(minutes=2))
    assert "有 1 批会员的领券、评价等行为等了 1 分钟以上" in doctor_says().sentence


def test_page_says_that_many_moved_and_it_is_behind(cast, client):
    one = saved(cast, VERIFIED)
    actions.rebuild_around(BUILDER, union_id=cast.unions["district"].pk)
    as_city(cast, client)
    assert "现在的人数还不包括这些变动" in client.get(audience_address(one)).content.decode()
    rebuild_waiting()
    assert "现在的人数还不包括这些变动" not in client.get(audience_address(one)).content.decode()


def test_wording_whose_words_are_gone_is_said_and_can_be_mended(cast, client):
    from gonghui.audiences import behaviours

    one = saved(cast, {"kind": "did", "what": "read", "times": 1, "days": 9})
    read = behaviours._known.pop("read")
    try:
        as_city(cast, client)
        assert "现在没有了，请修改" in client.get(audience_address(one)).content.decode()
        assert client.get(reverse("admin:audience_edit", args=[one.pk])).status_code == 200
    finally:
        behaviours.register(read)


def test_audience_over_more_than_the_line_is_refused_with_a_sentence(cast, client):
    """By page, by a forged form and by the action; what others built is not there."""
    whole = saved(cast, union="sister", who="sister_admin")
    who, riders = new_line_admin(cast), cast.unions["riders"].pk
    cast.sign_in(client, who)
    for page in ("audience_new", "people_list_new"):
        answer = client.get(reverse(f"admin:{page}"))
        assert answer.status_code == 403
        assert "产业线" in answer.content.decode()
        assert f'href="{reverse("admin:index")}">回到首页' in answer.content.decode()
    wording = {"union": riders, "name": "骑手", "rule": 24, "predicate": json.dumps(tree())}
    assert client.post(reverse("admin:audience_new"), wording, headers={"X-Preview": "1"}).status_code == 403
    for act in (
        partial(save_audience, wording=Wording(riders, "骑手", tree())),
        partial(keep_list, union_id=riders, name="骑手", text="13800000003"),
    ):
        with pytest.raises(DomainError) as refused:
            act(cast.actor(who))
        assert refused.value.code == "audience_of_a_line"
    assert client.get(reverse("admin:audience", args=[whole.pk])).status_code == 404
    assert not usable(cast.actor(who)).exists()
    assert Audience.objects.unscoped("test").count() == 1
