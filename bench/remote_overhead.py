#!/usr/bin/env python3
"""Whether `edgeopt bench --host` measures what `edgeopt bench` does: the same model on the same machine, here and through ssh
on the loopback interface, in turns.

  bench/remote_overhead.py [--model FILE.onnx] [--rounds N] [--threads N]      needs sshd, as the tests do

Prints p50 of each round, the ratio of remote to local medians with the range that the sign test gives it, and how many pairs
of runs one after the other (of the same side) agree within the 95 % intervals of their p50.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from sshd import HOST, Sshd  # noqa: E402


def bench(options, extra, environment):
    command = [options.edgeopt, "bench", options.model, "--threads", str(options.threads), "--seconds", str(options.seconds),
               "--json", *extra]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return json.loads(answer)["models"][0]["p50"]


def sign_interval(values):
    """The 95 % interval of the median (binomial), or all of the range where there are too few."""
    ordered, n = sorted(values), len(values)
    cut, tail = 0, 0.5 ** n
    while tail + math.comb(n, cut + 1) * 0.5 ** n <= 0.025:
        cut += 1
        tail += math.comb(n, cut) * 0.5 ** n
    return ordered[cut], ordered[n - 1 - cut]


def agreeing(rows):
    pairs = list(zip(rows, rows[1:]))
    return sum(a["low_us"] <= b["high_us"] and b["low_us"] <= a["high_us"] for a, b in pairs), len(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edgeopt", default=str(ROOT / "build" / "edgeopt"))
    parser.add_argument("--model", default=str(ROOT / "examples" / "fashion_resnet10.onnx"))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    local, remote = [], []
    with tempfile.TemporaryDirectory() as folder, Sshd(pathlib.Path(folder) / "sshd") as sshd:
        environment = sshd.environment()
        bench(options, ["--host", HOST], environment)  # copies the agent
        for number in range(options.rounds):
            sides = [(local, [], os.environ), (remote, ["--host", HOST], environment)]
            for rows, extra, variables in sides if number % 2 == 0 else sides[::-1]:
                rows.append(bench(options, extra, variables))
            print(f"{number + 1:3}  local {local[-1]['value_us'] / 1e3:.3f} ms   remote {remote[-1]['value_us'] / 1e3:.3f} ms",
                  flush=True)
    ratios = [r["value_us"] / here["value_us"] for here, r in zip(local, remote)]
    low, high = sign_interval(ratios)
    print(f"remote / local: {statistics.median(ratios):.4f} ({low:.4f} to {high:.4f}), {options.rounds} rounds")
    for name, rows in (("local", local), ("remote", remote)):
        good, count = agreeing(rows)
        print(f"{name}: {good} of {count} pairs of runs agree within their intervals")


if __name__ == "__main__":
    main()
