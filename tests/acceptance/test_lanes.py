"""Many lanes as a user has them: killed at any moment, and next to another process on the same account."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

from tests.doubles.standin import Account, StandIn, lognormal, serving

KILLS, LANES, AMOUNT = 50, 8, 400


def killed(process, standin, rng):
    """Kill the process a random moment after a random number of its calls have arrived; say whether it still ran."""
    enough = len(standin.calls) + standin.in_flight + rng.choice((0, 1, 3, 8, 12, 20))
    while len(standin.calls) + standin.in_flight < enough and process.poll() is None:
        time.sleep(0.01)
    try:
        process.wait(timeout=rng.choice((0.02, 0.3, 1.0, 2.5)) * rng.random())
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def test_kill_nine_fifty_times_with_eight_lanes_loses_at_most_what_was_in_flight(user):
    """`kill -9` at random moments, `--reanudar` after each: exactly N, nothing twice, only calls in flight paid again."""
    assert user.run("manage.py", "migrate", "-v0").returncode == 0
    rng = random.Random(50)
    kills = published = 0
    standin = StandIn(latency=lognormal(0.4))
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        while kills < KILLS:
            flags = ["--usar-ia", "--cantidad", AMOUNT, "--paralelo", LANES]
            calls, deaths = len(standin.calls), 0
            [(recorded,)] = user.rows("select count(*) from llamada")
            while True:
                process = user.start("manage.py", "migrate_stock_and_scrape", *flags, start_new_session=True)
                if kills == KILLS or not killed(process, standin, rng):
                    _, err = process.communicate(timeout=120)
                    assert process.returncode == 0, err
                    break
                kills += 1
                deaths += 1
                if user.rows("select count(*) from ejecucion where estado <> 'publicada'") == [(1,)]:
                    flags = ["--reanudar"]
                elif user.rows("select count(*) from ejecucion") == [(published + 1,)]:
                    break  # killed after publication
            published += 1
            rows = user.rows("select count(*), count(distinct matricula), count(distinct bastidor) from stock")
            assert rows == [(published * AMOUNT,) * 3]
            [(now_recorded,)] = user.rows("select count(*) from llamada")
            # what was answered and saved is recorded with its vehicles; of each death only the lanes' calls are not
            assert 0 <= len(standin.calls) - calls - (now_recorded - recorded) <= deaths * LANES
            [(brought,)] = user.rows(
                f"select sum(conservados + reparados) from llamada where ejecucion_id = {published}"
            )
            assert brought == AMOUNT
    assert standin.most_in_flight <= LANES


def test_two_processes_on_one_database_stay_together_inside_the_accounts_minute(user):
    """The command fills the stock while the function is used elsewhere: they share the account's window."""
    assert user.run("manage.py", "migrate", "-v0").returncode == 0
    standin = StandIn(account=Account(per_minute=20, per_day=1000), latency=0.05)
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup();"
        "from apps.stock.ai_vehicle_generator import generar_vehiculos_con_ia as g; print(len(g(num_vehiculos=450)))"
    )
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        command = user.start("manage.py", "migrate_stock_and_scrape", "--usar-ia", "--cantidad", 450)
        function = user.start("-c", code)
        out, err = function.communicate(timeout=200)
        _, command_err = command.communicate(timeout=200)
    assert (function.returncode, out.split()) == (0, ["450"]), err
    assert command.returncode == 0, command_err
    assert standin.peak_in_minute <= 20
    assert standin.by_shape["account"] == 0
    assert len(standin.calls) > 20
    assert user.rows("select count(*) from stock where origen = 'ia'") == [(450,)]
