"""Django settings. Everything that differs between places comes from the environment; see docs/operations.md."""

import os
from pathlib import Path

from gonghui.config.databases import database_settings
from gonghui.kit.crypto import get_keyring

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("GONGHUI_DATA", BASE_DIR / ".gonghui"))


def flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes", "on"}


PRODUCTION = flag("GONGHUI_PRODUCTION")
DEBUG = flag("GONGHUI_DEBUG") and not PRODUCTION
SECRET_KEY = os.environ.get("GONGHUI_SECRET_KEY") or get_keyring().derive("django-secret").hex()
ALLOWED_HOSTS = os.environ.get("GONGHUI_HOSTS", "*" if not PRODUCTION else "").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("GONGHUI_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "gonghui.config.apps.ConsoleConfig",
    "unfold.contrib.filters",
    "gonghui.config.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "ninja",
    "procrastinate.contrib.django",
    "gonghui.kit",
    "gonghui.accounts",
    "gonghui.orgs",
    "gonghui.members",
    "gonghui.audiences",
    "gonghui.joining",
    "gonghui.ledger",
    "gonghui.notices",
    "gonghui.partners",
    "gonghui.feedback",
    "gonghui.funds",
    "gonghui.payments",
    "gonghui.benefits",
    "gonghui.activities",
    "gonghui.bills",
    "gonghui.settlement",
    "gonghui.complaints",
    "gonghui.wellbeing",
    "gonghui.mall",
    "gonghui.opsdesk",
    "gonghui.referrals",
    "gonghui.portal",
]

MIDDLEWARE = [
    "gonghui.kit.middleware.RequestLog",
    "gonghui.kit.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "gonghui.kit.middleware.RequestLimits",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gonghui.accounts.middleware.SessionWatch",
    "django.contrib.messages.middleware.MessageMiddleware",
    "gonghui.config.actors.ActorMiddleware",
    "gonghui.kit.middleware.Refusals",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "gonghui.config.urls"
WSGI_APPLICATION = "gonghui.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [BASE_DIR / "gonghui" / "kit" / "templates"],  # ours before the theme's of the same name
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gonghui.portal.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

DATABASES = {"default": database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["gonghui.config.backends.ReaderBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "shelf": {"BACKEND": "gonghui.kit.shelf.Shelf", "LOCATION": "shelf"},
}
SESSION_ENGINE = "gonghui.accounts.session_store"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and not flag("GONGHUI_BEHIND_TLS_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("GONGHUI_BEHIND_TLS_PROXY") else None
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "gonghui" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
COLLECTED_DIR = DATA_DIR / "static"
STATICFILES_DIRS = [p for p in [BASE_DIR / "frontend" / "dist"] if p.is_dir()]
COLLECTED = flag("GONGHUI_COLLECTED")  # set by the launcher once it has collected; tests read the sources
STATIC_ROOT = COLLECTED_DIR if COLLECTED else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not COLLECTED
MEDIA_ROOT = DATA_DIR / "media"

LOGGING_CONFIG = "gonghui.kit.logs.configure"
LOGGING = {"version": 1}  # empty, Django would never call LOGGING_CONFIG

PROCRASTINATE_ON_APP_READY = "gonghui.kit.jobs.on_app_ready"

# Ports to the outside world: dotted paths of adapters; the stand-ins are complete and local.
GONGHUI_PORTS = {
    "sms": os.environ.get("GONGHUI_SMS", "gonghui.notices.ports.sms.LocalSms"),
    "wechat_messages": os.environ.get(
        "GONGHUI_WECHAT_MESSAGES", "gonghui.notices.ports.local_wechat.LocalWeChatMessages"
    ),
    "payment": os.environ.get("GONGHUI_PAYMENT", "gonghui.payments.ports.local.LocalPayments"),
    "coupon_provider": os.environ.get("GONGHUI_COUPONS", "gonghui.payments.ports.coupons.LocalCoupons"),
    "wechat_identity": os.environ.get(
        "GONGHUI_WECHAT_IDENTITY", "gonghui.payments.ports.local_identity.LocalIdentity"
    ),
    "real_name": os.environ.get("GONGHUI_REAL_NAME", "gonghui.members.ports.real_name.RosterMatch"),
}
GONGHUI_SHOW_CODES = flag("GONGHUI_SHOW_CODES") and not PRODUCTION  # the demo shows SMS codes on the page
GONGHUI_ADDRESS = os.environ.get("GONGHUI_ADDRESS", "http://127.0.0.1:8000")  # in links that leave by SMS
# An account unused for so long is asked on a new device whether its owner still has the phone.
GONGHUI_PROOF_AFTER_DAYS = int(os.environ.get("GONGHUI_PROOF_AFTER_DAYS", "90"))
GONGHUI_MAP_TILES = os.environ.get(
    "GONGHUI_MAP_TILES", ""
)  # https://…/{z}/{x}/{y}.png; empty: maps draw their own ground
GONGHUI_MAP_CREDIT = os.environ.get("GONGHUI_MAP_CREDIT", "")
GONGHUI_MAP_DATUM = os.environ.get("GONGHUI_MAP_DATUM", "wgs84")
GONGHUI_GALLERY = DEBUG or flag("GONGHUI_GALLERY")

from gonghui.config.console import UNFOLD  # noqa: E402,F401  (needs the settings above)
