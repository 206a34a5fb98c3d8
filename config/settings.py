"""Django's settings. Everything that varies comes from `config.env`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config import env

BASE_DIR: Path = env.BASE_DIR
DATA_DIR = Path(env.text("FLOTIA_DATOS", str(BASE_DIR / "datos")))

SECRET_KEY = env.secret_key(DATA_DIR)
DEBUG = env.flag("DJANGO_DEBUG", default=False)
ALLOWED_HOSTS = env.names("DJANGO_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("DJANGO_CSRF_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.admin.FlotiaAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "apps.ia",
    "apps.stock",
    "apps.panel",
    "apps.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.api.middleware.ApiGate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.panel.middleware.ContentSecurityPolicy",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.panel.navigation.navigation",
            ]
        },
    }
]

#: Whether the database is the embedded default, which the command may create and migrate by itself.
EMBEDDED_DATABASE = not env.is_set("DATABASE_URL")
_database: dict[str, Any] = env.database(DATA_DIR / "flotia.sqlite3")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": env.seconds("FLOTIA_ESPERA_BD", 20.0),
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Security: `manage.py check --deploy` is clean with DJANGO_HTTPS ---------------------------------------------------

#: Whether browsers reach the page by HTTPS, through a proxy that ends it, and sets or removes X-Forwarded-Proto itself.
HTTPS = env.flag("DJANGO_HTTPS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their forms
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator",
    )
]  # fmt: skip

LANGUAGE_CODE = "es"
LANGUAGES = [("es", "Español"), ("en", "English")]
TIME_ZONE = "Europe/Madrid"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = env.folder(BASE_DIR / "staticfiles")
#: Swagger UI as django-ninja carries it. The package is no installed app: every command would import it.
_ninja = find_spec("ninja")
STATICFILES_DIRS = [("ninja", Path(_ninja.origin).parent / "static" / "ninja")] if _ninja and _ninja.origin else []
WHITENOISE_USE_FINDERS = True  # the admin looks right without `collectstatic` too

LOGIN_URL = "panel:entrar"
LOGIN_REDIRECT_URL = "panel:stock"
LOGOUT_REDIRECT_URL = "panel:stock"

#: Whether the stock can be read without a login. Generating always needs one.
FLOTIA_STOCK_PUBLICO = env.flag("FLOTIA_STOCK_PUBLICO", default=True)
#: Vehicles that one export of the page may hold: a file is written before it is sent, and somebody waits for it.
FLOTIA_EXPORTACION_MAXIMA = env.number("FLOTIA_EXPORTACION_MAXIMA", 100_000)
#: Runs that one token of the API may ask for in a minute.
FLOTIA_API_CREACIONES = env.number("FLOTIA_API_CREACIONES", 10)

#: The admin's looks (django-unfold): the panel's name, colours and icon.
UNFOLD = {
    "SITE_TITLE": "FlotIA",
    "SITE_HEADER": "FlotIA",
    "SITE_SYMBOL": "directions_car",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: f"/{STATIC_URL}panel/icon.svg"}],
    "SHOW_HISTORY": True,
    "COLORS": {
        "primary": {
            "50": "#eef8f7", "100": "#dcecea", "200": "#b9dcd8", "300": "#8fc7c1", "400": "#5cb0a8", "500": "#2b8c85",
            "600": "#0d6f6a", "700": "#0d5f5b", "800": "#0f4d4a", "900": "#10403d", "950": "#06211f",
        }
    },
}  # fmt: skip

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"linea": {"format": "{levelname}: {message}", "style": "{"}},
    "handlers": {"consola": {"class": "logging.StreamHandler", "formatter": "linea"}},
    "loggers": {"apps.stock": {"handlers": ["consola"], "level": "INFO", "propagate": False}},
}

# --- Language models (names fixed by the specification) -------------------------------------------------------------

DEEPSEEK_API_KEY = env.text("DEEPSEEK_API_KEY")
DEEPSEEK_API_BASE = env.text("DEEPSEEK_API_BASE", "https://openrouter.ai/api/v1")
DEEPSEEK_MODEL = env.text("DEEPSEEK_MODEL", "meta-llama/llama-3.2-3b-instruct:free")
DEEPSEEK_FALLBACK_MODELS = env.names(
    "DEEPSEEK_FALLBACK_MODELS",
    [
        "qwen/qwen-2-7b-instruct:free",
        "mistralai/mistral-7b-instruct:free",
        "google/gemini-2.0-flash-exp:free",
        "nousresearch/hermes-3-llama-3.1-405b:free",
        "microsoft/phi-3-mini-128k-instruct:free",
        "openchat/openchat-7b:free",
        "gryphe/mythomist-7b:free",
        "undi95/toppy-m-7b:free",
        "google/gemma-7b-it:free",
        "cognitivecomputations/dolphin-mixtral-8x7b:free",
        "huggingfaceh4/zephyr-7b-beta:free",
        "meta-llama/llama-3.1-8b-instruct:free",
        "meta-llama/llama-3-8b-instruct:free",
        "mistralai/mistral-7b-instruct-v0.1:free",
        "mistralai/mistral-7b-instruct-v0.2:free",
    ],
)
#: A base that the user wrote down is asked even without a key: a local server may want none.
DEEPSEEK_BASE_IS_CHOSEN = env.is_set("DEEPSEEK_API_BASE")

#: Accounts at providers, one a line (or `;`): `name | base | KEY_VARIABLE | models | limits`; see `apps.ia.accounts`.
FLOTIA_PROVEEDORES = env.text("FLOTIA_PROVEEDORES")
#: The keys by the names of the variables that those lines name. Django hides what is called so in its debug pages.
FLOTIA_API_KEYS = env.keys_named_in(FLOTIA_PROVEEDORES)

FLOTIA_MODELO_LOCAL = env.text("FLOTIA_MODELO_LOCAL")
FLOTIA_CA_BUNDLE = env.text("FLOTIA_CA_BUNDLE")
FLOTIA_PLAZO_LLAMADA = env.seconds("FLOTIA_PLAZO_LLAMADA", 120.0)
