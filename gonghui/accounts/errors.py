"""Refusals at the door: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

BAD_PHONE = refusal(
    "bad_phone", _("手机号不对：{detail}"), advice=_("请填写能收到短信的 11 位手机号码。"), status=422
)
CODE_TOO_SOON = refusal(
    "code_too_soon",
    _("验证码刚刚发过，{seconds} 秒后可以重新获取。"),
    advice=_("请先查看手机短信，包括被拦截的短信。"),
    status=429,
)
CODE_DAILY_LIMIT = refusal(
    "code_daily_limit",
    _("这个手机号今天获取验证码的次数已经用完。"),
    advice=_("请明天再试。如果不是您本人操作，请告诉所在工会。"),
    status=429,
)
CODE_NOT_SENT = refusal(
    "code_not_sent", _("短信暂时发不出去。"), advice=_("请过一两分钟再获取一次。"), status=503
)
CODE_WRONG = refusal(
    "code_wrong",
    _("验证码不对，或者已经失效。"),
    advice=_("请核对最近一条短信里的 6 位数字；5 分钟内有效，只能用一次。"),
    status=422,
)
LOCKED = refusal(
    "locked",
    _("失败次数太多，为了保护账号，{until} 之前不能再试。"),
    advice=_("到时间后就可以再试；如果不是您本人操作，请告诉所在工会。"),
    status=429,
)
BAD_PASSWORD = refusal(
    "bad_password",
    _("登录名或密码不对。"),
    advice=_("请检查大小写和输入法；忘记密码请联系上级工会管理员。"),
    status=422,
)
ONE_TIME_OVER = refusal(
    "one_time_over",
    _("这个一次性密码已经过期，{until} 起不能再用。"),
    advice=_(
        "请上级工会管理员在管理台“工作人员”里重置，或者请系统管理员运行 gonghui staff password {login}。"
    ),
    status=403,
)
SECOND_STEP_OVER = refusal(
    "second_step_over", _("停留时间太长，请重新输入密码。"), advice=_("这是为了保护后台数据。"), status=401
)
PROOF_WRONG = refusal(
    "proof_wrong",
    _("证件号码的后四位不对，今天还可以试 {left} 次。"),
    advice=_("请对照证件填写最后四位，末位是 X 的也要填。这个账号不是您的，请点“这不是我”。"),
    status=422,
)
PROOF_OVER = refusal(
    "proof_over",
    _("这一步已经办过，或者停留时间太长。"),
    advice=_("请用手机号和新的验证码重新登录。"),
    status=401,
)
TOTP_WRONG = refusal(
    "totp_wrong",
    _("动态验证码不对，或者已经用过。"),
    advice=_("请等动态码更新后再输入；如果总是不对，请检查手机时间是否为自动设置。"),
    status=422,
)
STAFF_DOOR = refusal(
    "staff_door",
    _("这是工作人员账号，不能用短信验证码登录。"),
    advice=_("请从管理台登录页用登录名、密码和动态码登录。"),
    status=403,
)
ACCOUNT_CLOSED = refusal(
    "account_closed", _("这个账号已经停用。"), advice=_("如有疑问，请联系所在工会。"), status=403
)
PHONE_TAKEN = refusal(
    "phone_taken",
    _("这个手机号已经是另一个账号的登录号。"),
    advice=_("请直接用这个手机号登录，或者换一个号码。"),
)
SAME_PHONE = refusal("same_phone", _("这就是您现在的手机号。"), advice=_("不需要更换。"), status=422)
WEAK_PASSWORD = refusal("weak_password", _("密码不合要求：{detail}"), advice=_("请换一个。"), status=422)
OLD_PASSWORD_WRONG = refusal(
    "old_password_wrong",
    _("原密码不对。"),
    advice=_("请检查大小写和输入法；忘记原密码请联系上级工会管理员重置。"),
    status=422,
)
BAD_LOGIN = refusal(
    "bad_login",
    _("登录名“{login}”不合要求。"),
    advice=_("请用 3 到 32 个小写字母、数字、点、横线或下划线，以字母开头，例如 li.jing。"),
    status=422,
)
LOGIN_TAKEN = refusal(
    "login_taken",
    _("登录名“{login}”已经有人用了。"),
    advice=_("请换一个；如果就是这个人，不需要再建账号，请到“授权”给他授权。"),
)
