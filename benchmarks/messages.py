"""A message to many: queued in one job, delivered batch by batch; by WeChat to those who allowed it; reminders on their minute.
`python -m benchmarks.messages PEOPLE`, in a run's database."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from benchmarks.table import Row

ALLOWED, REMINDED = 1_000, 20_000
LANES, ANSWERS_S = 8, 0.05  # how long WeChat itself usually takes


def message_rows(env: dict[str, str], *, people: int) -> list[Row]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.messages", str(people)],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    seen = json.loads(made.stdout.splitlines()[-1])
    lanes = f"{seen['lanes']} lanes"
    return [
        Row(f"messages to {people:,} members", f"{people / seen['deliver_s']:,.0f}/s", good=seen["is_right"],
            note=f"queued in one job in {seen['queue_s']:.1f} s, delivered in {seen['batches']} batches in"
                 f" {seen['deliver_s']:.1f} s; paused and resumed on the way in {seen['control_s']:.2f} s; everybody once"),
        Row(f"WeChat messages, answered in {ANSWERS_S * 1000:.0f} ms", f"{seen['allowed'] / seen['wechat_s']:,.0f}/s",
            good=seen["wechat_is_right"],
            note=f"{seen['allowed']:,} in {lanes} in {seen['wechat_s']:.1f} s ({seen['one_lane_s']:.1f} s in one),"
                 " WeChat's own word of each taken in; each allowing used once"),
        Row(f"{seen['reminded']:,} reminders of an opening", f"{seen['last_s']:.1f} s", good=seen["last_s"] < 5,
            note=f"after their minute the last of them; the first after {seen['first_s']:.2f} s"),
    ]  # fmt: skip


def measure(people: int) -> dict[str, Any]:
    from benchmarks.grants import new_crowd
    from gonghui.kit.actors import Actor
    from gonghui.members.models import Membership
    from gonghui.notices.actions import Notice, tell_many
    from gonghui.notices.actions.sends import deliver_inbox_batch, finish_send
    from gonghui.notices.models import Message, Send
    from gonghui.notices.queries import send_progress

    actor, union = Actor.system("bench"), new_crowd(people)
    crowd = Membership.objects.unscoped("bench").filter(union=union).values("person_id")
    started = time.perf_counter()
    send = tell_many(actor, send_key=f"bench:{uuid4()}", people=crowd, notice=Notice("points", "福豆已到账"))
    queued, batches = time.perf_counter(), 0
    control_s = 0.0
    while deliver_inbox_batch(actor, send_id=send.pk):
        batches += 1
        if batches == 1:
            control_s = pause_and_resume(send, union)
    finish_send(actor, send_id=send.pk)
    ended = time.perf_counter()
    written = Message.objects.unscoped("bench").filter(send=send).values("person_id").distinct().count()
    is_done = Send.objects.unscoped("bench").get(pk=send.pk).state == "done"
    is_right = is_done and written == people and send_progress(send) == {"done": people}
    in_one = measure_wechat(crowd, union, lanes=1)
    return (
        measure_wechat(crowd, union, lanes=LANES)
        | measure_reminders(crowd[:REMINDED])
        | {
            "queue_s": queued - started,
            "deliver_s": ended - queued,
            "batches": batches,
            "control_s": control_s,
            "one_lane_s": in_one["wechat_s"],
            "lanes": LANES,
            "is_right": is_right,
        }
    )


def pause_and_resume(send: Any, union: Any) -> float:
    """Nothing goes out between the two; seconds for both."""
    from gonghui.kit.actors import Actor
    from gonghui.notices.actions.sends import deliver_inbox_batch
    from gonghui.notices.models import Send, SendState

    rows, started = Send.objects.unscoped("bench").filter(pk=send.pk), time.perf_counter()
    rows.update(state=SendState.PAUSED)
    if deliver_inbox_batch(Actor.system("bench"), send_id=send.pk):
        raise RuntimeError("a paused send went on")
    rows.update(state=SendState.SENDING)
    return time.perf_counter() - started


def measure_wechat(crowd: Any, union: Any, *, lanes: int) -> dict[str, Any]:
    """ALLOWED of them have allowed one message each."""
    from gonghui.accounts.models import User
    from gonghui.kit.actors import Actor
    from gonghui.kit.ports import port
    from gonghui.notices.actions.sends import deliver, new_send
    from gonghui.notices.lanes import Lanes
    from gonghui.notices.models import Delivery, LocalSubscription, QuotaEntry, Template, WechatQuota
    from gonghui.notices.ports.local_wechat import APPID
    from gonghui.payments.models import PayerIdentity

    ids = [person_id for (person_id,) in crowd.order_by("person_id").values_list("person_id")[:ALLOWED]]
    one, other = (User.objects.create(login=f"bench-{uuid4()}", is_staff=True) for _who in range(2))
    name = f"bench_{uuid4().hex}"
    fields = {"thing1": "{name}", "time2": "2026-10-01 20:00"}
    template = Template.objects.create(
        union=union, name="bench", title="x", body="x", maker=one, wechat_template=name,
        wechat_fields=fields,
    )  # fmt: skip
    for state, checker in (("submitted", None), ("approved", other)):
        template.state, template.checker = state, checker
        template.save()
    openids = {pk: f"openid_{uuid4().hex[:20]}" for pk in ids}
    PayerIdentity.objects.unscoped("bench").filter(appid=APPID, person_id__in=ids).delete()
    known = [PayerIdentity(person_id=pk, appid=APPID, openid=openid) for pk, openid in openids.items()]
    PayerIdentity.objects.bulk_create(known)
    port("wechat_messages").lanes, port("wechat_messages").service.delay_s = Lanes(lanes), ANSWERS_S
    quotas = WechatQuota.objects.bulk_create(WechatQuota(person_id=pk, wechat_template=name) for pk in ids)
    QuotaEntry.objects.bulk_create(
        QuotaEntry(quota=q, change=1, reason="allowed", key=f"tap:{q.pk}") for q in quotas
    )
    LocalSubscription.objects.bulk_create(
        LocalSubscription(openid=openid, wechat_template=name, left=1) for openid in openids.values()
    )
    facts = {
        "union": union,
        "kind": "notice",
        "title": "x",
        "channels": ["wechat"],
        "template": template,
        "is_urgent": True,
    }
    send, _new = new_send(f"bench:{uuid4()}", crowd, facts)
    started = time.perf_counter()
    deliver(Actor.system("bench"), send_id=send.pk)
    ended = time.perf_counter()
    sent = Delivery.objects.unscoped("bench").filter(send=send, state="done").count()
    left = WechatQuota.objects.unscoped("bench").filter(wechat_template=name, balance__gt=0).count()
    return {
        "allowed": len(ids),
        "wechat_s": ended - started,
        "wechat_is_right": (sent, left) == (len(ids), 0),
    }


def measure_reminders(crowd: Any) -> dict[str, Any]:
    """Prepared before their minute, as an opening's are."""
    from gonghui.kit.actors import Actor
    from gonghui.kit.clock import now
    from gonghui.notices.actions import Notice, tell_many
    from gonghui.notices.actions.sends import EARLY, await_moment, deliver_inbox_batch

    actor, ids = Actor.system("bench"), [row["person_id"] for row in crowd]
    minute = now() + timedelta(seconds=10)
    send = tell_many(
        actor, send_key=f"bench:{uuid4()}", people=ids, notice=Notice("reminder", "马上开抢"), goes_at=minute
    )
    time.sleep(max((minute - EARLY - now()).total_seconds(), 0))
    await_moment(actor, send_id=send.pk)
    written = []
    while deliver_inbox_batch(actor, send_id=send.pk):
        written.append((now() - minute).total_seconds())
    return {"reminded": len(ids), "first_s": written[0], "last_s": written[-1]}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
