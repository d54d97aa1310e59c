# SPDX-License-Identifier: GPL-2.0-only
"""KVM or emulation: decided by a short trial boot, once per boot of this machine."""

import os
import subprocess
import tempfile

TRIAL_SECONDS = 20


def trial(kernel):
    """A kernel without a root: one that runs ends by its own panic."""
    with tempfile.NamedTemporaryFile() as log:
        try:
            subprocess.run(["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot",
                            "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "256M", "-kernel", kernel,
                            "-append", "console=ttyS0 panic=-1", "-serial", "file:" + log.name],
                           timeout=TRIAL_SECONDS, check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        return b"Kernel panic" in log.read()


def choose(cache, kernel):
    """"kvm" or "tcg", with the reason."""
    wanted = os.environ.get("VPV_ACCEL", "")
    if wanted in ("kvm", "tcg"):
        return wanted, "VPV_ACCEL says so"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "/dev/kvm is not here or not ours"
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        note = os.path.join(cache, "accel-" + boot_id.read().strip())
    if not os.path.exists(note):
        result = "kvm" if trial(kernel) else "tcg"
        with open(note + ".new", "w", encoding="ascii") as out:
            out.write(result)
        os.rename(note + ".new", note)
    with open(note, encoding="ascii") as text:
        result = text.read()
    return result, "a trial boot under KVM " + ("ran" if result == "kvm" else "did not run")
