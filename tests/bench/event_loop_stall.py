"""Measure how long a window's event loop is ever away while an export runs; prints the longest gap in seconds.

usage: event_loop_stall.py bare|exportdesk OUT
       bare: an empty window, while plain_export.py runs beside it: what this machine does to any window.
"""

import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

INTERVAL_S = 0.005
EXAMPLE = Path(__file__).resolve().parents[2] / "resources" / "examples" / "control_flow_net_2.toml"


class Metronome:
    """Ticks in the event loop; what is longer than its interval is a stall.

    With BENCH_STACKS=1, a thread prints where the window's thread is whenever it has been away for 40 ms.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = float("inf")
        if os.environ.get("BENCH_STACKS"):
            threading.Thread(target=self._watch, args=(threading.get_ident(),), daemon=True).start()
        self._timer = QTimer()
        self._timer.setTimerType(self._timer.timerType().PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def _watch(self, thread: int) -> None:
        while True:
            time.sleep(0.01)
            if time.perf_counter() - self._last > 0.04:
                print(f"away for {time.perf_counter() - self._last:.3f} s:", file=sys.stderr)
                traceback.print_stack(sys._current_frames()[thread], limit=-14, file=sys.stderr)

    def start(self) -> None:
        self.longest_s, self._last = 0.0, time.perf_counter()
        self._timer.start(int(INTERVAL_S * 1000))

    def stop(self) -> None:
        self._timer.stop()
        self._last = float("inf")

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last - INTERVAL_S)
        self._last = now


def bare(app: QApplication, out: Path) -> float:
    window = QMainWindow()
    window.show()
    ticks = Metronome()
    script = Path(__file__).with_name("plain_export.py")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, str(script), str(out)], **quiet)
    watch = QTimer()
    watch.timeout.connect(lambda: app.exit() if process.poll() is not None else None)
    watch.start(50)
    ticks.start()
    app.exec()
    assert process.returncode == 0
    return ticks.longest_s


def exportdesk(app: QApplication, out: Path) -> float:
    from exportdesk.gui.app import Workbench
    from exportdesk.gui.desktop import Desktop
    from exportdesk.gui.engine_thread import EngineThread
    from exportdesk.gui.main_window import MainWindow
    from exportdesk.gui.settings import Settings
    from exportdesk.gui.state.happenings import OutChosen

    class Trusting(Desktop):
        def ask_trust(self, model_file, answer):
            answer("file")

    settings = Settings(QSettings(str(out.parent / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(settings)
    window.show()
    engine = EngineThread(parent=window)
    bench = Workbench(window, settings, Trusting(window), engine)
    engine.start()
    bench.open(EXAMPLE)
    bench.tell(OutChosen(out=out))
    ticks, ended = Metronome(), []

    def finish(is_good: bool) -> None:
        ended.append(is_good)
        # What the result costs to show belongs to the export; what closing the window costs does not.
        QTimer.singleShot(500, leave)

    def leave() -> None:
        ticks.stop()
        app.exit()

    def start_when_ready() -> None:
        if bench.session.job is None and not bench.session.needs_inspection:
            waiting.stop()
            ticks.start()
            bench.export()

    bench.export_ended.connect(finish)
    waiting = QTimer()
    waiting.timeout.connect(start_when_ready)
    waiting.start(20)
    QTimer.singleShot(120_000, app.exit)
    app.exec()
    engine.close()
    assert ended == [True], f"the export did not end well: {bench.session.failure}"
    return ticks.longest_s


if __name__ == "__main__":
    application = QApplication(["stall"])
    measured = {"bare": bare, "exportdesk": exportdesk}[sys.argv[1]](application, Path(sys.argv[2]))
    print(measured)
