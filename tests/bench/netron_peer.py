"""Opens a file in Netron, in a Chromium without a window, and takes the time to the picture.

Netron serves itself: ``pip install netron``, in any Python (the ``NETRON_PYTHON`` of the environment, else this one).
Chromium is told what to do over two pipes, so nothing else is needed. After 2.5 s Netron says that the layout of a large
graph takes long, and goes on; that notice is no end and no beginning.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "headless_shell")
_DRAWN = "JSON.stringify([document.body?.className ?? '', document.querySelectorAll('g.node').length])"
_ACCEPT = """(() => {
  const button = [...document.querySelectorAll('button')].find(one => one.innerText == 'Accept');
  button?.click();
  return button !== undefined;
})()"""


def netron_python() -> str | None:
    """Return a Python that has Netron; None where there is none."""
    python = os.environ.get("NETRON_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import netron"], capture_output=True, check=False)
    return python if found.returncode == 0 else None


def browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def seconds_to_picture(file: Path, limit_s: float, picture: Path | None = None) -> tuple[float, int] | None:
    """Return the time from opening the page to its picture, and the number of nodes; None where it took too long.

    The server and the browser run already. The picture is what the browser shows when all nodes are there.
    """
    python, chromium = netron_python(), browser()
    if python is None or chromium is None:
        raise FileNotFoundError("no Netron, or no Chromium")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"import netron, time; netron.start({str(file)!r}, address=('127.0.0.1', {port}), browse=False); time.sleep(1e6)"
    server = subprocess.Popen([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url)
        with _Browser(chromium) as page:
            begun, is_accepted = time.perf_counter(), False
            page.call("Page.navigate", url=url)
            while time.perf_counter() - begun < limit_s:
                answer = page.call("Runtime.evaluate", expression=_DRAWN).get("result", {}).get("value")
                state, nodes = json.loads(answer) if answer else ("", 0)
                if "notification" in state.split() and not is_accepted:
                    # It asks about cookies before it opens anything; the time begins with the answer. Later notices
                    # (that the layout of a large graph takes long) belong to its time.
                    is_accepted = page.call("Runtime.evaluate", expression=_ACCEPT).get("result", {}).get("value")
                    begun = time.perf_counter()
                if nodes and "default" in state.split():
                    shot = page.call("Page.captureScreenshot", format="png")
                    seconds = time.perf_counter() - begun
                    if picture is not None:
                        picture.write_bytes(base64.b64decode(shot["data"]))
                    return seconds, nodes
                time.sleep(0.02)
            return None
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("Netron's server does not answer")


class _Browser:
    """One page of a browser of its own."""

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        command += ["--window-size=1600,1000", f"--user-data-dir={self._folder.name}", "about:blank"]
        # Chromium reads from descriptor 3 and writes to descriptor 4.
        script = 'exec 3<&"$0" 4>&"$1"; shift; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, str(to_read), str(to_write), *command],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._number, self._session = b"", 0, ""

    def __enter__(self) -> "_Browser":
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.call("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._buffer:
                data = os.read(self._read, 1 << 20)
                if not data:
                    raise ConnectionError("Chromium has ended")
                self._buffer += data
            line, _, self._buffer = self._buffer.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return dict(answer["result"])


if __name__ == "__main__":
    print(seconds_to_picture(Path(sys.argv[1]).absolute(), 240.0, Path(sys.argv[2]) if len(sys.argv) > 2 else None))
