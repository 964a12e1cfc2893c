import datetime as dt

from gonghui.accounts.models import User
from gonghui.partners.models import Clerk, Hall, Partner, Store
from tests.console_contract import ConsoleContract


def new_partner(cast, union: str, name: str) -> Partner:
    return Partner.objects.create(union=cast.unions[union], name=name, kind="park", since=dt.date(2018, 1, 1))


class TestPartnerScreen(ConsoleContract):
    model = Partner
    sightless = ("judge",)
    change, wrong = {"name": "珠岛游船集团"}, {"since": "昨天"}

    def own(self, cast):
        return cast.store.partner

    def foreign(self, cast):
        return new_partner(cast, "sister", "西岭植物园")

    def more(self, cast, count):
        for number in range(count):
            Store.objects.create(partner=new_partner(cast, "district", f"江口公园{number}"), name="东门")

    def filled(self, row, **given):
        return super().filled(row, **{"stores-TOTAL_FORMS": 0, "stores-INITIAL_FORMS": 0, **given})

    def test_small_table_is_searched_by_pinyin(self, cast, client):
        self.more(cast, 2)
        cast.sign_in(client, "city_admin")
        assert self.listed(client, q="zdyc") == [cast.store.partner.pk]

    def test_moving_a_partner_to_a_foreign_union_is_refused(self, cast, client):
        cast.sign_in(client, "city_admin")
        row = self.own(cast)
        response = client.post(self.at("change", row), self.filled(row, union=cast.unions["sister"].pk))
        assert response.status_code == 200
        assert Partner.objects.unscoped("test").get(pk=row.pk).union_id == cast.unions["city"].pk

    def test_store_is_added_beside_its_partner_with_the_actor_named(self, cast, client):
        from gonghui.kit.models import AuditEntry

        cast.sign_in(client, "city_admin")
        row = self.own(cast)
        stores = {
            "stores-TOTAL_FORMS": 1,
            "stores-INITIAL_FORMS": 0,
            "stores-0-name": "南码头",
            "stores-0-address": "",
            "stores-0-phone": "",
            "stores-0-partner": row.pk,
        }
        assert client.post(self.at("change", row), self.filled(row, **stores)).status_code == 302
        made = Store.objects.unscoped("test").get(name="南码头")
        entry = AuditEntry.objects.unscoped("test").get(table_name="partners_store", row_id=made.pk)
        assert entry.actor_id == cast.users["city_admin"].pk

    def test_state_moves_by_its_verb_only(self, cast, client):
        cast.sign_in(client, "city_admin")
        row = self.own(cast)
        client.post(self.at("change", row), self.filled(row, state="exited"))
        assert Partner.objects.unscoped("test").get(pk=row.pk).state == "active"
        assert client.post(self.at("suspend", row), {"reason": "投诉核查"}).status_code == 302
        assert Partner.objects.unscoped("test").get(pk=row.pk).state == "suspended"


class TestStoreScreen(ConsoleContract):
    model = Store
    sightless = ("judge",)
    change, wrong = {"address": "滨江路 2 号"}, {"name": ""}

    def own(self, cast):
        return cast.store

    def foreign(self, cast):
        return Store.objects.create(partner=new_partner(cast, "sister", "西岭植物园"), name="北门")

    def more(self, cast, count):
        for number in range(count):
            Store.objects.create(partner=cast.store.partner, name=f"码头{number}")

    def filled(self, row, **given):
        return super().filled(row, **{"halls-TOTAL_FORMS": 0, "halls-INITIAL_FORMS": 0, **given})


class TestHallScreen(ConsoleContract):
    model = Hall
    sightless = ("judge",)
    change, wrong = {"seats": 300}, {"seats": 0}

    def own(self, cast):
        return cast.hall

    def foreign(self, cast):
        store = Store.objects.create(partner=new_partner(cast, "sister", "西岭影城"), name="一店")
        return Hall.objects.create(store=store, name="1 号厅", seats=100)

    def more(self, cast, count):
        for number in range(count):
            Hall.objects.create(store=cast.store, name=f"{number} 号船", seats=10)


class TestClerkScreen(ConsoleContract):
    model = Clerk
    sightless = ("judge",)

    def own(self, cast):
        return Clerk.objects.unscoped("test").get(user=cast.users["clerk"])

    def foreign(self, cast):
        store = Store.objects.create(partner=new_partner(cast, "sister", "西岭植物园"), name="北门")
        return Clerk.objects.create(user=User.objects.create(phone="13800000031"), store=store)

    def more(self, cast, count):
        for number in range(count):
            Clerk.objects.create(user=User.objects.create(phone=f"1380000004{number}"), store=cast.store)

    def test_clerk_is_appointed_by_whole_phone_number(self, cast, client):
        cast.sign_in(client, "city_admin")
        form = {"store": cast.store.pk, "account": "138 0000 0009"}
        assert client.post(self.at("add"), form).status_code == 302
        assert Clerk.objects.unscoped("test").filter(user=cast.users["stranger"], ended_at=None).count() == 1
        again = client.post(self.at("add"), form).content.decode()
        assert "已经是“珠岛游船码头”的店员" in again

    def test_unknown_account_is_refused_without_naming_anybody(self, cast, client):
        cast.sign_in(client, "city_admin")
        page = client.post(
            self.at("add"), {"store": cast.store.pk, "account": "13899999999"}
        ).content.decode()
        assert "没有找到用“138****9999”登录的账号" in page

    def test_clerk_who_left_cannot_leave_again(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("dismiss", row)).status_code == 302
        again = client.post(self.at("dismiss", row))
        assert again.status_code == 422
        assert "已经离岗" in again.content.decode()
