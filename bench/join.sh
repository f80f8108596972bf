#!/bin/bash
# The same machine gets from one system into the next by kexec-join and by a reboot through its firmware, in turn.
#
#   bench/join.sh [RUNS [bios|uefi]]     RUNS of each (5)
#
# Seconds from the command to the first line of the second system's kernel: `curl …/join | sh` with --now, as people type
# it; the same with kexec-join on the host already; and `reboot -f`. All end in the same entry. The firmware is QEMU's,
# which has no disks to look for, no memory to train and no cards to wait for. JOIN_OPTIONS is more to say to kexec-join
# ("--method segments"). Then what kexec-join says of its own time, and its peak memory. Needs root.
# shellcheck disable=SC1090,SC2015,SC2034
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
for part in lib network initramfs disk machine server netbootd; do . "$here/$part.sh"; done

runs=${1:-5}; kind=${2:-bios}
[[ $runs =~ ^[1-9][0-9]*$ ]] && [[ $kind =~ ^(bios|uefi)$ ]] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
[ "$kind" = uefi ] && kind=uefi-ipv4       # with IPv6, OVMF would take longer still
need ip=iproute2 ethtool=ethtool qemu-system-x86_64=qemu-system-x86 /usr/lib/ipxe/qemu/pxe-virtio.rom=ipxe-qemu \
  /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf busybox=busybox-static modprobe=kmod cpio=cpio
[ -x "$NETBOOTD" ] && [ -x "$KEXEC_JOIN" ] || die "no $NETBOOTD or $KEXEC_JOIN; try: make build"
after_run() { rm -rf "$RUN"; }

script() { # for the guest, from standard input; /tmp/k is kexec-join
  { printf 'say() { echo "LAB: $*"; }\nwget -q -O /tmp/k http://%s/kexec-join; chmod +x /tmp/k\n' "$SERVER"; cat; } >"$TREE/data/run"
}
go() { # COMMAND: from the system that runs into the next; sets RESULT, in seconds
  local begun
  printf 'say begin\n%s\n' "$1" | script
  machine_start vm1 "$kind" 768
  machine_wait vm1 'LAB: begin' 240 || die "$WHY"; begun=$TOOK
  # The machine's first kernel says its first line, too.
  machine_wait vm1 'LAB: begin.*Linux version' 240 || die "$WHY"
  RESULT=$(awk -v a="$begun" -v b="$TOOK" 'BEGIN { printf "%.2f", b - a }')
  machine_stop vm1
}
measure() { # once more, without the jump: what kexec-join says of its own time, and then its peak memory; sets SAID
  script <<SCRIPT
/tmp/k --server http://$SERVER --load-only
/tmp/k --server http://$SERVER --load-only >/dev/null & pid=\$!
while grep VmHWM /proc/\$pid/status >/tmp/now; do cp /tmp/now /tmp/peak; done
say "peak \$(cat /tmp/peak)"; say measured
SCRIPT
  machine_start vm1 "$kind" 768
  machine_wait vm1 'LAB: measured' 240 || die "$WHY"
  SAID=$(machine_console vm1)
  machine_stop vm1
}
median() { # COLUMN
  cut -d' ' -f"$1" "$RUN/results" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
row() { printf '%7s %11s %11s %9s\n' "$@"; }

run_begin "$LABTMP/bench-$$"
build_guest
network_up 1 0
server_begin
profile lab linux/vmlinuz linux/initramfs.cpio.gz \
  "console=ttyS0 earlyprintk=ttyS0 no_timer_check lab.tag=lab lab.run={http}/data/run"
server_start netbootd || die "$WHY"
MACHINE_OPTIONS=(-action reboot=reset)
options="--now --yes ${JOIN_OPTIONS:-}"
ways=("wget -q -O - http://$SERVER/join | sh -s -- $options" "/tmp/k --server http://$SERVER $options" 'reboot -f')
go "${ways[0]}"                   # fills the host's page cache and netbootd's digests; does not count
say "A machine ($kind, $(machine_accelerator)) with the kernel ${KERNEL#*vmlinuz-}; seconds until the next kernel's first line."
row run join installed reboot
for ((run = 1; run <= runs; run++)); do
  # Each is first as often as the others.
  for ((i = 0; i < 3; i++)); do
    way=$(((run + i) % 3)); go "${ways[way]}"; took[way]=$RESULT
  done
  row "$run" "${took[@]}"
  echo "${took[@]}" >>"$RUN/results"
done
row median "$(median 1)" "$(median 2)" "$(median 3)"
ratio() { awk -v a="$(median 3)" -v b="$(median "$1")" 'BEGIN { printf "%.1f", a / b }'; }
say "reboot / join: $(ratio 1); reboot / installed: $(ratio 2)"
measure
# Fetching and the kernel's own call are not its to shorten.
grep -E '^ *Loaded after' <<<"$SAID" | head -1 | awk '{ sub(/[.]$/, ""); printf "%s; %.2f s for all else.\n", $0, $3 - $5 - $9 }'
# The artifacts are in memfds that it writes to and never maps, so they are not in this number.
say "Peak memory beyond the artifacts: $(sed -n 's/.*LAB: peak VmHWM:[^0-9]*//p' <<<"$SAID")"
