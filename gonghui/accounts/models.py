"""Sign-in: who may open a door. What they may do behind it: `orgs.Grant`; who they are: `members.Person`."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, RowSealedTextField, RowSecretField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Nobody


class User(Row, AbstractBaseUser):
    """A member signs in by phone and code, staff by login name, password and TOTP."""

    scope = ByKey("user", "id")
    audit = Audit.ALL.hiding("display_name", "password")

    login = models.CharField(_("登录名"), max_length=64, unique=True, null=True, blank=True)
    phone = RowSealedTextField(_("手机号"), null=True, blank=True)
    phone_index = BlindIndexField(context="phone", of="phone", unique=True, null=True, editable=False)
    display_name = models.CharField(_("称呼"), max_length=64, blank=True)
    password = models.CharField(_("密码"), max_length=128, editable=False)
    is_staff = models.BooleanField(_("工作人员"), default=False)
    is_active = models.BooleanField(_("可用"), default=True)
    contact_phone = RowSealedTextField(_("联系电话"), null=True, blank=True)
    """Of staff. No way in: as `phone` it would shut its owner out of their own membership."""
    must_change_password = models.BooleanField(_("须修改密码"), default=False, db_default=False)
    """The password was made by somebody else: it gives no grants, only the page where it is changed."""
    password_expires_at = models.DateTimeField(_("一次性密码到期"), null=True, blank=True, editable=False)
    """Of such a password only."""
    totp_secret = RowSealedTextField(_("验证器密钥"), null=True, blank=True)
    totp_confirmed_at = models.DateTimeField(_("绑定验证器"), null=True, blank=True)
    totp_last_step = models.BigIntegerField(default=0, editable=False)
    session_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """Part of what every session vouches for: counting up ends them all."""
    proved_at = models.DateTimeField(null=True, editable=False)
    """When its owner last proved, after a long silence, that the phone is still theirs."""
    row_secret = RowSecretField()
    forgotten_at = models.DateTimeField(_("注销时间"), null=True, blank=True, editable=False)
    """Given up by its member: an empty, closed account, for good (sql/)."""

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        constraints = [
            models.CheckConstraint(
                condition=Q(login__isnull=False) | Q(phone_index__isnull=False) | Q(is_active=False),
                name="user_has_a_way_in",
            ),
            models.CheckConstraint(
                condition=Q(forgotten_at=None)
                | Q(
                    row_secret__isnull=True,
                    login__isnull=True,
                    phone__isnull=True,
                    phone_index__isnull=True,
                    contact_phone__isnull=True,
                    totp_secret__isnull=True,
                    display_name="",
                    is_active=False,
                ),
                name="accounts_forgotten_keeps_nothing",
            ),
            models.CheckConstraint(
                condition=Q(is_staff=False) | Q(login__isnull=False), name="staff_has_login"
            ),
            models.CheckConstraint(
                condition=Q(must_change_password=True, password_expires_at__isnull=False)
                | Q(must_change_password=False, password_expires_at__isnull=True),
                name="one_time_password_expires",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.login or str(_("会员"))

    def _get_session_auth_hash(self, secret=None) -> str:
        """Django compares it on every request, under the current and each fallback secret."""
        vouched = f"{self.password}:{self.session_epoch}"
        return salted_hmac("gonghui.accounts.session", vouched, secret=secret, algorithm="sha256").hexdigest()

    # Django's admin asks these; what may be done is decided by grants in ScopedAdmin.
    def has_perm(self, _perm: str, _obj=None) -> bool:
        return False

    def has_module_perms(self, _app_label: str) -> bool:
        return self.is_active and self.is_staff


class PhoneCode(Row):
    """A six-digit code sent to a phone; only its hash is kept, it works once and for five minutes."""

    scope = Nobody("read by actions.codes by blind index")
    audit = Audit.no("short-lived; the sign-in itself is logged")

    phone_index = BlindIndexField(context="phone")
    purpose = models.CharField(max_length=24)
    code_hash = models.BinaryField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone_index", "purpose", "-id"], name="phone_code_latest")]
        constraints = [models.CheckConstraint(condition=Q(tries__lte=5), name="phone_code_tries_bounded")]


class RecoveryCode(Row):
    """One of the codes that open the second step when the authenticator is lost; its hash only."""

    scope = ByKey("user", "user_id")
    audit = Audit.CHANGES.hiding("code_hash")

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.BinaryField(unique=True, editable=False)
    used_at = models.DateTimeField(_("使用时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("恢复码")


class Lockout(Row):
    """Failures per subject (phone, login or address) in a sliding window; a full window locks for a while."""

    scope = Nobody("read by actions.lockouts by subject hash")
    audit = Audit.no("counter; locks are logged")

    subject = BlindIndexField(context="lockout", unique=True)
    kind = models.CharField(max_length=16)
    failed_at = ArrayField(models.DateTimeField(), default=list)
    """When it failed, oldest first; what has left the window is dropped."""
    locked_until = models.DateTimeField(null=True)


class Device(Row):
    """A browser or phone signed in; signing out everywhere ends them all."""

    scope = ByKey("user", "user_id")
    audit = Audit.CHANGES

    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    session_hash = models.BinaryField(unique=True)
    session_key = SealedTextField(null=True)
    """To end this one session; empty for tokens and for what has ended."""
    mark = models.BinaryField(null=True, editable=False)
    """Hash of the browser's mark: two accounts on one phone have the same."""
    label = models.CharField(_("设备"), max_length=120)
    channel = models.CharField(max_length=16, default="web")
    seen_at = models.DateTimeField(_("最近使用"))
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("登录设备")
        indexes = [
            models.Index(fields=["user", "-seen_at"], condition=Q(ended_at__isnull=True), name="device_live"),
            models.Index(fields=["mark"], condition=Q(mark__isnull=False), name="device_mark"),
        ]


class ApiToken(Row):
    """Bearer token of a mini-program session; only its hash is kept."""

    scope = ByKey("user", "user_id")
    audit = Audit.CHANGES

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    token_hash = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
