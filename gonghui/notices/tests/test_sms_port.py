import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gonghui.kit.ports import PortFailed, PortUncertain, is_signed
from gonghui.notices.ports.sms import HttpSms
from gonghui.notices.queries import sms_sent_to

SECRET = b"k" * 32


class Gateway(BaseHTTPRequestHandler):
    """A real HTTP gateway on a real socket: checks the signature, sends a key once."""

    sent: dict[str, str] = {}
    silent = threading.Event()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_signed(self.headers, SECRET, target=HttpSms.TARGET, body=body):
            self.send_error(401)
            return
        facts = json.loads(body)
        self.sent.setdefault(facts["key"], facts["text"])
        if self.silent.is_set():
            return
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def gateway():
    Gateway.sent.clear()
    Gateway.silent.clear()
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def send(url, secret=SECRET, key="k1"):
    HttpSms(url, "gonghui", secret, timeout_s=1).send(phone="13800001111", text="验证码 123456", key=key)


def test_http_adapter_signs_and_names_the_sender(gateway):
    send(gateway)
    send(gateway)
    assert Gateway.sent == {"k1": "【工惠】验证码 123456"}


def test_http_adapter_with_a_wrong_key_sends_nothing(gateway):
    with pytest.raises(PortFailed):
        send(gateway, secret=b"wrong")
    assert Gateway.sent == {}


def test_gateway_that_hangs_up_leaves_it_uncertain(gateway):
    Gateway.silent.set()
    with pytest.raises(PortUncertain):
        send(gateway)
    assert list(Gateway.sent) == ["k1"]


def test_gateway_that_is_not_there_fails_for_certain():
    with pytest.raises(PortFailed) as caught:
        send("http://127.0.0.1:9/")
    assert caught.type is PortFailed


def test_local_stand_in_sends_a_key_once(db, sms):
    for _ in range(3):
        sms.send(phone="13800001111", text="你好", key="k1")
    assert [(m.text, m.asked) for m in sms_sent_to("13800001111")] == [("你好", 3)]
