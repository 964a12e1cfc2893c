"""No claim is left waiting for ever, whatever the interleaving; what the queue refuses, it refuses at once."""

from __future__ import annotations

import asyncio
import random

import pytest

from gonghui.benefits.gate.batches import TRY_AGAIN, Answer, Batches, Claim, QueueFull

ROUNDS = 3000
PATIENCE_S = 60


def claim(number: int) -> Claim:
    return Claim(person_id=number, booked_by_id=None, seats=1, wait=True, key=number.to_bytes(16))


async def some_steps(chance: random.Random) -> None:
    """Let others run a random number of times: every order the loop can produce comes up in the end."""
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 5))):
        await asyncio.sleep(0)


def settling(chance: random.Random, seen: list[list[int]], *, trouble: float = 0.0):
    async def settle(pool_id, claims):
        await some_steps(chance)
        seen.append([c.person_id for c in claims])
        if chance.random() < trouble:
            raise RuntimeError("a mistake nobody thought of")
        return [Answer("won", code=str(c.person_id)) for c in claims]

    return settle


async def one_round(seed: int, *, trouble: float = 0.0) -> None:
    chance, seen = random.Random(seed), []
    batches = Batches(settling(chance, seen, trouble=trouble), batch_max=chance.choice((1, 2, 3, 50)))

    async def claimant(number: int) -> Answer:
        await some_steps(chance)
        return await batches.submit(chance.randint(1, 2), claim(number))

    people = range(chance.randint(1, 12))
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(*(claimant(n) for n in people))
    for number, answer in zip(people, answers, strict=True):
        assert answer in (Answer("won", code=str(number)), TRY_AGAIN)
        assert trouble or answer != TRY_AGAIN
    assert batches.depth == 0
    assert sorted(n for batch in seen for n in batch) == sorted(people) or trouble
    # A claimant who comes after the last task left finds the door as open as the first.
    assert (await batches.submit(1, claim(99))).answer in ("won", "try_again")
    await batches.drain()


def test_no_claimant_waits_for_ever_in_thousands_of_interleavings():
    async def rounds():
        for seed in range(ROUNDS):
            await one_round(seed)

    asyncio.run(rounds())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_mistake_in_a_batch_answers_its_claims_and_those_behind():
    async def rounds():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for seed in range(ROUNDS // 3):
            await one_round(seed, trouble=0.3)

    asyncio.run(rounds())


def test_batches_keep_the_order_of_arrival_and_never_overlap_on_a_pool():
    running: set[int] = set()
    seen: list[int] = []

    async def settle(pool_id, claims):
        assert pool_id not in running
        running.add(pool_id)
        await asyncio.sleep(0.001)
        seen.extend(c.person_id for c in claims)
        running.discard(pool_id)
        return [Answer("won")] * len(claims)

    async def main():
        batches = Batches(settle, batch_max=7)
        await asyncio.gather(*(batches.submit(1, claim(n)) for n in range(200)))

    asyncio.run(main())
    assert seen == list(range(200))


def test_same_key_is_one_claim_and_everybody_hears_the_answer():
    seen: list[list[int]] = []

    async def main():
        batches = Batches(settling(random.Random(1), seen))
        first = batches.submit(1, claim(5))
        gone = batches.submit(1, claim(5))
        gone.cancel()  # one browser tab was closed
        later = batches.submit(1, claim(5))
        return await asyncio.gather(first, later)

    assert asyncio.run(main()) == [Answer("won", code="5")] * 2
    assert seen == [[5]]


def test_full_queue_refuses_at_once_and_takes_again_later():
    async def main():
        batches = Batches(settling(random.Random(1), []), depth_max=3)
        waiting = [batches.submit(1, claim(n)) for n in range(3)]
        with pytest.raises(QueueFull):
            batches.submit(1, claim(4))
        batches.submit(1, claim(2)).cancel()  # the same pass again takes no room
        await asyncio.gather(*waiting)
        return await batches.submit(1, claim(4))

    assert asyncio.run(main()).answer == "won"


def test_cancelled_task_leaves_nobody_waiting():
    async def main():
        async def never(pool_id, claims):
            await asyncio.Event().wait()

        batches = Batches(never, batch_max=1)
        waiting = [batches.submit(1, claim(n)) for n in range(3)]
        await asyncio.sleep(0)
        for task in list(batches._tasks):
            task.cancel()
        return await asyncio.gather(*waiting), batches.depth

    assert asyncio.run(main()) == ([TRY_AGAIN] * 3, 0)
