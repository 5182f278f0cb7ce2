"""How much memory a piece of work takes, in a process of its own."""

import subprocess
import sys
import textwrap

# Linux hands the peak of the parent down to a child in `ru_maxrss`, but not in VmHWM.
_CODE = """
import pathlib, resource, sys, time, warnings
warnings.simplefilter("ignore")

def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

{imports}
before, start = peak(), time.perf_counter()
{work}
print(time.perf_counter() - start, peak() - before)
"""


def measured(work, imports, *arguments):
    """Give the seconds, and the megabytes above what the libraries take, of code that finds its `arguments` in argv."""
    code = _CODE.format(work=textwrap.dedent(work), imports=textwrap.dedent(imports))
    command = [sys.executable, "-c", code, *map(str, arguments)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    seconds, megabytes = map(float, told.stdout.split()[-2:])
    return seconds, megabytes
