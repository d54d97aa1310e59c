#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vpv
# briefly: 7.3
# timeout: 180
# vpv moves nothing that is in use, and says who uses it.
. "$(dirname "$0")/lib.sh"
need_lab
need_module virtio_pv_blk
need_module virtio_pv_net
modprobe -qa ext4 loop

# refused WHAT DEVICE REGEX: status 4, that reason, and nothing moved
refused() {
	local device=$1 regex=$2 before said got=0
	before=$(readlink "/sys/bus/pci/devices/$device/driver")
	said=$(vpv take "$device" 2>&1) || got=$?
	[ "$got" = 4 ] || { echo "status $got: $said"; return 1; }
	grep -qE "$regex" <<<"$said" || { echo "no '$regex' in: $said"; return 1; }
	[ "$before" = "$(readlink "/sys/bus/pci/devices/$device/driver")" ] || { echo "it moved"; return 1; }
}

vpv give -q --all
disk0=$(bdf disk0) net0=$(bdf net0)
node=$(disk disk0)

mke2fs -q -F -t ext4 "$node" 16M
mkdir -p "/tmp/a place"
mount -t ext4 "$node" "/tmp/a place" || bail "no mount"
check "a mounted disk" refused "$disk0" "${node#/dev/} is mounted on /tmp/a place"
check "not with --force, either" sh -c "! vpv take --force $disk0"
check "as JSON" sh -c "vpv take -o json $disk0 | grep -q '\"what\": \"mounted\"'"
umount "/tmp/a place"

# Mounted where we cannot see it: the kernel's claim on the disk is all there is.
unshare -m --propagation private sh -c "mount -t ext4 $node '/tmp/a place'; touch /tmp/mounted; while [ -e /tmp/mounted ]; do sleep 0.1; done" &
hidden=$!
wait_for 20 test -e /tmp/mounted
check "a disk mounted in another namespace" refused "$disk0" "claimed by something in the kernel"
rm -f /tmp/mounted
wait "$hidden"

mkswap "$node" >/dev/null
swapon "$node" || bail "no swap"
check "swap space" refused "$disk0" "is swap space"
swapoff "$node"

losetup /dev/loop0 "$node"
check "a disk behind a loop device" refused "$disk0" "is behind loop0"
losetup -d /dev/loop0

# shellcheck disable=SC2217 # it has it open, that is all
sleep 300 <"$node" &
holder=$!
check "a disk that is open" refused "$disk0" "open by sleep \(pid $holder\)"
kill "$holder"
wait "$holder" 2>/dev/null

# a partition of it
printf 'n\np\n1\n\n\nw\n' | fdisk "$node" >/dev/null 2>&1
blockdev --rereadpt "$node" 2>/dev/null
if wait_for 5 test -b "${node}1"; then
	mke2fs -q -F -t ext4 "${node}1" 8M
	mount -t ext4 "${node}1" "/tmp/a place"
	check "a disk with a mounted partition" refused "$disk0" "${node#/dev/}1 is mounted on"
	umount "/tmp/a place"
else
	skip "a disk with a mounted partition" "no partition was made"
fi
dd if=/dev/zero of="$node" bs=64k count=2 oflag=direct 2>/dev/null
check "when nobody uses it, it is taken" vpv take "$disk0"
check "and mounted under its new name" bash -c "mke2fs -q -F -t ext4 $(disk disk0) 16M && mount -t ext4 $(disk disk0) '/tmp/a place'"
got=0
said=$(vpv give "$disk0" 2>&1) || got=$?
check_equal "then not given" 4 "$got"
check "with the reason" grep -q 'is mounted on' <<<"$said"
umount "/tmp/a place"
check "unmounted, it is given" vpv give "$disk0"

# ---- interfaces ----
check "the network works" net_up net0
dev=$(netdev net0) i=$(net_index net0)
ip route add default via "10.9.$i.1" dev "$dev"
check "the way to the world" refused "$net0" "the default route goes over $dev"
check "taken all the same when forced" vpv take --force "$net0"
check "the route is back" sh -c "ip route show default | grep -q 'via 10.9.$i.1 dev $dev'"
check "given when forced" vpv give --force "$net0"
ip route del default
check "what somebody types on" env SSH_CONNECTION="10.9.$i.1 5555 10.9.$i.2 22" bash -c "
	$(declare -f refused); refused $net0 'this SSH session comes in over $dev'"

sleep 60 | nc -l -p 22 >/dev/null 2>&1 &
session=$!
wait_for 10 grep -q ":0016 .* 0A " /proc/net/tcp /proc/net/tcp6
host netns-begin ssh bash -c "exec 3<>/dev/tcp/10.9.$i.2/22; sleep 60"
check "a connection to port 22" wait_for 20 grep -qE ":0016 [0-9A-F:]+ 01 " /proc/net/tcp /proc/net/tcp6 ||
	cat /proc/net/tcp /proc/net/tcp6 | sed 's/^/# /'
check "where somebody is logged in" refused "$net0" "an SSH session comes in over $dev"
kill "$session" 2>/dev/null
wait "$session" 2>/dev/null

modprobe -q 8021q
ip link add link "$dev" name v9 type vlan id 9
check "below a VLAN" refused "$net0" "v9 is on top of $dev"
ip link del v9
ip netns add other 2>/dev/null || { mkdir -p /run/netns; ip netns add other; }
if ip link set "$(netdev net1)" netns other 2>/dev/null; then
	check "in another namespace" refused "$(bdf net1)" "in another network namespace"
	ip netns del other
else
	skip "in another namespace" "no network namespaces here"
fi
check "when nobody uses it, it is taken" vpv take "$net0"
check "and given" vpv give "$net0"
