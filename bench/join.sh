#!/bin/bash
# The same machine gets from one system into the next by kexec-join and by a reboot through its firmware, in turn.
#
#   bench/join.sh [RUNS [bios|uefi]]     RUNS of each (5)
#
# Seconds from the command to the first line of the second system's kernel: `curl …/join | sh` with --now, as people type
# it, and `reboot -f`. Both end in the same entry; the firmware is QEMU's, which has no disks to look for, no memory to
# train and no cards to wait for. Then what kexec-join says of its own time, and its peak memory. Needs root.
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

go() { # COMMAND: from the system that runs into the next; sets RESULT, in seconds
  local begun
  printf 'say() { echo "LAB: $*"; }\nsay begin\n%s\n' "$1" >"$TREE/data/run"
  machine_start vm1 "$kind" 768
  machine_wait vm1 'LAB: begin' 240 || die "$WHY"; begun=$TOOK
  machine_wait vm1 'LAB: begin.*Linux version' 240 || die "$WHY"
  RESULT=$(awk -v a="$begun" -v b="$TOOK" 'BEGIN { printf "%.2f", b - a }')
  cp "$RUN/vm1/console.log" "$RUN/console"
  machine_stop vm1
}
ready() { # once more, without the jump, for what is said of it
  printf 'say() { echo "LAB: $*"; }\nsay begin\nwget -q -O /tmp/k http://%s/kexec-join; chmod +x /tmp/k\n%s\n' "$SERVER" \
    "time -v /tmp/k --server http://$SERVER --load-only; say measured" >"$TREE/data/run"
  machine_start vm1 "$kind" 768
  machine_wait vm1 'LAB: measured' 240 || die "$WHY"
  SAID=$(machine_console vm1)
  machine_stop vm1
}
median() { # COLUMN
  cut -d' ' -f"$1" "$RUN/results" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
row() { printf '%7s %11s %9s\n' "$@"; }

run_begin "$LABTMP/bench-$$"
build_guest
network_up 1 0
server_begin
profile lab linux/vmlinuz linux/initramfs.cpio.gz \
  "console=ttyS0 lab.tag=lab lab.run={http}/data/run"
server_start netbootd || die "$WHY"
MACHINE_OPTIONS=(-action reboot=reset)
join="wget -q -O - http://$SERVER/join | sh -s -- --now --yes"
go "$join"                        # fills the host's page cache and netbootd's digests; does not count
say "A machine ($kind, $(machine_accelerator)) with the kernel ${KERNEL#*vmlinuz-}; seconds until the next kernel's first line."
row run kexec-join reboot
for ((run = 1; run <= runs; run++)); do
  if ((run % 2)); then go "$join"; ours=$RESULT; go 'reboot -f'; theirs=$RESULT
  else go 'reboot -f'; theirs=$RESULT; go "$join"; ours=$RESULT; fi
  row "$run" "$ours" "$theirs"
  echo "$ours $theirs" >>"$RUN/results"
done
row median "$(median 1)" "$(median 2)"
say "reboot / kexec-join: $(awk -v a="$(median 2)" -v b="$(median 1)" 'BEGIN { printf "%.1f", a / b }')"
ready
grep -E '^ *Loaded after' <<<"$SAID"
say "its peak memory: $(grep -oE 'Maximum resident.*' <<<"$SAID" | grep -oE '[0-9]+$') KiB"
