#!/bin/bash
# Boots the same virtual machine from netbootd and from dnsmasq with nginx, in turn, and compares.
#
#   bench/boot.sh [RUNS [KIND]]     RUNS of each (5); KIND: bios, bios-plain, uefi, uefi-http (bios)
#
# Seconds from power-on to userspace, and to the end of what the userspace does with the network (an address by
# DHCP, a file by HTTP). dnsmasq has the settings with which it is fastest (lab/peer.sh). Needs root.
# shellcheck disable=SC1090,SC2015,SC2034
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
for part in lib network initramfs disk machine server netbootd peer; do . "$here/$part.sh"; done

runs=${1:-5}; kind=${2:-bios}
[[ $runs =~ ^[1-9][0-9]*$ ]] && [[ $kind =~ ^(bios|bios-plain|uefi|uefi-http)$ ]] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
need ip=iproute2 ethtool=ethtool qemu-system-x86_64=qemu-system-x86 /usr/lib/ipxe/qemu/pxe-virtio.rom=ipxe-qemu \
  /usr/lib/ipxe/undionly.kpxe=ipxe /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf python3=python3-minimal busybox=busybox-static \
  modprobe=kmod cpio=cpio dnsmasq=dnsmasq nginx=nginx-light
[ -x "$NETBOOTD" ] || die "no $NETBOOTD; try: make build"

after_run() { rm -rf "$RUN"; }

boot() { # SERVER: sets USERSPACE and FINISHED
  server_begin
  server_start "$1" || die "$WHY"
  machine_start vm1 "$kind"
  machine_wait vm1 'LAB: userspace' 240 || die "$1: $WHY"; USERSPACE=$TOOK
  machine_wait vm1 'LAB: done' 60 || die "$1: $WHY"; FINISHED=$TOOK
  machine_stop vm1
  server_stop
}

median() { sort -n | awk '{ value[NR] = $1 } END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'; }
row() { printf '%8s  %10s %10s   %10s %10s\n' "$@"; }
column() { awk -v n="$1" '{ print $n }' "$RUN/results" | median; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

run_begin "$LABTMP/bench-$$"
build_guest
network_up 1 0
say "A machine ($kind, $(machine_accelerator)) with the kernel ${KERNEL#*vmlinuz-}; seconds since power-on."
row '' netbootd '' dnsmasq+nginx ''
row run userspace end userspace end
boot netbootd                     # fills the host's page cache; does not count
for ((run = 1; run <= runs; run++)); do
  boot netbootd; ours="$USERSPACE $FINISHED"
  boot peer
  # shellcheck disable=SC2086 # two numbers each
  row "$run" $ours "$USERSPACE" "$FINISHED"
  echo "$ours $USERSPACE $FINISHED" >>"$RUN/results"
done
row median "$(column 1)" "$(column 2)" "$(column 3)" "$(column 4)"
say "netbootd takes $(ratio "$(column 1)" "$(column 3)") of the peer's time to userspace, $(ratio "$(column 2)" "$(column 4)") to the end."
