import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gonghui.kit.ports import PortFailed, PortUncertain, is_signed, signed_headers
from gonghui.members.ports.real_name import (
    TARGET,
    Answer,
    HttpProvider,
    IdentityClaim,
    SignedMessage,
    StandInProvider,
    StandInService,
    ask,
)

SECRET = b"s" * 32
CLAIM = IdentityClaim("周明", "resident_id", "440101197801010010", key="k1")


def new_service(**facts):
    return StandInService(SECRET, lambda *_: "周明", **facts)


def test_stand_in_answers_the_same_serial_the_same_way():
    service = new_service()
    provider = StandInProvider(service, SECRET)
    assert provider.check(CLAIM) == Answer.MATCH
    service.register = lambda *_: "别人"
    assert provider.check(CLAIM) == Answer.MATCH


def test_stand_in_refuses_a_wrong_key_and_a_replay():
    service = new_service()
    with pytest.raises(PortFailed):
        service.exchange(ask(CLAIM, "gonghui", b"another key"))
    request = ask(CLAIM, "gonghui", SECRET)
    service.exchange(request)
    with pytest.raises(PortFailed):
        service.exchange(request)


def test_answer_changed_on_the_way_is_refused():
    service = new_service()
    original = service.exchange

    def tampered(request):
        reply = original(request)
        return SignedMessage(reply.headers, reply.body.replace(b"match", b"unknown"))

    service.exchange = tampered
    with pytest.raises(PortFailed):
        StandInProvider(service, SECRET).check(CLAIM)


@pytest.mark.parametrize(
    ("fault", "raised"), [("down", PortFailed), ("slow", PortUncertain), ("forged", PortFailed)]
)
def test_stand_in_fails_as_originals_do(fault, raised):
    with pytest.raises(raised) as caught:
        StandInProvider(new_service(faults=[fault]), SECRET).check(CLAIM)
    assert caught.type is raised


def test_stand_in_repeats_an_answer_to_another_question_and_it_counts_for_nothing():
    provider = StandInProvider(new_service(faults=["", "repeated"]), SECRET)
    assert provider.check(CLAIM) == Answer.MATCH
    with pytest.raises(PortFailed, match="another question"):
        provider.check(IdentityClaim("周敏", "resident_id", "440101197801010010", key="k2"))


def test_stand_in_takes_its_time():
    begun = time.monotonic()
    assert StandInProvider(new_service(delay_s=0.05), SECRET).check(CLAIM) == Answer.MATCH
    assert time.monotonic() - begun >= 0.05


class Original(BaseHTTPRequestHandler):
    """A real HTTP service on a real socket."""

    status = 200
    seen: list[dict] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_signed(self.headers, SECRET, target=TARGET, body=body):
            self.send_error(401)
            return
        self.seen.append(json.loads(body))
        answer = json.dumps({"serial": self.seen[-1]["serial"], "result": "match"}).encode()
        self.send_response(self.status)
        for name, value in signed_headers("original", SECRET, target=TARGET, body=answer).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def original():
    server = HTTPServer(("127.0.0.1", 0), Original)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/real-name"
    server.shutdown()
    server.server_close()


def test_http_adapter_speaks_the_signed_exchange(original):
    assert HttpProvider(original, "gonghui", SECRET).check(CLAIM) == Answer.MATCH
    assert Original.seen[-1] == {
        "id_no": CLAIM.id_no,
        "id_type": "resident_id",
        "name": "周明",
        "serial": "k1",
    }


def test_http_adapter_with_a_wrong_key_fails(original):
    with pytest.raises(PortFailed):
        HttpProvider(original, "gonghui", b"wrong").check(CLAIM)


def test_http_adapter_refused_connection_fails_safely():
    with pytest.raises(PortFailed) as caught:
        HttpProvider("http://127.0.0.1:9/", "gonghui", SECRET, timeout_s=0.5).check(CLAIM)
    assert caught.type is PortFailed
