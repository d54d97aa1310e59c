# SPDX-License-Identifier: GPL-2.0-only
# For tests with vhost-user network devices: addresses, commands, counters.
# shellcheck shell=bash disable=SC2034

. "$(dirname "${BASH_SOURCE[0]}")/vu-device.bash"

need_lab
need_module virtio_pv_net

# Each device has a subnet of its own, in which it answers for every address.
vunet_subnet() { awk -v name="$1" '$2 == "vunet" { i++ } $1 == name { print "10.8." i }' /test/map; }

# counter NAME COUNTER: of the driver
counter() { ethtool -S "$(netdev "$1")" | awk -v name="$2:" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }'; }

# sum NAME COUNTER: of the driver, over all queues
sum() {
	ethtool -S "$(netdev "$1")" | awk -v name="$2" '
		{ sub(/:$/, "", $1); sub(/^[rt]x[0-9]+_/, "", $1) }
		$1 == name { sum += $2 }
		END { print sum + 0 }'
}

# of_queue NAME QUEUE KEY: what the device has counted
of_queue() {
	vu "$1" stats | awk -v queue="$2" -v key="$3" '
		($1 == "queue" || $1 == "net") && $2 == queue {
			for (i = 3; i < NF; i += 2) if ($i == key) { print $(i + 1); exit }
		}'
}

# vunet_up NAME: up and answered; without IPv6, whose groups and neighbours would be counted too
vunet_up() {
	local dev subnet
	dev=$(netdev "$1") || return 1
	subnet=$(vunet_subnet "$1")
	echo 1 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"
	ip link set "$dev" up || return 1
	ip addr replace "$subnet.2/24" dev "$dev" || return 1
	wait_for 15 ping -c 1 -W 1 "$subnet.1" || { echo "no answer from $subnet.1 on $dev ($1)"; return 1; }
}

# truth NAME: no faults, no lies, nothing refused
truth() { vu "$1" fault none >/dev/null && vu "$1" lie none >/dev/null && vu "$1" refuse none >/dev/null; }

# What was wrong before this test, under another driver or told to be, is not counted.
declare -A malformed_before=() violations_before=()
for vunet_name in $(awk '$2 == "vunet" { print $1 }' /test/map); do
	[ "$(driver_of "$vunet_name")" = virtio_pv_net ] || rebind "$vunet_name" none 2>/dev/null
	malformed_before[$vunet_name]=$(stat_of "$vunet_name" ctrl-malformed)
	violations_before[$vunet_name]=$(stat_of "$vunet_name" tx-violations)
done

# fresh NAME: under our driver, and nothing wrong
fresh() { truth "$1" && take "$1" && vunet_up "$1"; }

# pings NAME COUNT [OPTIONS]: all come back, once, with the bytes they had
pings() {
	local name=$1 n=$2 out
	shift 2
	out=$(ping -q -n -W 5 -c "$n" -p 5a "$@" "$(vunet_subnet "$name").1") || { echo "$out"; return 1; }
	case "$out" in
	*duplicates* | *wrong*) echo "$out"; return 1 ;;
	*" $n received, 0% packet loss"*) ;;
	*) echo "$out"; return 1 ;;
	esac
}

# more_than BEFORE COMMAND...: what it prints is
more_than() { [ "$("${@:2}")" -gt "$1" ]; }
same_as() { [ "$("${@:2}")" = "$1" ]; }

# honest NAME: the driver has broken no rule
honest() {
	check_equal "$1: no frame was malformed (${2:-in the end})" "${violations_before[$1]}" \
		"$(stat_of "$1" tx-violations)" || vu "$1" stats | grep tx-violation
	check_equal "$1: no command was (${2:-in the end})" "${malformed_before[$1]}" \
		"$(stat_of "$1" ctrl-malformed)" || vu "$1" ctrl
}
