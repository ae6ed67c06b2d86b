"""What the comparisons share: tools as whole processes, latency in alternating blocks, quality against float, tables."""
import os
import subprocess
import time


class ToolFailed(Exception):
    """A tool exited with an error, or died; the message ends with what it printed last."""


def run_process(argv, folder=None, environment=None, limit_s=None):
    """Wall seconds and peak resident MiB of a process tree's largest member."""
    start = time.perf_counter()
    command = ["timeout", "--kill-after=5", str(limit_s), *argv] if limit_s else argv
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        text = output.decode(errors="replace").rstrip()
        how = f"died of signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
        raise ToolFailed(f"{' '.join(argv[:3])}: {how}\n{text[-3000:]}")
    return seconds, usage.ru_maxrss / 1024


def alternating_blocks(calls, rounds=30, block=10):
    """Seconds of every call, [round][run], per name; blocks in turn, so that all see the same machine."""
    times = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(10):
            call()
    for _ in range(rounds):
        for name, call in calls.items():
            runs = []
            for _ in range(block):
                start = time.perf_counter()
                call()
                runs.append(time.perf_counter() - start)
            times[name].append(runs)
    return times


def p50_ms(rounds):
    import numpy as np
    return float(np.percentile(np.concatenate(rounds), 50)) * 1e3


def ratio_interval(rounds, baseline, resamples=2000):
    """How many times slower than the baseline: median of the rounds' ratios with its 95 % interval (bootstrap over
    rounds, which were measured next to each other)."""
    import numpy as np
    ratios = np.array([np.median(a) / np.median(b) for a, b in zip(rounds, baseline)])
    draws = np.random.default_rng(0).choice(ratios, (resamples, len(ratios)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def quality(reference, result):
    """SQNR in dB, top-1 agreement, mean cosine of the rows."""
    import numpy as np
    error = float(((reference - result) ** 2).sum())
    sqnr = float("inf") if error == 0 else 10 * np.log10(float((reference ** 2).sum()) / error)
    a, b = reference.reshape(len(reference), -1), result.reshape(len(result), -1)
    cosine = ((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).mean()
    return sqnr, float((a.argmax(1) == b.argmax(1)).mean()), float(cosine)


def markdown_table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
