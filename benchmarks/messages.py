"""A message to many: queued in one job, delivered batch by batch. `python -m benchmarks.messages PEOPLE`, in a run's database."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

from benchmarks.table import Row


def message_rows(env: dict[str, str], *, people: int) -> list[Row]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.messages", str(people)],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    seen = json.loads(made.stdout.splitlines()[-1])
    return [
        Row(f"messages to {people:,} members", f"{people / seen['deliver_s']:,.0f}/s", good=seen["is_right"],
            note=f"queued in one job in {seen['queue_s']:.1f} s, delivered in {seen['batches']} batches in"
                 f" {seen['deliver_s']:.1f} s; everybody once"),
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
    while deliver_inbox_batch(actor, send_id=send.pk):
        batches += 1
    finish_send(actor, send_id=send.pk)
    ended = time.perf_counter()
    written = Message.objects.unscoped("bench").filter(send=send).values("person_id").distinct().count()
    is_done = Send.objects.unscoped("bench").get(pk=send.pk).state == "done"
    is_right = is_done and written == people and send_progress(send) == {"done": people}
    return {
        "queue_s": queued - started,
        "deliver_s": ended - queued,
        "batches": batches,
        "is_right": is_right,
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
