# SPDX-License-Identifier: GPL-2.0-only
# A guest that boots from its own disk, and a way into it. After the parts of the lab; wants $work, $disk, $tree.
# shellcheck shell=bash disable=SC2154

slow=${VPV_SLOW:-1}
port=2200
# Words for QEMU beside the usual ones.
firmware=()

# A network namespace for QEMU and ssh: no port of this machine is used.
start_network() {
	unshare --net sleep infinity &
	holder=$!
	until [ "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
	in_lab nsenter --net="/proc/$holder/ns/net" ip link set lo up
}

in_lab() { VPV_ROOT=$VPV_CACHE/root in_root "$@"; }
in_tree() { VPV_ROOT=$tree in_root "$@"; }

accel() {
	in_lab python3 -B -c 'import sys; sys.path.insert(0, sys.argv[1]); import accel
print(accel.choose(sys.argv[2], sys.argv[3])[0])' "$VPV_LAB/py" "$VPV_CACHE" "$boot/vmlinuz"
}

# start NAME INITRD [ARGUMENT...]: boots the kernel that is on the disk; back when ssh answers.
start() {
	local name=$1 initrd=$2 until=$((SECONDS + 300 * slow)) machine
	shift 2
	# One that was used a moment ago is not free yet.
	port=$((port + 1))
	console=$logs/$name.log
	rm -f "$console"
	machine=(-accel "tcg,thread=multi,tb-size=256" -cpu max)
	if [ "$(accel)" = kvm ]; then machine=(-accel kvm -cpu host); else set -- tsc=unstable "$@"; fi
	say "boot: $name"
	in_lab nsenter --net="/proc/$holder/ns/net" qemu-system-x86_64 -nodefaults -no-user-config -nographic -no-reboot \
		-machine q35,sata=off "${machine[@]}" "${firmware[@]}" -smp 2 -m 1G -kernel "$boot/vmlinuz" -initrd "$initrd" \
		-append "root=UUID=$uuid ro console=ttyS0 no_timer_check random.trust_cpu=on panic=-1 $*" \
		-serial "file:$console" \
		-drive "if=none,id=root,format=raw,cache=unsafe,file=$disk" \
		-device virtio-blk-pci,drive=root,serial=ROOTDISK,addr=2 \
		-netdev "user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,addr=3 \
		-device virtio-rng-pci,addr=4 \
		-blockdev node-name=spare,driver=null-co,size=67108864,read-zeroes=on -device virtio-blk-pci,drive=spare,addr=5 >"$logs/$name.qemu.log" 2>&1 &
	qemu=$!
	# The console tells when it is worth asking; then, all that starts shall have started.
	until grep -qa 'login:' "$console" 2>/dev/null && guest 'systemctl is-system-running --wait; true' >/dev/null 2>&1; do
		if ! kill -0 "$qemu" 2>/dev/null || [ $SECONDS -ge $until ]; then
			tail -n 30 "$console" "$logs/$name.qemu.log"
			return 1
		fi
		sleep 1
	done
}

# guest COMMAND: a shell's line, in the guest. 255 is ssh's own failure: on a busy host it may take another try.
guest() {
	local status try
	for try in 1 2 3 4 5; do
		status=0
		in_tree timeout $((300 * slow)) nsenter --net="/proc/$holder/ns/net" ssh -i "$work/key" -p $port \
			-o BatchMode=yes -o LogLevel=ERROR -o ConnectTimeout=60 -o StrictHostKeyChecking=no \
			-o UserKnownHostsFile=/dev/null root@127.0.0.1 "$@" </dev/null || status=$?
		[ $status = 255 ] && kill -0 "$qemu" 2>/dev/null || return $status
		echo "ssh failed, try $try"
		sleep 1
	done
	return 255
}

stop() {
	local until=$((SECONDS + 200 * slow))
	guest systemctl poweroff >/dev/null 2>&1 || true
	while kill -0 "$qemu" 2>/dev/null; do
		if [ $SECONDS -ge $until ]; then
			kill -9 "$qemu"
			wait "$qemu" 2>/dev/null || true
			qemu=''
			return 1
		fi
		sleep 0.5
	done
	wait "$qemu" 2>/dev/null || true
	qemu=''
}
