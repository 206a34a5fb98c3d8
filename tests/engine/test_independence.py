"""The engine stands alone."""

import subprocess
import sys

FORBIDDEN = ("django", "rich", "environ", "celery", "ninja", "apps", "config")


def test_it_makes_vehicles_where_there_is_no_django():
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from flotia import Request, generate
import flotia.clients.openai_compatible, flotia.clients.embedded, flotia.clients.scripted
print(len(generate(Request(amount=7, use_ai=False))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_the_public_names_are_all_there():
    import flotia

    assert all(getattr(flotia, name) for name in flotia.__all__)
