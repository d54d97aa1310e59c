# SPDX-License-Identifier: GPL-2.0-only
# A real udevd with the rules of packaging/udev.
# shellcheck shell=bash

udevd_start() {
	mkdir -p /run/udev/rules.d
	cp /test/udev/*.rules /run/udev/rules.d/
	ln -sf "$(command -v udevadm)" /run/systemd-udevd
	/run/systemd-udevd --daemon 2>&1 || return 1
	wait_for 15 udevadm control --ping
}

# udevd_look SUBSYSTEM: at what was there before it, and wait until that is done
udevd_look() {
	udevadm trigger --subsystem-match="$1"
	udevadm settle --timeout=30
}

udevd_stop() { udevadm control --exit; }
