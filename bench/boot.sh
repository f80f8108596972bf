#!/bin/bash
# Boots the same virtual machine from netbootd and from dnsmasq with nginx, in turn, and compares.
#
#   bench/boot.sh [RUNS [KIND]]     RUNS of each (5); KIND: bios, bios-plain, uefi, uefi-http (bios)
#
# Seconds from power-on to userspace, and to the end of what the userspace does with the network (an address by
# DHCP, a file by HTTP); and the processor seconds of the machine until userspace, which other work on this host
# does not lengthen. dnsmasq has the settings with which it is fastest (lab/peer.sh). Needs root.
# shellcheck disable=SC1090,SC2015,SC2034
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
for part in lib network initramfs disk machine server netbootd peer; do . "$here/$part.sh"; done

runs=${1:-5}; kind=${2:-bios}
[[ $runs =~ ^[1-9][0-9]*$ ]] && [[ $kind =~ ^(bios|bios-plain|uefi|uefi-http)$ ]] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
need ip=iproute2 ethtool=ethtool qemu-system-x86_64=qemu-system-x86 /usr/lib/ipxe/qemu/pxe-virtio.rom=ipxe-qemu \
  /usr/lib/ipxe/undionly.kpxe=ipxe /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf python3=python3-minimal busybox=busybox-static \
  modprobe=kmod cpio=cpio dnsmasq=dnsmasq-base nginx=nginx-light
[ -x "$NETBOOTD" ] || die "no $NETBOOTD; try: make build"

after_run() { rm -rf "$RUN"; }

boot() { # SERVER: sets RESULT
  local userspace cpu
  server_begin
  server_start "$1" || die "$WHY"
  machine_start vm1 "$kind"
  machine_wait vm1 'LAB: userspace' 240 || die "$1: $WHY"; userspace=$TOOK
  cpu=$(machine_cpu vm1)
  machine_wait vm1 'LAB: done' 60 || die "$1: $WHY"
  RESULT="$userspace $TOOK $cpu"
  machine_stop vm1
  server_stop
}

machine_cpu() { awk -v tick="$(getconf CLK_TCK)" '{ printf "%.2f", ($14 + $15) / tick }' "/proc/$(process_pid "$1")/stat"; }
row() { printf '%7s   %9s %9s %9s   %9s %9s %9s\n' "$@"; }
median() { # COLUMN
  cut -d' ' -f"$1" "$RUN/results" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN { printf "%.2f", a / b }'; }

run_begin "$LABTMP/bench-$$"
build_guest
network_up 1 0
say "A machine ($kind, $(machine_accelerator)) with the kernel ${KERNEL#*vmlinuz-}; seconds since power-on."
row '' netbootd '' '' dnsmasq+nginx '' ''
row run userspace end cpu userspace end cpu
boot netbootd                     # fills the host's page cache; does not count
for ((run = 1; run <= runs; run++)); do
  # Each is first as often as the other, so that a host that gets busier wrongs neither.
  if ((run % 2)); then boot netbootd; ours=$RESULT; boot peer; theirs=$RESULT
  else boot peer; theirs=$RESULT; boot netbootd; ours=$RESULT; fi
  # shellcheck disable=SC2086 # three numbers each
  row "$run" $ours $theirs
  echo "$ours $theirs" >>"$RUN/results"
done
row median "$(median 1)" "$(median 2)" "$(median 3)" "$(median 4)" "$(median 5)" "$(median 6)"
say "netbootd / dnsmasq+nginx: $(ratio 1 4) to userspace, $(ratio 2 5) to the end, $(ratio 3 6) in processor time."
