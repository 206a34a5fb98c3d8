"""Django's settings under test: nothing of the developer's `.env` or keys, a database file of its own."""

from config.settings import *  # noqa: F403
from config.settings import DATA_DIR, DATABASES

SECRET_KEY = "only-for-tests"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
DEEPSEEK_API_KEY = ""
DEEPSEEK_API_BASE = "https://openrouter.ai/api/v1"
DEEPSEEK_BASE_IS_CHOSEN = False
FLOTIA_MODELO_LOCAL = ""
FLOTIA_CA_BUNDLE = ""
FLOTIA_PLAZO_LLAMADA = 20.0
WHITENOISE_AUTOREFRESH = True
