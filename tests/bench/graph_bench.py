"""Measures graphs: laying out and painting at 1,000 to 100,000 nodes, and opening a file of 120 transformer blocks.

    python tests/bench/graph_bench.py [--sizes 1000,10000] [--no-file]

Netron is measured on the same file where it is installed with a Chromium (see netron_peer.py), else "not run".

Every number is of this run on this machine, by the clock. Frames are painted into a picture in memory of 1600 × 1000
pixels, as Qt paints a window without a graphics card. ``first`` and ``all open`` are from the graph in hand to the
painted picture. A flat graph has no groups of its own, so it gets chapters, in the window and here.
"""

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "graph"))

import netron_peer
from exportdesk.core.graph.chapters import in_chapters
from exportdesk.core.graph.layout import Layout, LayoutEngine
from exportdesk.gui.canvas.camera import Camera, first_look, fitted
from exportdesk.gui.canvas.canvas import GraphCanvas
from exportdesk.gui.canvas.scene import Scene
from graph_shapes import transformer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

WIDTH, HEIGHT = 1600, 1000
_MODEL = """
import torch, warnings
warnings.simplefilter("ignore")
from torch import nn
class Block(nn.Module):
    def __init__(self, d=64, h=4):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down, self.h = nn.Linear(d, 4 * d), nn.Linear(4 * d, d), h
    def forward(self, x, mask):
        b, t, d = x.shape
        y = self.ln1(x)
        q, k, v = (f(y).view(b, t, self.h, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        a = torch.softmax(q @ k.transpose(-1, -2) / 8 + mask, -1)
        x = x + self.o((a @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.down(torch.nn.functional.gelu(self.up(self.ln2(x))))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
    def forward(self, x, mask):
        for block in self.blocks:
            x = block(x, mask)
        return x
torch.jit.trace(Net().eval(), (torch.zeros(1, 16, 64), torch.zeros(1, 1, 16, 16)), check_trace=False).save(PATH)
"""
_LOAD = """
import time, torch, warnings
warnings.simplefilter("ignore")
begun = time.perf_counter(); torch.jit.load(PATH, map_location="cpu"); print(time.perf_counter() - begun)
"""
_OPEN = """
import os, time, torch, warnings
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
warnings.simplefilter("ignore")
from pathlib import Path
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from exportdesk.core.graph.chapters import in_chapters
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.graph.layout import LayoutEngine
from exportdesk.gui.canvas.canvas import GraphCanvas
from exportdesk.gui.canvas.scene import Scene
application = QApplication([])
begun = time.perf_counter()
graph = in_chapters(graph_of_file(Path(PATH), has_shapes=False)); engine = LayoutEngine(graph)
canvas = GraphCanvas(); canvas.resize(1600, 1000)
canvas.show_scene(Scene(engine, engine.layout(engine.first_view())))
picture = QImage(1600, 1000, QImage.Format.Format_ARGB32_Premultiplied)
painter = QPainter(picture); canvas.paint_on(painter); painter.end()
print(time.perf_counter() - begun, len(graph.nodes))
"""
_OPEN_ALL = _OPEN.replace("engine.first_view()", "engine.everything()")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,50000,100000")
    parser.add_argument("--no-file", action="store_true", help="leave out the file, which needs torch")
    parser.add_argument("--peer-limit", type=float, default=90.0, metavar="SECONDS", help="Netron's, for its picture")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        application = QApplication.instance() or QApplication([])
        measure(int(options.one[0]), in_groups=options.one[1] == "groups")
        del application
        return
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print("        nodes     |   first   all open |  frame: median     99 %    worst | bytes a node", flush=True)
    for size in map(int, options.sizes.split(",")):
        for kind in ("groups", "flat"):
            # A process each: memory that another graph gave back would be taken again and not be seen.
            subprocess.run([sys.executable, __file__, "--one", str(size), kind], check=True)
    if not options.no_file:
        for blocks in (60, 120):
            measure_file(blocks, options.peer_limit)


def measure(size: int, *, in_groups: bool) -> None:
    graph = transformer(size, in_groups=in_groups)
    # Fonts and Qt's own tables are loaded by the first picture of all.
    picture = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    small = LayoutEngine(in_chapters(transformer(300, in_groups=in_groups)))
    frames(canvas_of(small, small.layout(small.everything())), picture)
    gc.collect()
    before = memory()
    begun = time.perf_counter()
    engine = LayoutEngine(in_chapters(graph))
    paint(canvas_of(engine, engine.layout(engine.first_view())), picture)
    first_s = time.perf_counter() - begun
    del engine
    begun = time.perf_counter()
    engine = LayoutEngine(in_chapters(graph))
    canvas = canvas_of(engine, engine.layout(engine.everything()))
    canvas.fit()
    paint(canvas, picture)
    all_s = time.perf_counter() - begun
    times = frames(canvas, picture)
    gc.collect()
    bytes_a_node = max(0, memory() - before) / len(graph.nodes)
    median, high, worst = statistics.median(times), quantile(times, 0.99), max(times)
    print(
        f"{len(graph.nodes):8,} {'groups' if in_groups else 'flat  '} | {first_s:7.2f} s {all_s:7.2f} s | "
        f"{median * 1e3:10.1f} ms {high * 1e3:6.1f} ms {worst * 1e3:6.1f} ms | {bytes_a_node:8,.0f}",
        flush=True,
    )


def canvas_of(engine: LayoutEngine, layout: Layout) -> GraphCanvas:
    canvas = GraphCanvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.show_scene(Scene(engine, layout))
    return canvas


def paint(canvas: GraphCanvas, picture: QImage) -> None:
    painter = QPainter(picture)
    canvas.paint_on(painter)
    painter.end()


def frames(canvas: GraphCanvas, picture: QImage) -> list[float]:
    """Return the time of each frame of a journey: zooming in from the whole to one node, panning, zooming out."""
    scene = canvas.scene
    assert scene is not None
    whole, near = fitted(scene.area, WIDTH, HEIGHT), first_look(scene.area, WIDTH, HEIGHT)
    steps = 120
    cameras = []
    x, y = scene.area.right / 2, scene.area.bottom / 2
    for step in range(steps):
        scale = whole.scale * (near.scale * 1.5 / whole.scale) ** (step / (steps - 1))
        cameras.append(Camera(scale=scale).centred_on(x, y, WIDTH, HEIGHT))
    for scale in (near.scale, 0.2, 0.08, 0.03):
        start = Camera(scale=scale).centred_on(x, y, WIDTH, HEIGHT)
        cameras += [start.moved(0, -40.0 * step) for step in range(60)]
    times = []
    for camera in cameras:
        canvas.look(camera)
        begun = time.perf_counter()
        paint(canvas, picture)
        times.append(time.perf_counter() - begun)
    return times


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def memory() -> int:
    """Return bytes that this process holds now; its highest so far where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_file(blocks: int, peer_limit_s: float) -> None:
    """Compare opening a file with ``torch.jit.load`` alone, each in a fresh process, and with Netron."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        run_python(_MODEL.replace("BLOCKS", str(blocks)), path)
        loads = [float(run_python(_LOAD, path)) for _ in range(3)]
        answers = [run_python(_OPEN, path).split() for _ in range(3)]
        begun = time.perf_counter()
        opened_all = run_python(_OPEN_ALL, path).split()
        whole_s = time.perf_counter() - begun
        peer = peer_seconds(path, peer_limit_s)
    opened, loaded = min(float(answer[0]) for answer in answers), min(loads)
    print(f"file of {blocks} transformer blocks, {int(answers[0][1]):,} nodes: torch.jit.load alone {loaded:.2f} s")
    print(f"  to the collapsed first picture {opened:.2f} s ({opened / loaded:.2f} × torch.jit.load)")
    print(
        f"  to the picture with everything open {float(opened_all[0]):.2f} s; "
        f"with the start of Python and the import of torch {whole_s:.2f} s"
    )
    print(f"  Netron to the picture with everything open: {peer}")


def peer_seconds(path: Path, limit_s: float) -> str:
    """Return what Netron took in a Chromium that runs already; or why that is not known."""
    if netron_peer.netron_python() is None or netron_peer.browser() is None:
        return "not run (pip install netron; apt install chromium)"
    answer = netron_peer.seconds_to_picture(path, limit_s)
    return f"not within {limit_s:.0f} s" if answer is None else f"{answer[0]:.1f} s, {answer[1]:,} nodes"


def run_python(code: str, path: Path) -> str:
    script = code.replace("PATH", repr(str(path)))
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
