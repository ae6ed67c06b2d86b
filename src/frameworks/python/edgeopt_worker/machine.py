"""Facts about this machine, as src/measure/machine.h has them and read from the same files."""

import os
import re

FEATURES = {
    "sse4_1", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "avx512_bf16",
    "avx512_fp16", "amx_int8", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2"}

# CPU parts of ARM Ltd. (implementer 0x41); Linux, arch/arm64 cputype.h.
ARM_PARTS = {
    "0xd03": "Cortex-A53", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1",
    "0xd40": "Neoverse-V1", "0xd41": "Cortex-A78", "0xd42": "Cortex-A78AE", "0xd49": "Neoverse-N2"}

CPU = "/sys/devices/system/cpu/"


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip(" \t\n\0")
    except OSError:
        return ""


def number(value):
    try:
        return float(value)
    except ValueError:
        return None


def key_values(content, separator):
    values = {}
    for line in content.splitlines():
        key, found, value = line.partition(separator)
        if found:
            values.setdefault(key.strip(), value.strip())
    return values


def count_list(ranges):
    """How many numbers "0-3,6" names."""
    count = 0
    for part in re.findall(r"(\d+)(?:-(\d+))?", ranges):
        count += int(part[1] or part[0]) - int(part[0]) + 1
    return count


def cpu():
    info = key_values(text("/proc/cpuinfo"), ":")
    arm = "Features" in info
    flags = info.get("Features" if arm else "flags", "").split()
    model = info.get("model name", "")
    if not model and info.get("CPU implementer") == "0x41":
        model = ARM_PARTS.get(info.get("CPU part"), "")
    online = count_list(text(CPU + "online"))
    return {
        "cpu_model": model,
        "architecture": "aarch64" if arm else "x86_64" if "flags" in info else "",
        "logical_cpus": online,
        "usable_cpus": len(os.sched_getaffinity(0)) or online,
        "cpu_features": sorted(set(flags) & FEATURES),
        "virtual_machine": "hypervisor" in flags}


def quota():
    # Control groups version 2, then version 1: "QUOTA PERIOD" in microseconds, "max" or -1: none.
    parts = text("/sys/fs/cgroup/cpu.max").split()
    if len(parts) != 2:
        parts = [text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), text("/sys/fs/cgroup/cpu/cpu.cfs_period_us")]
    used, period = number(parts[0]) or 0, number(parts[1]) or 0
    return used / period if used > 0 and period > 0 else 0


def boost():
    no_turbo, allowed = text(CPU + "intel_pstate/no_turbo"), text(CPU + "cpufreq/boost")
    if no_turbo:
        return no_turbo == "0"
    return allowed == "1" if allowed else None


def container():
    kind, groups = text("/run/systemd/container"), text("/proc/1/cgroup")
    if kind:
        return kind
    if os.path.exists("/.dockerenv") or "docker" in groups:
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    return "container" if "kubepods" in groups or "lxc" in groups else ""


def kilobytes(value):
    return int(value.split()[0]) * 1024 if value else 0


def facts():
    memory = key_values(text("/proc/meminfo"), ":")
    return {
        **cpu(),
        "cpu_quota": quota(),
        "governor": text(CPU + "cpu0/cpufreq/scaling_governor"),
        "boost": boost(),
        "max_frequency_khz": int(number(text(CPU + "cpu0/cpufreq/scaling_max_freq")) or 0),
        "load_1min": number((text("/proc/loadavg").split() or [""])[0]),
        "memory_bytes": kilobytes(memory.get("MemTotal", "")),
        "memory_available_bytes": kilobytes(memory.get("MemAvailable", "")),
        "kernel": text("/proc/sys/kernel/osrelease"),
        "os": key_values(text("/etc/os-release"), "=").get("PRETTY_NAME", "").strip('"'),
        "board": text("/proc/device-tree/model"),
        "container": container()}
