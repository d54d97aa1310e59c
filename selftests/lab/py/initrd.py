# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs of one run: base archive, modules with ours among them, tests."""

import glob
import os
import shutil
import subprocess


def archive(tree, output):
    """Appends the tree as a newc archive to the open file output."""
    names = subprocess.run(["find", ".", "-print0"], cwd=tree, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["cpio", "--quiet", "-0", "-o", "-H", "newc", "-R", "0:0"],
                   cwd=tree, input=names, stdout=output, check=True)
    output.flush()


def add_tests(tree, top, extra):
    """/test: the guest selftests, their programs, and the lab's own commands."""
    bin_dir = os.path.join(tree, "test", "bin")
    os.makedirs(bin_dir)
    lab = os.path.join(top, "selftests", "lab", "guest")
    shutil.copy(os.path.join(lab, "init"), os.path.join(tree, "init"))
    for name in ("agent", "host", "kmemleak"):
        shutil.copy(os.path.join(lab, name), bin_dir)
    source = os.path.join(top, "selftests", "guest")
    if os.path.isdir(source):
        for name in os.listdir(source):
            if name not in ("boots", "bin"):
                path = os.path.join(source, name)
                (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, os.path.join(tree, "test", name))
    for source, name in (("packaging/udev", "udev"), ("selftests/bench/guest", "bench")):
        path = os.path.join(top, source)
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(tree, "test", name))
    for path, name in extra:
        shutil.copy(path, os.path.join(tree, "test", name))


def make(output, base, modules, release, ours, programs, top, guest_map, extra=()):
    """ours, programs: directories of .ko files and of test programs, or None."""
    tree = output + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    updates = os.path.join(tree, "lib", "modules", release, "updates")
    shutil.copytree(os.path.join(modules, "lib"), os.path.join(tree, "lib"))
    if ours:
        os.makedirs(updates)
        for module in glob.glob(os.path.join(ours, "**", "*.ko"), recursive=True):
            shutil.copy(module, updates)
    subprocess.run(["depmod", "-b", tree, release], check=True)
    add_tests(tree, top, extra)
    if programs:
        for program in glob.glob(os.path.join(programs, "*")):
            shutil.copy(program, os.path.join(tree, "test", "bin"))
    with open(os.path.join(tree, "test", "map"), "w", encoding="ascii") as text:
        text.write(guest_map)
    with open(output, "wb") as image:
        with open(base, "rb") as start:
            shutil.copyfileobj(start, image, 1 << 20)
        archive(tree, image)
    shutil.rmtree(tree)
