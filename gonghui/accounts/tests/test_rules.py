import pytest

from gonghui.accounts.rules import device_label, digits_of, own_path, totp_code


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/tickets", "/tickets"),
        ("/activities?kind=film&page=2", "/activities?kind=film&page=2"),
        ("", "/"),
        (None, "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("tickets", "/"),
        ("/\nhttps://evil.example", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_own_path_never_leaves_this_site(target, goes_to):
    assert own_path(target) == goes_to


def test_totp_code_equals_the_published_vector():
    # RFC 6238, appendix B, SHA-1, T = 0x23523EC, last six of eight digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp_code(secret, 0x23523EC) == "081804"


def test_digits_of_reads_what_people_type():
    assert digits_of(" １２３-4 5 六6") == "123456"


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) MicroMessenger/8.0", "iPhone · 微信"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537", "安卓手机 · Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537 Edg/126", "Windows 电脑 · Edge"),
        ("curl/8", "未知设备"),
    ],
)
def test_device_label_is_what_its_owner_would_call_it(user_agent, label):
    assert device_label(user_agent) == label
