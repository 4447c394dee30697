"""A process that has torch and nothing of the user's: it loads a ``.pt`` and runs it, as an app would.

This file is also the program of that process. It is started by its path in isolated mode (``-I``), where neither
the working directory, nor PYTHONPATH, nor the model's folder can be imported from; so it imports nothing of ours. On
Linux, the worker starts it as a copy of itself instead, before it has seen anything of the user's.
"""

import atexit
import contextlib
import gc
import json
import multiprocessing
import os
import site
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


class CleanProcess:
    """Starts at once, in parallel with whatever the caller does, and serves any number of requests."""

    def __init__(self, start: "Callable[[str], _Started] | None" = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="exportdesk-clean-")
        self._started = (start or _new_interpreter)(self._folder.name)
        self._lock = threading.Lock()

    @property
    def is_alive(self) -> bool:
        return self._started.is_alive()

    def run(self, file: Path, calls: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]]) -> dict[str, list[Any]]:
        """Load ``file`` and call its methods; return the outputs by method.

        Raises:
            RuntimeError: with what torch said, or that the process ended.
        """
        import torch

        with self._lock:
            inputs, outputs = Path(self._folder.name) / "inputs.pt", Path(self._folder.name) / "outputs.pt"
            torch.save(calls, inputs)
            request = {"file": str(file), "inputs": str(inputs), "outputs": str(outputs)}
            try:
                self._started.requests.write(json.dumps(request) + "\n")
                self._started.requests.flush()
                answer = self._started.answers.readline()
            except OSError:
                answer = ""
            if not answer:
                raise RuntimeError("the process that reloaded the file ended")
            said = json.loads(answer)
            if said["error"]:
                raise RuntimeError(said["error"])
            results: dict[str, list[Any]] = torch.load(outputs, weights_only=True)
            inputs.unlink()
            outputs.unlink()
            return results

    def close(self) -> None:
        self._started.end()
        with contextlib.suppress(BrokenPipeError):  # what was not sent any more
            self._started.requests.close()
        self._started.answers.close()
        self._folder.cleanup()


class _Started:
    """A running process, and our ends of its pipes."""

    def __init__(
        self, requests: IO[str], answers: IO[str], is_alive: Callable[[], bool], end: Callable[[], None]
    ) -> None:
        self.requests, self.answers, self.is_alive, self.end = requests, answers, is_alive, end


def _new_interpreter(folder: str) -> _Started:
    process = subprocess.Popen(
        [sys.executable, "-I", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        process.kill()
        process.wait()

    return _Started(process.stdin, process.stdout, lambda: process.poll() is None, end)


def _forked(folder: str) -> _Started:
    """Start as a copy of this process, which has imported torch and nothing of the user's yet.

    The copy shares the memory of that import, 140 MB, and need not do it again.
    """
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_serve_forked, args=(folder, theirs_in, theirs_out), daemon=True
    )
    # What is collected is written to, and what is written to is shared no longer.
    gc.collect()
    gc.freeze()
    with warnings.catch_warnings():
        # Python 3.12 warns of other threads: ours only waits for requests, and torch has started none yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    os.close(theirs_in)
    os.close(theirs_out)

    def end() -> None:
        process.kill()
        process.join()

    return _Started(os.fdopen(ours_out, "w"), os.fdopen(ours_in), process.is_alive, end)


class ScriptState:
    """The attributes of one TorchScript module, without those below it; ``restore`` puts them back."""

    def __init__(self, module: Any) -> None:
        # A trace has its attributes one step further in.
        script: Any = getattr(module, "_actual_script_module", module)
        self._script: Any = getattr(script, "_c", None)
        # torch has no public way to list them; this is how it does it itself.
        names = script._concrete_type.get_attributes() if self._script is not None else {}
        self._values = [
            (name, value, value.detach().clone() if _is_tensor(value) else value)
            for name, (_, is_parameter) in names.items()
            if not is_parameter
            for value in (self._held(name),)
        ]

    def _held(self, name: str) -> Any:
        return self._script.getattr(name)

    def restore(self) -> None:
        for name, value, copy in self._values:
            now = self._script.getattr(name)
            if not _is_tensor(value):
                if now is not value:
                    self._script.setattr(name, copy)
                continue
            if now is not value:
                self._script.setattr(name, value)
            if value.shape != copy.shape:
                value.detach().set_(copy.clone())
            elif not _is_equal(value, copy):
                value.detach().copy_(copy)


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "untyped_storage")


def _is_equal(value: Any, copy: Any) -> bool:
    import torch

    return torch.equal(value, copy)


_warm: CleanProcess | None = None


def warm_clean_process(*, forks: bool = False) -> CleanProcess:
    """Return the clean process of this process, started now if there is none; it ends with this process.

    Args:
        forks: this process has imported torch, and has done nothing else with it: a copy of it will do, on Linux.
    """
    global _warm
    if _warm is None or not _warm.is_alive:
        _warm = CleanProcess(_forked if forks and sys.platform == "linux" else None)
        atexit.register(_warm.close)
    return _warm


def _serve_forked(folder: str, requests: int, answers: int) -> None:
    os.chdir(folder)
    # As in isolated mode: neither the working directory, nor PYTHONPATH, nor the user's own packages.
    unwanted = {"", site.getusersitepackages(), *os.environ.pop("PYTHONPATH", "").split(os.pathsep)}
    sys.path[:] = [entry for entry in sys.path if entry not in unwanted]
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    kept = sorted((requests, answers))
    os.closerange(3, kept[0])
    os.closerange(kept[0] + 1, kept[1])
    os.closerange(kept[1] + 1, os.sysconf("SC_OPEN_MAX"))
    _serve(os.fdopen(requests), os.fdopen(answers, "w"))


def _serve(requests: IO[str], answers: IO[str]) -> None:
    import torch

    torch.backends.mha.set_fastpath_enabled(False)
    for line in requests:
        request = json.loads(line)
        error = ""
        try:
            _answer(request, torch)
        except Exception as exception:
            error = f"{type(exception).__name__}: {exception}"
        answers.write(json.dumps({"error": error}) + "\n")
        answers.flush()


def _answer(request: dict[str, str], torch: Any) -> None:
    calls = torch.load(request["inputs"], weights_only=True)
    results: dict[str, list[Any]] = {}
    with torch.no_grad(), torch.jit.optimized_execution(False):
        for method, arguments in calls.items():
            results[method] = []
            target, restore = _loaded(request["file"], method, torch)
            for positional, keyword in arguments:
                try:
                    results[method].append({"output": _plain(target(*positional, **keyword), torch)})
                except (RuntimeError, AssertionError) as error:
                    results[method].append({"error": str(error)})
                restore()
    torch.save(results, request["outputs"])


def _loaded(file: str, method: str, torch: Any) -> tuple[Any, Any]:
    """Return what is called, and what sets its state back."""
    if file.endswith(".pt2"):
        # A program is one method, whatever it is called in the model.
        module = torch.export.load(file).module()
        state = {name: value.clone() for name, value in module.state_dict().items()}
        return module, lambda: module.load_state_dict(state)
    module = torch.jit.load(file)
    states = [ScriptState(part) for part in module.modules()]

    def restore() -> None:
        for state in states:
            state.restore()

    return module if method == "forward" else getattr(module, method), restore


def _plain(value: Any, torch: Any) -> Any:
    """Turn named tuples and TorchScript objects into tuples, which can be saved and read without their classes."""
    if isinstance(value, dict):
        return {key: _plain(member, torch) for key, member in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(member, torch) for member in value)
    if isinstance(value, list):
        return [_plain(member, torch) for member in value]
    return value


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _serve(sys.stdin, answers)
