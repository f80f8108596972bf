#!/bin/bash
# The lab's tests: real firmware and real clients against a real server, in network namespaces.
#
#   lab/test.sh                    every case
#   lab/test.sh CASE...            these
#   lab/test.sh list               their names
#   LAB_SERVER=peer lab/test.sh …  against dnsmasq and nginx: is it the lab, or netbootd?
#
# One line a case, then "N passed, M failed"; the exit status is not 0 if any failed. The logs of a case
# that failed stay until the next run. Needs root. Other settings: the head of lib.sh.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib network initramfs disk machine server netbootd peer root nfs; do . "$here/$part.sh"; done
for part in boot leases tftp http service join kexec nfs; do . "$here/cases/$part.sh"; done

CASES=(http-clients tftp-clients udhcpc dhclient dhcpcd restart-keeps-lease unknown-ignore reload as-a-service port-taken
  bios-ipxe bios-undionly uefi-ipxe uefi-http lpxelinux menu two-profiles local-bios local-ipxe local-uefi debian-installer
  join-dry-run join-file-load join-segments join-uefi-segments join-bond-vlan join-static join-resumes join-server-restart
  join-flipped-bit join-signature join-memory join-disabled join-interrupted join-systemd join-service join-service-poweroff
  join-secure-boot join-memtest join-memtest-uefi join-ipxe-lkrn local-grub-entry boot-stick boot-stick-menu boot-stick-retry
  nfs-mount)

# --- what a case uses ----------------------------------------------------------------------------
fail() { printf '%s' "$*" >"$RUN.why"; exit 1; }
skip() { printf '%s' "$*" >"$RUN.why"; exit 77; }
detail() { printf '%s' "$*" >"$RUN.why"; }
check() { # WHAT COMMAND...: the command must succeed
  local what=$1; shift
  "$@" || fail "$what"
}
check_not() { # WHAT COMMAND...: the command must fail
  local what=$1; shift
  ! "$@" || fail "$what"
}
check_equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; } # WHAT EXPECTED ACTUAL
serve() { server_start || fail "$WHY"; }
need_netbootd() { [ "$LAB_SERVER" = netbootd ] || skip "this case is about netbootd alone"; }

run_case() { # NAME: in a run of its own, so that nothing of one case reaches another
  local name=$1 start status why
  start=$(now)
  rm -rf "${folder:?}/$name" "$folder/$name.why"
  ( run_begin "$folder/$name"; "case_${name//-/_}"; exit 0 ) >"$folder/$name.out" 2>&1
  status=$?
  elapsed "$start"
  why=$(cat "$folder/$name.why" 2>/dev/null)
  case $status in
  0) printf 'ok   %-20s (%5s s)  %s\n' "$name" "$TOOK" "$why"; passed=$((passed + 1)) ;;
  77) printf 'skip %-20s (%5s s)  %s\n' "$name" "$TOOK" "$why" ;;
  130 | 143) exit "$status" ;;
  *)
    why=${why:-$(tail -1 "$folder/$name.out")}
    printf 'FAIL %-20s (%5s s)  %s; logs: %s\n' "$name" "$TOOK" "$why" "$folder/$name"; failed=$((failed + 1))
    return ;;
  esac
  rm -rf "${folder:?}/$name" "$folder/$name".*
}

if [ "${1:-}" = list ]; then printf '%s\n' "${CASES[@]}"; exit 0; fi
case ${1:-} in -*) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
[ $# -gt 0 ] || set -- "${CASES[@]}"
for name; do declare -F "case_${name//-/_}" >/dev/null || die "no such case: $name (lab/test.sh list)"; done
need ip=iproute2 ethtool=ethtool qemu-system-x86_64=qemu-system-x86 /usr/lib/ipxe/qemu/pxe-virtio.rom=ipxe-qemu \
  /usr/lib/ipxe/undionly.kpxe=ipxe /usr/lib/PXELINUX/lpxelinux.0=pxelinux \
  /usr/lib/syslinux/modules/bios/ldlinux.c32=syslinux-common /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf python3=python3-minimal busybox=busybox-static \
  modprobe=kmod cpio=cpio curl=curl tftp=tftp-hpa dhclient=isc-dhcp-client dhcpcd=dhcpcd-base
if [ "$LAB_SERVER" = peer ]; then need dnsmasq=dnsmasq-base nginx=nginx-light
else [ -x "$NETBOOTD" ] || die "no $NETBOOTD; try: swift build -c release"; fi

trap 'say Stopped.; exit 130' INT TERM
mkdir -p "$LABTMP"
for old in "$LABTMP"/test-*; do # the logs of runs that are over
  kill -0 "${old##*-}" 2>/dev/null || rm -rf "$old"
done
folder=$LABTMP/test-$$; mkdir -p "$folder"
passed=0; failed=0
build_guest
begun=$(now)
for name; do run_case "$name"; done
elapsed "$begun"
rmdir "$folder" 2>/dev/null
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
