"""`make server`: a Prefect server and a worker on this machine, started together and stopped together.

`PREFECT_SERVER_API_PORT` chooses the port (4200), `PREFECT_HOME` the folder of its database (`.prefect/`).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
POOL = "evergreen"
PREFECT = [sys.executable, "-m", "prefect", "--no-prompt"]
_START_SECONDS = 180
_STOP_SECONDS = 20

_TEXT = """\
Prefect UI           {url}
Build, by form       {url}/deployments/deployment/{deployment}/run
Build, by command    PREFECT_API_URL={url}/api {prefect} deployment run build/build --watch \\
                       -p 'sources=["deploy/demo/conversations.jsonl"]' -p home=deploy/demo/home \\
                       -p 'settings={{"select": {{"size": 60, "min_score": 4}}}}'
Server's log         {log}
Ctrl-C stops the server, the worker and what it runs. Runs are logged below.
"""


class ServerError(Exception):
    """What stops `make server`: one line for a person, and the exit code."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main() -> None:
    """Run until interrupted; exit code 0 then, 2 for a port that cannot be used, 1 if something fails."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # a background shell has its children ignore SIGINT: say otherwise
    try:
        serve(free_port(os.environ.get("PREFECT_SERVER_API_PORT", "4200")))
    except ServerError as error:
        print(f"evergreen: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Stopped.", flush=True)


def serve(port: int) -> None:
    """Start both, apply the deployments, say where things are, and watch over both.

    Raises:
        ServerError: one of them did not start, or ended by itself.
    """
    home = Path(os.environ.get("PREFECT_HOME", ROOT / ".prefect")).resolve()
    home.mkdir(parents=True, exist_ok=True)
    url, env, log = f"http://{HOST}:{port}", environment(home, port), home / "server.log"
    print(f"Starting the Prefect server on {url} …", flush=True)
    with log.open("w") as output, child("server", "start", env=env, output=output) as server:
        wait_for(f"{url}/api/health", server, f"the server did not start, see {log}")
        close_interrupted(f"{url}/api")
        bootstrap(env)
        worker_command = ("worker", "start", "--pool", POOL, "--type", "process", "--limit", "1")
        with child(*worker_command, "--name", "local", env=env) as worker:
            deploy(env)  # while the worker starts
            deployment = wait_for(f"{url}/api/deployments/name/build/build", server, "nothing was deployed")
            prefect = Path(sys.executable).with_name("prefect")
            print(_TEXT.format(url=url, deployment=deployment["id"], prefect=prefect, log=log), flush=True)
            _watch({f"the server ended, see {log}": server, "the worker ended": worker})


def free_port(text: str) -> int:
    """The port to listen on.

    Raises:
        ServerError: not a port, or taken.
    """
    advice = "choose another one: make server PREFECT_SERVER_API_PORT=4300"
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise ServerError(f"PREFECT_SERVER_API_PORT={text} is not a port; {advice}", exit_code=2)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server: free right after a stop
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            reason = f"port {text} of {HOST} cannot be used ({error.strerror})"
            raise ServerError(f"{reason}: stop what runs there, or {advice}", exit_code=2) from error
    return int(text)


def environment(home: Path, port: int) -> dict[str, str]:
    """What server and worker run under: their own folder, loopback only, and nothing that phones home."""
    return os.environ | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # In memory, its default, a restart forgets whose turn it is, and the turn is never over.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def child(
    *arguments: str, env: dict[str, str], output: IO[str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Prefect command while the block runs.

    It gets a session of its own, so that Ctrl-C does not reach it from the terminal: the worker has to stop
    before the server that it reports to.
    """
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [*PREFECT, *arguments],
        cwd=ROOT,
        env=env,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def deploy(env: dict[str, str]) -> None:
    """Apply deploy/prefect.yaml: what is deployed already is brought up to date, and keeps its schedules.

    Raises:
        ServerError: Prefect refused it.
    """
    _run("deploy.apply", env, "deploy/prefect.yaml could not be applied")


def bootstrap(env: dict[str, str]) -> None:
    """Make what runs share, and the automations.

    Raises:
        ServerError: the endpoints' file or EVERGREEN_NOTIFY_URL is faulty, or Prefect refused something.
    """
    _run("deploy.bootstrap", env, "deploy/bootstrap.py failed")


def _run(module: str, env: dict[str, str], fault: str) -> None:
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ServerError(f"{fault}:\n{done.stdout}{done.stderr}")


def wait_for(url: str, process: subprocess.Popen[bytes], fault: str) -> Any:  # noqa: ANN401
    """Ask a URL of the API until it answers with JSON.

    Raises:
        ServerError: the process ended, or the time is up.
    """
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            return _ask(url)
        time.sleep(0.3)
    raise ServerError(fault)


def close_interrupted(api: str) -> None:
    """Mark the runs that an earlier worker left behind as crashed: here they are known to be dead.

    Elsewhere deploy/automations.py takes care of them; it waits for a sign of life first, and leaves
    alone what was being cancelled.
    """
    state = {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}
    query = {"flow_runs": {"state": state}, "work_pools": {"name": {"any_": [POOL]}}}
    message = "The worker was stopped during this run. Run it again: it goes on from what is done."
    crashed = {"type": "CRASHED", "name": "Crashed", "message": message}
    for run in _ask(f"{api}/flow_runs/filter", query):
        _ask(f"{api}/flow_runs/{run['id']}/set_state", {"state": crashed, "force": True})


def _ask(url: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  (loopback)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> NoReturn:
    while True:
        for fault, process in processes.items():
            if process.poll() is not None:
                raise ServerError(fault)
        time.sleep(0.5)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started; at once if asked a second time."""
    with suppress(ProcessLookupError):
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_STOP_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            pass
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
