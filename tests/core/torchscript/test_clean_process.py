"""The clean process: started anew or as a copy, it answers alike and knows nothing of the user's."""

import subprocess
import sys

import pytest
import torch
from exportdesk.core.torchscript import clean_process
from exportdesk.core.torchscript.clean_process import CleanProcess

LOOK_AROUND = """
import json, os, sys
import torch
from exportdesk.core.torchscript import clean_process

def look(request, torch):
    seen = {"path": sys.path, "folder": os.getcwd(), "files": sorted(os.listdir("/proc/self/fd"))}
    open(request["outputs"] + ".json", "w").write(json.dumps(seen))
    torch.save({}, request["outputs"])

clean_process._answer = look
os.environ["PYTHONPATH"] = sys.argv[1]
sys.path[:0] = ["", sys.argv[1]]
extra = open(os.devnull)
clean = clean_process.warm_clean_process(forks=True)
clean.run("m.pt", {})
(found,) = [os.path.join(clean._folder.name, name) for name in os.listdir(clean._folder.name)]
print(open(found).read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux")
def test_that_a_copy_sees_neither_the_users_folders_nor_our_files(tmp_path):
    command = [sys.executable, "-c", LOOK_AROUND, str(tmp_path)]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f'"{tmp_path}"' not in seen
    assert '"path": [""' not in seen
    # Standard streams, two pipes, and the listing itself.
    assert '"files": ["0", "1", "2", ' in seen
    assert seen.partition('"files": ')[2].count(",") == 5


def test_that_a_process_that_died_is_replaced(tmp_path):
    traced = torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2))
    traced.save(str(tmp_path / "m.pt"))
    calls = {"forward": [((torch.ones(1, 2),), {})]}
    clean = CleanProcess()
    try:
        (row,) = clean.run(tmp_path / "m.pt", calls)["forward"]
        assert torch.equal(row["output"], traced(torch.ones(1, 2)))
        clean._started.end()
        assert not clean.is_alive
        with pytest.raises(RuntimeError, match="ended"):
            clean.run(tmp_path / "m.pt", calls)
    finally:
        clean.close()


def test_that_the_warm_process_is_one():
    assert clean_process.warm_clean_process() is clean_process.warm_clean_process()
