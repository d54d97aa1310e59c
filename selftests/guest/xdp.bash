# SPDX-License-Identifier: GPL-2.0-only
# For the tests of XDP: programs on and off, and frames that only they look at.
# shellcheck shell=bash

bpffs=/sys/fs/bpf
mountpoint -q "$bpffs" 2>/dev/null || mount -t bpf bpf "$bpffs" 2>/dev/null

# xdp_load PROGRAM[,frags] [IFACE]: prints where it is
xdp_load() { xdp-prog "$1" "$bpffs/${1/,/-}" ${2:+"$2"} && echo "$bpffs/${1/,/-}"; }

# xdp_on NAME PROGRAM[,frags] [IFACE]: in the driver of this device
xdp_on() {
	local file
	file=$(xdp_load "$2" ${3:+"$3"}) || return 1
	ip -force link set dev "$(netdev "$1")" xdpdrv pinned "$file"
}

xdp_off() { ip link set dev "$(netdev "$1")" xdpdrv off; }

# xdp_frames NAME COUNT LENGTH [SECONDS]: the host sends them and waits for them; what it says
xdp_frames() { host netns peer frames "tap-$1" "$2" "$3" ${4:+"$4"}; }

# xdp_counter NAME COUNTER: the sum over its queues
xdp_counter() {
	ethtool -S "$(netdev "$1")" |
		awk -v name="$2" '{ sub(/:$/, "", $1); sub(/^[rt]x[0-9]+_/, "", $1) } $1 == name { sum += $2 } END { print sum + 0 }'
}

# grows NAME COUNTER BEFORE LEAST: it does, by that much at least
grown() { [ $(($(xdp_counter "$1" "$2") - $3)) -ge "$4" ]; }
grows() { wait_for 15 grown "$@" || { echo "$2 was $3 and is $(xdp_counter "$1" "$2"), wanted $4 more"; return 1; }; }
