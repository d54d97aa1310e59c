#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot: vu
# briefly: 6.1 7.3
# timeout: 500
# fresh: yes
# expect-log: I/O error
# expect-log: Buffer I/O error
# A device that does not answer: for a while, until it is reset, for ever.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vu.sh"

# A while: nothing is lost, nothing is reset.
dev=$(fresh split) || bail "no disk"
log_mark "short silence"
(sleep 0.2; vu split fault silent >/dev/null; sleep 0.8; vu split fault none >/dev/null) &
out=$(io "$dev" 8 3000)
wait
check_equal "a silence of less than the time-out: all is well" \
	"done 3000 errors 0 wrong 0 unanswered 0" "$out"
check_equal "a silence of less than the time-out: no reset" 0 "$(log_count resetting)" || log_since

# Until it is reset: the driver does that after its time-out, and sends again.
dev=$(fresh packed) || bail "no disk"
log_mark "mute"
vu packed fault mute >/dev/null
start=$SECONDS
out=$(io "$dev" 8 500)
check_equal "silent until reset: every request ends once, well" \
	"done 500 errors 0 wrong 0 unanswered 0" "$out" || log_since
check "silent until reset: it took about the time-out" [ $((SECONDS - start)) -lt 15 ]
check_equal "silent until reset: one reset, device back" "1 1" \
	"$(log_count "resetting the device") $(log_count "device is back")" || log_since

# In the middle of a load.
dev=$(fresh order) || bail "no disk"
log_mark "silent-after"
vu order fault silent-after 100 >/dev/null
(sleep 5; vu order fault none >/dev/null) &
out=$(io "$dev" 8 500)
wait
check_equal "silent in the middle, then good again: every request ends once, well" \
	"done 500 errors 0 wrong 0 unanswered 0" "$out" || log_since

# For ever: errors within bounds, no task hangs, the driver can go.
dev=$(fresh sorder) || bail "no disk"
log_mark "for ever"
vu sorder fault silent >/dev/null
start=$SECONDS
out=$(io "$dev" 8 64 100)
took=$((SECONDS - start))
check_equal "silent for ever: every request ends in an error" \
	"done 64 errors 64 wrong 0 unanswered 0" "$out" || log_since
check "silent for ever: within a minute ($took s)" [ "$took" -lt 60 ]
out=$(timeout 20 dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct 2>&1) && out="no error"
check "silent for ever: a later read fails too" grep -qE "error|No such|not supported" <<<"$out" || echo "# $out"
check "silent for ever: the device can be given back" timeout 60 bash -c '. ./devices.sh; rebind sorder none'
vu sorder fault none >/dev/null

# The process is gone for good: the same from the driver's side.
dev=$(fresh split) || bail "no disk"
vu split fault dead >/dev/null
start=$SECONDS
out=$(io "$dev" 8 64 100)
took=$((SECONDS - start))
check_equal "a dead device: every request ends in an error" \
	"done 64 errors 64 wrong 0 unanswered 0" "$out" || log_since
check "a dead device: within a minute ($took s)" [ "$took" -lt 60 ]
check "a dead device: the module can go" timeout 60 rmmod virtio_pv_blk
