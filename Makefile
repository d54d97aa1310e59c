# SPDX-License-Identifier: GPL-2.0-only
#
# For people; what the kernel's build reads is Kbuild. The two are apart because
# DKMS passes KERNELRELEASE to make, so that variable cannot tell who is asking.

KDIR ?= /lib/modules/$(shell uname -r)/build
MODDIR ?= updates
LAB := selftests/lab/lab
MAKEFLAGS += --no-print-directory

modules: kernel-ready
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: vpv vpv_install deb check-install check-root

vpv:
	@$(MAKE) -C tools/vpv

vpv_install: vpv
	@$(MAKE) -C tools/vpv install

modules_install: kernel-ready root-ready
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=$(MODDIR) modules_install

help:
	@echo 'Modules'
	@echo '  modules          build the modules for the running kernel (the default)'
	@echo '                   KDIR=DIR for the kernel whose headers or build are in DIR'
	@echo '                   CONFIG_VIRTIO_PV_BLK=n leaves a driver out'
	@echo '                   W=1 for more warnings, C=1 for sparse'
	@echo '  modules_install  install them (root); MODDIR=updates is the folder below'
	@echo '                   /lib/modules/RELEASE, INSTALL_MOD_PATH=DIR a prefix'
	@echo '  vpv              build the tool that moves devices; vpv_install installs it'
	@echo '  deb              build the Debian packages into build/deb'
	@echo '  clean            remove what was built'
	@echo
	@echo 'See it work'
	@echo '  demo             boot a guest, drive its disk, compare with the in-tree driver'
	@echo
	@echo 'Tests; the last line is "N passed, N failed, N skipped"'
	@echo '  check            all tests: build tools, host, lab, guests; the long ones on one kernel (root)'
	@echo '  check-host       the ring in user space: seconds, no root, no guest'
	@echo '  check-all        check, with the long tests on every kernel they can run on'
	@echo '  check-debug      the guest tests on a kernel with KASAN and lockdep (root)'
	@echo '  check-install    install, upgrade, remove, purge the packages on Debian 12, 13 (root)'
	@echo '  check-root       Debian 12 and 13 whose own root disk and network our drivers have; with'
	@echo '                   a second kernel, dracut and Secure Boot (root)'
	@echo '  matrix           build without a warning for every kernel and flavour (root)'
	@echo '  lint             checkpatch, shellcheck, licences, house rules'
	@echo '  fuzz             fuzz the ring until stopped'
	@echo '  bench-ring       instructions and time per ring operation'
	@echo '  bench            our drivers, the in-tree ones and emulated devices side by side (root)'
	@echo '                   QUICK=1 for the main rows; BUDGET=MINUTES; selftests/bench/README.md'
	@echo '  bench-report     make the report of the last run anew; OUT=DIR for another'
	@echo
	@echo 'Guests by hand: $(LAB) help'

check:
	@selftests/run-all tools host vhost-user vpv lab guest-once

check-all: export VPV_ALL := yes
check-all:
	@selftests/run-all tools host vhost-user vpv lab guest

check-install:
	@selftests/run-all install

check-root:
	@selftests/run-all root secure-boot

deb:
	@packaging/make-deb

check-debug:
	@selftests/run-all debug

matrix:
	@selftests/build/matrix

lint:
	@selftests/build/lint

demo: lab-ready
	@selftests/lab/demo

check-host: host-ready
	@$(MAKE) -C selftests/host check

fuzz: host-ready
	@$(MAKE) -C selftests/host fuzz

bench-ring: host-ready
	@$(MAKE) -C selftests/host bench

bench: lab-ready
	@selftests/bench/run

bench-report:
	@selftests/bench/report $(OUT)

# Needs no kernel headers, so that it works where the build did not.
clean:
	@find . \( -path ./.git -o -path ./selftests \) -prune -o -type f \( \
		-name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name '.*.d' -o -name '*.symvers' \
		-o -name modules.order \) -exec rm -f {} +
	@rm -rf drivers/virtio-pv/compat/generated build
	@if [ -f selftests/host/Makefile ]; then \
		$(MAKE) -C selftests/host clean; fi

# What a target needs, each with the command that mends its absence.

kernel-ready:
	@drivers/virtio-pv/compat/kernel-ready $(KDIR)

root-ready:
	@if [ -z "$(INSTALL_MOD_PATH)" ] && [ "$$(id -u)" != 0 ]; then \
		echo 'Installing modules needs root: sudo make modules_install' >&2; \
		echo 'or INSTALL_MOD_PATH=DIR for a folder of your own.' >&2; exit 1; fi

host-ready:
	@command -v $(CC) >/dev/null || { \
		echo 'No C compiler: apt-get install gcc' >&2; exit 1; }

lab-ready:
	@if [ "$$(id -u)" != 0 ]; then \
		echo 'The lab makes a root of its own and needs root: sudo make $(MAKECMDGOALS)' >&2; \
		exit 1; fi

.PHONY: modules modules_install help check check-all check-debug matrix lint demo \
	check-host fuzz bench-ring bench bench-report clean kernel-ready root-ready host-ready lab-ready
