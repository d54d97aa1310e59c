#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vpv
# briefly: 7.3
# timeout: 240
# The vpv tool moves devices to our drivers and back, beside others that stay; what was set
# and what is on them is the same before and after. A move that fails is undone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io.bash"
need_lab
need_module virtio_pv_blk
need_module virtio_pv_net

# status WANTED CMD...: CMD ends with that status
status() {
	local wanted=$1 out got=0
	shift
	out=$("$@" 2>&1) || got=$?
	[ "$got" = "$wanted" ] || { echo "status $got instead of $wanted: $out"; return 1; }
}
driver_is() { [ "$(driver_of "$1")" = "$2" ] || { echo "$1 is with $(driver_of "$1")"; return 1; }; }
queue() { cat "/sys/block/$(basename "$(disk "$1")")/queue/$2"; }

vpv give -q --all
disk0=$(bdf disk0) net0=$(bdf net0)

# ---- a disk, while another one is under load ----
modprobe -q mq-deadline
dd if=/dev/urandom of=/tmp/data bs=64k count=16 2>/dev/null
dd if=/tmp/data of="$(disk disk0)" bs=64k oflag=direct 2>/dev/null
old=$(disk disk0)
echo 256 >"/sys/block/${old#/dev/}/queue/read_ahead_kb"
echo mq-deadline >"/sys/block/${old#/dev/}/queue/scheduler" 2>/dev/null
scheduler=$(queue disk0 scheduler)
io_start disk1
check "the disk is taken by its name" vpv take "$old"
check "our driver has it" driver_is disk0 virtio_pv_blk
check "with another name" test "$(disk disk0)" != "$old"
check "and the same data" cmp -n 1048576 /tmp/data "$(disk disk0)"
check_equal "the read-ahead is the same" 256 "$(queue disk0 read_ahead_kb)"
check_equal "the scheduler is the same" "$scheduler" "$(queue disk0 scheduler)"
check "taking it again changes nothing" vpv take "$disk0"
check "given back by its address, without the domain" vpv give "${disk0#0000:}"
check "the in-tree driver has it" driver_is disk0 virtio-pci
check_equal "no override is left" "" "$(grep -v null "/sys/bus/pci/devices/$disk0/driver_override")"
check_equal "the read-ahead is the same again" 256 "$(queue disk0 read_ahead_kb)"
check "the data too" cmp -n 1048576 /tmp/data "$(disk disk0)"
io_stop
check "the load on the other disk was not disturbed" test -z "$(dmesg | grep -i 'i/o error')"

# ---- an interface with all that can be on it ----
check "the network works before" net_up net0
dev=$(netdev net0)
ip link set "$dev" down
ip link set "$dev" name lan0 mtu 1400
ip link set lan0 up
net_up net0
ip route add 10.99.0.0/16 via "10.9.$(net_index net0).1" dev lan0
ip route add fd99::/32 via "fd09:$(net_index net0)::1" dev lan0
ip link set lan0 alias "the lan"
echo 0 >/proc/sys/net/ipv4/conf/lan0/send_redirects
look() {
	ip -o addr show dev lan0 scope global | sed -E 's/^[0-9]+: //; s/(valid|preferred)_lft [^ ]*//g; s/ nodad//; s/\\ *//; s/ +$//' | sort
	ip route show dev lan0
	ip -6 route show dev lan0 | grep -v -e '^fe80' -e '^ff00' | sed 's/ expires [^ ]*//'
	cat /sys/class/net/lan0/{address,mtu,ifalias} /proc/sys/net/ipv4/conf/lan0/send_redirects
}
look >/tmp/before
check "it is taken" vpv take lan0
check "our driver has it" driver_is net0 virtio_pv_net
look >/tmp/after
check "addresses, routes and settings are the same" diff /tmp/before /tmp/after
check "and the host answers" net_pings net0 3
check "given back" vpv give lan0
look >/tmp/after
check "addresses, routes and settings are the same again" diff /tmp/before /tmp/after
check "and the host answers again" net_pings net0 3

# ---- the balloon, all, and what is not ours to move ----
check "the balloon is taken" vpv take "$(bdf balloon0)"
check "and given back" vpv give "$(bdf balloon0)"
check "a device of another type is refused" status 3 vpv take "$(bdf rng0)"
check "so is one that is not there" status 3 vpv take 0000:7f:1f.7
check "all are taken" vpv take --all
for name in disk0 disk1 net0 net1 balloon0; do
	check "$name is with us" driver_is "$name" "$(our_driver "$name")"
done
check "the random numbers are not" driver_is rng0 virtio-pci
check "all are given" vpv give --all
for name in disk0 disk1 net0 net1 balloon0; do
	check "$name is not with us" driver_is "$name" virtio-pci
done
check "so all modules go" modprobe -r virtio_pv_blk virtio_pv_net virtio_pv_balloon

# ---- a move that fails is undone ----
modprobe virtio_pv_blk
echo 32 >/sys/module/virtio_pv/parameters/features_off # no device can be driven without that bit
check "a disk our driver refuses: the move fails" status 1 vpv take --wait 2 "$disk0"
check "it is with the in-tree driver as before" driver_is disk0 virtio-pci
check "with its data" cmp -n 1048576 /tmp/data "$(disk disk0)"
check_equal "and its settings" 256 "$(queue disk0 read_ahead_kb)"
check_equal "and no override" "" "$(grep -v null "/sys/bus/pci/devices/$disk0/driver_override")"
check "an interface: the move fails" status 1 vpv take --wait 2 "$net0"
look >/tmp/after
check "it has what it had" diff /tmp/before /tmp/after
check "and works" net_pings net0 3
echo >/sys/module/virtio_pv/parameters/features_off
check "nothing is left of it" test -z "$(ls /run/virtio-pv/*.json 2>/dev/null)"

# ---- the dead man's hand ----
no_vpv() { ! grep -lx vpv /proc/[0-9]*/comm 2>/dev/null; }
check "taken for a while" vpv take --revert-after 15 "$disk0"
check "our driver has it" driver_is disk0 virtio_pv_blk
check "then it goes back by itself" wait_for 90 driver_is disk0 virtio-pci
wait_for 30 no_vpv
check "taken for an hour" vpv take --revert-after 3600 "$disk0"
check "meanwhile others move" timeout 60 vpv take "$net0"
check "and back" timeout 60 vpv give "$net0"
check "it is kept" vpv keep "$disk0"
check "nobody is left to put it back" wait_for 30 no_vpv
check "it stays" driver_is disk0 virtio_pv_blk

# ---- for good ----
check "to be taken at every start" vpv take --persist "$disk0" "$net0"
check_equal "is written down" "$disk0 virtio_pv_blk" "$(grep "^$disk0" /etc/virtio-pv/take.list)"
rebind disk0 ""
check "what udev runs takes it" vpv apply "$disk0"
check "our driver has it" driver_is disk0 virtio_pv_blk
check "giving it forgets it" vpv give "$disk0" "$net0"
check "the list is empty" test -z "$(grep virtio_pv_ /etc/virtio-pv/take.list)"
ip link set lan0 down
ip link set lan0 name "$dev" mtu 1500
